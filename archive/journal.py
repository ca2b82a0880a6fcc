"""Journal: what the bytes of a walk don't tell, kept beside them as WARC metadata records.

A record tells what a function was given, not what it made of that: a restore gives the same to the
same function again. It is on disk before the rows are: a walk that is killed in between has told
what the next one tells again, and never the other way round. Its address begins with
``urn:nianbao:``, so that no replay of a page meets it. Source: ISO 28500:2017, 6.6.

begun      the site's row
visit      an address that gave no answer, or was answered by the archive itself
source     a document that was handed over, and where it was found
agency     a name that the site's tree gives an agency
finding    what the walk says of an address
accepted   a person's word that the walk saw what is there
ended      how the walk ended, its columns, the events it told, the findings that stand, and
           whether documents still wait for a good walk
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from archive import warc
from archive.home import Archive
from archive.records import Record

URI = "urn:nianbao:"
_COLUMNS = ("url", "name", "items", "pages", "pager")
_EVENT = ("id", "url", "kind", "happened_at", "cause", "other_url")
# Events tell of the moment when an address was asked; a night may have begun with an earlier run.
_NIGHT = timedelta(hours=24)


def note(archive: Archive, site_id: str, kind: str, at: str, content: Mapping[str, Any]) -> None:
    """Write an entry for the walk over a site that goes on; without one, as in tests, nothing.

    Args:
        archive: the archive.
        site_id: the site.
        kind: one of those above.
        at: when, ISO 8601 in UTC.
        content: what was told; "capture" names a row of ``captures`` and becomes its address,
            status and digest.

    Raises:
        OSError: the disk is full or read-only; the caller's transaction must not be kept.

    """
    row = archive.db.execute(
        "SELECT max(id) FROM runs WHERE site_id = ? AND finished_at IS NULL", (site_id,)
    ).fetchone()
    if row[0] is not None:
        note_run(archive, int(row[0]), kind, at, content)


def note_run(archive: Archive, run_id: int, kind: str, at: str, content: Mapping[str, Any]) -> None:
    """Write an entry for a run; arguments and errors as of ``note``."""
    if archive.replays:
        return
    (site_id,) = archive.db.execute("SELECT site_id FROM runs WHERE id = ?", (run_id,)).fetchone()
    told = dict(content)
    refers_to = ""
    if told.get("capture") is not None:
        told["capture"], refers_to = _capture(archive, int(told["capture"]))
    warc.write_metadata(
        archive.run_files(site_id, run_id),
        f"{URI}{kind}:{told.get('url', site_id)}",
        at,
        {"kind": kind, **told},
        refers_to,
    )


def note_end(archive: Archive, run_id: int, ended: Mapping[str, Any]) -> None:
    """Write how a run ended, with what its end alone can tell; errors as of ``note``.

    Args:
        archive: the archive.
        run_id: the run.
        ended: finished_at, outcome, reason.

    """
    site_id, began, counts = archive.db.execute(
        "SELECT site_id, started_at, counts FROM runs WHERE id = ?", (run_id,)
    ).fetchone()
    since = (datetime.fromisoformat(began) - _NIGHT).isoformat()
    columns = archive.db.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM run_columns WHERE run_id = ?",  # noqa: S608 - our own names
        (run_id,),
    )
    events = archive.db.execute(
        f"SELECT d.digest, {', '.join(f'e.{name}' for name in _EVENT)} FROM events e"  # noqa: S608 - our own names
        " JOIN documents d ON d.id = e.document_id"
        " WHERE e.site_id = ? AND e.happened_at >= ? ORDER BY e.happened_at, e.id",
        (site_id, since),
    )
    findings = archive.db.execute(
        "SELECT id FROM findings"
        " WHERE site_id = ? AND document_id IS NULL AND report_id IS NULL ORDER BY id",
        (site_id,),
    )
    waiting = archive.db.execute(
        "SELECT EXISTS (SELECT 1 FROM pending_sources WHERE site_id = ?)", (site_id,)
    ).fetchone()[0]
    content = {
        **ended,
        "waiting": bool(waiting),
        "counts": json.loads(counts) if counts else None,
        "columns": [dict(zip(_COLUMNS, row, strict=True)) for row in columns],
        "events": [dict(zip(("digest", *_EVENT), row, strict=True)) for row in events],
        "findings": [identity for (identity,) in findings],
    }
    note_run(archive, run_id, "ended", str(ended["finished_at"]), content)


def entry(record: Record) -> dict[str, Any] | None:
    """Return what a record of the journal tells; None for any other record."""
    if record.kind != "metadata" or not record.url.startswith(URI):
        return None
    told: dict[str, Any] = json.loads(record.body)
    return told


def _capture(archive: Archive, capture_id: int) -> tuple[list[Any], str]:
    """Return what names a capture in every database, and the identity of its record."""
    url, status, digest, *place = archive.db.execute(
        "SELECT url, status, digest, warc_file, warc_offset, warc_length FROM captures"
        " WHERE id = ?",
        (capture_id,),
    ).fetchone()
    try:
        identity = warc.read_original(archive.warc, warc.Place(*place)).identity
    except warc.WarcDamagedError:
        identity = ""  # 'nianbao verify' says so; the address and digest name the capture as well
    return [url, status, digest], identity
