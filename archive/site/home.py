"""Home and regions: what is held, what is new, and who published when."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.site import matrix, words
from archive.site.answers import LAST_PAGE, number_from, page_of, pager
from archive.site.answers import ask as put
from archive.site.health import stale_sites
from archive.site.lookup import NotHeldError, Row, ask, ask_one

_NEWEST, _LATEST = 6, 5


@dataclass(frozen=True, slots=True)
class Home:
    """Counts, the newest reports, the latest changes, stale sites, and one of the two pictures."""

    counts: Row
    newest: tuple[Row, ...]
    changes: tuple[Row, ...]
    stale: tuple[Row, ...]
    agencies: matrix.Agencies | None
    regions: matrix.Regions | None


def _newest(connection: sqlite3.Connection) -> list[Row]:
    return ask(
        connection,
        "SELECT r.year, r.title, r.status, r.published, a.key AS agency_key, a.name AS agency"
        " FROM reports r JOIN agencies a ON a.id = r.agency_id"
        " ORDER BY r.published DESC, r.id DESC LIMIT ?",
        _NEWEST,
    )


def _changes(connection: sqlite3.Connection) -> list[Row]:
    # What turned up first stands among the newest reports; each kind has its own index range.
    parts = " UNION ALL ".join(
        f"SELECT * FROM (SELECT * FROM changes WHERE kind = '{kind}'"  # noqa: S608 - our own codes
        f" ORDER BY changed_at DESC LIMIT {_LATEST * 4})"
        for kind in words.CHANGES
        if kind != "new"
    )
    rows = ask(
        connection,
        f"SELECT * FROM ({parts}) ORDER BY changed_at DESC, document_id, url",  # noqa: S608 - our own codes
    )
    # A report that changed at several addresses, or twice, stands here once.
    by_report = {(row["report_id"], row["kind"]): row for row in reversed(rows)}
    return [row for row in rows if by_report[row["report_id"], row["kind"]] is row][:_LATEST]


def home_data(connection: sqlite3.Connection) -> Home:
    """Return what the home page shows."""
    counted = matrix.counts(connection)
    known = ask(connection, "SELECT sum(agencies) AS n FROM summary_regions")[0]["n"] or 0
    small = known <= matrix.MOST_LINES
    return Home(
        counted,
        tuple(_newest(connection)),
        tuple(_changes(connection)),
        tuple(stale_sites(connection)),
        matrix.agencies(connection, counted) if small else None,
        None if small else matrix.regions(connection, counted),
    )


async def home(datasette: Datasette, request: Request) -> Response:
    """Answer ``/``."""
    return await page_of(datasette, request, "home.html", data=await put(datasette, home_data))


def _region(connection: sqlite3.Connection, code: str) -> Row:
    """Return a region or a province.

    Raises:
        NotHeldError: no agency lies there.

    """
    if len(code) != 2:
        found = ask_one(connection, "SELECT * FROM summary_regions WHERE code = ?", code)
    else:
        found = ask_one(
            connection,
            "SELECT :code AS code, :name AS name, sum(agencies) AS agencies FROM summary_regions"
            " WHERE code LIKE :code || '%' HAVING count(*)",
            code=code,
            name=words.province(code),
        )
    if found is None:
        raise NotHeldError("本站没有这个地区的机关。")
    return found


async def region(datasette: Datasette, request: Request) -> Response:
    """Answer ``/region/<code>``: a page of agencies, or the regions of a province."""
    code = request.url_vars["code"]
    code = "" if code == matrix.UNKNOWN_REGION else code
    page = number_from(request, "page", LAST_PAGE) or 1

    def question(connection: sqlite3.Connection) -> dict[str, Any]:
        found, counted = _region(connection, code), matrix.counts(connection)
        inside = len(code) == 2
        return {
            "region": found,
            "last_year": counted["last_year"],
            "agencies": None if inside else matrix.agencies_of(connection, counted, found, page),
            "regions": matrix.regions(connection, counted, code) if inside else None,
        }

    told = await put(datasette, question)
    lines = 0 if told["regions"] else told["region"]["agencies"]
    return await page_of(
        datasette,
        request,
        "region.html",
        **told,
        province=code[:2] if len(code) > 2 else "",
        pager=pager(request, page, lines, matrix.MOST_LINES),
    )


ROUTES = [
    (r"^/$", home),
    (rf"^/region/(?P<code>\d{{2}}|\d{{6}}|{matrix.UNKNOWN_REGION})$", region),
]
