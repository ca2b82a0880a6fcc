"""Dedupe: the same bytes are read once, the same report in several places is one report."""

from __future__ import annotations

from archive.home import Archive
from pipeline.parse import READER_VERSION


def known(archive: Archive, digest: str) -> bool:
    """Tell whether bytes have been read by the present reader.

    Args:
        archive: where documents are kept.
        digest: SHA-256 of the bytes, hex.

    """
    rows = archive.db.execute(
        "SELECT 1 FROM documents WHERE digest = ? AND reader = ?", (digest, READER_VERSION)
    )
    return rows.fetchone() is not None
