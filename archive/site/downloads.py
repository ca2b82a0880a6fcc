"""What leaves the site as a file: JSON, CSV, archived originals."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from archive.blobs import BlobMissingError, BlobStore
from archive.passages import Piece
from archive.results import Results
from archive.site import words
from archive.site.details import Details
from archive.site.evidence import SILENT
from archive.site.lookup import ReportData, Row
from archive.store import StoreError

_EXTENSIONS = {"text": ".txt"} | {
    name: f".{name}" for name in ("html", "mhtml", "pdf", "docx", "doc", "wps", "rtf")
}
# Source: OWASP, CSV Injection. A dash alone, or a number with its sign, is none.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+\-]?[\d,.]*%?")
_PICTURE = re.compile(r"\.(?:jpe?g|png|tiff?|bmp|webp)$", re.IGNORECASE)


def attachment(name: str) -> dict[str, str]:
    """Return the headers that make an answer a download under a file name."""
    ascii_name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return {
        "Content-Disposition": f'attachment; filename="{ascii_name}"; '
        f"filename*=UTF-8''{quote(name, safe='')}"
    }


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def report_json(data: ReportData, told: Details, address: str) -> dict[str, Any]:
    """Return a report as the ``.json`` address gives it; a cell without a figure has null.

    A derived value stands apart from the cells: the cell stays blank.
    """
    document = data.document or {}
    return {
        "schema": 1,
        "address": address,
        "license": words.LICENSE,
        "agency": {
            "key": data.report["agency_key"],
            "name": data.report["agency"],
            "printed": document.get("agency_printed"),
            "region_code": data.report["region_code"],
        },
        "year": data.report["year"],
        "title": data.report["title"],
        "status": data.report["status"],
        "template": data.report["template"],
        "published": data.report["published"],
        "period": {"start": document.get("period_start"), "end": document.get("period_end")},
        "signed": document.get("signed"),
        "contact": _without(data.contact, "document_id"),
        "preamble": document.get("preamble"),
        "sections": [_without(section, "document_id") for section in data.sections],
        "cells": {
            code: {
                "value": figure.value,
                "raw": figure.raw,
                "state": figure.state,
                "note": figure.note,
                "unit": words.unit(figure.metric.unit),
                "label": figure.label,
                "place": figure.place,
            }
            for code, figure in data.figures.items()
        },
        "derived": {code: _without(row, "code") for code, row in told.derived.items()},
        "figures": [_without(row, "document_id") for row in told.figures],
        "statements": [_without(row, "document_id", "units") for row in told.statements],
        "findings": [_without(finding, "of_other_form") for finding in data.findings],
        "verdicts": [_without(row, "document_id") for row in told.verdicts],
        "history": [_without(row, "document_id", "earlier_document_id") for row in told.history],
        "documents": [
            {
                "digest": form.document["digest"],
                "format": form.document["format"],
                "status": form.document["status"],
                "shown": form.is_shown,
                "sources": [
                    _without(source, "report_id", "document_id") for source in form.sources
                ],
                "differs_in": [difference.metric.code for difference in form.differences],
            }
            for form in data.forms
        ],
    }


def rows_csv(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV; a byte order mark tells Excel that it is UTF-8.

    A text that Excel would take for a formula has an apostrophe before it.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([_no_formula(value) for value in row] for row in rows)
    return out.getvalue()


def _no_formula(value: object) -> object:
    is_formula = isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value


def report_csv(data: ReportData) -> str:
    """Return the cells of a report as CSV."""
    heads = (
        "机关代码", "机关", "年度", "格式", "表", "单元格代码", "行组", "行", "列", "数值", "状态",
        "原文", "备注", "单位", "位置", "文件SHA-256",
    )  # fmt: skip
    report = data.report
    digest = data.document["digest"] if data.document else ""
    # In each of two hundred rows.
    agency = words.cut(report["agency"], 300)
    rows = [
        [report["agency_key"], agency, report["year"], report["template"],
         words.TABLE_NUMERALS[metric.table], code, metric.row_group, metric.row_label,
         metric.column_label, words.number(figure.value), words.STATES[figure.state].name,
         figure.raw, figure.note, words.unit(metric.unit), figure.place, digest]
        for code, figure in data.figures.items()
        for metric in [figure.metric]
    ]  # fmt: skip
    return rows_csv(heads, rows)


def search_json(
    query: str, results: Results, problem: str, absolute: Callable[[str], str]
) -> dict[str, Any]:
    """Return search results as ``/search.json`` gives them; marks are ⟦ and ⟧ in passages."""

    def text(pieces: tuple[Piece, ...]) -> str:
        return "".join(f"⟦{piece.text}⟧" if piece.marked else piece.text for piece in pieces)

    if problem:
        return {"ok": False, "error": problem}
    return {
        "ok": True,
        "query": query,
        "count": results.count,
        "hits": [
            {
                "agency": {"key": hit.agency_key, "name": hit.agency},
                "year": hit.year,
                "title": hit.title,
                "status": hit.status,
                "address": absolute(words.link(f"/report/{words.slug(hit.agency_key)}/{hit.year}")),
                "passages": [
                    {
                        "part": passage.part,
                        "heading": text(passage.heading),
                        "text": text(passage.pieces),
                    }
                    for passage in hit.passages
                ],
            }
            for hit in results.hits
        ],
    }


def findings_json(found: Row, page: int, absolute: Callable[[str], str]) -> dict[str, Any]:
    """Return a page of findings as ``/findings.json`` gives it.

    A finding about an address or a file that is no report has neither agency nor report.
    """

    def told(row: Row) -> dict[str, Any]:
        of_report = row["agency_key"] is not None
        path = f"/report/{words.slug(row['agency_key'])}/{row['year']}" if of_report else ""
        return {
            "id": row["id"],
            "rule": row["rule"],
            "severity": row["severity"],
            "message": row["message"],
            "quote": row["quote"],
            "place": row["place"],
            "agency": {"key": row["agency_key"], "name": row["agency"]} if of_report else None,
            "year": row["year"],
            "report": absolute(words.link(path)) if of_report else None,
            "url": row["url"] or row["document_url"],
            "digest": row["digest"],
        }

    return {
        "ok": True,
        "count": found["count"],
        "page": page,
        "findings": [told(row) for row in found["rows"]],
    }


def _file_name(payload: Row) -> str:
    last = PurePosixPath(unquote(urlsplit(payload["url"] or "").path)).name
    extension = _EXTENSIONS.get(payload["format"] or "", "")
    # Pictures of several formats are read alike: the address tells which one it was.
    if payload["format"] == "image" and (named := _PICTURE.search(last)):
        extension = named[0].lower()
    if payload["agency_key"]:
        stem = f"{words.slug(payload['agency_key'])}-{payload['year']}"
        return f"{stem}-{payload['digest'][:8]}{extension}"
    stem = re.sub(r"[^\w.-]", "_", last)[-80:].lstrip(".") or payload["digest"][:16]
    return stem if "." in stem else stem + extension


async def original(blobs: BlobStore, payload: Row) -> Response:
    """Return archived bytes as a download that no browser opens as a page of ours.

    Raises:
        DatasetteError: the bytes are not in the store (404), or it does not answer (503).
        BlobDamagedError: the stored bytes have another digest; they are not given out.

    """
    try:
        data = await asyncio.to_thread(blobs.get, payload["digest"])
    except StoreError as error:
        raise DatasetteError(SILENT, status=503) from error
    except BlobMissingError as error:
        raise DatasetteError("数据库登记了这份原件，但存档中没有它的文件。", status=404) from error
    return Response(
        data,
        content_type="application/octet-stream",
        headers={
            **attachment(_file_name(payload)),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "public, max-age=31536000, immutable",
        },
    )
