"""WARC: every exchange with a site, as it went over the wire, in files of which no byte changes.

Source: ISO 28500:2017 (WARC 1.1). Each record is a gzip member of its own. A record is made in
memory and written in one step; the row in ``captures`` that names its place is written after it,
so bytes without a row are at worst a record that nobody refers to, or a torn end that
``RunFiles.mend`` cuts off before the next run of the site.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester

from archive.store import Store, StoreError
from archive.warc_files import RunFiles, gzip_writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warcio.recordloader import ArcWarcRecord
    from warcio.warcwriter import WARCWriter

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_HEAD = 1 << 16  # compressed bytes in which the headers of a record end, and to spare


class WarcDamagedError(ValueError):
    """The bytes that the database names as a record are no record."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a response or revisit record stands.

    Args:
        file: name within the WARC folder.
        offset: bytes before the record.
        length: bytes of the record, compressed.

    """

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Original:
    """The response record that a revisit repeats.

    Args:
        url: its address.
        date: its WARC-Date.
        payload_digest: its WARC-Payload-Digest.
        identity: its WARC-Record-ID.

    """

    url: str
    date: str
    payload_digest: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and its response as they went over the wire.

    Args:
        url: address asked for.
        date: when, ISO 8601 in UTC with "Z".
        method: of the request.
        target: path and query of the request line.
        request_headers: name and value in order, repeated ones repeated.
        status: code and reason, e.g. "200 OK".
        response_headers: likewise.
        body: of the response, still compressed as sent, chunks joined.

    """

    url: str
    date: str
    method: str
    target: str
    request_headers: Sequence[tuple[str, str]]
    status: str
    response_headers: Sequence[tuple[str, str]]
    body: bytes


def payload_digest(body: bytes) -> str:
    """Return the WARC-Payload-Digest of a body as sent."""
    digester = Digester("sha1")
    digester.update(body)
    return str(digester)


def write_response(files: RunFiles, pair: Pair) -> Place:
    """Append a response with its request; return where the response stands.

    Args:
        files: where to.
        pair: what went over the wire.

    Raises:
        OSError: the disk or the store refuses; the files are as before.

    """
    writer, out = gzip_writer()
    record = writer.create_warc_record(
        pair.url,
        "response",
        payload=BytesIO(pair.body),
        length=len(pair.body),
        warc_headers_dict={"WARC-Date": pair.date},
        http_headers=_http_headers(pair),
    )
    return _append_pair(files, pair, (writer, out), record)


def write_revisit(files: RunFiles, pair: Pair, original: Original, profile: str) -> Place:
    """Append a revisit record: an answer whose payload is archived already.

    Args:
        files: where to.
        pair: what went over the wire; its body is left out.
        original: the record that holds the payload.
        profile: NOT_MODIFIED for an answer 304, SAME_PAYLOAD for equal bytes.

    Raises:
        OSError: the disk or the store refuses; the files are as before.

    """
    writer, out = gzip_writer()
    record = writer.create_revisit_record(
        pair.url,
        original.payload_digest,
        original.url,
        original.date,
        http_headers=_http_headers(pair),
        warc_headers_dict={"WARC-Date": pair.date},
    )
    record.rec_headers.replace_header("WARC-Profile", profile)
    return _append_pair(files, pair, (writer, out), record)


def write_metadata(
    files: RunFiles, uri: str, date: str, content: Mapping[str, object], refers_to: str = ""
) -> Place:
    """Append a metadata record: what is known of an exchange or a run beside the exchange itself.

    Source: ISO 28500:2017, 6.6.

    Args:
        files: where to.
        uri: what it is about.
        date: when, ISO 8601 in UTC with "Z".
        content: becomes a JSON object.
        refers_to: WARC-Record-ID of the record that it describes; empty for none.

    Raises:
        OSError: the disk or the store refuses; the files are as before.

    """
    writer, out = gzip_writer()
    block = json.dumps(content, ensure_ascii=False).encode()
    record = writer.create_warc_record(
        uri,
        "metadata",
        payload=BytesIO(block),
        length=len(block),
        warc_content_type="application/json",
        warc_headers_dict={"WARC-Date": date},
    )
    if refers_to:
        record.rec_headers.add_header("WARC-Refers-To", refers_to)
    writer.write_record(record)
    file, offset = files.write(out.getvalue())
    return Place(file, offset, out.tell())


def read_original(store: Store, place: Place) -> Original:
    """Return what a revisit has to say of a response record.

    Args:
        store: where WARC files are.
        place: of the record.

    Raises:
        WarcDamagedError: no response record stands there.
        archive.store.StoreError: the store does not say what stands there.

    """
    try:
        with store.open(place.file) as stream:
            stream.seek(place.offset)
            head = BytesIO(stream.read(min(place.length, _HEAD)))
    except StoreError:
        raise
    except OSError as error:
        raise WarcDamagedError(f"{store.place(place.file)} can't be read: {error}") from error
    record = next(iter(ArchiveIterator(head)), None)
    if record is None or record.rec_type != "response":
        raise WarcDamagedError(f"no response record in {store.place(place.file)} at {place.offset}")
    named = record.rec_headers.get_header
    return Original(
        named("WARC-Target-URI"),
        named("WARC-Date"),
        named("WARC-Payload-Digest") or "",
        named("WARC-Record-ID") or "",
    )


class _AsSent(StatusAndHeaders):  # type: ignore[misc]
    """HTTP headers whose bytes are kept; warcio would percent-encode what is not ASCII."""

    def to_ascii_bytes(self, header_filter: None = None) -> bytes:
        """Return the bytes; a value that was no UTF-8 has been read as Latin-1."""
        lines = self.to_str(header_filter).split("\r\n")
        return b"\r\n".join(_bytes(line) for line in lines) + b"\r\n"


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _http_headers(pair: Pair) -> StatusAndHeaders:
    # The chunks are joined already; a header that announces chunks would be a lie.
    kept = [(name, value) for name, value in pair.response_headers if not _is_chunking(name)]
    return _AsSent(pair.status, kept, protocol="HTTP/1.1")


def _is_chunking(name: str) -> bool:
    return name.lower() == "transfer-encoding"


def _append_pair(
    files: RunFiles, pair: Pair, writing: tuple[WARCWriter, BytesIO], record: ArcWarcRecord
) -> Place:
    writer, out = writing
    writer.write_record(record)
    length = out.tell()
    request = writer.create_warc_record(
        pair.url,
        "request",
        payload=BytesIO(),
        length=0,
        warc_headers_dict={"WARC-Date": pair.date},
        http_headers=_AsSent(
            f"{pair.method} {pair.target} HTTP/1.1",
            list(pair.request_headers),
            is_http_request=True,
        ),
    )
    request.rec_headers.add_header(
        "WARC-Concurrent-To",
        record.rec_headers.get_header("WARC-Record-ID"),
    )
    writer.write_record(request)
    file, offset = files.write(out.getvalue())
    return Place(file, offset, length)
