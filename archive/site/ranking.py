"""Values of one figure or indicator in order, their sums over years, and why some are missing.

All lists come from the tables of ``archive.summary``, by index: no cell is looked up but those of
the part shown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from urllib.parse import urlencode

from archive.codebook import metrics
from archive.indicators import Indicator, terms
from archive.site import matrix, words
from archive.site.lookup import Row, Value, ask
from archive.summary import explored
from archive.views import OTHER_IN_ONE_ROW

FIRST = "new_requests"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is asked for, as the query string has it; empty where left open.

    Args:
        code: of ``archive.summary.explored``.
        year: None for the newest one.
        region: six digits.
        type: of ``words.AGENCY_TYPES``.
        by: agency or region: what the lines of the ranking are.
        order: high or low: which end comes first.

    """

    code: str
    year: int | None
    region: str
    type: str
    by: str
    order: str

    @property
    def measure(self) -> Indicator:
        """The figure or indicator."""
        return explored()[self.code]

    def address(self, suffix: str = "", **changed: object) -> str:
        """Return the address with something changed."""
        other = replace(self, **changed)  # type: ignore[arg-type]  # the caller names fields
        kept = {
            name: value
            for name, value in asdict(other).items()
            if value and (name, value) not in _DEFAULTS
        }
        return f"/explore{suffix}?{urlencode(kept)}" if kept else f"/explore{suffix}"


_DEFAULTS = {("by", "agency"), ("order", "high"), ("code", FIRST)}


@dataclass(frozen=True, slots=True)
class Explored:
    """What the page shows.

    Args:
        chosen: with the year that was found.
        years: all years there are.
        held: reports, or regions, of the year.
        counted: of them, those with a value.
        rows: a page of the ranking.
        totals: sums of each year: held, counted, numerator, denominator.
        regions: (code, name) to choose from.
        spread: classes of values and how many of the year lie in each.

    """

    chosen: Chosen
    years: tuple[int, ...]
    held: int
    counted: int
    rows: tuple[Row, ...]
    totals: dict[int, Row]
    regions: tuple[Row, ...]
    spread: tuple[tuple[str, int], ...]


_TINY, _HUGE = 5e-324, 1e308
# Upper ends of the classes; counts of requests differ by orders of magnitude.
_ENDS = (0, 9, 49, 99, 499, 999, 4999, 9999)
# Of counts and of rates: label, what lies below the class, and its highest value.
CLASSES: dict[bool, tuple[tuple[str, float, float], ...]] = {
    False: (
        ("小于 0", -_HUGE, -_TINY),
        ("0", -_TINY, 0),
        *((f"{low + 1:,}–{high:,}", low, high) for low, high in pairwise(_ENDS)),
        ("10,000 以上", _ENDS[-1], _HUGE),
    ),
    True: (
        ("小于 0", -_HUGE, -_TINY),
        ("0", -_TINY, 0),
        *((f"{n}–{n + 10}%", n / 100, (n + 10) / 100) for n in range(0, 100, 10)),
        ("超过 100%", 1, _HUGE),
    ),
}
# Counted in the index, class by class, without fetching the values.
_INSIDE = "v.value > :low AND v.value <= :high"


def trimmed(counts: Sequence[int], *, rate: bool) -> tuple[tuple[str, int], ...]:
    """Return the classes with their counts, without the empty ones at both ends.

    Args:
        counts: how many values lie in each of ``CLASSES[rate]``.
        rate: parts of 1 instead of counts.

    """
    inside = [number for number, count in enumerate(counts) if count]
    if not inside:
        return ()
    labels = [label for label, _, _ in CLASSES[rate]]
    return tuple(zip(labels, counts, strict=True))[min(1, inside[0]) : inside[-1] + 1]


# The table to begin with is said, so that each choice of filters has an index of its own.
def _source(chosen: Chosen) -> tuple[str, str]:
    """Return the tables and the conditions of the values of one year."""
    if chosen.region:
        tables = "agencies a CROSS JOIN summary_values v ON v.agency_id = a.id"
        where = "a.region_code = :region AND v.measure = :measure AND v.year = :year"
    elif chosen.type:
        tables = "summary_values v CROSS JOIN agencies a ON a.id = v.agency_id"
        where = "v.measure = :measure AND v.year = :year"
    else:
        return "summary_values v", "v.measure = :measure AND v.year = :year"
    return tables, where + (" AND a.type = :type" if chosen.type else "")


