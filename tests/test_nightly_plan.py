"""The plan of a night: the window in Beijing time, the file, what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.night.plan import PlanError, deadline, find_plan, load_plan, opening, opens_next

FULL = """
sites = ["spt", "kao.toml"]
window = "22:00-06:30"
longest_hours = 2.5
rules = ["I-SITE-MOVED"]

[[hooks]]
kind = "command"
command = ["logger", "-t", "nianbao"]
when = "always"

[[hooks]]
kind = "webhook"
url = "https://example.org/nianbao"

[[hooks]]
kind = "mail"
server = "mail.example.org"
sender = "nianbao@example.org"
recipients = ["it@example.org"]
"""


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "at", "opened", "closes"),
    [
        ("00:30-06:30", "2026-12-01T00:30+08:00", "2026-12-01T00:30", "2026-12-01T06:30"),
        ("00:30-06:30", "2026-12-01T06:30+08:00", None, None),
        ("00:30-06:30", "2026-11-30T17:00+00:00", "2026-12-01T00:30", "2026-12-01T06:30"),
        ("22:00-06:30", "2026-12-01T23:00+08:00", "2026-12-01T22:00", "2026-12-02T06:30"),
        ("22:00-06:30", "2026-12-02T05:00+08:00", "2026-12-01T22:00", "2026-12-02T06:30"),
        ("22:00-06:30", "2026-12-02T12:00+08:00", None, None),
        ("00:00-24:00", "2026-12-02T23:59+08:00", "2026-12-02T00:00", "2026-12-03T00:00"),
    ],
)
def test_the_window_is_one_of_beijing(
    window: str, at: str, opened: str | None, closes: str | None
) -> None:
    found = opening(window, moment(at))
    if opened is None:
        assert found is None
    else:
        assert found is not None
        assert [f"{one:%Y-%m-%dT%H:%M}" for one in found] == [opened, closes]


def test_it_is_told_when_the_window_opens_next() -> None:
    for at, expected in (
        ("2026-12-01T00:10+08:00", "2026-12-01 00:30"),
        ("2026-12-01T12:00+08:00", "2026-12-02 00:30"),
        ("2026-12-31T16:40+00:00", "2027-01-02 00:30"),
    ):
        assert f"{opens_next('00:30-06:30', moment(at)):%Y-%m-%d %H:%M}" == expected


def test_a_night_ends_with_its_window_or_its_longest_hours(tmp_path: Path) -> None:
    plan = find_plan(["spt"], None, None, tmp_path)
    for at, expected in (
        ("2026-12-01T00:30+08:00", "2026-12-01 06:30"),
        ("2026-12-01T05:00+08:00", "2026-12-01 06:30"),
    ):
        assert f"{deadline(plan, moment(at)):%Y-%m-%d %H:%M}" == expected
    short = plan.model_copy(update={"longest_hours": 1.0})
    assert f"{deadline(short, moment('2026-12-01T02:00+08:00')):%H:%M}" == "03:00"
    # It closed while the night began.
    assert f"{deadline(plan, moment('2026-12-01T06:30:01+08:00')):%H:%M:%S}" == "22:30:01"
    # A window of all day is not closed by midnight.
    whole = find_plan(["spt"], None, "00:00-24:00", tmp_path)
    assert f"{deadline(whole, moment('2026-12-01T23:50+08:00')):%d %H:%M}" == "02 05:50"


def test_a_file_says_it_all_and_the_command_overrules_it(tmp_path: Path) -> None:
    (tmp_path / "nightly.toml").write_text(FULL)
    plan = find_plan([], None, None, tmp_path)
    assert plan == load_plan(tmp_path / "nightly.toml")
    assert plan.sites == ("spt", str(tmp_path / "kao.toml"))
    assert [hook.kind for hook in plan.hooks] == ["command", "webhook", "mail"]
    other = find_plan(["nxzw"], None, "01:00-02:00", tmp_path)
    assert (other.sites, other.window) == (("nxzw",), "01:00-02:00")
    assert (other.hooks, other.rules) == (plan.hooks, plan.rules)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('sites = ["spt"]\nwindow = "0:30-6:30"', "window: expected two times as 00:30-06:30"),
        ('sites = ["spt"]\nwindow = "01:00-01:00"', "all day is 00:00-24:00"),
        ("sites = []", "sites:"),
        ('window = "01:00-02:00"', "sites: Field required"),
        ('sites = ["spt"]\nhours = 3', "unknown key hours; keys are sites, window"),
        ('sites = ["spt"]\n[[hooks]]\nkind = "fax"', "'command', 'webhook', 'mail'"),
        ('sites = ["spt"]\n[[hooks]]\nkind = "webhook"\nurl = "file:///etc"', "http:// or https"),
        ('sites = ["spt"]\n[[hooks]]\nkind = "mail"\npassword = "x"', "keys are when, kind"),
        ("sites = spt", "not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(text)
    with pytest.raises(PlanError) as caught:
        load_plan(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_no_plan_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"nightly\.toml"):
        find_plan([], None, None, tmp_path)
    with pytest.raises(PlanError, match="can't be read"):
        find_plan([], tmp_path / "none.toml", None, tmp_path)
