"""The pages of the site, as Datasette calls them."""

from __future__ import annotations

import sqlite3
from urllib.parse import unquote

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.codebook import metrics
from archive.search import Filters, QueryTooLongError, Results, search
from archive.site import downloads, listing, lookup, words
from archive.site.answers import LAST_PAGE, ask, number_from, page_of, pager
from archive.site.chart import bars

HITS_PER_PAGE = 20


async def home(datasette: Datasette, request: Request) -> Response:
    """Answer ``/``."""
    return await page_of(datasette, request, "home.html", data=await ask(datasette, listing.home))


async def about(datasette: Datasette, request: Request) -> Response:
    """Answer ``/about``."""
    return await page_of(datasette, request, "about.html", metrics=len(metrics()))


def _where(request: Request) -> tuple[str, int]:
    return unquote(request.url_vars["slug"]), int(request.url_vars["year"])


async def report(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>`` and its ``.json`` and ``.csv``."""
    slug, year = _where(request)
    data = await ask(datasette, lambda connection: lookup.report(connection, slug, year))
    suffix = request.url_vars["suffix"]
    address = datasette.absolute_url(request, _report_path(data))
    if suffix == ".json":
        return Response.json(downloads.report_json(data, address))
    if suffix == ".csv":
        return Response(
            downloads.report_csv(data),
            content_type="text/csv; charset=utf-8",
            headers=downloads.attachment(f"{words.slug(data.report['agency_key'])}-{year}.csv"),
        )
    figures = await ask(
        datasette, lambda connection: listing.overview_of(connection, data.report["id"])
    )
    return await page_of(
        datasette,
        request,
        "report.html",
        data=data,
        key_figures=figures,
        base=words.link(_report_path(data)),
        address=address,
        sections={section["ordinal"]: section for section in data.sections},
        grids={grid.table: grid for grid in data.grids},
    )


def _report_path(data: lookup.ReportData) -> str:
    return f"/report/{words.slug(data.report['agency_key'])}/{data.report['year']}"


async def cell(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>/cell/<code>``: where a figure comes from."""
    slug, year = _where(request)
    code = request.url_vars["code"]

    def question(
        connection: sqlite3.Connection,
    ) -> tuple[lookup.ReportData, list[lookup.Row], list[lookup.Row]]:
        data = lookup.report(connection, slug, year)
        if code not in data.figures:
            raise lookup.NotHeldError("这份报告的表格没有这一格。")
        return (
            data,
            listing.readings(connection, data.report["id"], code),
            listing.over_years(connection, data.report["agency_key"], code),
        )

    data, readings, years = await ask(datasette, question)
    return await page_of(
        datasette,
        request,
        "cell.html",
        data=data,
        figure=data.figures[code],
        readings=readings,
        years=years,
        base=words.link(_report_path(data)),
        address=datasette.absolute_url(request, f"{_report_path(data)}/cell/{code}"),
    )


async def agency(datasette: Datasette, request: Request) -> Response:
    """Answer ``/agency/<agency>``."""
    slug = unquote(request.url_vars["slug"])

    def question(
        connection: sqlite3.Connection,
    ) -> tuple[lookup.Row, list[lookup.Row], list[lookup.Row]]:
        owner = lookup.agency(connection, slug)
        return (
            owner,
            listing.names(connection, owner["id"]),
            listing.overview(connection, owner["key"]),
        )

    owner, names, years = await ask(datasette, question)
    held = {row["year"]: row for row in years}
    span = range(min(held), max(held) + 1) if held else ()
    points = [
        (
            year,
            held[year]["new_requests"] if year in held else None,
            "未收录" if year not in held else "无数值",
        )
        for year in span
    ]
    return await page_of(
        datasette,
        request,
        "agency.html",
        owner=owner,
        names=names,
        years=years,
        chart=bars(points),
    )


async def find(datasette: Datasette, request: Request) -> Response:
    """Answer ``/search`` and ``/search.json``."""
    query = (request.args.get("q") or "").strip()
    chosen = Filters(request.args.get("agency") or None, number_from(request, "year", 9999))
    page = number_from(request, "page", LAST_PAGE) or 1
    problem, results = "", Results(0, (), (), ())
    offset = (page - 1) * HITS_PER_PAGE
    try:
        results = await ask(
            datasette,
            lambda connection: search(connection, query, HITS_PER_PAGE, offset, chosen),
        )
    except QueryTooLongError as error:
        problem = str(error)
    if request.url_vars["suffix"] == ".json":
        return Response.json(
            downloads.search_json(query, results, problem), status=400 if problem else 200
        )
    return await page_of(
        datasette,
        request,
        "search.html",
        query=query,
        results=results,
        filters=chosen,
        problem=problem,
        pager=pager(request, page, results.count, HITS_PER_PAGE),
    )


async def findings(datasette: Datasette, request: Request) -> Response:
    """Answer ``/findings``."""
    page = number_from(request, "page", LAST_PAGE) or 1
    chosen: dict[str, lookup.Value] = {
        "rule": request.args.get("rule") or None,
        "agency": request.args.get("agency") or None,
        "year": number_from(request, "year", 9999),
        "severity": request.args.get("severity") or None,
    }
    found = await ask(datasette, lambda connection: listing.findings(connection, chosen, page))
    return await page_of(
        datasette,
        request,
        "findings.html",
        found=found,
        chosen=chosen,
        pager=pager(request, page, found["count"], listing.FINDINGS_PER_PAGE),
    )


async def original(datasette: Datasette, request: Request) -> Response:
    """Answer ``/original/<digest>``: archived bytes, as a download and nothing else."""
    digest = request.url_vars["digest"]
    payload = await ask(datasette, lambda connection: listing.payload(connection, digest))
    return await downloads.original(datasette.blobs, payload)


ROUTES = [
    (r"^/$", home),
    (r"^/about$", about),
    (r"^/search(?P<suffix>\.json)?$", find),
    (r"^/findings$", findings),
    (r"^/agency/(?P<slug>[^/]+)$", agency),
    (r"^/report/(?P<slug>[^/]+)/(?P<year>\d{4})(?P<suffix>\.json|\.csv)?$", report),
    (r"^/report/(?P<slug>[^/]+)/(?P<year>\d{4})/cell/(?P<code>[a-z0-9_]+)$", cell),
    (r"^/original/(?P<digest>[0-9a-f]{64})$", original),
]
