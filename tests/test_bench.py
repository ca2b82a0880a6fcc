"""The bench: a small run measures and prints each way of reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.bench import __main__ as bench
from tests.bench.measure import others
from tests.bench.readings import FLOORS, from_tables, pdfplumber_tables
from tests.bench.samples import samples


@pytest.mark.proof
def test_each_way_of_reading_is_printed_with_its_right_cells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "samples", lambda most: samples(most, real=tmp_path))
    monkeypatch.setattr(bench, "one_core", lambda: None)  # the tests that follow use all cores
    monkeypatch.setattr(bench, "settle", lambda: None)
    target = tmp_path / "bench.json"
    arguments = ["--runs", "1", "--files", "1", "--rounds", "1", "--json", str(target)]
    result = CliRunner().invoke(bench.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    written = json.loads(target.read_text())
    for row in written["rows"]:
        assert f"{row['file']:52}{row['way']:16}" in result.output
        assert row["floors"] > 0
        if row["way"] in {"fast reading", "first sight", "both readings"}:
            assert row["right"] == row["cells"] > 0
    ways = [(row["file"].rsplit(".", 1)[1], row["way"]) for row in written["rows"]]
    assert {form for form, way in ways if way == "floor"} == set(FLOORS)
    assert {way for form, way in ways if form == "pdf"} == {
        "floor",
        "fast reading",
        "first sight",
        "both readings",
        *others(),
    }
    assert {
        "html as published: fast reading / floor",
        "docx as published: first sight / floor",
        "pdf lean: fast reading / floor",
        "pool: one worker / two workers",
    } <= set(written["summary"])


def test_wrong_cells_are_not_counted_as_right(tmp_path: Path) -> None:
    sample = samples(1, real=tmp_path)[0]
    assert sample.right(from_tables([])) == 0
    if "pdfplumber" in others():
        tables = pdfplumber_tables(sample.data)
        assert 0 < sample.right(from_tables(tables[:1])) < len(sample.printed)
