"""The synthetic country: flaws are found, figures are read, real sites stay out of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import islice

import pytest
from click.testing import CliRunner

from archive.home import Archive
from archive.publish import publish
from archive.runs import start_run
from archive.synthetic import SyntheticMixedError, is_synthetic
from crawler.profile import load
from tests import bench_scale
from tests.country import grow as growing
from tests.country.figures import FLAWS
from tests.country.fill import STEPS, country, fill
from tests.country.make import EDITED_CELL, FIRST_YEAR, reports
from tests.country.places import County
from tests.country.spent import Spent
from tests.site_server import client_of, page

YEARS = 3
# Of documents or of series; without those on which every report of the country is alike.
TELLING = {rule for _, rules in FLAWS.values() for rule in rules}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    made = list(islice(reports(range(2), YEARS), 150))
    archive = country(tmp_path_factory.mktemp("country"))
    spent = Spent()
    fill(archive, made, workers=2, spent=spent)
    assert set(spent.seconds) == set(STEPS)
    yield archive, made
    archive.close()


def test_every_figure_is_read_as_printed(filled):
    archive, made = filled
    rows = archive.db.execute(
        "SELECT r.title, m.code, c.raw, c.state FROM cells c JOIN metrics m ON m.id = c.metric_id"
        " JOIN reports r ON r.document_id = c.document_id"
    )
    read = {(title, code): (raw, state) for title, code, raw, state in rows}
    assert len(read) == sum(len(one.report.cells) for one in made)
    for one in made:
        for code, printed in one.report.cells.items():
            expected = (printed, "value") if printed else ("", "blank")
            assert read[one.report.title, code] == expected


def test_an_edited_report_keeps_both_versions_and_is_told_as_edited(filled):
    archive, made = filled
    edited = {one.report.title for one in made if one.edited}
    assert edited
    told = archive.db.execute("SELECT title FROM changes WHERE kind = 'edited'").fetchall()
    assert {title for (title,) in told} == edited
    earlier = archive.db.execute(
        "SELECT d.title, c.raw FROM changes e JOIN documents d ON d.id = e.earlier_document_id"
        " JOIN cells c ON c.document_id = d.id JOIN metrics m ON m.id = c.metric_id"
        " WHERE e.kind = 'edited' AND m.code = ?",
        [EDITED_CELL],
    ).fetchall()
    assert {title for title, _ in earlier} == edited
    assert {raw for _, raw in earlier} == {"987654"}
    found = archive.db.execute(
        "SELECT r.title FROM findings f JOIN reports r ON r.id = f.report_id"
        " WHERE f.rule = 'W-CHANGED'"
    ).fetchall()
    assert {title for (title,) in found} == edited


def test_what_is_wrong_is_found_and_nothing_else(filled):
    archive, made = filled
    found = {(one.report.title, rule) for one in made for f in one.flaws for rule in FLAWS[f][1]}
    rows = archive.db.execute(
        "SELECT d.title, f.rule FROM findings f JOIN documents d ON d.id = f.document_id UNION"
        " SELECT r.title, f.rule FROM findings f JOIN reports r ON r.id = f.report_id"
    )
    said = {(title, rule) for title, rule in rows if rule in TELLING}
    # A report that breaks the series may be the cause of a finding at the year after it.
    after = {(t.replace(str(y), str(y + 1)), r) for t, r in found for y in years() if str(y) in t}
    assert found <= said
    assert said - found <= {(t, r) for t, r in after if r in {"E-CARRY", "W-STOCK"}}


def years():
    return range(FIRST_YEAR, FIRST_YEAR + YEARS)


def test_every_page_of_it_says_that_it_is_invented(filled):
    archive, _ = filled
    release = publish(archive)
    with closing(sqlite3.connect(release.path)) as connection:
        slug, code = connection.execute(
            "SELECT replace(key, ':', '-'), region_code FROM agencies JOIN reports"
            " ON agency_id = agencies.id"
        ).fetchone()
    paths = [
        "/", f"/agency/{slug}", f"/report/{slug}/{FIRST_YEAR}", f"/region/{code}",
        f"/report/{slug}/{FIRST_YEAR}/cell/t3_new__total", "/search?q=低保", "/findings",
        "/changes", "/explore", "/compare", "/data", "/dictionary", "/health", "/about", "/feeds",
        "/nianbao", "/nianbao/reports",
    ]  # fmt: skip
    with client_of(archive.folder) as client:
        for path in paths:
            tree = page(client, path)
            assert "虚构数据（synthetic）" in tree.findtext(".//p[@class='synthetic']/strong"), path
            assert tree.findtext(".//title").startswith("虚构"), path
        assert "虚构数据（synthetic）" in client.get("/nowhere").text


def test_it_never_mixes_with_real_sites(tmp_path):
    archive = Archive(tmp_path / "real", create=True)
    start_run(archive, load("spt").site())
    archive.close()
    with pytest.raises(SyntheticMixedError, match="spt"):
        country(tmp_path / "real")
    archive = country(tmp_path / "invented")
    start_run(archive, County(0).site)
    with pytest.raises(SyntheticMixedError, match="synthetic-0000"):
        start_run(archive, load("spt").site())
    archive.close()


def test_what_was_mixed_by_other_means_is_not_shown(tmp_path):
    archive = country(tmp_path)
    start_run(archive, County(0).site)
    assert is_synthetic(archive.db.conn)
    with archive.transaction() as db:
        db.execute(
            "INSERT INTO sites SELECT 'spt', name, region_code, region_name, region_parents,"
            " home, hosts FROM sites"
        )
    with pytest.raises(SyntheticMixedError):
        is_synthetic(archive.db.conn)
    archive.close()


def test_a_real_archive_says_nothing_of_invention(tmp_path):
    archive = Archive(tmp_path, create=True)
    start_run(archive, load("spt").site())
    assert not is_synthetic(archive.db.conn)
    archive.close()


def test_growing_goes_on_where_it_was_ended(tmp_path, monkeypatch):
    """Ended between two counties, and within one: the archive is that of one go."""
    monkeypatch.setattr(growing, "YEARS", 1)
    monkeypatch.setattr(growing, "OF_COUNTY", 49)
    monkeypatch.setattr(growing, "FORMS", (("html", 1.0),))
    growing.grow(tmp_path / "a", 98, 1, lambda _: None)
    growing.grow(tmp_path / "b", 49, 1, lambda _: None)
    half = country(tmp_path / "b")
    fill(half, islice(reports(range(1, 2), 1, (("html", 1.0),)), 20), workers=1)
    half.close()
    costs = growing.grow(tmp_path / "b", 98, 1, lambda _: None)
    assert [(cost["county"], cost["first"]) for cost in costs] == [(0, True), (1, True)]
    assert all(cost["read"] > 0 and cost["store"] > 0 for cost in costs)
    assert held(tmp_path / "a") == held(tmp_path / "b")


@pytest.mark.proof
def test_the_bench_prints_what_a_report_costs_and_measures_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "YEARS", 1)
    monkeypatch.setattr(growing, "OF_COUNTY", 49)
    monkeypatch.setattr(growing, "FORMS", (("html", 1.0),))
    told = [
        CliRunner()
        .invoke(
            bench_scale.main,
            ["--sizes", sizes, "--data", str(tmp_path), "--sample", "1", "--requests", "1"],
            catch_exceptions=False,
        )
        .output
        for sizes in ("40", "40,90")
    ]
    assert "== 49 reports" in told[0]
    assert "measured before" not in told[0]
    assert "40 reports: measured before" in told[1]
    assert "== 98 reports" in told[1]
    measured = json.loads((tmp_path / "measured-90.json").read_text())
    sizes = measured["bytes"]
    with closing(sqlite3.connect(tmp_path / "nianbao.db")) as connection:
        stored = connection.execute("SELECT sum(size) FROM payloads").fetchone()
    assert stored == (sizes["blobs"],)
    assert sum(sizes["database by table"].values()) == sizes["database"]
    asked = measured["asked"]
    assert {kind: times["refused"] for kind, times in asked.items() if "first" in kind} == {
        f"{kind}, first": 0
        for kind in ("reports", "cells", "agencies", "regions", "whole archive", "searches",
                     "narrowed searches")
    }  # fmt: skip
    assert min(measured["memory"].values()) > 2**24
    for line in ("cost a report, times that at 49", "== 2,700,000 reports, from 98", "assumptions"):
        assert line in told[1]


def held(folder):
    with closing(sqlite3.connect(folder / "nianbao.db")) as connection:
        return connection.execute(
            "SELECT a.key, r.year, d.digest, d.content_digest, r.status FROM reports r"
            " JOIN agencies a ON a.id = r.agency_id JOIN documents d ON d.id = r.document_id"
            " ORDER BY 1, 2"
        ).fetchall()
