"""Adopt: what a killed walk wrote last, and of which no row tells yet.

A record is on disk before its row is. Without this, the next walk would ask for the same body
again, and a restore would know of an exchange that the database does not.
"""

from __future__ import annotations

from archive.home import Archive
from archive.records import Damage
from archive.warc_files import named
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
    if before is None or _names_no_records(archive, int(before)):
        return
    files = archive.run_files(site_id, int(before))
    number, start = _known(archive, int(before))
    damages: list[Damage] = []  # 'nianbao verify' speaks of them
    for later in range(max(1, number), files.last() + 1):
        behind = start if later == number else 0
        for record, referrer in with_referrers(archive.warc, files.name(later), damages, behind):
            if record.kind in {"response", "revisit"}:
                told = Told(record.date, site_id, int(before), record, referrer)
                archive_exchange(archive, exchange_of(archive, told), record.place)


def _known(archive: Archive, run_id: int) -> tuple[int, int]:
    """Return the last file of a run of which rows tell, and where in it the last such record ends.

    Rows are written in the order of the records: whatever stands behind has none.
    """
    rows = archive.db.execute(
        "SELECT warc_file, max(warc_offset + warc_length) FROM run_visits"
        " WHERE run_id = ? AND warc_file IS NOT NULL GROUP BY warc_file",
        (run_id,),
    )
    return max(((about[2], end) for file, end in rows if (about := named(file))), default=(0, 0))


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
        # The visit rather than the capture: a site on another machine may have met the same bytes
        # at the same address before, and then the capture bears the date of that.
        row = archive.db.execute(
            "SELECT capture_id FROM run_visits"
            " WHERE url = ? AND visited_at = ? AND capture_id IS NOT NULL",
            (headers.get("warc-refers-to-target-uri"), headers.get("warc-refers-to-date")),
        ).fetchone()
        return int(row[0]) if row else None
    if status == 304:
        # Written whole, as the record that it would have leaned on was damaged.
        earlier = latest_capture(archive, item.record.url)
        return earlier.id if earlier and (earlier.etag or earlier.last_modified) else None
    return None
