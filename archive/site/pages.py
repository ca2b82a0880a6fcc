"""The pages of the site, as Datasette calls them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from datasette.app import Datasette
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.codebook import metrics
from archive.search import Filters, QueryTooLongError, Results, search
from archive.site import downloads, listing, lookup, words
from archive.site.chart import bars

DATABASE = "nianbao"
HITS_PER_PAGE = 20
_LAST_PAGE = 10_000

Answer = TypeVar("Answer")


async def _ask(datasette: Datasette, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
    """Put a question to the database: one state of it, within the time limit.

    Raises:
        DatasetteError: the archive does not hold what was asked for (404), or the time limit was
            reached (503).

    """
    limit = datasette.setting("sql_time_limit_ms")

    def run(connection: sqlite3.Connection) -> Answer:
        # One transaction, so that a crawl writing meanwhile never shows half a change.
        connection.execute("BEGIN")
        try:
            with sqlite_timelimit(connection, limit):
                return question(connection)
        finally:
            connection.rollback()

    try:
        answer: Answer = await datasette.get_database(DATABASE).execute_fn(run)
    except lookup.NotHeldError as error:
        # Not Datasette's NotFound: it would send an address with Chinese in it on a detour first.
        raise DatasetteError(str(error), status=404) from error
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        raise DatasetteError("查询超过时限，请缩小范围后再试。", status=503) from error
    return answer


async def _html(
    datasette: Datasette, request: Request, template: str, **context: object
) -> Response:
    return Response.html(await datasette.render_template(template, context, request=request))


def _number(request: Request, name: str, highest: int) -> int | None:
    """Return a whole number from the query string; None when left out.

    Raises:
        DatasetteError: it is no number from 1 to ``highest`` (400).

    """
    text = request.args.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= highest):
        raise DatasetteError(f"参数 {name} 应为 1 至 {highest} 的整数。", status=400)
    return int(text)


def _pager(request: Request, page: int, count: int, size: int) -> dict[str, Any]:
    """Return addresses of the pages before and after."""
    last = max(1, -(-count // size))
    kept = [(key, request.args[key]) for key in request.args if key != "page"]

    def address(number: int) -> str:
        return f"{request.path}?{urlencode([*kept, ('page', number)])}"

    return {
        "page": page,
        "last": last,
        "before": address(page - 1) if page > 1 else None,
        "after": address(page + 1) if page < last else None,
    }


async def home(datasette: Datasette, request: Request) -> Response:
    """Answer ``/``."""
    return await _html(datasette, request, "home.html", data=await _ask(datasette, listing.home))


async def about(datasette: Datasette, request: Request) -> Response:
    """Answer ``/about``."""
    return await _html(datasette, request, "about.html", metrics=len(metrics()))


def _where(request: Request) -> tuple[str, int]:
    return unquote(request.url_vars["slug"]), int(request.url_vars["year"])


async def report(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>`` and its ``.json`` and ``.csv``."""
    slug, year = _where(request)
    data = await _ask(datasette, lambda connection: lookup.report(connection, slug, year))
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
    figures = await _ask(
        datasette, lambda connection: listing.overview_of(connection, data.report["id"])
    )
    return await _html(
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

    data, readings, years = await _ask(datasette, question)
    return await _html(
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

    owner, names, years = await _ask(datasette, question)
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
    return await _html(
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
    chosen = Filters(request.args.get("agency") or None, _number(request, "year", 9999))
    page = _number(request, "page", _LAST_PAGE) or 1
    problem, results = "", Results(0, (), (), ())
    offset = (page - 1) * HITS_PER_PAGE
    try:
        results = await _ask(
            datasette,
            lambda connection: search(connection, query, HITS_PER_PAGE, offset, chosen),
        )
    except QueryTooLongError as error:
        problem = str(error)
    if request.url_vars["suffix"] == ".json":
        return Response.json(
            downloads.search_json(query, results, problem), status=400 if problem else 200
        )
    return await _html(
        datasette,
        request,
        "search.html",
        query=query,
        results=results,
        filters=chosen,
        problem=problem,
        pager=_pager(request, page, results.count, HITS_PER_PAGE),
    )


async def findings(datasette: Datasette, request: Request) -> Response:
    """Answer ``/findings``."""
    page = _number(request, "page", _LAST_PAGE) or 1
    chosen: dict[str, lookup.Value] = {
        "rule": request.args.get("rule") or None,
        "agency": request.args.get("agency") or None,
        "year": _number(request, "year", 9999),
        "severity": request.args.get("severity") or None,
    }
    found = await _ask(datasette, lambda connection: listing.findings(connection, chosen, page))
    return await _html(
        datasette,
        request,
        "findings.html",
        found=found,
        chosen=chosen,
        pager=_pager(request, page, found["count"], listing.FINDINGS_PER_PAGE),
    )


async def original(datasette: Datasette, request: Request) -> Response:
    """Answer ``/original/<digest>``: archived bytes, as a download and nothing else."""
    digest = request.url_vars["digest"]
    payload = await _ask(datasette, lambda connection: listing.payload(connection, digest))
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
