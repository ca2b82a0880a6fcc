"""Records: WARC files read record by record, every digest checked, what is damaged passed over.

Each record is a gzip member of its own, so that a damaged one costs no other. Reading and checking
a record is warcio's; finding the members is done here, because warcio ends at the first bad byte
and takes a record that is cut short for a whole one.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParserException

from archive.store import Store, StoreError
from archive.warc import Place, WarcDamagedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from warcio.recordloader import ArcWarcRecord

_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b\x08"
_FIRST_LINE = b"WARC/1."


@dataclass(frozen=True, slots=True)
class Record:
    """One record, whole and with the digests that it claims.

    Args:
        place: where it stands.
        kind: its WARC-Type.
        headers: names in lower case and values of its own header.
        status: status line of the HTTP message without the protocol; of a request its target.
        http_headers: names and values of the HTTP message.
        body: of the HTTP message, or the whole block; empty unless asked for.

    """

    place: Place
    kind: str
    headers: dict[str, str]
    status: str
    http_headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def url(self) -> str:
        """Address that the record is about."""
        return self.headers.get("warc-target-uri", "")

    @property
    def date(self) -> str:
        """Its WARC-Date."""
        return self.headers.get("warc-date", "")


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no record.

    Args:
        file: name of the file.
        offset: where they begin.
        length: how many, up to the next record or the end of the file.
        what: what is wrong, in words.

    """

    file: str
    offset: int
    length: int
    what: str


def read_records(
    store: Store, file: str, *, bodies: bool = False, start: int = 0
) -> Iterator[Record | Damage]:
    """Read a WARC file to its end.

    Args:
        store: where WARC files are.
        file: name of the file.
        bodies: whether bodies are kept; without, a record of any size takes little memory.
        start: where the first record begins.

    Yields:
        Each record in order, and in between what is damaged.

    Raises:
        OSError: the file can't be read.

    """
    offset = start
    with store.open(file) as stream:
        size = stream.seek(0, io.SEEK_END)
        while offset < size:
            member = _Member(stream, offset)
            try:
                record = _read(member, file, bodies=bodies)
            except WarcDamagedError as error:
                beyond = _next_member(stream, offset + 1, size)
                yield Damage(file, offset, beyond - offset, str(error))
                offset = beyond
                continue
            yield record
            offset += record.place.length


def read_record(store: Store, place: Place) -> Record:
    """Return the record at a place, with its body.

    Args:
        store: where WARC files are.
        place: of the record.

    Raises:
        WarcDamagedError: no whole record stands there.
        archive.store.StoreError: the store does not say what stands there.

    """
    try:
        with store.open(place.file) as stream:
            return _read(_Member(stream, place.offset), place.file, bodies=True)
    except StoreError:
        raise
    except (OSError, WarcDamagedError) as error:
        where = f"{store.place(place.file)} at {place.offset}"
        raise WarcDamagedError(f"{where}: {error}") from error


class _Member(io.RawIOBase):
    """What one gzip member holds, inflated as it is read, so that a bomb can't fill the memory."""

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self._stream = stream
        self._inflater = zlib.decompressobj(wbits=31)
        self._fed = 0
        self._position = 0
        self.offset = offset
        stream.seek(offset)

    @property
    def ended(self) -> bool:
        """Whether the member was read to its end, which is where its check sum is looked at."""
        return self._inflater.eof

    @property
    def length(self) -> int:
        """Bytes of the file that it takes."""
        return self._fed - len(self._inflater.unused_data)

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if (offset, whence) != (0, io.SEEK_CUR):
            raise io.UnsupportedOperation("a member is read from its beginning to its end")
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not self._inflater.eof:
            waiting = self._inflater.unconsumed_tail or self._stream.read(_CHUNK)
            if not self._inflater.unconsumed_tail:
                self._fed += len(waiting)
            if not waiting:
                return 0
            piece = self._inflater.decompress(waiting, len(view))
            if piece:
                view[: len(piece)] = piece
                self._position += len(piece)
                return len(piece)
        return 0


def _read(member: _Member, file: str, *, bodies: bool) -> Record:
    """Read one record to its end.

    Raises:
        WarcDamagedError: it is none, is cut short, or its bytes are not those that were written.

    """
    stream = io.BufferedReader(member, _CHUNK)
    try:
        record = ArcWarcRecordLoader().parse_record_stream(
            stream, known_format="warc", check_digests=True
        )
        body = bytearray()
        while piece := record.raw_stream.read(_CHUNK):
            if bodies:
                body += piece
        rest = stream.read()
    except zlib.error as error:
        raise WarcDamagedError(f"its compressed bytes are damaged ({error})") from error
    except (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError) as error:
        what = "it is cut short" if not member.ended else f"it is no WARC record ({error})"
        raise WarcDamagedError(what) from error
    _check(record, member, rest)
    headers = {name.lower(): value for name, value in record.rec_headers.headers}
    http = record.http_headers
    return Record(
        Place(file, member.offset, member.length),
        record.rec_type,
        headers,
        http.statusline if http else "",
        tuple(http.headers) if http else (),
        bytes(body),
    )


def _check(record: ArcWarcRecord, member: _Member, rest: bytes) -> None:
    if not member.ended:
        raise WarcDamagedError("it is cut short")
    if record.digest_checker.passed is False:
        raise WarcDamagedError("; ".join(record.digest_checker.problems))
    if rest != b"\r\n\r\n":
        raise WarcDamagedError("it is longer or shorter than its Content-Length says")


def _next_member(stream: BinaryIO, start: int, size: int) -> int:
    """Return where the next record begins behind damaged bytes; the size where there is none."""
    position, tail = start, b""
    stream.seek(start)
    while chunk := stream.read(_CHUNK):
        window = tail + chunk
        base = position - len(tail)
        found = window.find(_GZIP)
        while found >= 0:
            if _begins_record(stream, base + found):
                return base + found
            found = window.find(_GZIP, found + 1)
        position += len(chunk)
        tail = window[-(len(_GZIP) - 1) :]
        stream.seek(position)
    return size


def _begins_record(stream: BinaryIO, offset: int) -> bool:
    with suppress(zlib.error):
        first = bytearray(len(_FIRST_LINE))
        count = _Member(stream, offset).readinto(first)
        return bytes(first[:count]) == _FIRST_LINE
    return False
