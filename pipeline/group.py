"""Group: which report a document belongs to, and which of its forms is shown.

One report is one agency and one year. Its forms (page, PDF, Word file, copies elsewhere, earlier
versions) stay documents of their own; the best of the current ones is shown, the others are
compared with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from archive import search
from archive.agencies import Agency, Region, identify, kind_of
from pipeline.finding import Finding
from pipeline.keep import write_findings
from pipeline.recognise.identity import parse_title
from pipeline.series.unsettled import mark_changed

_STATUS_RANK = {"verified": 0, "read": 1, "partial": 2}
# Where two forms read equally well, the one whose cells need no geometry is shown.
_FORMATS = ("html", "mhtml", "docx", "doc", "wps", "rtf", "pdf", "text", "image")
_FORMAT_RANK = {name: rank for rank, name in enumerate(_FORMATS)}


def place_document(db: Database, document_id: int) -> None:
    """Put a document under its report, made when missing, and settle that report anew.

    Args:
        db: the database, inside a transaction.
        document_id: the document; its row and sources are written.

    """
    columns = ("status", "agency_printed", "year", "title", "report_id")
    row = db.execute(
        f"SELECT {', '.join(columns)} FROM documents WHERE id = ?",  # noqa: S608 - our own names
        (document_id,),
    ).fetchone()
    document = dict(zip(columns, row, strict=True))
    report_id = None
    # A document that only waits for its walk to be judged belongs nowhere yet.
    found = db.execute("SELECT 1 FROM sources WHERE document_id = ?", (document_id,)).fetchone()
    if found and document["status"] in _STATUS_RANK:
        agency, year = _identity(db, document_id, document)
        if agency is not None and year is not None:
            report_id = _report(db, agency_row(db, agency), year, document["title"] or "")
    earlier = document["report_id"]
    db.execute("UPDATE documents SET report_id = ? WHERE id = ?", (report_id, document_id))
    for changed in {report_id, earlier} - {None}:
        settle_report(db, int(changed))


def waiting_agencies(db: Database, site_id: str) -> list[Agency]:
    """Return the agencies of documents of a site that wait for their walk to be judged."""
    agencies = []
    for document_id, status, printed, year in db.execute(
        "SELECT d.id, d.status, d.agency_printed, d.year FROM pending_sources p"
        " JOIN documents d ON d.id = p.document_id WHERE p.site_id = ?",
        (site_id,),
    ).fetchall():
        if status in _STATUS_RANK:
            document = {"agency_printed": printed, "year": year}
            agencies.append(_identity(db, document_id, document, "pending_sources")[0])
    return [agency for agency in agencies if agency is not None]


def _identity(
    db: Database, document_id: int, document: dict[str, Any], table: str = "sources"
) -> tuple[Agency | None, int | None]:
    """Return agency and year by the document itself, else by where it was found."""
    rows = db.execute(
        f"""
        SELECT s.link_text, s.column_path, t.region_code, t.region_name, t.region_parents
        FROM {table} s JOIN sites t ON t.id = s.site_id
        WHERE s.document_id = ? ORDER BY s.role, s.url
        """,  # noqa: S608 - our own names
        (document_id,),
    ).fetchall()
    home = None
    for _, _, code, name, parents in rows:
        home = home or Region(code, name, tuple(json.loads(parents)))
    printed, year = document["agency_printed"], document["year"]
    for link_text, column_path, *_ in rows:
        title = parse_title(link_text or "")
        if title is not None:
            printed = printed or title.agency
            year = year or title.year
        if not printed:
            bodies = [part for part in (column_path or "").split(" > ") if kind_of(part) != "other"]
            printed = bodies[-1] if bodies else None
    return (identify(printed, home) if printed else None), year


def agency_row(db: Database, agency: Agency) -> int:
    """Return the id of an agency's row, made when missing, with the names the register knows."""
    row = db.execute("SELECT id FROM agencies WHERE key = ?", (agency.key,)).fetchone()
    if row:
        return int(row[0])
    cursor = db.execute(
        "INSERT INTO agencies (key, name, type, region_code, area_code, basis) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            agency.key,
            agency.name,
            agency.type,
            agency.region_code,
            agency.area_code or None,
            agency.basis,
        ),
    )
    agency_id = int(cursor.lastrowid or 0)
    if agency.basis == "register":
        db.table("agency_names").insert_all(
            {
                "agency_id": agency_id,
                "name": name,
                "kind": kind,
                "first_year": None,
                "last_year": None,
            }
            for name, kind in ((agency.name, "official"), *((a, "alias") for a in agency.aliases))
        )
    return agency_id


def _report(db: Database, agency_id: int, year: int, title: str) -> int:
    row = db.execute(
        "SELECT id FROM reports WHERE agency_id = ? AND year = ?", (agency_id, year)
    ).fetchone()
    if row:
        return int(row[0])
    cursor = db.execute(
        "INSERT INTO reports (agency_id, year, status, title) VALUES (?, ?, 'partial', ?)",
        (agency_id, year, title),
    )
    return int(cursor.lastrowid or 0)


