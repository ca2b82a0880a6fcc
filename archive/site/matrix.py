"""Who published what and when, as a picture: agencies or whole regions, by year."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from archive.site import words
from archive.site.lookup import Row, ask
from archive.summary import last_due_years, missing_years

# As many lines as a page shows at once.
MOST_LINES = 60
UNKNOWN_REGION = "unknown"


@dataclass(frozen=True, slots=True)
class Agencies:
    """Agencies by region, each with its reports by year.

    Args:
        years: columns.
        regions: (row of ``summary_regions``, lines) in the order of their codes; a line is an
            agency, its reports by year, and the years that should be there and are not.

    """

    years: tuple[int, ...]
    regions: tuple[tuple[Row, tuple[tuple[Row, dict[int, Row], frozenset[int]], ...]], ...]


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions, or provinces, with the sums of their reports by year."""

    years: tuple[int, ...]
    lines: tuple[tuple[Row, dict[int, Row]], ...]


def counts(connection: sqlite3.Connection) -> Row:
    """Return the counts of the whole archive, by name."""
    return {row["name"]: row["value"] for row in ask(connection, "SELECT * FROM summary_counts")}


def years(counted: Row) -> tuple[int, ...]:
    """Return all years that the archive has reports of, and those between."""
    if counted["first_year"] is None:
        return ()
    return tuple(range(counted["first_year"], counted["last_year"] + 1))


def address(region: str) -> str:
    """Return the address of a region's page."""
    return f"/region/{region or UNKNOWN_REGION}"


_OWNERS = (
    "SELECT * FROM agencies{} ORDER BY region_code, area_code IS NOT NULL,"
    " CASE type WHEN 'government' THEN 0 WHEN 'government_office' THEN 1 WHEN 'department'"
    " THEN 2 ELSE 3 END, key{}"
)


def _lines(
    connection: sqlite3.Connection, owners: list[Row]
) -> list[tuple[Row, dict[int, Row], frozenset[int]]]:
    lines = []
    for owner in owners:
        rows = ask(connection, "SELECT * FROM summary_reports WHERE agency_id = ?", owner["id"])
        held = {row["year"]: row for row in rows}
        last = last_due_years(connection, owner["id"]).get(owner["id"])
        missing = missing_years(held, last)
        lines.append((owner, held, frozenset(missing)))
    return lines


def agencies(connection: sqlite3.Connection, counted: Row) -> Agencies:
    """Return all agencies; for archives that are small."""
    names = {row["code"]: row for row in ask(connection, "SELECT * FROM summary_regions")}
    regions = defaultdict(list)
    owners = ask(connection, _OWNERS.format("", ""))
    for line in _lines(connection, owners):
        regions[line[0]["region_code"]].append(line)
    return Agencies(
        years(counted), tuple((names[code], tuple(lines)) for code, lines in regions.items())
    )


def agencies_of(
    connection: sqlite3.Connection, counted: Row, region: Row, page: int
) -> Agencies:  # fmt: skip
    """Return a page of the agencies of one region.

    Args:
        connection: read-only connection.
        counted: what ``counts`` says.
        region: row of ``summary_regions``.
        page: 1-based.

    """
    where, limit = " WHERE region_code = ?", " LIMIT ? OFFSET ?"
    owners = ask(
        connection,
        _OWNERS.format(where, limit),
        region["code"],
        MOST_LINES,
        (page - 1) * MOST_LINES,
    )
    lines = _lines(connection, owners)
    return Agencies(years(counted), ((region, tuple(lines)),))


_SUMS = ", ".join(
    f"sum({name}) AS {name}"
    for name in ("clean", "flawed", "unread", "late", "edited", "missing")
) + ", sum(clean + flawed + unread) AS reports"  # fmt: skip


def regions(connection: sqlite3.Connection, counted: Row, prefix: str = "") -> Regions:
    """Return the regions whose code begins so; provinces when there are too many of them.

    Args:
        connection: read-only connection.
        counted: what ``counts`` says.
        prefix: two digits of a province, or empty for all.

    """
    known = ask(connection, "SELECT count(*) AS n FROM summary_regions")[0]["n"]
    by_province = not prefix and known > MOST_LINES
    named = {"digits": 2 if by_province else 6, "inside": f"{prefix}%"}
    held = ask(
        connection,
        "SELECT substr(code, 1, :digits) AS code, min(name) AS name, sum(agencies) AS agencies"
        " FROM summary_regions WHERE code LIKE :inside GROUP BY 1 ORDER BY 1",
        **named,
    )
    by_region: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in ask(
        connection,
        f"SELECT substr(region_code, 1, :digits) AS code, year, {_SUMS} FROM summary_years"  # noqa: S608 - our own names
        " WHERE region_code LIKE :inside GROUP BY 1, 2",
        **named,
    ):
        by_region[row["code"]][row["year"]] = row
    if by_province:
        for region in held:
            region["name"] = words.province(region["code"])
    return Regions(years(counted), tuple((region, by_region[region["code"]]) for region in held))
