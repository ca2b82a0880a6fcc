"""Store: a checked report becomes rows, one transaction a report.

Storing the same report twice changes nothing: rows carry ids made of what they say, and every row
that depends on several documents is computed anew from all of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass, replace
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlite_utils import Database

from archive import journal
from archive.agencies import Region, identify, register
from archive.codebook import metrics
from archive.content import note_content_digest
from archive.home import Archive
from archive.runs import now
from pipeline.finding import Finding
from pipeline.group import add_name, agency_row, place_document
from pipeline.keep import write_findings, write_verdicts
from pipeline.parse import READER_VERSION
from pipeline.report import Report
from pipeline.series import settle_series

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document was found.

    Args:
        url: its address.
        capture_id: the capture that holds its bytes.
        site_id: the site.
        role: "article" for a page, "attachment" for a file that a page links to.
        parent_url: the list or article that led to it.
        link_text: the words of that link.
        column_path: breadcrumb, outermost first, joined by " > ".
        published: publication time that the page states, as printed.

    """

    url: str
    capture_id: int
    site_id: str
    role: str
    parent_url: str | None = None
    link_text: str | None = None
    column_path: str | None = None
    published: str | None = None


def store(
    archive: Archive, digest: str, report: Report, source: Source, waits_for: int | None = None
) -> int:
    """Store what was read of a payload, and where it was found.

    Args:
        archive: the archive, which holds the payload already.
        digest: SHA-256 of the payload, hex.
        report: what was read of it.
        source: where it was found.
        waits_for: the run that has to come to a good end before the source counts; None for none.

    Returns:
        The id of the document.

    """
    with archive.transaction() as db:
        document_id = _write_document(db, digest, report)
        _take_source(db, document_id, source, waits_for)
        place_document(db, document_id)
        _tell_source(archive, digest, source, waits_for)
    return document_id


def restore_reading(archive: Archive, digest: str, report: Report) -> None:
    """Replace what was read of a known document by a new reading of the same bytes."""
    with archive.transaction() as db:
        place_document(db, _write_document(db, digest, report))


def add_source(archive: Archive, digest: str, source: Source, waits_for: int | None = None) -> None:
    """Note one more place of a document that has been read; arguments as of ``store``.

    Raises:
        LookupError: no document has the digest; store it first.

    """
    with archive.transaction() as db:
        row = db.execute("SELECT id FROM documents WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise LookupError(f"no document with digest {digest}; call store() first")
        before = db.conn.total_changes
        if _take_source(db, row[0], source, waits_for):
            place_document(db, row[0])
        if db.conn.total_changes > before:
            _tell_source(archive, digest, source, waits_for)


def _tell_source(archive: Archive, digest: str, source: Source, waits_for: int | None) -> None:
    told = {**asdict(source), "digest": digest, "waits": waits_for is not None}
    told["capture"] = told.pop("capture_id")
    journal.note(archive, source.site_id, "source", now(), told)


def store_site_finding(archive: Archive, site_id: str, url: str, finding: Finding) -> None:
    """Store what the crawl has to say about an address of a site; the same twice is one."""
    with archive.transaction() as db:
        write_findings(db, f"{site_id} {url}", [finding], {"site_id": site_id, "url": url})
        told = {"url": url, "finding": asdict(finding)}
        journal.note(archive, site_id, "finding", now(), told)


@cache
def _metric_ids() -> dict[str, int]:
    return {code: number for number, code in enumerate(metrics(), start=1)}


def _number(value: T) -> T | str:
    # NUMERIC affinity turns the text of a decimal into a number without a detour over floats.
    return str(value) if isinstance(value, Decimal) else value


def _write_document(db: Database, digest: str, report: Report) -> int:
    db.execute("UPDATE payloads SET format = ? WHERE digest = ?", (report.format, digest))
    row = {
        "format": report.format,
        "status": report.status,
        "agency_printed": report.agency_printed,
        "year": report.year,
        "title": report.title,
        "template": report.template,
        "period_start": report.period[0] if report.period else None,
        "period_end": report.period[1] if report.period else None,
        "signed": report.signed,
        "preamble": report.preamble,
        "reader": READER_VERSION,
    }
    known = db.execute("SELECT id FROM documents WHERE digest = ?", (digest,)).fetchone()
    if known:
        document_id = int(known[0])
        columns = ", ".join(f"{name} = ?" for name in row)
        db.execute(
            f"UPDATE documents SET {columns} WHERE id = ?",  # noqa: S608 - our own column names
            (*row.values(), document_id),
        )
        for table in ("findings", "verdicts"):
            db.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))  # noqa: S608
    else:
        cursor = db.execute(
            f"INSERT INTO documents (digest, {', '.join(row)}) "  # noqa: S608 - our own column names
            f"VALUES (?{', ?' * len(row)})",
            (digest, *row.values()),
        )
        document_id = int(cursor.lastrowid or 0)
    _write_contents(db, document_id, report)
    note_content_digest(db, document_id)
    write_findings(db, digest, report.findings, {"document_id": document_id})
    return document_id


