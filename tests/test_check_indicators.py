"""Indicators are views over the cells: what is missing has no value, and 0 divides nothing."""

from __future__ import annotations

import pytest

from archive.home import Archive
from archive.indicators import indicators
from pipeline.store import settle
from tests.series_reports import add_site, put, requests, stocks, year_report

BUREAU = "沙坡头区财政局"
TOWN = "沙坡头区柔远镇人民政府"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = Archive(tmp_path_factory.mktemp("indicators") / "data", create=True)
    add_site(archive)
    asked = requests(2, 8, 1) | stocks(4, 1, 20)
    put(archive, year_report(2022, asked, agency=BUREAU))
    put(archive, year_report(2022, stocks(0, 0, 3), agency=TOWN), published="2023-05-01")
    blank = requests(1, 4, 0) | {"t3_new__total": ""}
    put(archive, year_report(2023, blank, agency=BUREAU), published="2024-03-01")
    put(archive, year_report(2020, {"t3_other_total__total": 3}, agency=BUREAU, template="2019"))
    settle(archive)
    yield archive
    archive.close()


def value(archive, code, year, agency="财政局"):
    return archive.db.execute(
        "SELECT numerator, denominator, value FROM indicator_by_agency_year"
        " WHERE code = ? AND year = ? AND agency LIKE ?",
        (code, year, f"%{agency}"),
    ).fetchone()


def region(archive, code, year):
    return archive.db.execute(
        "SELECT numerator, denominator, value FROM indicator_by_region_year"
        " WHERE code = ? AND year = ? AND region_code = '640502'",
        (code, year),
    ).fetchone()


def test_rates_have_numerator_and_denominator(archive):
    assert value(archive, "clearance_rate", 2022) == (9, 10, 0.9)
    assert value(archive, "carry_rate", 2022) == (1, 10, 0.1)
    assert value(archive, "full_disclosure_rate", 2022) == (9, 9, 1.0)
    assert value(archive, "denial_rate", 2022) == (0, 9, 0.0)
    assert value(archive, "handled_total", 2022) == (9, None, 9)


def test_a_zero_denominator_gives_no_rate(archive):
    assert value(archive, "clearance_rate", 2022, TOWN[-7:]) == (0, 0, None)


def test_a_blank_cell_gives_no_value(archive):
    assert value(archive, "clearance_rate", 2023) == (5, None, None)


def test_what_only_one_format_has_gives_nothing_for_the_other(archive):
    assert value(archive, "normative_net", 2022) == (3, None, 3)
    assert value(archive, "normative_net", 2020) == (None, None, None)


def test_population_is_not_in_the_reports(archive):
    assert value(archive, "requests_per_10k", 2022) == (8, None, None)


def test_a_region_adds_up_numerators_and_denominators(archive):
    assert region(archive, "clearance_rate", 2022) == (9, 10, 0.9)
    assert region(archive, "zero_share", 2022) == (1, 2, 0.5)
    assert region(archive, "timely_rate", 2022) == (1, 1, 1.0)
    assert region(archive, "timely_rate", 2023) == (0, 1, 0.0)
    assert region(archive, "coverage", 2022) == (2, 2, 1.0)


def test_both_formats_are_lined_up_where_the_codebook_says_so(archive):
    rows = archive.db.execute(
        "SELECT year, value, comparability FROM metric_comparable"
        " WHERE code = 't3_other_total__total' AND agency LIKE '%财政局' ORDER BY year"
    ).fetchall()
    assert rows == [(2020, 3, "same"), (2022, 0, "derived"), (2023, 0, "derived")]
    approximate = archive.db.execute(
        "SELECT DISTINCT code FROM metric_comparable WHERE comparability = 'approximate'"
    ).fetchall()
    assert ("t2_normative_docs_issued",) in approximate


def test_every_indicator_says_what_it_is(archive):
    for indicator in indicators().values():
        assert indicator.name
        assert indicator.definition
        assert indicator.basis
    shown = {row[0] for row in archive.db.execute("SELECT code FROM indicator_by_agency_year")}
    shown |= {row[0] for row in archive.db.execute("SELECT code FROM indicator_by_region_year")}
    assert shown >= set(indicators()) - {"text_similarity"}


def test_a_text_like_last_years_has_a_similarity(tmp_path):
    archive = Archive(tmp_path, create=True)
    add_site(archive)
    first = year_report(2022, {})
    put(archive, first)
    texts = tuple(part.paragraphs[0] for part in first.sections if part.ordinal in (1, 5))
    put(archive, year_report(2023, {}, texts=texts))
    settle(archive)
    rows = archive.db.execute(
        "SELECT year, value FROM indicator_by_agency_year WHERE code = 'text_similarity'"
    ).fetchall()
    archive.close()
    assert rows == [(2023, 1.0)]
