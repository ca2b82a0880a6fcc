"""How every page of ours asks the database and answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from datasette.app import Datasette
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.site import lookup

DATABASE = "nianbao"
LAST_PAGE = 10_000

Answer = TypeVar("Answer")


async def ask(datasette: Datasette, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
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


async def page_of(
    datasette: Datasette, request: Request, template: str, *, status: int = 200, **context: object
) -> Response:
    """Return a page made of one of our templates."""
    page = datasette.pages.get_template(template)
    text = page.render(request=request, status=status, **context)
    return Response.html(text, status=status)


def number_from(request: Request, name: str, highest: int) -> int | None:
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


def report_named(request: Request) -> tuple[str, int]:
    """Return agency (as in addresses) and year of an address under ``/report``."""
    return unquote(request.url_vars["slug"]), int(request.url_vars["year"])


def pager(request: Request, page: int, count: int, size: int) -> dict[str, Any]:
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
