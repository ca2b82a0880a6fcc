"""The Datasette plugin: routes, words for templates, closed tables, links in tables."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError
from jinja2 import Environment
from markupsafe import Markup

from archive.site import (
    agency,
    cells,
    changes,
    compare,
    data,
    dictionary,
    explore,
    feeds,
    guard,
    health,
    home,
    openapi,
    pages,
    sitemap,
    words,
    xlsx,
)
from archive.site.answers import DATABASE, page_of
from archive.site.metadata import CLOSED_TABLES, column_title, table_title

HERE = Path(__file__).parent
_LOG = logging.getLogger("nianbao.site")
_STYLE = hashlib.sha256((HERE / "static" / "site.css").read_bytes()).hexdigest()[:12]


def _own_files() -> str:
    """Return a digest of everything of ours that pages are made with."""
    whole = hashlib.sha256()
    for path in sorted(HERE.rglob("*")):
        if path.suffix in {".py", ".html", ".css", ".svg", ".js"}:
            whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


OWN_FILES = _own_files()

# Words for the comparisons of Datasette's filter form, by its own codes.
LOOKUPS = {
    "exact": "等于", "not": "不等于", "contains": "包含", "notcontains": "不包含",
    "endswith": "结尾是", "startswith": "开头是", "gt": "大于", "gte": "不小于", "lt": "小于",
    "lte": "不大于", "like": "匹配（%）", "notlike": "不匹配（%）", "glob": "匹配（*）",
    "in": "是其中之一", "notin": "不在其中", "arraycontains": "数组含", "date": "日期是",
    "arraynotcontains": "数组不含", "isnull": "为空值", "notnull": "不为空值",
    "isblank": "为空", "notblank": "不为空",
}  # fmt: skip


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    """Give Datasette our pages."""
    modules = (
        home, agency, explore, pages, cells, compare, changes, data, dictionary, feeds, health,
        openapi, sitemap, xlsx,
    )  # fmt: skip
    return [route for module in modules for route in module.ROUTES]


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def prepare_jinja2_environment(env: Environment) -> None:
    """Give the templates the Chinese words and the ways to write figures and places."""
    env.globals.update(
        words=words,
        style_version=_STYLE,
        lookups=LOOKUPS,
        column_title=column_title,
        closed_tables=CLOSED_TABLES,
        table_title=table_title,
    )


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def permission_allowed(datasette: Datasette, action: str, resource: object) -> bool | None:
    """Close the file and the tables that are tools, and SQL unless the operator allows it."""
    if action == "execute-sql":
        return bool(datasette.options.allow_sql)
    if action == "view-database-download":
        return False
    if action == "view-table" and isinstance(resource, tuple) and resource[1] in CLOSED_TABLES:
        return False
    return None


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Read the catalogue of the release before the first search, however long that takes."""

    async def read() -> None:
        await datasette.get_database(DATABASE).execute_fn(datasette.catalogue)

    return read


# A release never changes: reading it through the page cache of the system saves a copy of each page
# in every thread.
_MAPPED = 1 << 40
# What a visitor's SQL makes out of nothing must fit in memory: bytes of a value, values of a row,
# characters of an answer.
_LONGEST_VALUE = 2_000_000
_MOST_COLUMNS = 64
_LONGEST_ANSWER = 32_000_000


def _counting() -> Callable[[sqlite3.Cursor, tuple[Any, ...]], sqlite3.Row]:
    """Return what makes rows of a connection, and stops where an answer grows too long."""
    told: WeakKeyDictionary[sqlite3.Cursor, int] = WeakKeyDictionary()

    def row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        size = told.get(cursor, 0)
        size += sum(len(value) for value in values if isinstance(value, (str, bytes)))
        if size > _LONGEST_ANSWER:
            raise sqlite3.OperationalError("结果太大，请少取几列或几行。")
        told[cursor] = size
        return sqlite3.Row(cursor, values)

    return row


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def prepare_connection(conn: sqlite3.Connection, datasette: Datasette) -> None:
    """Set up a connection to a release."""
    conn.execute(f"PRAGMA mmap_size = {_MAPPED}")
    if datasette.options.allow_sql:
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        conn.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, _MOST_COLUMNS)
        conn.row_factory = _counting()


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def forbidden(datasette: Datasette, request: Request) -> Callable[[], Any]:
    """Answer for a closed table as if it were not there."""

    async def answer() -> Response:
        error = "没有这个地址。"
        return await page_of(datasette, request, "error.html", status=404, error=error)

    return answer


def _translated(error: Exception) -> tuple[int, str]:
    """Return status and Chinese message for an error of Datasette's; 500 for anything else."""
    if isinstance(error, QueryInterrupted):
        return 503, "查询超过时限，请缩小范围后再试。"
    if isinstance(error, Base400):
        return error.status, str(error)
    if isinstance(error, DatasetteError):
        # Datasette says 500 for what the visitor asked wrongly, as an unknown column.
        return (400 if error.status == 500 else error.status), str(error.message)
    return 500, ""


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def handle_exception(
    datasette: Datasette, request: Request, exception: Exception
) -> Callable[[], Awaitable[Response]]:
    """Answer an error with a page in Chinese; the log gets what the visitor must not see."""

    async def answer() -> Response:
        status, message = _translated(exception)
        if status == 500:
            _LOG.error("failed: %s", request.path, exc_info=exception)
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": message, "status": status}, status=status)
        return await page_of(datasette, request, "error.html", status=status, error=message)

    return answer


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def render_cell(value: object, column: str) -> Markup | None:
    """Make the address columns of our views links into the site, and digests downloads."""
    if not isinstance(value, str):
        return None
    if column == "address" and value.startswith(("/report/", "/original/")):
        return Markup('<a href="{}">{}</a>').format(words.link(value), value)
    if column == "digest" and len(value) == 64 and value.isalnum():
        return Markup('<a href="/original/{}"><code>{}…</code></a>').format(value, value[:12])
    return None


@hookimpl  # type: ignore[untyped-decorator]  # pluggy ships no types here
def asgi_wrapper() -> Callable[[guard.App], guard.App]:
    """Put the guard around Datasette."""
    return guard.wrap