def _write_contents(db: Database, document_id: int, report: Report) -> None:
    ids = _metric_ids()
    contact = astuple(report.contact)
    rows: dict[str, list[tuple[Any, ...]]] = {
        "sections": [(s.ordinal, s.heading, s.text, s.place) for s in report.sections],
        "contacts": [] if report.status in {"not_a_report", "unreadable"} else [contact],
        "cells": [
            (ids[code], c.raw, c.value, c.state, c.note or None, c.place)
            for code, c in report.cells.items()
        ],
        "figures": [
            (
                n, f.section, f.raw, f.value, f.unit, f.kind, f.clause, f.place, f.offset,
                f.length, f.measure, f.period, f.part_of, f.ratio and f.ratio.kind,
                f.ratio and f.ratio.numerator, f.ratio and f.ratio.denominator,
            )
            for n, f in enumerate(report.figures, start=1)
        ],
        "statements": [
            (
                n, s.section, s.code, int(s.value), s.quote, s.period, s.place, s.offset, s.length,
            )
            for n, s in enumerate(report.statements, start=1)
        ],
        "derived": [(ids[d.code], d.value, d.formula) for d in report.derived],
    }  # fmt: skip
    for table, theirs in rows.items():
        _write_rows(db, table, [(document_id, *row) for row in theirs], document_id)
    write_verdicts(db, document_id, report.verdicts, "report")


