"""Changes: what turned up, was replaced or went away, newest first."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.site import words
from archive.site.answers import LAST_PAGE, ask, number_from, page_of, pager
from archive.site.lookup import Row, Value
from archive.site.lookup import ask as rows_of

PER_PAGE = 50

# A figure with a remark differs when its print does; see lookup.Difference.
_CELLS = (
    "SELECT metric_id, value, state, CASE state WHEN 'note' THEN raw END AS printed FROM cells"
    " WHERE document_id = "
)
_DIFFERING = (
    "SELECT count(DISTINCT metric_id) AS n FROM ("  # noqa: S608 - a constant of ours
    f"SELECT * FROM ({_CELLS}:new EXCEPT {_CELLS}:old)"
    f" UNION ALL SELECT * FROM ({_CELLS}:old EXCEPT {_CELLS}:new))"
)


def _narrowed(kind: str | None, agency: str | None) -> tuple[str, dict[str, Value]]:
    # Only what is asked for stands in the query, so that the index of it is used.
    conditions: list[str] = []
    if kind:
        conditions.append("kind = :kind")
    if agency:
        conditions.append(
            "agency_key IN (SELECT key FROM agencies WHERE key = :agency"
            " OR replace(key, ':', '-') = :agency OR instr(name, :agency))"
        )
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    named: dict[str, Value] = {"kind": kind, "agency": agency}
    return where, named


def changes(
    connection: sqlite3.Connection, kind: str | None, agency: str | None, page: int
) -> tuple[int, list[Row]]:
    """Return the number of changes and a page of them, newest first.

    Args:
        connection: read-only connection.
        kind: one of ``words.CHANGES``; None for all.
        agency: key of an agency or part of its name; None for all.
        page: 1-based.

    """
    where, named = _narrowed(kind, agency)
    count = rows_of(connection, f"SELECT count(*) AS n FROM changes{where}", **named)[0]["n"]  # noqa: S608 - our own conditions
    rows = rows_of(
        connection,
        # The index alone tells which rows are meant, however far back the page lies.
        "SELECT c.*, d.digest, d.format FROM (SELECT kind, document_id, url, changed_at"  # noqa: S608 - our own conditions
        f" FROM changes{where} ORDER BY changed_at DESC, kind DESC, document_id DESC, url DESC"
        " LIMIT :limit OFFSET :offset) JOIN changes c USING (kind, document_id, url, changed_at)"
        " JOIN documents d ON d.id = c.document_id"
        " ORDER BY changed_at DESC, kind DESC, document_id DESC, url DESC",
        **named,
        limit=PER_PAGE,
        offset=(page - 1) * PER_PAGE,
    )
    for row in rows:
        row["differing_cells"] = (
            rows_of(connection, _DIFFERING, new=row["document_id"], old=row["earlier_document_id"])[
                0
            ]["n"]
            if row["earlier_document_id"]
            else None
        )
    return count, rows


def _as_json(row: Row, address: str) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "changed_at": row["changed_at"],
        "agency": {"key": row["agency_key"], "name": row["agency"]},
        "year": row["year"],
        "title": row["title"],
        "report": address,
        "url": row["url"],
        "other_url": row["other_url"],
        "digest": row["digest"],
        "format": row["format"],
        "differing_cells": row["differing_cells"],
    }


async def page_of_changes(datasette: Datasette, request: Request) -> Response:
    """Answer ``/changes`` and ``/changes.json``."""
    page = number_from(request, "page", LAST_PAGE) or 1
    kind = request.args.get("kind") or None
    if kind is not None and kind not in words.CHANGES:
        raise DatasetteError(f"参数 kind 应为 {'、'.join(words.CHANGES)} 之一。", status=400)
    agency = (request.args.get("agency") or "").strip()[:200] or None
    count, rows = await ask(datasette, lambda connection: changes(connection, kind, agency, page))
    if request.url_vars["suffix"] == ".json":
        listed = [_as_json(r, datasette.absolute_url(request, words.link(r["address"])))
                  for r in rows]  # fmt: skip
        return Response.json({"ok": True, "count": count, "page": page, "changes": listed})
    days = [
        (day, list(held)) for day, held in groupby(rows, lambda row: words.day(row["changed_at"]))
    ]
    return await page_of(
        datasette,
        request,
        "changes.html",
        count=count,
        days=days,
        kind=kind,
        agency=agency or "",
        pager=pager(request, page, count, PER_PAGE),
    )


ROUTES = [(r"^/changes(?P<suffix>\.json)?$", page_of_changes)]
