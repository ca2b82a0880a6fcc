"""Across years and places: a series that agrees is silent; what is broken is all that is said."""

from __future__ import annotations

import random
import re

import pytest

from archive.home import Archive
from pipeline.series import copies, settle_series
from pipeline.store import settle
from tests.series_many import measure
from tests.series_reports import (
    OFFICE,
    YEARS,
    add_site,
    findings,
    page,
    prose,
    put,
    requests,
    stocks,
    year_report,
)

BUREAU = "沙坡头区财政局"


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path / "data", create=True)
    add_site(archive)
    yield archive
    archive.close()


def put_series(archive, changed=None, **options):
    """Store the three years of the office, some with other cells, and settle."""
    for year, cells in YEARS.items():
        if year not in options.get("without", ()):
            put(archive, year_report(year, cells | (changed or {}).get(year, {})))
    settle(archive)


def message(archive, rule, column="message"):
    return archive.db.execute(f"SELECT {column} FROM findings WHERE rule = ?", (rule,)).fetchone()[
        0
    ]


def everything(archive):
    tables = [name for name in archive.db.table_names() if not name.startswith(("run", "_"))]
    return {
        table: sorted(map(repr, archive.db.execute(f'SELECT * FROM "{table}"').fetchall()))
        for table in tables
    }


def test_a_series_that_agrees_is_silent(archive):
    put_series(archive)
    assert findings(archive) == []


def test_a_broken_carry_over_is_an_error_that_names_both_figures(archive):
    put_series(archive, {2024: requests(3, 4, 0)})
    assert findings(archive) == [("E-CARRY", 2024)]
    assert "自然人 1 → 3" in message(archive, "E-CARRY")
    assert "natural_person 1 → 3" in message(archive, "E-CARRY", "message_en")
    assert message(archive, "E-CARRY", "place")


def test_a_broken_carry_over_after_a_change_of_name_is_a_warning(archive):
    put(archive, year_report(2023, YEARS[2023], agency="沙坡头区文化局"))
    put(archive, year_report(2024, YEARS[2024] | requests(3, 4, 0), agency="沙坡头区体育旅游局"))
    with archive.transaction() as db:  # one body under two names
        first, second = (row[0] for row in db.execute("SELECT id FROM agencies ORDER BY id"))
        db.execute("UPDATE reports SET agency_id = ? WHERE agency_id = ?", (first, second))
        db.execute("UPDATE unsettled SET agency_id = ?", (first,))
    settle(archive)
    rows = archive.db.execute("SELECT severity FROM findings WHERE rule = 'E-CARRY'").fetchall()
    assert rows == [("warning",)]


def test_a_broken_stock_names_what_it_should_be(archive):
    put_series(archive, {2023: stocks(3, 2, 25), 2024: stocks(2, 0, 27)})
    assert findings(archive) == [("W-STOCK", 2023)]
    assert "应为 21 件，印作 25 件" in message(archive, "W-STOCK")


def test_items_of_the_older_format_follow_from_each_other(archive):
    items = {"t2_licensing_items_prev": 40, "t2_licensing_items_change": -2}
    put(archive, year_report(2019, items, template="2019"), published="2020-01-20")
    after = {"t2_licensing_items_prev": 39}
    put(archive, year_report(2020, after, template="2019"), published="2021-01-20")
    settle(archive)
    assert findings(archive) == [("W-ITEMS", 2020)]
    assert "40+-2 ≠ 39" in message(archive, "W-ITEMS", "quote")


def test_a_missing_year_is_named(archive):
    put_series(archive, without=(2023,))
    assert findings(archive) == [("W-GAP", 2024)]
    assert "没有找到 2023 年的年报" in message(archive, "W-GAP")


def test_a_year_that_turns_up_later_ends_the_gap(archive):
    put_series(archive, without=(2023,))
    put(archive, year_report(2023, YEARS[2023]))
    settle(archive)
    assert findings(archive) == []


