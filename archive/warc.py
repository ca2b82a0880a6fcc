"""WARC: every exchange with a site, as it went over the wire, in files that only grow.

Source: ISO 28500:2017 (WARC 1.1). Each record is a gzip member of its own. A record is made in
memory and appended in one step; the row in ``captures`` that names its place is written after it,
so bytes without a row are at worst a record that nobody refers to, or a torn end that
``mend`` cuts off before the next run of the site.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from archive.atomic import settle_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warcio.recordloader import ArcWarcRecord

MAX_FILE_BYTES = 500 * 1024 * 1024
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_CHUNK = 1 << 20
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
class RunFiles:
    """The WARC files of one run.

    Args:
        folder: WARC folder; made when missing.
        site_id: first part of the file names.
        run_id: second part of the file names.

    """

    folder: Path
    site_id: str
    run_id: int

    def file(self, number: int) -> Path:
        """Return the file with a number, from 1."""
        return self.folder / f"{self.site_id}-{self.run_id}-{number}.warc.gz"


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
        OSError: the disk is full or read-only; the file is as before.

    """
    writer, out = _writer()
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
        OSError: the disk is full or read-only; the file is as before.

    """
    writer, out = _writer()
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
        OSError: the disk is full or read-only; the file is as before.

    """
    writer, out = _writer()
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
    file = _file_for(files, out.tell())
    return Place(file.name, _append(file, out.getvalue()), out.tell())


def read_original(folder: Path, place: Place) -> Original:
    """Return what a revisit has to say of a response record.

    Raises:
        WarcDamagedError: no response record stands there.

    """
    try:
        with (folder / place.file).open("rb") as stream:
            stream.seek(place.offset)
            head = BytesIO(stream.read(min(place.length, _HEAD)))
    except OSError as error:
        raise WarcDamagedError(f"{folder / place.file} can't be read: {error}") from error
    record = next(iter(ArchiveIterator(head)), None)
    if record is None or record.rec_type != "response":
        raise WarcDamagedError(f"no response record in {folder / place.file} at {place.offset}")
    named = record.rec_headers.get_header
    return Original(
        named("WARC-Target-URI"),
        named("WARC-Date"),
        named("WARC-Payload-Digest") or "",
        named("WARC-Record-ID") or "",
    )


def mend(files: RunFiles) -> int:
    """Cut off what a killed run left behind its last complete record; return the bytes cut.

    Args:
        files: those of a run that is over; they are not written to again.

    """
    cut = 0
    number = 1
    while (file := files.file(number)).exists():
        number += 1
        size, whole = file.stat().st_size, _whole_records(file)
        if whole < size:
            cut += size - whole
            with file.open("r+b") as stream:
                stream.truncate(whole)
                os.fsync(stream.fileno())
        if not whole:
            file.unlink()
    return cut


def _whole_records(file: Path) -> int:
    """Return the bytes of a file up to the end of its last complete gzip member."""
    whole = read = 0
    member = zlib.decompressobj(wbits=31)
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            read += len(chunk)
            while chunk:
                try:
                    # Output is thrown away; asked for in pieces, a bomb can't fill the memory.
                    member.decompress(chunk, _CHUNK)
                    while member.unconsumed_tail and not member.eof:
                        member.decompress(member.unconsumed_tail, _CHUNK)
                except zlib.error:
                    return whole
                if not member.eof:
                    break
                chunk = member.unused_data  # the rest is the next member's
                whole = read - len(chunk)
                member = zlib.decompressobj(wbits=31)
    return whole


def _writer() -> tuple[WARCWriter, BytesIO]:
    out = BytesIO()
    return WARCWriter(out, gzip=True, warc_version="1.1"), out


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
    file = _file_for(files, out.tell())
    offset = _append(file, out.getvalue())
    return Place(file.name, offset, length)


def _file_for(files: RunFiles, size: int) -> Path:
    """Return the file to append so many bytes to; a new one begins with a warcinfo record.

    No file grows past MAX_FILE_BYTES; only an exchange that is larger by itself has a file that
    is, and has it alone.
    """
    number = 1
    while files.file(number + 1).exists():
        number += 1
    file = files.file(number)
    if file.exists() and file.stat().st_size + size > MAX_FILE_BYTES:
        file = files.file(number + 1)
    if not file.exists():
        files.folder.mkdir(parents=True, exist_ok=True)
        writer, out = _writer()
        info = {
            "software": "nianbao",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/"
            "warc-1.1/",
            "isPartOf": f"{files.site_id}, run {files.run_id}",
        }
        writer.write_record(writer.create_warcinfo_record(file.name, info))
        _append(file, out.getvalue())
        settle_name(file)
    return file


def _append(file: Path, data: bytes) -> int:
    """Append bytes and see them on disk; return where they begin."""
    with file.open("ab", buffering=0) as stream:
        offset = stream.seek(0, os.SEEK_END)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]
            os.fsync(stream.fileno())
        except OSError:
            # Half a record would make every later one unreadable.
            stream.truncate(offset)
            raise
    return offset
