"""The synthetic country: flaws are found, figures are read, real sites stay out of it."""

from __future__ import annotations

from itertools import islice

import pytest

from archive.home import Archive
from archive.runs import start_run
from crawler.profile import load
from tests.country.figures import FLAWS
from tests.country.fill import RealArchiveError, country, fill
from tests.country.make import FIRST_YEAR, reports

YEARS = 3
# Of documents or of series; without those on which every report of the country is alike.
TELLING = {rule for _, rules in FLAWS.values() for rule in rules}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    made = list(islice(reports(range(2), YEARS), 150))
    archive = country(tmp_path_factory.mktemp("country"))
    fill(archive, made, workers=2)
    yield archive, made
    archive.close()


def test_every_figure_is_read_as_printed(filled):
    archive, made = filled
    rows = archive.db.execute(
        "SELECT d.title, m.code, c.raw, c.state FROM cells c JOIN metrics m ON m.id = c.metric_id"
        " JOIN documents d ON d.id = c.document_id"
    )
    read = {(title, code): (raw, state) for title, code, raw, state in rows}
    assert len(read) == sum(len(one.report.cells) for one in made)
    for one in made:
        for code, printed in one.report.cells.items():
            expected = (printed, "value") if printed else ("", "blank")
            assert read[one.report.title, code] == expected


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


def test_it_never_mixes_with_real_sites(tmp_path):
    archive = Archive(tmp_path, create=True)
    start_run(archive, load("spt").site())
    with pytest.raises(RealArchiveError, match="spt"):
        fill(archive, reports(range(1), 1), workers=1)
    archive.close()
