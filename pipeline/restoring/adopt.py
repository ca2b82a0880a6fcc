"""Adopt: the record that a killed walk wrote last, and of which no row tells yet.

A record is on disk before its row is. Without this, the next walk would ask for the same body
again, and a restore would know of an exchange that the database does not.
"""

from __future__ import annotations

from archive.home import Archive
from archive.records import Damage
from archive.warc import RunFiles
from pipeline.download import Exchange, archive_exchange, latest_capture
from pipeline.restoring.records import Told, with_referrers


def adopt(archive: Archive, site_id: str, run_id: int) -> None:
    """Give rows to what the walk before wrote last.

    Call it at the beginning of a walk, when the files of killed ones are mended.

    Args:
        archive: the archive.
        site_id: the site.
        run_id: the run that begins.

    """
    (before,) = archive.db.execute(
        "SELECT max(id) FROM runs WHERE site_id = ? AND id < ?", (site_id, run_id)
    ).fetchone()
    files = RunFiles(archive.warc_folder, site_id, before or 0)
    number = 1
    while files.file(number + 1).exists():
        number += 1
    file = files.file(number)
    if before is None or not file.exists() or _names_no_records(archive, int(before)):
        return
    row = archive.db.execute(
        "SELECT max(warc_offset + warc_length) FROM run_visits WHERE warc_file = ?", (file.name,)
    ).fetchone()
    damages: list[Damage] = []  # 'nianbao verify' speaks of them
    for record, referrer in with_referrers(file, damages, row[0] or 0):
        if record.kind in {"response", "revisit"}:
            told = Told(record.date, site_id, int(before), record, referrer)
            archive_exchange(archive, exchange_of(archive, told), record.place)


def _names_no_records(archive: Archive, run_id: int) -> bool:
    """Tell whether a run is older than the columns that name the record of each visit."""
    row = archive.db.execute(
        "SELECT 1 FROM run_visits WHERE run_id = ? AND status > 0 AND warc_file IS NULL", (run_id,)
    ).fetchone()
    return row is not None


def exchange_of(archive: Archive, item: Told) -> Exchange:
    """Return the exchange that a response or revisit record tells of."""
    record = item.record
    status, _, reason = record.status.partition(" ")
    return Exchange(
        site_id=item.site_id,
        run_id=item.run_id,
        url=record.url,
        method="GET",
        requested_at=record.date,
        status=int(status),
        reason=reason,
        request_headers=(),
        response_headers=record.http_headers,
        body=record.body,
        referrer=item.referrer,
        revisited=_repeated(archive, item, int(status)),
    )


def _repeated(archive: Archive, item: Told, status: int) -> int | None:
    """Return the capture whose payload a record repeats."""
    headers = item.record.headers
    if item.record.kind == "revisit":
        row = archive.db.execute(
            "SELECT id FROM captures WHERE url = ? AND captured_at = ?",
            (headers.get("warc-refers-to-target-uri"), headers.get("warc-refers-to-date")),
        ).fetchone()
        return int(row[0]) if row else None
    if status == 304:
        # Written whole, as the record that it would have leaned on was damaged.
        earlier = latest_capture(archive, item.record.url)
        return earlier.id if earlier and (earlier.etag or earlier.last_modified) else None
    return None
