"""``nianbao check``: the archive's reports, and a draft before it is published."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from archive.home import Archive
from crawler.cli import main
from pipeline.store import settle
from tests.replica.data import reports
from tests.replica.docx_form import render_docx
from tests.series_reports import YEARS, add_site, page, put, requests, stocks, year_report


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command") / "data"
    archive = Archive(folder, create=True)
    add_site(archive)
    put(archive, year_report(2023, YEARS[2023]))
    put(archive, year_report(2024, YEARS[2024] | requests(3, 4, 0)))
    put(archive, year_report(2024, YEARS[2024], agency="沙坡头区财政局"))
    settle(archive)
    archive.close()
    return folder


def run(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_all_reports_of_the_archive(data):
    done = run("--data", data)
    assert done.exit_code == 1
    assert "人民政府办公室 2023：0 不符，0 注意，0 说明" in done.output
    assert "E-CARRY 不符  2023 年报“结转下年度继续办理”与 2024 年报“上年结转”不符" in done.output
    assert "财政局 2024：0 不符" in done.output


@pytest.mark.parametrize(
    "name", ["沙坡头区财政局", "中卫市沙坡头区财政局/2024", "640502-财政局/2024"]
)
def test_one_agency_by_name_or_key(data, name):
    done = run("--data", data, name)
    assert done.exit_code == 0, done.output
    assert "财政局 2024" in done.output
    assert "办公室" not in done.output.splitlines()[0]
    assert "E-CARRY 无法判断: 本站没有该机关上一年度的年报" in done.output


def test_english_and_json(data):
    done = run("--data", data, "--lang", "en", "沙坡头区人民政府办公室/2024")
    assert "E-CARRY error  Carried out of 2023 and carried into 2024 differ" in done.output
    lines = run("--data", data, "--json").output.splitlines()
    found = {json.loads(line)["name"]: json.loads(line) for line in lines}
    assert len(found) == 3
    broken = next(one for name, one in found.items() if "办公室 2024" in name)
    assert [f["rule"] for f in broken["findings"]] == ["E-CARRY"]
    assert broken["findings"][0]["message_en"]
    assert {"rule": "E-CARRY", "outcome": "failed", "reason": ""} in broken["verdicts"]


def test_a_draft_is_checked_before_it_is_published(tmp_path):
    draft = tmp_path / "draft.docx"
    draft.write_bytes(render_docx(reports()["shapotou-service-centre-2023"]))
    done = run(draft)
    assert done.exit_code == 0
    assert "W-RATE 注意" in done.output
    broken = tmp_path / "broken.html"
    broken.write_bytes(page(year_report(2024, YEARS[2024] | {"t3_granted__total": 9})))
    done = run(draft, broken)
    assert done.exit_code == 1
    assert "E-T3-ROWSUM 不符" in done.output


def test_a_file_that_is_no_report_is_not_passed(tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("今天开会。", encoding="utf-8")
    assert run(letter).exit_code == 3


def test_what_is_neither_file_nor_report_is_wrong_use(data, tmp_path):
    done = run("--data", data, "没有这个局")
    assert done.exit_code == 2
    assert "name a file, an agency or AGENCY/YEAR" in done.output
    assert run("--data", tmp_path).exit_code == 2


def test_a_draft_is_held_against_the_last_report_that_is_held(data, tmp_path):
    draft = tmp_path / "draft.html"
    draft.write_bytes(page(year_report(2025, requests(7, 1, 0))))
    done = run("--data", data, draft)
    assert done.exit_code == 1
    assert "E-CARRY 不符  2024 年报" in done.output
    assert "0 → 7" in done.output
    assert "W-STOCK 注意" in done.output
    draft.write_bytes(page(year_report(2025, requests(0, 1, 0) | stocks(1, 0, 24))))
    done = run("--data", data, draft)
    assert done.exit_code == 0
    assert "0 不符，0 注意" in done.output
