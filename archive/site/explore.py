"""Explore: one figure or indicator over agencies, regions and years, with its definition.

All lists come from the tables of ``archive.summary``, by index: no cell is looked up but those of
the page shown.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from urllib.parse import urlencode

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.codebook import metrics
from archive.indicators import terms
from archive.site import downloads, matrix, words
from archive.site.answers import LAST_PAGE, number_from, page_of, pager
from archive.site.answers import ask as put
from archive.site.chart import Chart, Plot, Series, Spread, spread
from archive.site.lookup import Row, Value, ask
from archive.summary import Measure, explored

PER_PAGE = 50
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
    def measure(self) -> Measure:
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
        values: all values of the year.

    """

    chosen: Chosen
    years: tuple[int, ...]
    held: int
    counted: int
    rows: tuple[Row, ...]
    totals: dict[int, Row]
    regions: tuple[Row, ...]
    values: tuple[float, ...]


def chosen_of(request: Request) -> Chosen:
    """Return what is asked for.

    Raises:
        DatasetteError: there is no such indicator, type, region or way to sort (400).

    """
    args = request.args
    chosen = Chosen(
        args.get("code") or FIRST,
        number_from(request, "year", 9999),
        args.get("region") or "",
        args.get("type") or "",
        args.get("by") or "agency",
        args.get("order") or "high",
    )
    if chosen.code not in explored():
        raise DatasetteError("没有这个指标。", status=400)
    if chosen.type and chosen.type not in words.AGENCY_TYPES:
        raise DatasetteError(f"参数 type 应为 {'、'.join(words.AGENCY_TYPES)} 之一。", status=400)
    if chosen.by not in ("agency", "region") or chosen.order not in ("high", "low"):
        raise DatasetteError("参数 by 应为 agency 或 region，order 应为 high 或 low。", status=400)
    if chosen.measure.level == "region":
        chosen = replace(chosen, by="region")
    if chosen.by == "region":
        chosen = replace(chosen, region="", type="")
    return chosen


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
    " ORDER BY v.value {order} NULLS LAST, a.id {order}"
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
                order=order,
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


