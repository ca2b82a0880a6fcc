"""Summaries: what the site would otherwise have to count in all cells with every visit.

The tables are made with the schema and stay empty in the archive itself; a release, in which
nothing changes any more, has them filled.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection
from functools import cache

from sqlite_utils import Database

from archive.agencies import REGIONS
from archive.codebook import metrics
from archive.indicators import Indicator, indicators
from archive.views import FIGURE_NAMES, KEY_FIGURES, SUMS

# Findings that the matrix tells with marks of their own.
OF_PUBLICATION = ("W-DEADLINE", "W-CHANGED", "W-GAP")

_TABLES = (
    "CREATE TABLE summary_counts (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE summary_regions (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    agencies INTEGER NOT NULL
) WITHOUT ROWID""",
    """CREATE TABLE summary_reports (
    agency_id INTEGER NOT NULL REFERENCES agencies(id),
    year INTEGER NOT NULL,
    report_id INTEGER NOT NULL REFERENCES reports(id),
    status TEXT NOT NULL,
    flaws INTEGER NOT NULL,
    late INTEGER NOT NULL,
    edited INTEGER NOT NULL,
    PRIMARY KEY (agency_id, year)
) WITHOUT ROWID""",
    """CREATE TABLE summary_years (
    region_code TEXT NOT NULL,
    year INTEGER NOT NULL,
    clean INTEGER NOT NULL,
    flawed INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    late INTEGER NOT NULL,
    edited INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    PRIMARY KEY (region_code, year)
) WITHOUT ROWID""",
    "CREATE TABLE summary_measures (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE)",
    """CREATE TABLE summary_values (
    measure INTEGER NOT NULL REFERENCES summary_measures(id),
    year INTEGER NOT NULL,
    agency_id INTEGER NOT NULL REFERENCES agencies(id),
    value NUMERIC,
    numerator NUMERIC,
    denominator NUMERIC,
    PRIMARY KEY (measure, year, agency_id)
) WITHOUT ROWID""",
    "CREATE INDEX summary_values_rank ON summary_values(measure, year, value)",
    """CREATE TABLE summary_totals (
    measure INTEGER NOT NULL REFERENCES summary_measures(id),
    region_code TEXT NOT NULL,
    type TEXT NOT NULL,
    year INTEGER NOT NULL,
    held INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    numerator NUMERIC,
    denominator NUMERIC,
    PRIMARY KEY (measure, region_code, type, year)
) WITHOUT ROWID""",
    "CREATE INDEX agencies_region ON agencies(region_code)",
    "CREATE INDEX agencies_slug ON agencies(replace(key, ':', '-'))",
    "CREATE INDEX reports_published ON reports(published)",
)


def _of_form(column: str) -> Indicator:
    codes = [KEY_FIGURES[column]] if column in KEY_FIGURES else SUMS[column]
    first = metrics()[codes[0]]
    table = {"t2": "表二", "t3": "表三", "t4": "表四"}[first.table]
    more = "；只有 2021 年格式有这一格" if first.order_2019 is None else ""
    if column == "other":
        # As report_overview takes it: the 2019 format has one row for all of them.
        more = "；原文把（六）印成一行时（2019 年格式都是）取该行"
    return Indicator(
        column,
        FIGURE_NAMES[column],
        f"年报{table}所印的“{FIGURE_NAMES[column]}”{'各项之和' if len(codes) > 1 else ''}{more}",
        " + ".join(codes),
        "",
        "report",
        first.unit,
        f"年报{table}",
    )


def _corrected(code: str, name: str, rate: str) -> Indicator:
    numerator = indicators()[rate].numerator
    definition = f"年报表四所印“结果纠正”的{name.removesuffix('结果纠正')}件数"
    return Indicator(code, name, definition, numerator, "", "report", "件", "年报表四")


# Counts that are the numerator of an indicator.
_NUMERATORS = {
    "reviews_corrected": ("行政复议结果纠正", "review_corrected_rate"),
    "suits_corrected": ("行政诉讼结果纠正", "suit_corrected_rate"),
}


@cache
def explored() -> dict[str, Indicator]:
    """Return everything that can be explored, by code, in the order of choices."""
    # 办结总计 is the indicator 办结量 under another name.
    counts = [_of_form(column) for column in FIGURE_NAMES if column != "result_total"]
    lost = [_corrected(code, *rest) for code, rest in _NUMERATORS.items()]
    return {one.code: one for one in (*counts, *lost, *indicators().values())}


def missing_years(held: Collection[int], last: int | None) -> list[int]:
    """Return the years of which a report should be there and is not held.

    Args:
        held: years of the reports of one agency.
        last: the last year whose report was due when the agency's site was last walked to the end
            (``last_due_years``); None when that is not known.

    Returns:
        Years between those that are held, and those after them up to ``last``. The years before
        the first one held say nothing, because sites begin to publish at different times.

    """
    if not held:
        return []
    end = max(*held, last or 0)
    return [year for year in range(min(held), end + 1) if year not in held]


