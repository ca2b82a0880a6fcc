"""Files of a country: the data set, the style sheet, and what programs that walk it are told."""

from __future__ import annotations

import asyncio
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from datasette.utils.asgi import Request, Response

from archive.exports import PACKAGE
from archive.site import downloads, words
from archive.site.answers import LAST_PAGE, number_from, pager
from archive.site.country_held import HERE, PER_PAGE, Held, Route, error_page, page_of, sum_of
from archive.site.data import FileAnswer
from archive.site.sitemap import MOST, ROBOTS

_STATIC = {".css": "text/css", ".svg": "image/svg+xml"}
_PAGES = ("/", "/data", "/about")
_DATASET = r"(?P<dataset>parquet-[0-9a-f]{12})"
_FILE = r"(?P<path>datapackage\.json|[a-z_]+(?:/region=[0-9a-z]+)?(?:/year=\w+)?/data\.parquet)"


async def data(held: Held, request: Request) -> Response:
    """Answer ``/data``: the data set of all regions, and the database of each."""
    page = number_from(request, "page", LAST_PAGE) or 1
    regions = list(held.regions.values())
    tables = await asyncio.to_thread(_tables, held.country.dataset)
    return page_of(
        held, request, "data.html", regions=regions[(page - 1) * PER_PAGE : page * PER_PAGE],
        tables=tables, base=f"/data/{held.country.dataset.name}", size=words.size,
        pager=pager(request, page, len(regions), PER_PAGE),
        address=held.absolute(request, "/data"), whole=sum_of(regions),
        bytes=sum(region.release.size for region in regions),
    )  # fmt: skip


@cache
def _tables(dataset: Path) -> tuple[dict[str, Any], ...]:
    try:
        package = json.loads((dataset / PACKAGE).read_text("utf-8"))
    except FileNotFoundError:
        # The next publish deletes it; this page has been replaced by then.
        return ()
    names = ("name", "title", "rows", "bytes", "partitions")
    return tuple(
        {**{name: resource[name] for name in names}, "files": len(resource["files"])}
        for resource in package["resources"]
    )


async def file(held: Held, request: Request, dataset: str, path: str) -> Response:
    """Answer ``/data/<data set>/<file>``."""
    folder = held.country.dataset.parent / dataset
    headers = {} if path == PACKAGE else downloads.attachment(path.replace("/", "-"))
    return FileAnswer(request, folder / path, headers)


_CLOSED = re.compile(r"^Disallow: (/.*)$", re.MULTILINE)


async def robots(held: Held, request: Request) -> Response:
    """Answer ``/robots.txt``: what is closed in one region is closed in all."""
    text = ROBOTS.format(sitemap=held.absolute(request, "/sitemap.xml"))
    return Response.text(_CLOSED.sub(r"Disallow: \1\nDisallow: /r/*\1", text))


async def sitemap(held: Held, request: Request, own: str | None) -> Response:
    """Answer ``/sitemap.xml``, which names those of all regions and of the country's own pages."""
    root, item = ("urlset", "url") if own else ("sitemapindex", "sitemap")
    places = list(_PAGES) if own else ["/sitemap-country.xml"]
    for region in held.regions.values() if not own else ():
        parts = -(-region.facts["addresses"] // MOST)
        names = ["sitemap"] if parts <= 1 else [f"sitemap-{n}" for n in range(1, parts + 1)]
        places += [f"/r/{region.code}/{name}.xml" for name in names]
    items = "\n".join(f"<{item}><loc>{held.absolute(request, path)}</loc></{item}>"
                      for path in places)  # fmt: skip
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{schema}">\n{items}\n</{root}>\n'
    )
    return Response(text, content_type="application/xml; charset=utf-8")


async def static(held: Held, request: Request, name: str) -> Response:
    """Answer ``/static/<file>``."""
    path = HERE / "static" / name
    if path.suffix not in _STATIC or not path.is_file():
        return error_page(held, request, 404, "")
    data = await asyncio.to_thread(path.read_text, "utf-8")
    return Response(data, content_type=f"{_STATIC[path.suffix]}; charset=utf-8",
                    headers={"Cache-Control": "public, max-age=3600"})  # fmt: skip


ROUTES: list[Route] = [
    (r"/data", data),
    (rf"/data/{_DATASET}/{_FILE}", file),
    (r"/robots\.txt", robots),
    (r"/sitemap(?P<own>-country)?\.xml", sitemap),
    (r"/static/(?P<name>[a-z.]+)", static),
]
