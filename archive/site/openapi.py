"""The JSON addresses described for programs.

Source: OpenAPI Specification 3.1.0; its schemas are JSON Schema 2020-12.
"""

from __future__ import annotations

from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.site import words
from archive.site.matrix import UNKNOWN_REGION
from archive.site.metadata import TABLES

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_WHOLE: Schema = {"type": "integer"}
_WHOLE_OR_NULL: Schema = {"type": ["integer", "null"]}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _one_of(codes: dict[str, words.Word]) -> Schema:
    meaning = "；".join(f"{code} {word.name}" for code, word in codes.items())
    return {"type": "string", "enum": list(codes), "description": meaning}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_AGENCY = _object({"key": _TEXT, "name": _TEXT})
_CELL = _object(
    {
        "value": {
            "type": ["number", "null"],
            "description": "空白、横线、未识别的格为 null，从不为 0。",
        },
        "raw": _TEXT_OR_NULL,
        "state": _one_of(words.STATES),
        "note": _TEXT_OR_NULL,
        "unit": _TEXT,
        "label": _TEXT,
        "place": _TEXT,
    }
)
_FINDING = _object(
    {
        "rule": _TEXT,
        "severity": _one_of(words.SEVERITIES),
        "message": _TEXT,
        "quote": _TEXT,
        "place": _TEXT,
    }
)
_REPORT = _object(
    {
        "schema": _WHOLE,
        "address": {"type": "string", "format": "uri"},
        "license": _TEXT,
        "agency": _object({"key": _TEXT, "name": _TEXT, "region_code": _TEXT}),
        "year": _WHOLE,
        "title": _TEXT,
        "status": _one_of(words.STATUSES),
        "template": {"type": ["string", "null"], "enum": [*words.TEMPLATES, None]},
        "published": _TEXT_OR_NULL,
        "sections": _list(_object({"ordinal": _WHOLE, "heading": _TEXT, "text": _TEXT})),
        "cells": {
            "type": "object",
            "description": "以单元格代码为名，代码见 /dictionary。",
            "additionalProperties": _named("Cell"),
        },
        "derived": {
            "type": "object",
            "description": "空白的合计格由各分项推算出的值，以单元格代码为名；原格仍为空白。",
            "additionalProperties": {"type": "object"},
        },
        "figures": _list({"type": "object", "description": "正文中的数字"}),
        "statements": _list({"type": "object", "description": "正文中的零与无"}),
        "findings": _list(_named("Finding")),
        "verdicts": _list({"type": "object", "description": "每条规则：符合、不符或无法判断"}),
        "history": _list(
            _object({"kind": _one_of(words.CHANGES), "changed_at": _TEXT_OR_NULL, "url": _TEXT})
        ),
        "documents": _list(
            _object(
                {
                    "digest": _DIGEST,
                    "format": _TEXT,
                    "status": _one_of(words.STATUSES),
                    "shown": {"type": "boolean"},
                    "sources": _list({"type": "object"}),
                    "differs_in": _list(_TEXT),
                }
            )
        ),
    }
)
_SEARCH = _object(
    {
        "ok": {"const": True},
        "query": _TEXT,
        "count": _WHOLE,
        "hits": _list(
            _object(
                {
                    "agency": _AGENCY,
                    "year": _WHOLE,
                    "title": _TEXT,
                    "status": _one_of(words.STATUSES),
                    "address": _TEXT,
                    "passages": _list({"type": "object"}),
                }
            )
        ),
    }
)
_CHANGES = _object(
    {
        "ok": {"const": True},
        "count": _WHOLE,
        "page": _WHOLE,
        "changes": _list(
            _object(
                {
                    "kind": _one_of(words.CHANGES),
                    "changed_at": _TEXT_OR_NULL,
                    "agency": _AGENCY,
                    "year": _WHOLE,
                    "title": _TEXT,
                    "report": {"type": "string", "format": "uri"},
                    "url": _TEXT,
                    "other_url": {**_TEXT_OR_NULL, "description": "新网址；仅用于 moved。"},
                    "digest": _DIGEST,
                    "format": _TEXT,
                    "differing_cells": {
                        **_WHOLE_OR_NULL,
                        "description": "与原来的文件不同的格数；不是更改时为 null。",
                    },
                }
            )
        ),
    }
)
_FINDINGS = _object(
    {
        "ok": {"const": True},
        "count": _WHOLE,
        "page": _WHOLE,
        "findings": _list(
            _object(
                {
                    "id": _TEXT,
                    "rule": _TEXT,
                    "severity": _one_of(words.SEVERITIES),
                    "message": _TEXT,
                    "quote": _TEXT,
                    "place": _TEXT,
                    "agency": {**_AGENCY, "type": ["object", "null"]},
                    "year": _WHOLE_OR_NULL,
                    "report": {"type": ["string", "null"], "format": "uri"},
                    "url": _TEXT_OR_NULL,
                    "digest": {**_DIGEST, "type": ["string", "null"]},
                }
            )
        ),
    }
)
_EXPLORE = _object(
    {
        "ok": {"const": True},
        "measure": _object({"code": _TEXT, "name": _TEXT, "definition": _TEXT, "unit": _TEXT}),
        "chosen": {"type": "object"},
        "held": {**_WHOLE, "description": "当年收录的年报数。"},
        "counted": {**_WHOLE, "description": "其中有数值的年报数。"},
        "page": _WHOLE,
        "pages": _WHOLE,
        "rows": _list(
            _object(
                {
                    "rank": _WHOLE_OR_NULL,
                    "region_code": _TEXT,
                    "value": {"type": ["number", "null"]},
                    "numerator": {"type": ["number", "null"]},
                    "denominator": {"type": ["number", "null"]},
                }
            )
        ),
        "years": _list({"type": "object"}),
    }
)
_STATE: Schema = {"type": "string", "enum": ["good", "warn", "bad"]}
_HEALTH = _object(
    {
        "ok": {"const": True},
        "state": _STATE,
        "release": _object({"id": _TEXT, "published_at": _TEXT, "age_days": _WHOLE}),
        "sites": _list(
            _object(
                {
                    "id": _TEXT,
                    "name": _TEXT,
                    "state": _STATE,
                    "checks": _list(_object({"state": _STATE, "message": _TEXT})),
                    "last_run": {"type": ["object", "null"]},
                    "last_good_run": {"type": ["object", "null"]},
                    "newest_report": {"type": ["object", "null"]},
                    "years": _list(
                        _object({"year": _WHOLE, "reports": _WHOLE, "expected": _WHOLE})
                    ),
                    "findings": _list({"type": "object"}),
                    "partial_reports": _WHOLE,
                    "unreadable_documents": _WHOLE,
                }
            )
        ),
    }
)
_TABLE = _object(
    {"rows": {"type": "array"}, "columns": _list(_TEXT)},
    next_url={**_TEXT_OR_NULL, "description": "下一页；没有时为 null。"},
)
_ERROR = _object({"ok": {"const": False}, "error": _TEXT})
_SCHEMAS = {
    "Report": _REPORT, "Cell": _CELL, "Finding": _FINDING, "Search": _SEARCH,
    "Findings": _FINDINGS, "Explore": _EXPLORE, "Changes": _CHANGES, "Health": _HEALTH,
    "Table": _TABLE, "Error": _ERROR,
}  # fmt: skip


