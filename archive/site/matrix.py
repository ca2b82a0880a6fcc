"""Who published what and when, as a picture: agencies or whole regions, by year."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from archive.site import words
from archive.site.lookup import Row, ask
from archive.summary import missing_years

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
    connection: sqlite3.Connection, owners: list[Row], last_due: int | None
) -> list[tuple[Row, dict[int, Row], frozenset[int]]]:
    lines = []
    for owner in owners:
        rows = ask(connection, "SELECT * FROM summary_reports WHERE agency_id = ?", owner["id"])
        held = {row["year"]: row for row in rows}
        missing = missing_years(held, last_due) if last_due else ()
        lines.append((owner, held, frozenset(missing)))
    return lines


def agencies(connection: sqlite3.Connection, counted: Row) -> Agencies:
    """Return all agencies; for archives that are small."""
    names = {row["code"]: row for row in ask(connection, "SELECT * FROM summary_regions")}
    regions = defaultdict(list)
    owners = ask(connection, _OWNERS.format("", ""))
    for line in _lines(connection, owners, counted["last_due"]):
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
    lines = _lines(connection, owners, counted["last_due"])
    return Agencies(years(counted), ((region, tuple(lines)),))


_SUMS = ("clean", "flawed", "unread", "late", "edited", "missing")


def _summed(rows: Iterable[Row]) -> dict[int, Row]:
    by_year: dict[int, Row] = {}
    for row in rows:
        held = by_year.setdefault(row["year"], dict.fromkeys(_SUMS, 0))
        for name in _SUMS:
            held[name] += row[name]
    for held in by_year.values():
        held["reports"] = held["clean"] + held["flawed"] + held["unread"]
    return by_year


def regions(connection: sqlite3.Connection, counted: Row, prefix: str = "") -> Regions:
    """Return the regions whose code begins so; provinces when there are too many of them.

    Args:
        connection: read-only connection.
        counted: what ``counts`` says.
        prefix: two digits of a province, or empty for all.

    """
    inside = f"{prefix}%"
    held = ask(connection, "SELECT * FROM summary_regions WHERE code LIKE ? ORDER BY code", inside)
    by_region = defaultdict(list)
    for row in ask(connection, "SELECT * FROM summary_years WHERE region_code LIKE ?", inside):
        by_region[row["region_code"]].append(row)
    if prefix or len(held) <= MOST_LINES:
        lines = [(region, _summed(by_region[region["code"]])) for region in held]
        return Regions(years(counted), tuple(lines))
    provinces: dict[str, list[Row]] = defaultdict(list)
    for region in held:
        provinces[region["code"][:2]].append(region)
    summed = [
        (
            {
                "code": code,
                "name": words.province(code),
                "agencies": sum(region["agencies"] for region in belonging),
            },
            _summed(row for region in belonging for row in by_region[region["code"]]),
        )
        for code, belonging in provinces.items()
    ]  # fmt: skip
    return Regions(years(counted), tuple(summed))