_AGENCIES = (
    "SELECT v.value, v.numerator, v.denominator, a.key AS agency_key, a.name AS agency,"
    " a.type, a.region_code, r.document_id, r.template, r.status,"
    " '/report/' || replace(a.key, ':', '-') || '/' || r.year AS address"
    " FROM ({found}) page JOIN summary_values v ON v.measure = :measure AND v.year = :year"
    " AND v.agency_id = page.agency_id JOIN agencies a ON a.id = page.agency_id"
    " JOIN reports r ON r.agency_id = page.agency_id AND r.year = :year"
    " ORDER BY v.value {order}, a.id {order}"
)
_REGION_VALUE = (
    "CASE WHEN :rate THEN 1.0 * numerator / nullif(denominator, 0) ELSE numerator END AS value"
)


def ranked(connection: sqlite3.Connection, chosen: Chosen, named: dict[str, Value]) -> list[Row]:
    """Return a part of the agencies in order of their values, those without one at the end.

    Args:
        connection: read-only connection.
        chosen: what is asked for.
        named: measure, year, region, type, limit and offset.

    """
    tables, where = _source(chosen)
    order = "DESC" if chosen.order == "high" else "ASC"
    # SQLite sorts NULL below all values: the low order asks for those with a value first.
    parts = [("v.value IS NOT NULL", order), ("v.value IS NULL", "ASC")]
    found: list[Row] = []
    offset, limit = int(named["offset"] or 0), int(named["limit"] or 0)
    for condition, direction in parts:
        rows = ask(
            connection,
            _AGENCIES.format(
                found=f"SELECT v.agency_id FROM {tables} WHERE {where} AND {condition}"  # noqa: S608 - our own conditions
                f" ORDER BY v.value {direction}, v.agency_id {direction}"
                " LIMIT :limit OFFSET :offset",
                order=direction,
            ),
            **{**named, "limit": limit - len(found), "offset": offset},
        )
        found.extend(rows)
        if len(found) >= limit:
            break
        offset = 0 if rows else max(0, offset - _count(connection, chosen, named, condition))
    return found


def _count(
    connection: sqlite3.Connection, chosen: Chosen, named: dict[str, Value], condition: str
) -> int:
    tables, where = _source(chosen)
    sql = f"SELECT count(*) AS n FROM {tables} WHERE {where} AND {condition}"  # noqa: S608 - our own conditions
    return int(ask(connection, sql, **named)[0]["n"])


def _regions_ranked(
    connection: sqlite3.Connection, chosen: Chosen, named: dict[str, Value]
) -> list[Row]:
    order = "DESC" if chosen.order == "high" else "ASC"
    return ask(
        connection,
        f"SELECT t.*, g.name AS region, {_REGION_VALUE} FROM summary_regions g"  # noqa: S608 - our own words
        " JOIN summary_totals t ON t.measure = :measure AND t.region_code = g.code"
        " AND t.type = '' AND t.year = :year WHERE g.code <> ''"
        f" ORDER BY value {order} NULLS LAST, g.code",
        **named,
    )


def _totals(
    connection: sqlite3.Connection, chosen: Chosen, named: dict[str, Value]
) -> dict[int, Row]:
    if chosen.region and chosen.type:
        # A region is small enough to add up what the summaries don't have.
        rows = ask(
            connection,
            "SELECT v.year, count(*) AS held, sum(w) AS counted,"
            " sum(CASE WHEN w THEN numerator END) AS numerator,"
            " sum(CASE WHEN w THEN denominator END) AS denominator FROM (SELECT s.*,"
            " numerator IS NOT NULL AND (value IS NOT NULL OR denominator IS NOT NULL) AS w"
            " FROM agencies a CROSS JOIN summary_reports h ON h.agency_id = a.id"
            " CROSS JOIN summary_values s ON s.measure = :measure AND s.year = h.year"
            " AND s.agency_id = a.id WHERE a.region_code = :region AND a.type = :type) v"
            " GROUP BY v.year",
            **named,
        )
    else:
        rows = ask(
            connection,
            "SELECT year, held, counted, numerator, denominator FROM summary_totals"
            " WHERE measure = :measure AND region_code = :region AND type = :type",
            **named,
        )
    for row in rows:
        row["value"] = row["numerator"] if row["counted"] else None
        if chosen.measure.is_rate:
            row["value"] = row["numerator"] / row["denominator"] if row["denominator"] else None
    return {row["year"]: row for row in rows}