def _argument(name: str, schema: Schema, text: str, *, in_path: bool = False) -> Schema:
    return {
        "name": name,
        "in": "path" if in_path else "query",
        "required": in_path,
        "schema": schema,
        "description": text,
    }


_PAGE = _argument("page", {"type": "integer", "minimum": 1}, "第几页，从 1 起")
_WHERE = [
    _argument("agency", _TEXT, "机关代码，冒号写作短横", in_path=True),
    _argument("year", {"type": "integer", "minimum": 1000, "maximum": 9999}, "报告年度",
              in_path=True),
]  # fmt: skip


def _get(summary: str, answer: Schema, arguments: list[Schema], *refusals: int) -> Schema:
    said = {400: "问法有误", 404: "没有收录", 503: "超过时限"}
    error = {"application/json": {"schema": _named("Error")}}
    return {
        "get": {
            "summary": summary,
            "parameters": arguments,
            "responses": {
                "200": {"description": "成功", "content": answer},
                **{
                    str(status): {"description": said[status], "content": error}
                    for status in (*refusals, 503)
                },
            },
        }
    }


def _json(name: str) -> Schema:
    return {"application/json": {"schema": _named(name)}}


def description(root: str) -> Schema:
    """Return the description of all JSON addresses as an OpenAPI 3.1 document."""
    text = _argument("q", _TEXT, "要找的字词；几个词之间加空格")
    agency = _argument("agency", _TEXT, "机关代码，或名称的一部分")
    kind = _argument("type", {"type": "string", "enum": list(words.AGENCY_TYPES)}, "机关类型")
    table = _argument(
        "table", {"type": "string", "enum": list(TABLES)}, "表名，见 /dictionary", in_path=True
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": words.SITE_TITLE,
            "version": "1",
            "summary": "政府信息公开工作年度报告的数据",
            "description": "只读，无须登记。没有数值的格一律为 null，从不以 0 代替。"
            "要全部数据请取 /data 页所列的文件，不必逐页询问。",
            "license": {"name": words.LICENSE, "identifier": "Apache-2.0"},
        },
        "servers": [{"url": root}],
        "paths": {
            "/report/{agency}/{year}.json": _get(
                "一份年报：单元格、正文、问题、来源", _json("Report"), _WHERE, 404
            ),
            "/report/{agency}/{year}.csv": _get(
                "一份年报的单元格，CSV", {"text/csv": {"schema": _TEXT}}, _WHERE, 404
            ),
            "/report/{agency}/{year}/cell/{code}.png": _get(
                "一格在存档原件中的位置，红框标出",
                {"image/png": {"schema": {"type": "string", "format": "binary"}}},
                [
                    *_WHERE,
                    _argument("code", _TEXT, "单元格代码，见 /dictionary", in_path=True),
                    _argument("form", _DIGEST, "另一份文件的 SHA-256；不写为所示文件"),
                ],
                404,
            ),
            "/search.json": _get(
                "检索年报全文",
                _json("Search"),
                [text, _argument("agency", _TEXT, "机关代码"),
                 _argument("year", _WHOLE, "报告年度"),
                 _argument("region", _TEXT, f"行政区划代码；地区不详的机关为 {UNKNOWN_REGION}"),
                 kind, _PAGE],
                400,
            ),
            "/findings.json": _get(
                "读取、识别、核对时发现的问题，重的在前",
                _json("Findings"),
                [
                    _argument("severity", {"type": "string", "enum": list(words.SEVERITIES)},
                              "只要一级"),
                    _argument("rule", _TEXT, "规则代码，见 /dictionary"),
                    _argument("agency", _TEXT, "机关代码"),
                    _argument("year", _WHOLE, "报告年度"),
                    _PAGE,
                ],
                400,
            ),
            "/changes.json": _get(
                "新收录、被更改、另外找到和失效的文件，新的在前",
                _json("Changes"),
                [_argument("kind", _one_of(words.CHANGES), "只要一种"), agency, _PAGE],
                400,
            ),
            "/explore.json": _get(
                "一项指标在各机关或各地区的数值与名次，及历年合计",
                _json("Explore"),
                [
                    _argument("code", _TEXT, "指标代码，见 /dictionary"),
                    _argument("year", _WHOLE, "报告年度；不写则为最近一年"),
                    _argument("region", _TEXT, "行政区划代码"),
                    kind,
                    _argument("by", {"type": "string", "enum": ["agency", "region"]},
                              "按机关或按地区"),
                    _argument("order", {"type": "string", "enum": ["high", "low"]},
                              "从大到小或从小到大"),
                    _PAGE,
                ],
                400,
            ),
            "/health.json": _get("各网站采集与收录的情况", _json("Health"), []),
            "/nianbao/{table}.json": _get(
                "一张数据表；字段名作参数即筛选，如 year=2023，status__exact=read",
                _json("Table"),
                [
                    table,
                    _argument("_size", {"type": "integer", "minimum": 0, "maximum": 1000},
                              "每页行数"),
                    _argument("_next", _TEXT, "上一页给出的 next"),
                    _argument("_sort", _TEXT, "按此字段排序；_sort_desc 则从大到小"),
                    _argument("_shape", {"type": "string", "enum": ["arrays", "objects"]},
                              "每行为数组或对象"),
                ],
                400,
                404,
            ),
        },
        "components": {"schemas": _SCHEMAS},
    }  # fmt: skip


async def openapi(datasette: Datasette, request: Request) -> Response:
    """Answer ``/openapi.json``."""
    return Response.json(description(datasette.absolute_url(request, "/")))


ROUTES = [(r"^/openapi\.json$", openapi)]
