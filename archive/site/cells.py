"""The pages of single figures: what a report prints in a cell, and the picture of it."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.codebook import Metric, metrics
from archive.site import evidence, listing, lookup, words
from archive.site.answers import ask, page_of, report_named
from archive.site.details import details

# Seconds that a page waits for its picture; one takes less than a second when few are asked for.
_PATIENCE = 8.0
_SHORT = "public, max-age=60"


@dataclass(frozen=True, slots=True)
class _Cell:
    """What the page of a cell shows."""

    data: lookup.ReportData
    readings: list[lookup.Row]
    years: list[lookup.Row]
    derived: lookup.Row | None


def _spot(
    connection: sqlite3.Connection, data: lookup.ReportData, code: str, digest: str
) -> tuple[lookup.Row, evidence.Spot]:
    """Return the document and the place of a cell; of the form shown when no digest is given."""
    document = data.document
    figures = data.figures
    if digest:
        forms = [form.document for form in data.forms if form.document["digest"] == digest]
        document = forms[0] if forms else None
        figures = lookup.figures_of(connection, document["id"]) if document else {}
    if document is None or code not in figures:
        raise lookup.NotHeldError("这份报告的表格没有这一格。")
    tables: dict[str, list[str]] = {}
    for figure in figures.values():
        if figure.place:
            tables.setdefault(figure.metric.table, []).append(figure.place)
    places = tuple(map(tuple, tables.values()))
    return document, evidence.Spot(
        document["digest"], document["reader"], figures[code].place, places
    )


async def cell(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>/cell/<code>``: where a figure comes from."""
    slug, year = report_named(request)
    code = request.url_vars["code"]

    def question(connection: sqlite3.Connection) -> tuple[_Cell, evidence.Spot]:
        data = lookup.report(connection, slug, year)
        _, spot = _spot(connection, data, code, "")
        return _Cell(
            data,
            listing.readings(connection, data.report["id"], code),
            listing.over_years(connection, data.report["agency_key"], code),
            details(connection, data).derived.get(code),
        ), spot

    found, spot = await ask(datasette, question)
    picture, problem = await _looked_at(datasette, spot)
    data = found.data
    response = await page_of(
        datasette,
        request,
        "cell.html",
        data=data,
        figure=data.figures[code],
        readings=found.readings,
        years=found.years,
        derived=found.derived,
        picture=picture,
        problem=problem,
        picture_address=f"{words.link(data.path)}/cell/{code}.png",
        is_right=_is_right(data.figures[code].metric) and not spot.place.startswith("line="),
        has_pictures=datasette.pictures.are_made,
        manner=evidence.manner((data.document or {})["format"], spot.place),
        base=words.link(data.path),
        address=datasette.absolute_url(request, f"{data.path}/cell/{code}"),
    )
    if picture is None:
        # Asked for again in a moment, the page may have its picture.
        response.headers["Cache-Control"] = "no-store"
    return response


def _is_right(metric: Metric) -> bool:
    """Tell whether a cell stands in the right part of its table: the left one has the labels."""
    beside = [
        other.code
        for other in metrics().values()
        if other.table == metric.table
        # The last table is one row of figures.
        and (metric.table == "t4" or other.row_code == metric.row_code)
    ]
    return beside.index(metric.code) >= (len(beside) // 2 if metric.table == "t4" else 1)


async def _looked_at(
    datasette: Datasette, spot: evidence.Spot
) -> tuple[evidence.Picture | None, str]:
    """Return a picture, or why there is none; a slow one goes on being drawn."""
    try:
        return await asyncio.wait_for(datasette.pictures.get(spot), _PATIENCE), ""
    except evidence.NoPictureError as error:
        return None, str(error)
    except TimeoutError:
        return None, "图正在绘制，请过几秒刷新本页。"


async def picture(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>/cell/<code>.png``; ``?form=`` names another document."""
    slug, year = report_named(request)
    code, digest = request.url_vars["code"], request.args.get("form") or ""

    def question(connection: sqlite3.Connection) -> evidence.Spot:
        return _spot(connection, lookup.report(connection, slug, year), code, digest)[1]

    try:
        drawn = await datasette.pictures.get(await ask(datasette, question))
    except evidence.BusyError as error:
        return Response.text(f"{error}\n", status=503, headers={"Retry-After": "5"})
    except evidence.NoPictureError as error:
        raise DatasetteError(str(error), status=404) from error
    # The page names the key of the picture that it shows: under that address it never changes.
    lasts = "public, max-age=31536000, immutable" if request.args.get("v") == drawn.key else _SHORT
    return Response(
        drawn.png,
        content_type="image/png",
        headers={"Cache-Control": lasts, "X-Content-Type-Options": "nosniff"},
    )


ROUTES = [
    (r"^/report/(?P<slug>[^/]+)/(?P<year>\d{4})/cell/(?P<code>[a-z0-9_]+)$", cell),
    (r"^/report/(?P<slug>[^/]+)/(?P<year>\d{4})/cell/(?P<code>[a-z0-9_]+)\.png$", picture),
]