# Of the whole archive, where a release holds one region of it (archive.regions).
NEWEST_YEAR = "newest_year"
_NEWEST = f"SELECT value FROM summary_counts WHERE name = '{NEWEST_YEAR}'"  # noqa: S608 - our own name


def last_due_years(connection: sqlite3.Connection, agency: int | None = None) -> dict[int, int]:
    """Return the last year whose report was due when an agency's site was last walked to the end.

    What was due later may be there and nobody has looked: that is not missing. Reports are due on
    31 March of the next year (条例, article 49). No year later than the newest report of the
    archive is told: when nobody's report is there, the reason may lie with us.

    Args:
        connection: to a database of the archive.
        agency: id in ``agencies``; None for all that have reports.

    Returns:
        Year by id of the agency; without those whose sites have never been walked to the end.

    """
    of_agency = "" if agency is None else " AND r.agency_id = :agency"
    return dict(
        connection.execute(
            "SELECT r.agency_id, min(max(CAST(substr(w.walked, 1, 4) AS INTEGER)"  # noqa: S608 - constants of ours
            " - CASE WHEN substr(w.walked, 6) >= '04-01' THEN 1 ELSE 2 END),"
            f" coalesce(({_NEWEST}), (SELECT max(year) FROM reports)))"
            " FROM reports r JOIN documents d ON d.report_id = r.id"
            " JOIN sources s ON s.document_id = d.id"
            " JOIN (SELECT site_id, max(started_at) AS walked FROM runs"
            " WHERE outcome = 'finished' GROUP BY site_id) w ON w.site_id = s.site_id"
            f" WHERE true{of_agency} GROUP BY r.agency_id",
            {"agency": agency},
        ).fetchall()
    )


def create_summary(db: Database) -> None:
    """Create the tables, empty, and the indexes that lists over all agencies need.

    Args:
        db: the archive's database (migration 0007).

    """
    for statement in _TABLES:
        db.execute(statement)


def summarise(connection: sqlite3.Connection) -> None:
    """Fill the tables, and index the cells by what they say.

    Args:
        connection: to a copy of the database that will not be written to any more, in which the
            changes are a table.

    """
    connection.execute("BEGIN")
    # One metric of all reports is what readers ask for and no writer does.
    connection.execute("CREATE INDEX cells_metric ON cells(metric_id, document_id, value)")
    _counts(connection)
    _regions(connection)
    _reports(connection)
    _years(connection)
    _values(connection)
    _totals(connection)
    connection.execute("COMMIT")


_COUNTS = {
    "reports": "SELECT count(*) FROM reports",
    "agencies": "SELECT count(DISTINCT agency_id) FROM reports",
    "cells": "SELECT count(*) FROM cells c JOIN reports r ON r.document_id = c.document_id"
    " WHERE c.state <> 'unread'",
    "unread": "SELECT count(*) FROM cells c JOIN reports r ON r.document_id = c.document_id"
    " WHERE c.state = 'unread'",
    "findings": "SELECT count(*) FROM findings WHERE severity <> 'info'",
    "captured_at": "SELECT max(captured_at) FROM captures",
    "first_year": "SELECT min(year) FROM reports",
    "last_year": "SELECT max(year) FROM reports",
}


def _counts(connection: sqlite3.Connection) -> None:
    for name, sql in _COUNTS.items():
        connection.execute(f"INSERT INTO summary_counts SELECT '{name}', ({sql})")


def _regions(connection: sqlite3.Connection) -> None:
    names = {region.code: region.name for region in REGIONS}
    names.update(connection.execute("SELECT region_code, region_name FROM sites").fetchall())
    governments = dict(
        connection.execute(
            "SELECT region_code, min(name) FROM agencies WHERE type = 'government' GROUP BY 1"
        ).fetchall()
    )
    for code, agencies in connection.execute(
        "SELECT region_code, count(*) FROM agencies GROUP BY region_code"
    ).fetchall():
        # A region that nobody has named: its government's name carries its name.
        name = names.get(code) or governments.get(code, "").replace("人民政府", "")
        name = name or (f"行政区划代码 {code}" if code else "地区不详")
        connection.execute("INSERT INTO summary_regions VALUES (?, ?, ?)", (code, name, agencies))


def _reports(connection: sqlite3.Connection) -> None:
    of_report = "(f.report_id = r.id OR f.document_id = r.document_id)"
    # The plus keeps SQLite from going through all findings of a rule for each report.
    connection.execute(
        "INSERT INTO summary_reports SELECT r.agency_id, r.year, r.id, r.status,"  # noqa: S608 - constants of ours
        f" (SELECT count(*) FROM findings f WHERE {of_report} AND f.severity <> 'info'"
        f" AND +f.rule NOT IN {OF_PUBLICATION}),"
        f" EXISTS (SELECT 1 FROM findings f WHERE {of_report} AND +f.rule = 'W-DEADLINE'),"
        " EXISTS (SELECT 1 FROM changes c WHERE c.report_id = r.id AND c.kind = 'edited')"
        " FROM reports r"
    )


