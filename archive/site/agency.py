"""An agency: all its years, as pictures and figures."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.site import matrix, words
from archive.site.answers import ask as put
from archive.site.answers import page_of
from archive.site.chart import Chart, Plot, Series
from archive.site.listing import names, overview
from archive.site.lookup import Row, agency, ask, ask_one
from archive.summary import explored, last_due_years, missing_years
from archive.views import KEY_FIGURES, SUMS

NEW_FORM = 2021
_ONE_ROW = {"other": ("t3_other_total__total",)}


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of an agency and the columns of the table below it.

    Args:
        code: for addresses within the page.
        title: what it shows.
        unit: of all figures.
        drawn: codes of ``archive.summary.explored`` that are bars.
        more: codes that only the table has.
        stacked: whether the bars are parts of one whole.
        note: what must be known to read it.

    """

    code: str
    title: str
    unit: str
    drawn: tuple[str, ...]
    more: tuple[str, ...]
    stacked: bool
    note: str


PICTURES = (
    Picture(
        "requests", "应办的申请", "件", ("carried_in", "new_requests"), ("carried_out",),
        stacked=True, note="柱高是当年应办的申请：上年结转加本年新收。",
    ),
    Picture(
        "outcomes", "办理结果", "件",
        ("granted", "partial", "denied", "unavailable", "unprocessed", "other"),
        ("result_total",),
        stacked=True,
        note="各种结果之和应等于“办结总计”。2019 年格式把“其他处理”印成一行，其余两种格式同义。",
    ),
    Picture(
        "disputes", "行政复议与行政诉讼", "件", ("reviews", "suits"),
        ("reviews_corrected", "suits_corrected"),
        stacked=False, note="“结果纠正”表示机关的答复被改变；诉讼含直接起诉和复议后起诉。",
    ),
    Picture(
        "documents", "行政规范性文件", "件",
        ("normative_docs_issued", "normative_docs_repealed", "normative_docs_in_force"), (),
        stacked=False,
        note="2019 年格式印的是制作和公开的数量，与制发、废止、现行有效口径不同，不画在一起。",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture with its chart; the columns of its table as (code, name)."""

    picture: Picture
    chart: Chart
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AgencyData:
    """What the page of an agency shows; rows are the years held, newest first."""

    owner: Row
    names: tuple[Row, ...]
    rows: tuple[Row, ...]
    missing: tuple[int, ...]
    rules: tuple[Row, ...]
    region: Row | None

    @property
    def years(self) -> list[int]:
        """All years from the first one held to the last one held or missed."""
        known = [*(row["year"] for row in self.rows), *self.missing]
        return list(range(min(known), max(known) + 1)) if known else []

    @property
    def lines(self) -> list[tuple[int, Row | None]]:
        """Every year with its row, newest first."""
        held = {row["year"]: row for row in self.rows}
        return [(year, held.get(year)) for year in reversed(self.years)]


def _name(code: str) -> str:
    return words.KEY_FIGURES.get(code) or explored()[code].name


def _cells(code: str) -> list[str]:
    """Return the cells that a figure is made of."""
    if code in KEY_FIGURES:
        return [KEY_FIGURES[code]]
    return list(SUMS.get(code) or explored()[code].numerator.split(" + "))


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of a year: as text, where it stands, and its state when it has no value."""

    text: str
    address: str
    state: str


def shown(row: Row, code: str) -> Shown:
    """Return a figure of a year as the page shows it.

    Args:
        row: a year; ``states`` has the states of its cells without a value.
        code: a figure of ``PICTURES``.

    """
    base, parts = words.link(row["address"]), _cells(code)
    if row[code] is not None:
        where = f"/cell/{parts[0]}" if len(parts) == 1 else f"#{parts[0]}"
        if code == "other":
            # Printed in one row or in three.
            where = "#s3"
        return Shown(words.number(row[code]), base + where, "value")
    # What could not be read is said before what is blank.
    without = [name for name in (*parts, *_ONE_ROW.get(code, ())) if name in row["states"]]
    without.sort(key=lambda name: row["states"][name] != "unread")
    if not without:
        return Shown("无此项", base, "none")
    state = row["states"][without[0]]
    return Shown(words.STATES[state].name, f"{base}/cell/{without[0]}", state)


def _rows(connection: sqlite3.Connection, owner: Row) -> list[Row]:
    rows = overview(connection, owner["key"])
    told = {
        row["year"]: row
        for row in ask(connection, "SELECT * FROM summary_reports WHERE agency_id = ?", owner["id"])
    }
    states: dict[int, dict[str, str]] = {row["year"]: {} for row in rows}
    for cell in ask(
        connection,
        "SELECT r.year, m.code, c.state FROM reports r JOIN cells c"
        " ON c.document_id = r.document_id JOIN metrics m ON m.id = c.metric_id"
        " WHERE r.agency_id = ? AND c.value IS NULL",
        owner["id"],
    ):
        states[cell["year"]][cell["code"]] = cell["state"]
    for row in rows:
        row["states"] = states[row["year"]]
        row.update({name: told[row["year"]][name] for name in ("flaws", "late", "edited")})
        for code in ("reviews_corrected", "suits_corrected"):
            found = ask_one(
                connection,
                "SELECT value FROM summary_values WHERE measure ="
                " (SELECT id FROM summary_measures WHERE code = ?) AND year = ? AND agency_id = ?",
                code,
                row["year"],
                owner["id"],
            )
            row[code] = found["value"] if found else None
    return rows


def agency_data(connection: sqlite3.Connection, slug: str) -> AgencyData:
    """Return what the page of an agency shows.

    Raises:
        NotHeldError: no agency has this key.

    """
    owner = agency(connection, slug)
    rows = _rows(connection, owner)
    last = last_due_years(connection, owner["id"]).get(owner["id"])
    missing = missing_years([row["year"] for row in rows], last)
    rules = ask(
        connection,
        "SELECT f.rule, f.severity, r.year, count(*) AS n,"
        " (SELECT title FROM rules WHERE id = f.rule LIMIT 1) AS title"
        " FROM reports r JOIN findings f ON f.report_id = r.id OR f.document_id = r.document_id"
        " WHERE r.agency_id = ? AND f.severity <> 'info' GROUP BY f.severity, f.rule, r.year",
        owner["id"],
    )
    region = ask_one(
        connection, "SELECT * FROM summary_regions WHERE code = ?", owner["region_code"]
    )
    return AgencyData(
        owner,
        tuple(names(connection, owner["id"])),
        tuple(rows),
        tuple(missing),
        tuple(rules),
        region,
    )


def _missing_words(data: AgencyData, picture: Picture) -> dict[int, str]:
    found = dict.fromkeys(data.missing, "应有未见")
    found.update({row["year"]: shown(row, picture.drawn[0]).text for row in data.rows})
    return found


def draw(data: AgencyData) -> list[Drawn]:
    """Return the charts of an agency."""
    held = {row["year"]: row for row in data.rows}
    years = data.years
    formats = {row["template"] for row in data.rows}
    return [
        Drawn(
            picture,
            Plot(
                years,
                [
                    Series(_name(code), [held.get(year, {}).get(code) for year in years])
                    for code in picture.drawn
                ],
                _missing_words(data, picture),
                stacked=picture.stacked,
                change=NEW_FORM if {"2019", "2021"} <= formats else None,
            ).drawn(),
            tuple((code, _name(code)) for code in (*picture.drawn, *picture.more)),
        )
        for picture in PICTURES
    ]


def _by_rule(data: AgencyData) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in data.rules:
        held = found.setdefault(row["rule"], {**row, "years": {}})
        held["years"][row["year"]] = row["n"]
    order = list(words.SEVERITIES)
    return sorted(found.values(), key=lambda rule: (order.index(rule["severity"]), rule["rule"]))


async def show(datasette: Datasette, request: Request) -> Response:
    """Answer ``/agency/<agency>``."""
    slug = unquote(request.url_vars["slug"])
    data = await put(datasette, lambda connection: agency_data(connection, slug))
    return await page_of(
        datasette,
        request,
        "agency.html",
        data=data,
        charts=draw(data),
        rules=_by_rule(data),
        shown=shown,
        region_address=matrix.address(data.owner["region_code"]),
    )


ROUTES = [(r"^/agency/(?P<slug>[^/]+)$", show)]
