"""Archived: finds the original of a report's cell in the archive and has it drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from archive.codebook import metrics
from archive.home import Archive
from archive.site import words
from archive.site.evidence import manner
from pipeline.evidence.caption import Caption
from pipeline.evidence.font import find_font
from pipeline.evidence.place import EvidenceError
from pipeline.evidence.sandbox import Order, draw

_ADDRESS = re.compile(r"(?:.*/report/|/)?([^/]+)/(\d{4})(?:/.*)?")
_MOST_NAMED = 8


class UnknownNameError(EvidenceError):
    """The archive has no such report, form or cell; lists those that were perhaps meant."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A picture of a cell in its original.

    Args:
        png: the picture as a file.
        digest: SHA-256 of the original, hex.
        place: of the cell in it.
        raw: characters as printed; None when the cell was not read.
        caption: the words under the picture.

    """

    png: bytes
    digest: str
    place: str
    raw: str | None
    caption: Caption


Row = dict[str, Any]


def evidence(
    archive: Archive, report: str, code: str, *, document: str = "", font: Path | None = None
) -> Evidence:
    """Return the picture of a cell in the archived original.

    Args:
        archive: where originals and readings are kept.
        report: ``<agency>/<year>`` as in the public site's addresses, or a whole such address.
        code: of the cell, as in the codebook.
        document: digest, or its beginning, of another form of the report than the one shown.
        font: file of a font with Chinese characters; None for one of the system's.

    Raises:
        UnknownNameError: no such report, form or cell.
        EvidenceError: the cell was not found in the original, or that can't be drawn.
        BlobMissingError, BlobDamagedError: the original's bytes are not what was archived.

    """
    if code not in metrics():
        near = _near(code, list(metrics()))
        raise UnknownNameError(f"{code!r} is no code of a cell; {near}")
    held = _report(archive, report)
    chosen = _document(archive, held, document)
    cell = _cell(archive, chosen, code)
    if not cell["place"]:
        raise EvidenceError(
            f"{code} was not found in the original, so there is no place to show: "
            f"{cell['note'] or cell['state']}"
        )
    tables: dict[str, list[str]] = {}
    for table, place in archive.db.execute(
        'SELECT m."table", c.place FROM cells c JOIN metrics m ON m.id = c.metric_id'
        " WHERE c.document_id = ? AND c.place <> '' ORDER BY m.id",
        (chosen["id"],),
    ):
        tables.setdefault(table, []).append(place)
    caption = _caption(archive, held, chosen, cell)
    order = Order(cell["place"], tuple(map(tuple, tables.values())), caption, find_font(font))
    png = draw(archive.blobs.get(chosen["digest"]), order)
    return Evidence(png, chosen["digest"], cell["place"], cell["raw"], caption)


def _near(name: str, known: list[str]) -> str:
    found = get_close_matches(name, known, _MOST_NAMED, 0.5)
    return f"closest: {', '.join(found)}" if found else "the codes are in archive/data/codebook.csv"


def _report(archive: Archive, name: str) -> Row:
    reports = list(
        archive.db.query(
            "SELECT r.*, a.name AS agency, replace(a.key, ':', '-') AS slug,"
            " replace(a.key, ':', '-') || '/' || r.year AS address"
            " FROM reports r JOIN agencies a ON a.id = r.agency_id ORDER BY address"
        )
    )
    address = _ADDRESS.fullmatch(unquote(name.strip()))
    wanted = f"{address[1].replace(':', '-')}/{address[2]}" if address else name.strip()
    for row in reports:
        if row["address"] == wanted:
            return row
    agency = wanted.rpartition("/")[0] or wanted
    near = [row for row in reports if row["slug"] == agency or agency in row["agency"]]
    if not near:
        close = get_close_matches(wanted, [row["address"] for row in reports], _MOST_NAMED, 0.5)
        near = [row for row in reports if row["address"] in close]
    shown = "\n".join(f"  {row['address']}  {row['agency']}" for row in near[:_MOST_NAMED])
    raise UnknownNameError(
        f"no report {wanted!r} in the archive; a report is named as in its address on the site, "
        "AGENCY/YEAR" + (f"; closest:\n{shown}" if shown else "")
    )


def _document(archive: Archive, report: Row, digest: str) -> Row:
    forms = list(
        archive.db.query(
            "SELECT * FROM documents WHERE report_id = ? ORDER BY id = ? DESC, id",
            (report["id"], report["document_id"]),
        )
    )
    found = [form for form in forms if form["digest"].startswith(digest.lower())]
    if not digest and forms:
        return forms[0]
    if len(found) == 1:
        return found[0]
    shown = "\n".join(f"  {form['digest']}  {form['format']}" for form in forms)
    trouble = "several forms have" if found else "no form has"
    raise UnknownNameError(f"{trouble} the digest {digest!r}; forms of the report:\n{shown}")


def _cell(archive: Archive, document: Row, code: str) -> Row:
    cells = {
        row["code"]: row
        for row in archive.db.query(
            "SELECT m.code, c.raw, c.value, c.state, c.note, c.place FROM cells c"
            " JOIN metrics m ON m.id = c.metric_id WHERE c.document_id = ?",
            (document["id"],),
        )
    }
    if code in cells:
        return cells[code]
    if not cells:
        raise EvidenceError(
            f"no statutory table was recognised in this document ({document['status']}), so none "
            "of its cells has a place"
        )
    raise UnknownNameError(
        f"{code} is no cell of this report, which is in the format of {document['template']}; "
        f"{_near(code, list(cells))}"
    )


def _caption(archive: Archive, report: Row, document: Row, cell: Row) -> Caption:
    metric = metrics()[cell["code"]]
    labels = (metric.row_group, metric.row_label, metric.column_label)
    state = words.STATES[cell["state"]].name
    raw = "（没有读到）" if cell["raw"] is None else cell["raw"] or "（空白）"
    facts = [f"原文：{raw}", f"状态：{state}"]
    if cell["value"] is not None:
        facts.append(f"数值：{words.number(cell['value'])}，单位：{words.unit(metric.unit)}")
    if cell["note"]:
        facts.append(f"说明：{cell['note']}")
    label = " · ".join(filter(None, labels))
    lines = [
        f"表{words.TABLE_NUMERALS[metric.table]}　{label}　（{metric.code}）",
        "　".join(facts),
        f"位置：{words.place(cell['place'])}",
        *_sources(archive, document),
        f"原件 SHA-256：{document['digest']}",
        manner(document["format"], cell["place"]),
    ]
    title = document["title"] or report["title"] or f"{report['agency']}{report['year']}年年度报告"
    return Caption(title, tuple(lines))


def _sources(archive: Archive, document: Row) -> list[str]:
    found = list(
        archive.db.query(
            "SELECT s.url, k.captured_at FROM sources s JOIN captures k ON k.id = s.capture_id"
            " WHERE s.document_id = ? ORDER BY s.is_current DESC, s.url",
            (document["id"],),
        )
    )
    if not found:
        return []
    others = f"（另有 {len(found) - 1} 个地址）" if len(found) > 1 else ""
    return [
        f"来源：{unquote(found[0]['url'])}{others}",
        f"采集时间：{words.moment(found[0]['captured_at'])}（UTC）",
    ]
