"""Dictionary: every code and every column of the data, told by the data themselves."""

from __future__ import annotations

import sqlite3

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.site import words
from archive.site.answers import ask, page_of
from archive.site.lookup import Row
from archive.site.lookup import ask as rows_of
from archive.site.metadata import CLOSED_TABLES, TABLES, column_words

_LISTS = {
    "cells": "SELECT * FROM metrics ORDER BY id",
    "indicators": "SELECT * FROM indicators ORDER BY level, code",
    "measures": "SELECT * FROM measures ORDER BY label, code",
    "rules": "SELECT * FROM rules ORDER BY id, scope",
}


def dictionary(connection: sqlite3.Connection) -> Row:
    """Return codes, indicators, measures, rules and the columns of all public tables."""
    found: Row = {name: rows_of(connection, query) for name, query in _LISTS.items()}
    tables = []
    for row in rows_of(
        connection, "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
    ):
        name = row["name"]
        if name in CLOSED_TABLES:
            continue
        title, description, _ = TABLES[name]
        columns = [
            {"name": column, "type": declared, "key": key, "words": column_words(name, column)}
            for _, column, declared, _, _, key in connection.execute(f'PRAGMA table_info("{name}")')
        ]
        references = {
            column: (other, target)
            for _, _, other, column, target, *_ in connection.execute(
                f'PRAGMA foreign_key_list("{name}")'
            )
        }
        tables.append(
            {"name": name, "title": title, "description": description, "columns": columns,
             "references": references, "is_view": row["type"] == "view"}
        )  # fmt: skip
    # In the order of metadata.py, which begins with what people want first.
    order = list(TABLES)
    found["tables"] = sorted(tables, key=lambda table: order.index(table["name"]))
    return found


async def page(datasette: Datasette, request: Request) -> Response:
    """Answer ``/dictionary``."""
    found = await ask(datasette, dictionary)
    return await page_of(
        datasette,
        request,
        "dictionary.html",
        **found,
        mappings={"same": "相同", "derived": "可推算", "part": "部分", "approximate": "近似",
                  "none": "无"},
        scopes={"report": "单份年报", "series": "多份年报之间"},
        levels={"report": "每份年报", "text": "两年文本", "region": "地区"},
        units=words.unit,
    )  # fmt: skip


ROUTES = [(r"^/dictionary$", page)]