def _years(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO summary_years SELECT a.region_code, s.year,"
        " sum(s.status IN ('verified', 'read') AND s.flaws = 0),"
        " sum(s.status IN ('verified', 'read') AND s.flaws > 0),"
        " sum(s.status NOT IN ('verified', 'read')), sum(s.late), sum(s.edited), 0"
        " FROM summary_reports s JOIN agencies a ON a.id = s.agency_id GROUP BY 1, 2"
    )
    held: dict[tuple[int, str], set[int]] = defaultdict(set)
    for agency, region, year in connection.execute(
        "SELECT a.id, a.region_code, s.year FROM summary_reports s"
        " JOIN agencies a ON a.id = s.agency_id"
    ):
        held[agency, region].add(year)
    last = last_due_years(connection)
    missing = Counter(
        (region, year)
        for (agency, region), years in held.items()
        for year in missing_years(years, last.get(agency))
    )
    connection.executemany(
        "INSERT INTO summary_years VALUES (?, ?, 0, 0, 0, 0, 0, ?)"
        " ON CONFLICT DO UPDATE SET missing = excluded.missing",
        [(region, year, count) for (region, year), count in missing.items()],
    )


def _values(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO summary_measures VALUES (?, ?)", enumerate(explored(), start=1)
    )
    # Each view is asked once: they look up every cell that they need.
    columns = [code for code in explored() if code in FIGURE_NAMES]
    connection.execute(
        f"CREATE TEMP TABLE told AS SELECT report_id, {', '.join(columns)} FROM report_overview"  # noqa: S608 - constants of ours
    )
    for column in columns:
        connection.execute(
            f"INSERT INTO summary_values SELECT m.id, r.year, r.agency_id, t.{column}, t.{column},"  # noqa: S608 - constants of ours
            " NULL FROM told t JOIN reports r ON r.id = t.report_id"
            " JOIN summary_measures m ON m.code = ?",
            (column,),
        )
    connection.execute("DROP TABLE told")
    connection.execute(
        "INSERT INTO summary_values SELECT m.id, r.year, r.agency_id,"
        " CASE WHEN i.denominator = '' AND i.level = 'report' THEN p.numerator"
        " ELSE 1.0 * p.numerator / nullif(p.denominator, 0) END, p.numerator, p.denominator"
        " FROM indicator_parts p JOIN indicators i ON i.code = p.indicator"
        " JOIN reports r ON r.id = p.report_id JOIN summary_measures m ON m.code = i.code"
    )
    for code, (_, rate) in _NUMERATORS.items():
        connection.execute(
            "INSERT INTO summary_values SELECT m.id, v.year, v.agency_id, v.numerator,"
            " v.numerator, NULL FROM summary_values v JOIN summary_measures o ON o.id = v.measure"
            " JOIN summary_measures m ON m.code = ? WHERE o.code = ?",
            (code, rate),
        )


_OF_REGIONS = tuple(i.code for i in indicators().values() if i.level == "region")


def _totals(connection: sqlite3.Connection) -> None:
    # Only reports with both parts count, so that the two sums speak of the same bodies.
    for region, kind in (("''", "''"), ("a.region_code", "''"), ("''", "a.type")):
        connection.execute(
            f"INSERT INTO summary_totals SELECT v.measure, {region}, {kind}, v.year, count(*),"  # noqa: S608 - constants of ours
            " sum(v.whole), sum(CASE WHEN v.whole THEN v.numerator END),"
            " sum(CASE WHEN v.whole THEN v.denominator END)"
            " FROM (SELECT *, numerator IS NOT NULL AND (value IS NOT NULL"
            " OR denominator IS NOT NULL) AS whole FROM summary_values) v"
            " JOIN agencies a ON a.id = v.agency_id WHERE true GROUP BY 1, 2, 3, 4"
            # Bodies whose region is unknown would take the place of the whole.
            " ON CONFLICT DO NOTHING"
        )
    connection.execute(
        "CREATE TEMP TABLE of_regions AS SELECT * FROM indicator_by_region_year"  # noqa: S608 - constants of ours
        f" WHERE code IN {_OF_REGIONS}"
    )
    for region in ("''", "v.region_code"):
        connection.execute(
            f"INSERT INTO summary_totals SELECT m.id, {region}, '', v.year, sum(v.reports),"  # noqa: S608 - constants of ours
            " sum(v.reports), sum(v.numerator), sum(v.denominator)"
            " FROM of_regions v JOIN summary_measures m ON m.code = v.code"
            " WHERE true GROUP BY 1, 2, 3, 4 ON CONFLICT DO NOTHING"
        )
    connection.execute("DROP TABLE of_regions")
