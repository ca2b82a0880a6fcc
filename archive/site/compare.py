"""Compare: two to six reports cell by cell, or agencies year by year, at an address of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.codebook import Metric, metrics
from archive.search import QueryTooLongError, search
from archive.site import words
from archive.site.answers import ask, page_of
from archive.site.chart import bars
from archive.site.listing import overview
from archive.site.lookup import Difference, Figure, Row, agency, ask_one, figures_of

MOST = 6
_SUGGESTED = 12


@dataclass(frozen=True, slots=True)
class Column:
    """One report of a comparison."""

    report: Row
    figures: dict[str, Figure]

    @property
    def slug(self) -> str:
        """Agency and year as they stand in an address."""
        return f"{words.slug(self.report['agency_key'])}/{self.report['year']}"


@dataclass(frozen=True, slots=True)
class Line:
    """One cell of the form in every report; None where a report's format has no such cell."""

    metric: Metric
    figures: tuple[Figure | None, ...]

    @property
    def differs(self) -> bool:
        """Tell whether two of the reports that have the cell give it differently."""
        held = [figure for figure in self.figures if figure is not None]
        return any(not Difference(self.metric, held[0], other).none for other in held[1:])


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one row of the form, under its words."""

    table: str
    label: str
    lines: tuple[Line, ...]


def _column(connection: sqlite3.Connection, chosen: str) -> Column:
    slug, _, year = chosen.rpartition("/")
    owner = agency(connection, slug)
    found = ask_one(
        connection,
        "SELECT r.*, a.key AS agency_key, a.name AS agency FROM reports r"
        " JOIN agencies a ON a.id = r.agency_id WHERE r.agency_id = ? AND r.year = ?",
        owner["id"],
        year,
    )
    if found is None:
        raise DatasetteError(f"本站没有收录{owner['name']}{year}年的报告。", status=404)
    return Column(found, figures_of(connection, found["document_id"]))


def groups(columns: Sequence[Column], *, only_different: bool) -> list[Group]:
    """Return the cells that at least one of the reports has, by rows of the form.

    Args:
        columns: the reports.
        only_different: leave out what all of them give alike.

    """
    lines = [
        line
        for code, metric in metrics().items()
        if any(code in column.figures for column in columns)
        for line in [Line(metric, tuple(column.figures.get(code) for column in columns))]
        if line.differs or not only_different
    ]

    def row(line: Line) -> tuple[str, str, str]:
        return line.metric.table, line.metric.row_group, line.metric.row_label

    return [
        Group(table, " · ".join(part for part in (group, label) if part), tuple(held))
        for (table, group, label), held in groupby(lines, row)
    ]


@dataclass(frozen=True, slots=True)
class Address:
    """What is compared, as the query string of the page has it."""

    reports: tuple[str, ...]
    agencies: tuple[str, ...]
    figure: str
    only_different: bool

    @property
    def text(self) -> str:
        """The address itself."""
        pairs = [
            *(("r", slug) for slug in self.reports),
            *(("a", slug) for slug in self.agencies),
        ]
        if self.agencies and self.figure != "new_requests":
            pairs.append(("figure", self.figure))
        if self.only_different:
            pairs.append(("only", "different"))
        return f"/compare?{urlencode(pairs, safe='/')}" if pairs else "/compare"

    def with_report(self, slug: str) -> str:
        """Return the address with one more report."""
        return replace(self, reports=(*self.reports, slug)).text

    def with_agency(self, slug: str) -> str:
        """Return the address with one more agency."""
        return replace(self, agencies=(*self.agencies, slug)).text

    def showing(self, *, only_different: bool) -> str:
        """Return the address with all lines, or with those that differ."""
        return replace(self, only_different=only_different).text

    def without(self, slug: str) -> str:
        """Return the address with one report or agency taken out."""
        return replace(
            self,
            reports=tuple(other for other in self.reports if other != slug),
            agencies=tuple(other for other in self.agencies if other != slug),
        ).text


def _chosen(request: Request) -> Address:
    reports = tuple(dict.fromkeys(request.args.getlist("r")))
    agencies = tuple(dict.fromkeys(request.args.getlist("a")))
    if reports and agencies:
        raise DatasetteError("报告（r）与机关（a）请分开比较。", status=400)
    if len(reports) > MOST or len(agencies) > MOST:
        raise DatasetteError(f"一次最多比较 {MOST} 份，请减少后再试。", status=400)
    for slug in reports:
        year = slug.rpartition("/")[2]
        if not (len(year) == 4 and year.isascii() and year.isdigit()):
            raise DatasetteError("参数 r 应为“机关代码/年度”。", status=400)
    figure = request.args.get("figure") or "new_requests"
    if figure not in words.KEY_FIGURES:
        raise DatasetteError("没有这个指标。", status=400)
    return Address(reports, agencies, figure, request.args.get("only") == "different")


def _over_years(connection: sqlite3.Connection, slugs: Sequence[str]) -> list[Row]:
    owners = []
    for slug in slugs:
        owner = agency(connection, slug)
        years = {row["year"]: row for row in overview(connection, owner["key"])}
        owners.append({"owner": owner, "slug": slug, "years": years})
    return owners


def _charts(owners: Sequence[Row], years: Sequence[int], figure: str) -> list[Any]:
    highest = max(
        (row[figure] or 0 for owner in owners for row in owner["years"].values()), default=0
    )
    return [
        bars(
            [
                (
                    year,
                    owner["years"][year][figure] if year in owner["years"] else None,
                    "无数值" if year in owner["years"] else "未收录",
                )
                for year in years
            ],
            at_least=highest,
        )
        for owner in owners
    ]


def _suggestions(
    datasette: Datasette, query: str, chosen: Address
) -> Callable[[sqlite3.Connection], list[Row]]:
    def question(connection: sqlite3.Connection) -> list[Row]:
        catalogue = datasette.catalogue(connection)
        found = search(connection, query, _SUGGESTED, catalogue=catalogue).hits
        suggested = []
        for hit in found:
            slug = words.slug(hit.agency_key)
            one = f"{slug}/{hit.year}"
            suggested.append(
                {
                    "title": hit.title,
                    "agency": hit.agency,
                    "year": hit.year,
                    "add_report": None
                    if chosen.agencies or one in chosen.reports or len(chosen.reports) >= MOST
                    else chosen.with_report(one),
                    "add_agency": None
                    if chosen.reports or slug in chosen.agencies or len(chosen.agencies) >= MOST
                    else chosen.with_agency(slug),
                }
            )
        return suggested

    return question


async def compare(datasette: Datasette, request: Request) -> Response:
    """Answer ``/compare``."""
    chosen = _chosen(request)
    query = (request.args.get("q") or "").strip()

    def question(connection: sqlite3.Connection) -> tuple[list[Column], list[Row]]:
        columns = [_column(connection, slug) for slug in chosen.reports]
        return columns, _over_years(connection, chosen.agencies)

    columns, owners = await ask(datasette, question)
    found: list[Row] = []
    problem = ""
    if query:
        try:
            found = await ask(datasette, _suggestions(datasette, query, chosen))
        except QueryTooLongError as error:
            problem = str(error)
    held = sorted({year for owner in owners for year in owner["years"]})
    years = range(held[0], held[-1] + 1) if held else range(0)
    everything = groups(columns, only_different=False) if len(columns) > 1 else []
    lines = [line for group in everything for line in group.lines]
    return await page_of(
        datasette,
        request,
        "compare.html",
        chosen=chosen,
        columns=columns,
        groups=groups(columns, only_different=True) if chosen.only_different else everything,
        counts=(sum(line.differs for line in lines), len(lines)),
        owners=owners,
        years=years,
        charts=_charts(owners, years, chosen.figure),
        query=query,
        found=found,
        problem=problem,
    )


ROUTES = [(r"^/compare$", compare)]
