"""Download: an exchange with a site becomes archived bytes, a WARC record and a capture row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from urllib.parse import urlsplit

from archive import warc
from archive.home import Archive
from archive.runs import note_visit
from archive.warc_files import RunFiles
from pipeline.coding import ContentCodingError, decode_body


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Args:
        site_id: the site.
        run_id: the run.
        url: address asked for.
        method: of the request.
        requested_at: when, ISO 8601 in UTC.
        status: of the answer.
        reason: words behind the status; empty when unknown.
        request_headers: name and value in order, repeated ones repeated.
        response_headers: likewise.
        body: as sent, still compressed.
        referrer: page that led here.
        revisited: capture that the request was conditional on; of a record that is restored,
            the capture whose payload it repeats.

    """

    site_id: str
    run_id: int
    url: str
    method: str
    requested_at: str
    status: int
    reason: str
    request_headers: Sequence[tuple[str, str]]
    response_headers: Sequence[tuple[str, str]]
    body: bytes
    referrer: str | None = None
    revisited: int | None = None

    def header(self, name: str) -> str | None:
        """Return the first response header of a name, None when there is none."""
        wanted = name.lower()
        return next((v for n, v in self.response_headers if n.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Capture:
    """An archived answer.

    Args:
        id: row in ``captures``.
        url: its address.
        status: its status; 200 for a capture confirmed by an answer 304.
        digest: SHA-256 of the decoded payload, hex.
        is_new: the address had not given these bytes with this status before.
        headers: response headers as kept with the capture.
        etag: validator of the server, None when it gave none.
        last_modified: likewise.
        note: what was odd about the body; empty as a rule.

    """

    id: int
    url: str
    status: int
    digest: str
    is_new: bool
    headers: tuple[tuple[str, str], ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    note: str = ""


def latest_capture(archive: Archive, url: str) -> Capture | None:
    """Return what an address gave when it last answered 200 or 304, None when it never did."""
    row = archive.db.execute(
        "SELECT c.id FROM run_visits v JOIN captures c ON c.id = v.capture_id "
        "WHERE v.url = ? AND v.status IN (200, 304) ORDER BY v.visited_at DESC LIMIT 1",
        (url,),
    ).fetchone()
    return _capture(archive, int(row[0])) if row else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered when it was last asked.

    Args:
        run_id: the run that asked.
        visited_at: when, ISO 8601 in UTC.
        capture: what it gave, or confirmed.

    """

    run_id: int
    visited_at: str
    capture: Capture


def last_answer(archive: Archive, url: str) -> Answer | None:
    """Return the last answer of an address that says what is there; None when it gave none.

    A page, a redirect and "not here" say so; an error of the server, a refusal and silence do not.
    """
    row = archive.db.execute(
        "SELECT v.run_id, v.visited_at, c.id, v.note FROM run_visits v"
        " JOIN captures c ON c.id = v.capture_id AND c.status <> 304"
        " WHERE v.url = ? AND (v.status BETWEEN 200 AND 399 OR v.status IN (404, 410))"
        " ORDER BY v.visited_at DESC, v.rowid DESC LIMIT 1",
        (url,),
    ).fetchone()
    if row is None:
        return None
    return Answer(int(row[0]), row[1], _capture(archive, int(row[2]), note=row[3] or ""))


def _capture(archive: Archive, capture_id: int, *, is_new: bool = False, note: str = "") -> Capture:
    row = archive.db.execute(
        "SELECT url, status, digest, headers, etag, last_modified FROM captures WHERE id = ?",
        (capture_id,),
    ).fetchone()
    url, status, digest, headers, etag, last_modified = row
    pairs = tuple((name, value) for name, value in json.loads(headers))
    return Capture(capture_id, url, status, digest, is_new, pairs, etag, last_modified, note)


def _last_note(archive: Archive, capture_id: int) -> str:
    row = archive.db.execute(
        "SELECT note FROM run_visits WHERE capture_id = ? ORDER BY visited_at DESC LIMIT 1",
        (capture_id,),
    ).fetchone()
    return (row[0] or "") if row else ""


def archive_exchange(
    archive: Archive, exchange: Exchange, kept_at: warc.Place | None = None
) -> Capture:
    """Archive an exchange: bytes first, then the WARC record, then the rows.

    Args:
        archive: the archive; site and run are in it.
        exchange: what went over the wire.
        kept_at: where its record stands already, when the archive is restored from that.

    Returns:
        The capture that holds the payload: a new one, or the earlier one when the address gave
        the same bytes with the same status, or the one that an answer 304 confirms.

    Raises:
        OSError: the disk or the store refuses; nothing refers to what was written.

    """
    pair = _pair(exchange)
    confirms = exchange.status == HTTPStatus.NOT_MODIFIED or kept_at is not None
    if confirms and exchange.revisited is not None:
        # What was odd about the body is odd about it still.
        note = _last_note(archive, exchange.revisited)
        capture = _capture(archive, exchange.revisited, note=note)
        place = kept_at or _write_again(archive, exchange, pair, capture.id, warc.NOT_MODIFIED)
        _note(archive, exchange, capture.id, note, place)
        return capture
    note = ""
    payload = exchange.body
    try:
        codings = [v for n, v in exchange.response_headers if n.lower() == "content-encoding"]
        payload = decode_body(exchange.body, ",".join(codings))
    except ContentCodingError as error:
        note = f"kept as sent: {error}"
    digest = archive.blobs.put(payload)
    known = archive.db.execute(
        "SELECT id FROM captures WHERE url = ? AND status = ? AND digest = ?",
        (exchange.url, exchange.status, digest),
    ).fetchone()
    if known:
        place = kept_at or _write_again(archive, exchange, pair, int(known[0]), warc.SAME_PAYLOAD)
        _note(archive, exchange, int(known[0]), note, place)
        return _capture(archive, int(known[0]), note=note)
    place = kept_at or warc.write_response(_files(archive, exchange), pair)
    capture_id = _insert(archive, exchange, (digest, len(payload)), place, note)
    return _capture(archive, capture_id, is_new=True, note=note)


def _write_again(
    archive: Archive, exchange: Exchange, pair: warc.Pair, capture_id: int, profile: str
) -> warc.Place:
    """Write an answer whose payload is archived: a revisit, or in full where that would not do."""
    row = archive.db.execute(
        "SELECT warc_file, warc_offset, warc_length FROM captures WHERE id = ?", (capture_id,)
    ).fetchone()
    files = _files(archive, exchange)
    try:
        original = warc.read_original(archive.warc, warc.Place(*row))
    except warc.WarcDamagedError:
        # The record that a revisit would lean on is lost: this answer must stand alone.
        return warc.write_response(files, pair)
    same = warc.payload_digest(exchange.body) == original.payload_digest
    if profile == warc.NOT_MODIFIED or same:
        return warc.write_revisit(files, pair, original, profile)
    # The same text, compressed otherwise: a replay needs the bytes that its headers describe.
    return warc.write_response(files, pair)


def _files(archive: Archive, exchange: Exchange) -> RunFiles:
    return archive.run_files(exchange.site_id, exchange.run_id)


def _note(
    archive: Archive, exchange: Exchange, capture_id: int, note: str, place: warc.Place
) -> None:
    note_visit(
        archive,
        exchange.run_id,
        exchange.url,
        exchange.status,
        capture_id,
        note=note or None,
        visited_at=exchange.requested_at,
        place=place,
    )


def _insert(
    archive: Archive, exchange: Exchange, payload: tuple[str, int], place: warc.Place, note: str
) -> int:
    digest, size = payload
    with archive.transaction() as db:
        db.execute("INSERT OR IGNORE INTO payloads (digest, size) VALUES (?, ?)", (digest, size))
        row = {
            "site_id": exchange.site_id,
            "url": exchange.url,
            "status": exchange.status,
            "digest": digest,
            "captured_at": exchange.requested_at,
            "content_type": exchange.header("Content-Type"),
            "etag": exchange.header("ETag"),
            "last_modified": exchange.header("Last-Modified"),
            "location": exchange.header("Location"),
            "headers": json.dumps(list(exchange.response_headers), ensure_ascii=False),
            "referrer": exchange.referrer,
            "warc_file": place.file,
            "warc_offset": place.offset,
            "warc_length": place.length,
        }
        cursor = db.execute(
            f"INSERT INTO captures ({', '.join(row)}) "  # noqa: S608 - our own column names
            f"VALUES ({', '.join('?' * len(row))})",
            tuple(row.values()),
        )
        capture_id = int(cursor.lastrowid or 0)
        _note(archive, exchange, capture_id, note, place)
    return capture_id


def _pair(exchange: Exchange) -> warc.Pair:
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    reason = exchange.reason or responses.get(exchange.status, "")
    headers = list(exchange.request_headers)
    if not any(name.lower() == "host" for name, _ in headers):
        # The client adds it on the wire; without it the record would say less than was sent.
        headers.insert(0, ("Host", parts.netloc))
    return warc.Pair(
        exchange.url,
        exchange.requested_at,
        exchange.method,
        target,
        headers,
        f"{exchange.status} {reason}".strip(),
        exchange.response_headers,
        exchange.body,
    )
