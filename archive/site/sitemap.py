"""What programs that walk the site are told: which pages there are, and which to leave alone.

Sources: sitemaps.org protocol 0.9 (at most 50,000 addresses in a file); RFC 9309 (robots.txt).
"""

from __future__ import annotations

import sqlite3
from xml.sax.saxutils import escape

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.site import words
from archive.site.answers import ask
from archive.site.lookup import ask as rows_of

MOST = 50_000
_PAGES = ("/", "/changes", "/compare", "/data", "/dictionary", "/explore", "/findings", "/about",
          "/feeds")  # fmt: skip
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"

# Every page about a report, an agency or the archive is open. What is closed costs much and
# tells nothing that the open pages do not.
ROBOTS = """\
User-agent: *
# Every table under every filter and order: addresses without end. The same data as files: /data
Disallow: /nianbao/
# Answers to questions, without end as well; /compare and /explore themselves are open.
Disallow: /search
Disallow: /compare?
Disallow: /explore?
# Archived originals and whole tables: large files, for people who come for them.
Disallow: /original/
Disallow: /data/
# Each page of a figure has a picture drawn from its original: for people as well.
Disallow: /report/*/cell/
Allow: /

Sitemap: {sitemap}
"""


# Path and last change of each address of a kind, in an order that stays.
_REGIONS = """
SELECT DISTINCT '/region/' || region_code AS path, NULL AS changed_at FROM agencies
WHERE region_code GLOB '[0-9][0-9][0-9][0-9][0-9][0-9]' ORDER BY 1
"""
_AGENCIES = """
SELECT '/agency/' || replace(a.key, ':', '-') AS path,
(SELECT max(changed_at) FROM changes WHERE agency_key = a.key) AS changed_at
FROM agencies a ORDER BY a.id
"""
_REPORTS = """
SELECT '/report/' || replace(a.key, ':', '-') || '/' || r.year AS path,
(SELECT max(changed_at) FROM changes WHERE report_id = r.id) AS changed_at
FROM reports r JOIN agencies a ON a.id = r.agency_id ORDER BY r.id
"""
_COUNT_REGIONS = """
SELECT count(DISTINCT region_code) AS n FROM agencies
WHERE region_code GLOB '[0-9][0-9][0-9][0-9][0-9][0-9]'
"""
_KINDS = (
    (_COUNT_REGIONS, _REGIONS),
    ("SELECT count(*) AS n FROM agencies", _AGENCIES),
    ("SELECT count(*) AS n FROM reports", _REPORTS),
)


def addresses(connection: sqlite3.Connection, part: int) -> tuple[int, list[tuple[str, str]]]:
    """Return the number of all addresses, and path and day of the last change of one part.

    Args:
        connection: read-only connection.
        part: 1-based.

    """
    begin = (part - 1) * MOST
    listed = [(path, "") for path in _PAGES[begin : begin + MOST]]
    total = len(_PAGES)
    for count, query in _KINDS:
        rows = rows_of(
            connection,
            f"{query} LIMIT :room OFFSET :begin",
            room=MOST - len(listed),
            begin=max(0, begin - total),
        )
        listed += [(row["path"], words.day(row["changed_at"])) for row in rows]
        total += rows_of(connection, count)[0]["n"]
    return total, listed


def _xml(root: str, items: list[str]) -> Response:
    text = "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_SCHEMA}">', *items,
         f"</{root}>", ""]
    )  # fmt: skip
    return Response(text, content_type="application/xml; charset=utf-8")


async def sitemap(datasette: Datasette, request: Request) -> Response:
    """Answer ``/sitemap.xml`` and, where one file cannot hold all, ``/sitemap-<part>.xml``."""
    part = request.url_vars["part"]
    count, listed = await ask(datasette, lambda connection: addresses(connection, int(part or 1)))

    root = datasette.absolute_url(request, "/").removesuffix("/")

    def absolute(path: str) -> str:
        return escape(root + words.link(path))

    if part is None and count > MOST:
        parts = range(1, -(-count // MOST) + 1)
        return _xml(
            "sitemapindex",
            [f"<sitemap><loc>{absolute(f'/sitemap-{n}.xml')}</loc></sitemap>" for n in parts],
        )
    if not listed:
        raise DatasetteError("没有这个地址。", status=404)
    return _xml(
        "urlset",
        [
            f"<url><loc>{absolute(path)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
            for path, day in listed
        ],
    )


async def robots(datasette: Datasette, request: Request) -> Response:
    """Answer ``/robots.txt``."""
    where = datasette.absolute_url(request, "/sitemap.xml")
    return Response.text(ROBOTS.format(sitemap=where))


ROUTES = [
    (r"^/sitemap(?:-(?P<part>[1-9]\d{0,5}))?\.xml$", sitemap),
    (r"^/robots\.txt$", robots),
]
