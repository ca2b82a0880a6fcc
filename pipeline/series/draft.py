"""A draft beside the archive, to see whether it follows from what its agency has published."""

from __future__ import annotations

from sqlite_utils import Database

from archive.agencies import identify
from pipeline.finding import Finding, Verdict
from pipeline.recognise.identity import squeeze
from pipeline.report import Report
from pipeline.series.case import Case, Held, Printed, Text, held_reports, texts, watched
from pipeline.series.copies import find_copies
from pipeline.series.rules import SERIES_RULES
from pipeline.series.text import SECTIONS, shingles

# Rules on what only publication brings about.
_LATER = frozenset({"W-DEADLINE", "W-CHANGED", "W-SIGNOFF"})
_NO_REPORT = -1


def against_archive(db: Database, report: Report) -> tuple[list[Finding], list[Verdict]]:
    """Judge a draft by the rules of series; nothing is stored.

    Args:
        db: the archive's database.
        report: what the draft says.

    Returns:
        Findings and verdicts; none when agency or year are unknown.

    """
    if report.agency_printed is None or report.year is None:
        return [], []
    agency = identify(report.agency_printed)
    row = db.execute("SELECT id FROM agencies WHERE key = ?", (agency.key,)).fetchone()
    held = held_reports(db, row[0]) if row else []
    earlier = max((h for h in held if h.year < report.year), key=lambda h: h.year, default=None)
    codes = frozenset(watched().values())
    draft = Held(
        {c: Printed(r.value, r.state, r.place) for c, r in report.cells.items() if c in codes},
        _NO_REPORT,
        _NO_REPORT,
        report.year,
        agency.key,
        agency.name,
        agency.type,
        report.agency_printed,
        report.template,
        report.signed,
        None,
    )
    own = {
        s.ordinal: Text(s.ordinal, squeeze(s.text), s.place, shingles(s.text))
        for s in report.sections
        if s.ordinal in SECTIONS
    }
    before = texts(db, earlier.report_id) if earlier else {}
    case = Case(draft, earlier, tuple(find_copies(db, draft, own, before, earlier)))
    said = [rule.apply(case) for rule in SERIES_RULES if rule.id not in _LATER]
    return [f for found, _ in said for f in found], [verdict for _, verdict in said]