def test_a_text_copied_from_last_year_is_shown_with_its_passage(archive):
    old = prose("mine"), prose("old")
    put(archive, year_report(2022, YEARS[2022], texts=old))
    new = old[0].replace("逐项", "连夜", 1), prose("new")
    put(archive, year_report(2023, YEARS[2023], texts=new))
    settle(archive)
    assert findings(archive) == [("W-DUPLICATE", 2023)]
    assert "本机关 2022 年" in message(archive, "W-DUPLICATE")
    passage = message(archive, "W-DUPLICATE", "quote").rstrip("…")
    assert len(passage) > 60
    assert passage in new[0]
    assert passage in old[0]


def test_a_text_copied_from_another_body_is_found_whatever_comes_first(archive):
    shared = prose("shared")
    copy = year_report(2023, YEARS[2023], agency=BUREAU, texts=(prose("b"), shared))
    put(archive, copy)
    settle(archive)
    put(archive, year_report(2022, YEARS[2022], texts=(prose("a"), shared)))
    settle(archive)
    assert findings(archive) == [("W-DUPLICATE", 2023)]
    assert "人民政府办公室 2022 年" in message(archive, "W-DUPLICATE")


def test_figures_and_words_of_the_form_do_not_make_a_copy(archive):
    boilerplate = (
        "以习近平新时代中国特色社会主义思想为指导，认真贯彻落实《中华人民共和国政府信息公开条例》，"
        "保障人民群众的知情权、参与权、表达权和监督权。未收取信息处理费。"
    )
    for year in (2022, 2023):
        put(archive, year_report(year, YEARS[year], texts=(boilerplate, "无。")))
    settle(archive)
    assert findings(archive) == []


def test_a_text_that_many_bodies_share_is_nobodys_copy(archive):
    shared = prose("circular")
    for number in range(55):
        report = year_report(
            2022, YEARS[2022], agency=f"沙坡头区第{number}管理局", texts=(prose(number), shared)
        )
        put(archive, report)
    settle(archive)
    assert findings(archive) == []


@pytest.mark.parametrize(
    ("agency", "published", "expected"),
    [
        (BUREAU, "2023-01-31 17:00", []),
        (BUREAU, "2023-02-01 09:00", [("W-DEADLINE", 2022)]),
        ("中卫市沙坡头区人民政府", "2023-03-31", []),
        ("中卫市沙坡头区人民政府", "2023-04-01", [("W-DEADLINE", 2022)]),
        ("沙坡头区柔远镇人民政府", "2023-05-01", [("I-DEADLINE", 2022)]),
        ("沙坡头区柔远镇人民政府", "2023-01-30", []),
    ],
)
def test_the_deadline_of_article_49(archive, agency, published, expected):
    put(archive, year_report(2022, YEARS[2022], agency=agency), published=published)
    settle(archive)
    assert findings(archive, ("error", "warning", "info")) == expected


def test_a_report_that_was_changed_keeps_both_versions_with_their_days(archive):
    url = put(archive, year_report(2022, YEARS[2022]), day="2026-01-01")
    changed = year_report(2022, YEARS[2022] | stocks(4, 0, 20))
    put(archive, changed, url=url, day="2026-02-01")
    settle(archive)
    assert findings(archive) == [("W-CHANGED", 2022)]
    assert "2026-01-01 与 2026-02-01" in message(archive, "W-CHANGED")
    assert "1 个单元格" in message(archive, "W-CHANGED")
    assert archive.db.execute("SELECT count(*) FROM documents").fetchone() == (2,)


def test_a_page_that_changed_around_the_report_is_no_changed_report(archive):
    report = year_report(2022, YEARS[2022])
    url = put(archive, report, day="2026-01-01")
    data = page(report).replace(b"<body", b"<!-- 42 visitors --><body", 1)
    put(archive, report, url=url, day="2026-02-01", data=data)
    settle(archive)
    assert findings(archive) == []


def test_two_addresses_with_other_figures(archive):
    put(archive, year_report(2022, YEARS[2022]))
    other = year_report(2022, YEARS[2022] | stocks(4, 0, 20))
    put(archive, other, url="https://www.spt.gov.cn/elsewhere.html")
    settle(archive)
    assert findings(archive) == [("W-MULTI", 2022)]
    assert "elsewhere.html" in message(archive, "W-MULTI")