def settle_report(db: Database, report_id: int) -> None:
    """Choose the shown form of a report, compare the others with it, index it.

    A report that has lost its last document goes; its documents and their bytes stay.
    """
    db.execute("DELETE FROM findings WHERE report_id = ?", (report_id,))
    mark_changed(db, report_id)
    documents = db.execute(
        """
        SELECT d.id, d.status, d.format, d.template, d.title,
               max(s.is_current) AS current, min(s.url) AS url,
               max(substr(c.captured_at, 1, 10)) AS day
        FROM documents d
        LEFT JOIN sources s ON s.document_id = d.id
        LEFT JOIN captures c ON c.id = s.capture_id
        WHERE d.report_id = ? GROUP BY d.id
        """,
        (report_id,),
    ).fetchall()
    agency_id, year = db.execute(
        "SELECT agency_id, year FROM reports WHERE id = ?", (report_id,)
    ).fetchone()
    if not documents:
        search.forget_report(db, report_id)
        db.execute("DELETE FROM reports WHERE id = ?", (report_id,))
    else:
        ranked = _ranked(documents)
        best = ranked[0]
        published = db.execute(
            """
            SELECT min(s.published) FROM sources s JOIN documents d ON d.id = s.document_id
            WHERE d.report_id = ? AND s.published IS NOT NULL AND s.published <> ''
            """,
            (report_id,),
        ).fetchone()[0]
        db.execute(
            "UPDATE reports SET document_id = ?, status = ?, template = ?, title = ?, "
            "published = ? WHERE id = ?",
            (best[0], best[1], best[3], best[4] or "", published, report_id),
        )
        for other in ranked[1:]:
            if other[5]:
                _compare(db, report_id, f"{agency_id}/{year}", best, other)
    before = _names(db, agency_id)
    _printed_names(db, agency_id)
    if _names(db, agency_id) == before:
        search.index_report(db, report_id)
    else:
        _index(db, agency_id)


def _names(db: Database, agency_id: int) -> set[str]:
    rows = db.execute("SELECT name FROM agency_names WHERE agency_id = ?", (agency_id,))
    return {name for (name,) in rows}


def add_name(db: Database, agency_id: int, name: str, kind: str) -> None:
    """Note a name of an agency, met outside of its reports."""
    known = db.execute(
        "SELECT 1 FROM agency_names WHERE agency_id = ? AND name = ? AND kind = ?",
        (agency_id, name, kind),
    ).fetchone()
    if not known:
        db.execute(
            "INSERT INTO agency_names (agency_id, name, kind) VALUES (?, ?, ?)",
            (agency_id, name, kind),
        )
        _index(db, agency_id)


def _index(db: Database, agency_id: int) -> None:
    # A report is found under every name of its agency, so a new name concerns all its years.
    for (known,) in db.execute(
        "SELECT id FROM reports WHERE agency_id = ? ORDER BY year", (agency_id,)
    ).fetchall():
        search.index_report(db, known)


def _compare(
    db: Database, report_id: int, scope: str, best: Sequence[Any], other: Sequence[Any]
) -> None:
    rows = db.execute(
        """
        SELECT m.code, a.raw, b.raw, b.place FROM cells a
        JOIN cells b ON b.metric_id = a.metric_id AND b.document_id = ?
        JOIN metrics m ON m.id = a.metric_id
        WHERE a.document_id = ? AND a.value IS NOT NULL AND b.value IS NOT NULL
          AND a.value <> b.value ORDER BY m.id
        """,
        (other[0], best[0]),
    ).fetchall()
    if not rows:
        return
    shown = "；".join(f"{code}：{mine} 与 {theirs}" for code, mine, theirs, _ in rows[:5])
    if _one_place(db, best[0], other[0]):
        rule, what = "W-FORMS-DIFFER", f"同一报告的 {best[2]} 与 {other[2]} 两种形式"
        english = f"The {best[2]} and {other[2]} forms of the report"
    else:
        rule, what = "W-MULTI", f"同一机关同一年度的报告在 {best[6]} 与 {other[6]} 两处"
        english = f"The reports of one body and year at {best[6]} and {other[6]}"
    message = f"{what}有 {len(rows)} 个单元格不同，页面显示前者。不同之处：{shown}"
    english += f" differ in {len(rows)} cells; the former is shown. {shown}"
    finding = Finding(rule, "warning", message, shown, rows[0][3], english)
    owner = {"document_id": other[0], "report_id": report_id, "url": other[6]}
    write_findings(db, f"{scope} {best[6]} {other[6]}", [finding], owner)


def _one_place(db: Database, one: int, other: int) -> bool:
    """Tell whether two documents are page and attachment, or attachments of one page."""
    found = db.execute(
        """
        SELECT 1 FROM sources a JOIN sources b ON b.document_id = ?
        WHERE a.document_id = ? AND (a.url = b.parent_url OR a.parent_url = b.url
          OR (a.parent_url = b.parent_url AND a.role = 'attachment' AND b.role = 'attachment'))
        """,
        (other, one),
    ).fetchone()
    return found is not None


def _ranked(documents: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the documents of a report, the one to show first.

    Current before earlier, better read before worse, then by format; of two equals the one that
    turned up on the later day, which is how an article comes that was moved and corrected.
    """
    ranked = sorted(documents, key=lambda d: d[6] or "")
    ranked.sort(key=lambda d: d[7] or "", reverse=True)
    ranked.sort(key=lambda d: (-(d[5] or 0), _STATUS_RANK[d[1]], d[3] is None, _FORMAT_RANK[d[2]]))
    return ranked


def _printed_names(db: Database, agency_id: int) -> None:
    """Note under which names, and in which years, an agency's reports were printed."""
    db.execute("DELETE FROM agency_names WHERE agency_id = ? AND kind = 'printed'", (agency_id,))
    db.execute(
        """
        INSERT INTO agency_names (agency_id, name, kind, first_year, last_year)
        SELECT r.agency_id, d.agency_printed, 'printed', min(r.year), max(r.year)
        FROM reports r JOIN documents d ON d.report_id = r.id
        WHERE r.agency_id = ? AND d.agency_printed IS NOT NULL GROUP BY d.agency_printed
        """,
        (agency_id,),
    )