def _why_none(connection: sqlite3.Connection, measure: Measure, row: Row) -> str:
    """Return the reason why a report has no value."""
    codes = {code for _, code in terms(f"{measure.numerator} + {measure.denominator}")}
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
        _rank_regions(lines)
    else:
        tables, where = _source(chosen)
        values = [
            value
            for (value,) in connection.execute(
                f"SELECT v.value FROM {tables} WHERE {where} AND v.value IS NOT NULL",  # noqa: S608 - our own conditions
                named,
            )
        ]
        held = _count(connection, chosen, named, "true")
        rows = _ranks(connection, chosen, named)
    regions = ask(connection, "SELECT code, name FROM summary_regions WHERE code <> ''")
    return Explored(
        chosen,
        all_years,
        held,
        len(values),
        tuple(rows),
        totals,
        tuple(regions),
        tuple(values),
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


# Upper ends of the classes; counts of requests differ by orders of magnitude.
_COUNTS = (0, 9, 49, 99, 499, 999, 4999, 9999)


def classes(values: tuple[float, ...], *, rate: bool) -> list[tuple[str, int]]:
    """Return how many values lie in each class, from the lowest class held to the highest.

    Args:
        values: all of one year.
        rate: parts of 1 instead of counts.

    """
    if rate:
        labels = ["小于 0", "0", *(f"{n}–{n + 10}%" for n in range(0, 100, 10)), "超过 100%"]
        ends = [0.0, *((n + 10) / 100 for n in range(0, 100, 10))]
    else:
        between = (f"{low + 1:,}–{high:,}" for low, high in pairwise(_COUNTS))
        labels = ["小于 0", "0", *between, "10,000 以上"]
        ends = [float(end) for end in _COUNTS]
    # The first class is for what is below 0, the last for what is above all ends.
    found = Counter(bisect_left(ends, value) + 1 if value >= 0 else 0 for value in values)
    held = [found[number] for number in range(len(labels))]
    inside = [number for number, count in enumerate(held) if count]
    if not inside:
        return []
    first = min(1, inside[0])
    return list(zip(labels, held, strict=True))[first : inside[-1] + 1]


def _plot(told: Explored) -> Chart:
    years = told.years
    figures = [told.totals.get(year, {}).get("value") for year in years]
    missing = {
        year: "未收录" if year not in told.totals
        else "分母为0" if told.totals[year]["denominator"] == 0 else "无值"
        for year in years
    }  # fmt: skip
    rate = told.chosen.measure.is_rate
    return Plot(years, [Series("", figures)], missing, percent=rate).drawn()


def _spread(told: Explored) -> Spread:
    return spread(classes(told.values, rate=told.chosen.measure.is_rate))


def places(measure: Measure, address: str) -> tuple[str, str]:
    """Return the addresses where numerator and denominator of a report stand."""
    found = []
    for formula in (measure.numerator, measure.denominator):
        codes = [code for _, code in terms(formula) if code in metrics()]
        base = words.link(address)
        found.append(
            base if not codes
            else f"{base}/cell/{codes[0]}" if len(codes) == 1 else f"{base}#{codes[0]}"
        )  # fmt: skip
    return found[0], found[1]


_COLUMNS = {
    "agency": ("rank", "agency_key", "agency", "region_code", "value", "numerator",
               "denominator", "reason", "template", "status", "address"),
    "region": ("rank", "region_code", "region", "value", "numerator", "denominator",
               "counted", "reason"),
}  # fmt: skip
_TITLES = {
    "rank": "名次", "agency_key": "机关代码", "agency": "机关名称", "region_code": "行政区划代码",
    "value": "数值", "numerator": "分子", "denominator": "分母", "reason": "没有数值的原因",
    "template": "表格格式", "status": "状态", "address": "网址", "region": "地区",
    "counted": "计入的年报",
}  # fmt: skip


async def explore(datasette: Datasette, request: Request) -> Response:
    """Answer ``/explore`` and its ``.json`` and ``.csv``, which have the whole ranking."""
    chosen = chosen_of(request)
    page = number_from(request, "page", LAST_PAGE) or 1
    suffix = request.url_vars["suffix"]
    size = datasette.setting("max_returned_rows") if suffix else PER_PAGE
    told = await put(
        datasette,
        lambda connection: explore_data(connection, chosen, size, (page - 1) * size),
    )
    columns = _COLUMNS[told.chosen.by]
    pages = pager(request, page, told.held, size)
    if suffix == ".json":
        return Response.json(
            {
                "ok": True,
                "measure": {**asdict(told.chosen.measure)},
                "chosen": asdict(told.chosen),
                "held": told.held,
                "counted": told.counted,
                "page": page,
                "pages": pages["last"],
                "rows": [{name: row.get(name) for name in columns} for row in told.rows],
                "years": [told.totals[year] for year in sorted(told.totals)],
            }
        )
    if suffix == ".csv":
        return Response(
            downloads.rows_csv(
                [_TITLES[name] for name in columns],
                [[row.get(name) for name in columns] for row in told.rows],
            ),
            content_type="text/csv; charset=utf-8",
            headers=downloads.attachment(f"{told.chosen.code}-{told.chosen.year}.csv"),
        )
    highest = max((abs(row["value"]) for row in told.rows if row["value"] is not None), default=0)
    return await page_of(
        datasette,
        request,
        "explore.html",
        told=told,
        chosen=told.chosen,
        measure=told.chosen.measure,
        measures=explored(),
        chart=_plot(told),
        spread=_spread(told),
        highest=highest or 1,
        places=places,
        pager=pages,
    )


ROUTES = [(r"^/explore(?P<suffix>\.json|\.csv)?$", explore)]
