"""Content: whether two documents say the same, whatever their bytes.

A page that is sent anew with another banner, another counter or other white space is no new
version of its report: what counts is the text as it was read, and the cells.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from functools import lru_cache

from sqlite_utils import Database

_READABLE = ("verified", "read", "partial")


def content_digest(db: Database, document_id: int) -> str | None:
    """Return the SHA-256 of what a document says; None when nothing of it could be read.

    Title, preamble, sections, contact and cells count, in compatibility forms (NFKC) and without
    white space.

    Args:
        db: the archive's database; the document's rows are written.
        document_id: the document.

    """
    status, title, preamble = db.execute(
        "SELECT status, title, preamble FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    if status not in _READABLE:
        return None
    said = [["title", title], ["preamble", preamble]]
    for table, columns, order in (
        ("sections", "'section', ordinal, heading, text", "ordinal"),
        ("contacts", "'contact', office, address, postcode, phone, fax, email, website", "1"),
        ("cells", "'cell', metric_id, state, raw", "metric_id"),
    ):
        rows = db.execute(
            f"SELECT {columns} FROM {table} WHERE document_id = ? ORDER BY {order}",  # noqa: S608 - our own names
            (document_id,),
        )
        said += [list(row) for row in rows]
    plain = [[_plain(part) for part in row] for row in said]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()


def fill_content_digests(db: Database) -> None:
    """Give each document its digest (migration 0009)."""
    for (document_id,) in db.execute("SELECT id FROM documents").fetchall():
        note_content_digest(db, document_id)


def note_content_digest(db: Database, document_id: int) -> None:
    """Write the digest of a document whose rows are written."""
    db.execute(
        "UPDATE documents SET content_digest = ? WHERE id = ?",
        (content_digest(db, document_id), document_id),
    )


@lru_cache(maxsize=2048)  # a cell is a small number or empty as a rule
def _plain(part: str | int | None) -> str:
    return "".join(unicodedata.normalize("NFKC", str(part or "")).split())