def _why_none(connection: sqlite3.Connection, measure: Indicator, row: Row) -> str:
    """Return the reason why a report has no value."""
    codes = {code for _, code in terms(f"{measure.numerator} + {measure.denominator}")}
    if measure.code == "other":
        codes.add(OTHER_IN_ONE_ROW)
    if codes - set(metrics()):
        return "无法计算：所需的数据不在年报中"
    if row["denominator"] == 0:
        return "无法计算：分母为 0"
    if row["document_id"] is None or row["status"] in ("unreadable", "not_a_report"):
        return "无法读取"
    marks = ", ".join("?" * len(codes))
    states = ask(
        connection,
        "SELECT c.state, m.row_label, m.column_label FROM cells c"  # noqa: S608 - marks only
        " JOIN metrics m ON m.id = c.metric_id"
        f" WHERE c.document_id = ? AND m.code IN ({marks}) AND c.value IS NULL"
        " ORDER BY m.id",
        row["document_id"],
        *sorted(codes),
    )
    if states:
        first = states[0]
        label = first["row_label"] or first["column_label"]
        return f"{words.STATES[first['state']].name}：{words.cut(label, 20)}"
    if row["template"] == "2019" and any(metrics()[code].order_2019 is None for code in codes):
        return "2019 年格式没有这一项"
    return "年报的表格没有这一项"


def _ranks(connection: sqlite3.Connection, chosen: Chosen, named: dict[str, Value]) -> list[Row]:
    rows = ranked(connection, chosen, named)
    rank, before = 0, None
    for number, row in enumerate(rows, start=int(named["offset"] or 0) + 1):
        if row["value"] is None:
            row["rank"], row["reason"] = None, _why_none(connection, chosen.measure, row)
            continue
        if before is None:
            sign = ">" if chosen.order == "high" else "<"
            beyond = {**named, "value": row["value"]}
            rank = 1 + _count(connection, chosen, beyond, f"v.value {sign} :value")
        elif row["value"] != before:
            rank = number
        before = row["value"]
        row["rank"] = rank
    return rows


def explore_data(
    connection: sqlite3.Connection, chosen: Chosen, limit: int, offset: int
) -> Explored:
    """Return the ranking of a year, the sums of all years and how the values are spread.

    Args:
        connection: read-only connection.
        chosen: what is asked for.
        limit: most rows of the ranking.
        offset: rows left out before them.

    """
    measure = ask(connection, "SELECT id FROM summary_measures WHERE code = ?", chosen.code)
    named: dict[str, Value] = {
        "measure": measure[0]["id"] if measure else None,
        "region": chosen.region,
        "type": chosen.type,
        "limit": limit,
        "offset": offset,
        "rate": int(chosen.measure.is_rate),
    }
    counted = matrix.counts(connection)
    all_years = matrix.years(counted)
    totals = _totals(connection, chosen, named)
    valued = [year for year, row in totals.items() if row["counted"]]
    year = chosen.year or max(valued, default=counted["last_year"])
    chosen, named["year"] = replace(chosen, year=year), year
    if chosen.by == "region":
        lines = _regions_ranked(connection, chosen, named)
        values = [row["value"] for row in lines if row["value"] is not None]
        rows, held = lines[offset : offset + limit], len(lines)
        counts = [
            sum(low < value <= high for value in values)
            for _, low, high in CLASSES[chosen.measure.is_rate]
        ]
        _rank_regions(lines)
    else:
        held = _count(connection, chosen, named, "true")
        counts = [
            _count(connection, chosen, {**named, "low": low, "high": high}, _INSIDE)
            for _, low, high in CLASSES[chosen.measure.is_rate]
        ]
        rows = _ranks(connection, chosen, named)
    regions = ask(connection, "SELECT code, name FROM summary_regions WHERE code <> ''")
    return Explored(
        chosen,
        all_years,
        held,
        sum(counts),
        tuple(rows),
        totals,
        tuple(regions),
        trimmed(counts, rate=chosen.measure.is_rate),
    )


def _rank_regions(lines: list[Row]) -> None:
    rank, before = 0, None
    for number, row in enumerate(lines, start=1):
        if row["value"] is None:
            row["rank"] = None
            row["reason"] = "无法计算：分母为 0" if row["denominator"] == 0 else "没有可用的数字"
            continue
        if row["value"] != before:
            rank, before = number, row["value"]
        row["rank"] = rank
