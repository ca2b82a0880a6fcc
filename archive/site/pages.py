"""The pages of the site, as Datasette calls them."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import urlencode

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from markupsafe import Markup

from archive.codebook import metrics
from archive.results import Filters, Results
from archive.search import QueryTooLongError, search
from archive.site import downloads, listing, lookup, versions, words
from archive.site.answers import LAST_PAGE, ask, number_from, page_of, pager, report_named
from archive.site.choices import filters
from archive.site.details import Details, details
from archive.site.matrix import UNKNOWN_REGION
from archive.site.prose import found_in, prose

HITS_PER_PAGE = 20


async def about(datasette: Datasette, request: Request) -> Response:
    """Answer ``/about``."""
    return await page_of(datasette, request, "about.html", metrics=len(metrics()))


async def report(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>`` and its ``.json`` and ``.csv``."""
    slug, year = report_named(request)
    suffix = request.url_vars["suffix"]

    def question(
        connection: sqlite3.Connection,
    ) -> tuple[lookup.ReportData, Details, lookup.Row, dict[int, tuple[Any, ...]]]:
        data = lookup.report(connection, slug, year)
        told = details(connection, data)
        if suffix:
            return data, told, {}, {}
        figures = listing.overview_of(connection, data.report["id"])
        return data, told, figures, versions.text_changes(connection, data)

    data, told, figures, changes = await ask(datasette, question)
    address = datasette.absolute_url(request, data.path)
    if suffix == ".json":
        return Response.json(downloads.report_json(data, told, address))
    if suffix == ".csv":
        return Response(
            downloads.report_csv(data),
            content_type="text/csv; charset=utf-8",
            headers=downloads.attachment(f"{words.slug(data.report['agency_key'])}-{year}.csv"),
        )
    quoted = lookup.quoted_in_text(data)
    preamble = prose((data.document or {}).get("preamble") or "", (), quoted)
    texts = {
        section["ordinal"]: prose(section["text"], told.said_in(section["ordinal"]), quoted)
        for section in data.sections
        if not (data.grids and section["ordinal"] in lookup.TABLE_SECTIONS)
    }
    return await page_of(
        datasette,
        request,
        "report.html",
        data=data,
        told=told,
        text_changes=changes,
        key_figures=figures,
        base=words.link(data.path),
        address=address,
        release=datasette.release,
        rule_titles={row["rule"]: row["title"] for row in told.verdicts if row["title"]},
        preamble=preamble,
        texts=texts,
        quoted_ids=found_in(preamble, *texts.values()),
        sections={section["ordinal"]: section for section in data.sections},
        grids={grid.table: grid for grid in data.grids},
    )


async def find(datasette: Datasette, request: Request) -> Response:
    """Answer ``/search`` and ``/search.json``."""
    query = (request.args.get("q") or "").strip()
    region = request.args.get("region") or None
    chosen = Filters(
        request.args.get("agency") or None,
        number_from(request, "year", 9999),
        "" if region == UNKNOWN_REGION else region,
        request.args.get("type") or None,
    )
    page = number_from(request, "page", LAST_PAGE) or 1
    problem, results = "", Results()
    offset = (page - 1) * HITS_PER_PAGE

    def question(connection: sqlite3.Connection) -> Results:
        catalogue = datasette.catalogue(connection)
        return search(connection, query, HITS_PER_PAGE, offset, chosen, catalogue)

    try:
        results = await ask(datasette, question)
    except QueryTooLongError as error:
        problem = str(error)
    if request.url_vars["suffix"] == ".json":
        return Response.json(
            downloads.search_json(
                query, results, problem, lambda path: datasette.absolute_url(request, path)
            ),
            status=400 if problem else 200,
        )
    asked = [(name, request.args[name]) for name in FILTERS if request.args.get(name)]
    return await page_of(
        datasette,
        request,
        "search.html",
        query=query,
        results=results,
        filters=chosen,
        asked=urlencode(asked),
        choices=_choices(results, chosen),
        problem=problem,
        pager=pager(request, page, results.count, HITS_PER_PAGE),
    )


FILTERS = ("region", "type", "agency", "year")


def _choices(results: Results, chosen: Filters) -> list[tuple[str, str, Markup]]:
    """Return the filters of a search, as ``choices.filters`` does."""
    region = UNKNOWN_REGION if chosen.region == "" else chosen.region or ""
    return filters(
        (
            (
                "地区", "region", region,
                [(code or UNKNOWN_REGION, name or "地区不详", n)
                 for code, name, n in results.regions],
            ),
            (
                "类型", "type", chosen.kind or "",
                [(kind, words.AGENCY_TYPES.get(kind, kind), n) for kind, n in results.kinds],
            ),
            ("机关", "agency", chosen.agency_key or "", list(results.agencies)),
            (
                "年度", "year", str(chosen.year or ""),
                [(str(year), str(year), n) for year, n in results.years],
            ),
        ),
        str,
    )  # fmt: skip


async def findings(datasette: Datasette, request: Request) -> Response:
    """Answer ``/findings`` and ``/findings.json``."""
    page = number_from(request, "page", LAST_PAGE) or 1
    chosen: dict[str, lookup.Value] = {
        "rule": request.args.get("rule") or None,
        "agency": request.args.get("agency") or None,
        "year": number_from(request, "year", 9999),
        "severity": request.args.get("severity") or None,
    }
    found = await ask(datasette, lambda connection: listing.findings(connection, chosen, page))
    if request.url_vars["suffix"] == ".json":
        return Response.json(
            downloads.findings_json(found, page, lambda path: datasette.absolute_url(request, path))
        )
    return await page_of(
        datasette,
        request,
        "findings.html",
        found=found,
        chosen=chosen,
        asked=urlencode([(name, value) for name, value in chosen.items() if value]),
        pager=pager(request, page, found["count"], listing.FINDINGS_PER_PAGE),
    )


async def original(datasette: Datasette, request: Request) -> Response:
    """Answer ``/original/<digest>``: archived bytes, as a download and nothing else."""
    digest = request.url_vars["digest"]
    payload = await ask(datasette, lambda connection: listing.payload(connection, digest))
    return await downloads.original(datasette.blobs, payload)


ROUTES = [
    (r"^/about$", about),
    (r"^/search(?P<suffix>\.json)?$", find),
    (r"^/findings(?P<suffix>\.json)?$", findings),
    (r"^/report/(?P<slug>[^/]+)/(?P<year>\d{4})(?P<suffix>\.json|\.csv)?$", report),
    (r"^/original/(?P<digest>[0-9a-f]{64})$", original),
]