def _write_rows(db: Database, table: str, rows: list[tuple[Any, ...]], document_id: int) -> None:
    """Write what a table says of a document, unless it says just that: most readings change little.

    The first two columns of each table number its rows.
    """
    known = db.execute(
        f"SELECT * FROM {table} WHERE document_id = ?",  # noqa: S608 - our own table names
        (document_id,),
    ).fetchall()
    if sorted(known, key=_row_number) == sorted(rows, key=_row_number):
        return
    db.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))  # noqa: S608
    if rows:
        places = ", ".join("?" * len(rows[0]))
        values = [tuple(map(_number, row)) for row in rows]
        db.conn.executemany(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608


_row_number = itemgetter(0, 1)


def _take_source(db: Database, document_id: int, source: Source, waits_for: int | None) -> bool:
    """Write a source, or keep it until its walk is judged; return whether it counts from now."""
    if waits_for is None:
        return _write_source(db, document_id, source)
    waiting = db.execute("SELECT 1 FROM pending_sources WHERE url = ?", (source.url,)).fetchone()
    stands = db.execute(
        "SELECT 1 FROM sources WHERE document_id = ? AND url = ? AND is_current = 1",
        (document_id, source.url),
    ).fetchone()
    # What an address gave before stands behind what it gives now, if that is still to be judged.
    if waiting or not stands:
        row = {"document_id": document_id, "run_id": waits_for, **asdict(source)}
        db.table("pending_sources").insert(row, replace=True)
    return False


def promote_sources(db: Database, site_id: str) -> None:
    """Let the sources of a site that waited for a good walk count.

    Args:
        db: the database, inside a transaction.
        site_id: the site; its walk came to a good end.

    """
    rows = db.execute(
        "SELECT p.document_id, p.url, p.capture_id, p.site_id, p.role, p.parent_url, p.link_text,"
        " p.column_path, p.published FROM pending_sources p JOIN captures c ON c.id = p.capture_id"
        " WHERE p.site_id = ? ORDER BY p.run_id, c.captured_at, p.url, p.document_id",
        (site_id,),
    ).fetchall()
    for document_id, *source in rows:
        if _write_source(db, document_id, Source(*source)):
            place_document(db, document_id)
    db.execute("DELETE FROM pending_sources WHERE site_id = ?", (site_id,))


def _write_source(db: Database, document_id: int, source: Source) -> bool:
    """Write a source; return whether anything changed."""
    row = {"document_id": document_id, **asdict(source), "is_current": 1}
    known = db.execute(
        "SELECT is_current FROM sources WHERE document_id = ? AND url = ?",
        (document_id, source.url),
    ).fetchone()
    if known:
        # The first finding of an address stands; only an address that went back to old bytes moves.
        if known[0]:
            return False
        db.execute(
            "UPDATE sources SET is_current = 1 WHERE document_id = ? AND url = ?",
            (document_id, source.url),
        )
    else:
        db.table("sources").insert(row)
    earlier = db.execute(
        "SELECT document_id FROM sources WHERE url = ? AND document_id <> ? AND is_current = 1",
        (source.url, document_id),
    ).fetchall()
    for (other,) in earlier:
        db.execute(
            "UPDATE sources SET is_current = 0 WHERE document_id = ? AND url = ?",
            (other, source.url),
        )
        place_document(db, other)
    return True


def note_register(archive: Archive, site_id: str) -> None:
    """Note the verified agencies of a site's region, whether or not a report of them is found."""
    with archive.transaction() as db:
        region = _region(db, site_id)
        for agency in register():
            if agency.region_code == region.code:
                agency_row(db, agency)


def note_agency(archive: Archive, site_id: str, name: str) -> None:
    """Note an agency that the site's own tree names.

    Args:
        archive: the archive.
        site_id: the site; its row exists.
        name: as the tree prints it.

    """
    with archive.transaction() as db:
        agency = identify(name, _region(db, site_id))
        if agency not in register():
            agency = replace(agency, basis="site tree")
        before = db.conn.total_changes
        add_name(db, agency_row(db, agency), name, "site")
        if db.conn.total_changes > before:
            journal.note(archive, site_id, "agency", now(), {"name": name})


def _region(db: Database, site_id: str) -> Region:
    code, name, parents = db.execute(
        "SELECT region_code, region_name, region_parents FROM sites WHERE id = ?", (site_id,)
    ).fetchone()
    return Region(code, name, tuple(json.loads(parents)))


def settle(archive: Archive) -> None:
    """Judge what rests on several documents; call it after a walk.

    Rules over several reports are settled for the reports that have changed and those that they
    touch. Pages that announce a report and do not have it are named: only now is it known whether
    an attachment of such a page is the report.
    """
    settle_series(archive)
    with archive.transaction() as db:
        db.execute("DELETE FROM findings WHERE rule = 'W-NO-CONTENT'")
        rows = db.execute(
            # From the few findings, and over the attachments once, not once a page.
            """
            SELECT d.id, d.digest, d.title, min(s.url)
            FROM findings f CROSS JOIN documents d ON d.id = f.document_id
            JOIN sources s ON s.document_id = d.id AND s.is_current = 1
            WHERE f.rule = 'I-TITLE-ONLY' AND d.status = 'not_a_report'
              AND d.id NOT IN (
                SELECT mine.document_id FROM sources child
                JOIN documents a ON a.id = child.document_id
                JOIN sources mine ON mine.url = child.parent_url
                WHERE child.role = 'attachment' AND a.report_id IS NOT NULL)
            GROUP BY d.id
            """
        ).fetchall()
        for document_id, digest, title, url in rows:
            finding = Finding(
                "W-NO-CONTENT",
                "warning",
                "页面有年度报告的标题，但正文和附件中都没有读到报告。",
                title or "",
            )
            write_findings(db, digest, [finding], {"document_id": document_id, "url": url})