def test_a_sign_off_after_the_publication(archive):
    report = year_report(2022, YEARS[2022])
    data = page(report)
    assert re.search(rb"</p>\s*</div>", data)
    signed = f"<p>{OFFICE}</p><p>2023年1月25日</p>".encode()
    data = re.sub(rb"</p>(\s*</div>)", b"</p>" + signed + rb"\1", data, count=1)
    put(archive, report, data=data)
    settle(archive)
    assert findings(archive) == [("W-SIGNOFF", 2022)]


def test_without_a_sign_off_its_date_is_not_judged(archive):
    put(archive, year_report(2022, YEARS[2022]))
    settle(archive)
    outcome = archive.db.execute(
        "SELECT outcome FROM verdicts WHERE rule = 'W-SIGNOFF' AND scope = 'series'"
    ).fetchall()
    assert outcome == [("not_judged",)]


def test_settling_bit_by_bit_equals_settling_all_at_once(archive):
    shared = prose("shared")
    late = year_report(2024, YEARS[2024] | requests(3, 4, 0))
    for report in (
        year_report(2022, YEARS[2022], agency=BUREAU, texts=(prose("b"), shared)),
        late,
        year_report(2022, YEARS[2022], texts=(prose("a"), shared)),
        year_report(2023, YEARS[2023]),
    ):
        put(archive, report)
        settle(archive)
    url = put(archive, year_report(2024, YEARS[2024]))
    settle(archive)
    assert url
    bit_by_bit = everything(archive)
    settle_series(archive, everything=True)
    assert everything(archive) == bit_by_bit
    assert {rule for rule, _ in findings(archive)} == {"W-CHANGED", "W-DUPLICATE"}


@pytest.mark.parametrize("crowd", [copies.CROWD, 4, 2])  # with so few reports none would be one
@pytest.mark.parametrize("seed", range(4))
def test_texts_that_wander_between_bodies_settle_alike_in_every_order(
    archive, seed, crowd, monkeypatch
):
    monkeypatch.setattr(copies, "CROWD", crowd)
    dice = random.Random(seed)
    held = [(agency, year) for agency in (OFFICE, BUREAU, "沙坡头区教育局") for year in YEARS]
    for agency, year in (*dice.sample(held, len(held)), *dice.choices(held, k=3)):
        texts = (prose(dice.choice("ab")), prose(dice.choice("cd")))
        # The same address again gives another text: the report has changed.
        url = f"http://www.example.test/{held.index((agency, year))}.html"
        put(archive, year_report(year, YEARS[year], agency=agency, texts=texts), url=url)
        settle(archive)
    bit_by_bit = everything(archive)
    settle_series(archive, everything=True)
    assert everything(archive) == bit_by_bit
    if crowd > 2:
        assert "W-DUPLICATE" in {rule for rule, _ in findings(archive)}


def test_settling_looks_at_what_changed_and_its_neighbours_only(archive):
    put_series(archive)
    put(archive, year_report(2023, YEARS[2023], agency=BUREAU))
    assert settle_series(archive) == 1
    assert settle_series(archive) == 0


def test_series_verdicts_say_what_could_not_be_judged(archive):
    put_series(archive, without=(2022, 2024))
    said = dict(
        archive.db.execute("SELECT rule, outcome || reason FROM verdicts WHERE scope = 'series'")
    )
    assert said["E-CARRY"] == "not_judged本站没有该机关上一年度的年报"
    assert said["W-DEADLINE"] == "passed"
    ids = {row[0] for row in archive.db.execute("SELECT id FROM rules")}
    assert {row[0] for row in archive.db.execute("SELECT rule FROM verdicts")} <= ids


def test_a_report_costs_the_same_among_many_as_among_few():
    few, *_ = measure(80)
    many, alone, _ = measure(800)
    # Processor time; a cost that grew with the number would be ten times as much.
    assert many < 2 * few
    assert alone < 25 * many
