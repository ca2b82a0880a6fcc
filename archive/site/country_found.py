"""Search over all regions as a page and as JSON."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response
from markupsafe import Markup

from archive.regions.index import RegionHit
from archive.regions.search import Chosen, CountryResults
from archive.results import Results
from archive.search import QueryTooLongError
from archive.site import downloads, words
from archive.site.answers import number_from, pager
from archive.site.choices import filters
from archive.site.country_held import Held, Route, page_of
from archive.site.pages import HITS_PER_PAGE

# Beyond this nobody looks, and every page before it has to be merged.
LAST_SEARCH_PAGE = 50


async def search(held: Held, request: Request, suffix: str | None) -> Response:
    """Answer ``/search`` and ``/search.json``."""
    query = (request.args.get("q") or "").strip()
    chosen = Chosen(
        request.args.get("region") or None,
        number_from(request, "year", 9999),
        request.args.get("type") or None,
    )
    page = number_from(request, "page", LAST_SEARCH_PAGE) or 1
    problem, results = "", CountryResults()
    try:
        results = await asyncio.to_thread(
            held.search.search, query, chosen, HITS_PER_PAGE, (page - 1) * HITS_PER_PAGE
        )
    except QueryTooLongError as error:
        problem = str(error)
    if suffix == ".json":
        answer = Response.json(_as_json(held, request, query, results, problem),
                               status=400 if problem else 200)  # fmt: skip
    else:
        asked = [(name, request.args[name]) for name in ("region", "type", "year")
                 if request.args.get(name)]  # fmt: skip
        reached = min(results.count, LAST_SEARCH_PAGE * HITS_PER_PAGE)
        answer = page_of(
            held, request, "search.html", query=query, results=results, problem=problem,
            choices=_choices(held, results, chosen), asked=urlencode(asked),
            pager=pager(request, page, reached, HITS_PER_PAGE), reached=reached,
            failed=[held.name(code) for code in results.failed],
        )  # fmt: skip
    if results.failed:
        # The next visitor may find all regions well.
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _choices(held: Held, results: CountryResults, chosen: Chosen) -> list[tuple[str, str, Markup]]:
    """Return the filters of a search, as ``choices.filters`` does."""
    return filters(
        (
            ("地区", "region", chosen.region or "",
             [(code, held.name(code), n) for code, n in results.regions]),
            ("类型", "type", chosen.kind or "",
             [(kind, words.AGENCY_TYPES.get(kind, kind), n) for kind, n in results.kinds]),
            ("年度", "year", str(chosen.year or ""),
             [(str(year), str(year), n) for year, n in results.years]),
        ),
        held.name,
    )  # fmt: skip


def _as_json(
    held: Held, request: Request, query: str, results: CountryResults, problem: str
) -> dict[str, Any]:
    whole = downloads.search_json(query, Results(results.count), problem, str)
    if problem:
        return whole
    whole["hits"] = [_hit_as_json(held, request, found) for found in results.hits]
    return {
        **whole,
        "regions": [{"code": code, "name": held.name(code), "count": n}
                    for code, n in results.regions],
        "years": dict(results.years),
        "types": dict(results.kinds),
        "failed": list(results.failed),
    }  # fmt: skip


def _hit_as_json(held: Held, request: Request, found: RegionHit) -> dict[str, Any]:
    def absolute(path: str) -> str:
        return held.absolute(request, f"/r/{found.region}{path}")

    told = downloads.search_json("", Results(hits=(found.hit,)), "", absolute)["hits"][0]
    return {"region": {"code": found.region, "name": held.name(found.region)}, **told}


ROUTES: list[Route] = [(r"/search(?P<suffix>\.json)?", search)]
