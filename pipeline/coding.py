"""Content codings: what a server compressed becomes what it meant, within bounds.

Source: RFC 9110, 8.4.1; RFC 1952, 2.2 for members of a gzip body.
"""

from __future__ import annotations

import zlib

# What a gzip or deflate body may grow to: as much as one may be that comes as it is.
MAX_DECODED_BYTES = 64 * 1024 * 1024
# Each coding may grow to that once more, each member costs time beside its bytes.
MAX_CODINGS = 3
MAX_MEMBERS = 10_000
_PIECE = 16 * 1024
_GZIP_BEGINS = b"\x1f\x8b"


class ContentCodingError(ValueError):
    """A body can't be decoded as its Content-Encoding says."""


def decode_body(body: bytes, codings: str) -> bytes:
    """Undo gzip and deflate.

    Args:
        body: as sent.
        codings: value of Content-Encoding; empty for none.

    Raises:
        ContentCodingError: the coding is unknown, the body is broken or grows past the limit.

    """
    names = [name.strip().lower() for name in codings.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > MAX_CODINGS:
        raise ContentCodingError(f"{len(names)} content codings in a row")
    for name in reversed(names):
        if name in {"gzip", "x-gzip"}:
            body = _gunzip(body)
        elif name == "deflate":
            body = _inflate(body)
        else:
            raise ContentCodingError(f"unknown content coding {name}")
    return body


def _inflate(body: bytes) -> bytes:
    # Servers send "deflate" with and without the zlib head.
    problem = ""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        member = zlib.decompressobj(window)
        try:
            plain = member.decompress(body, MAX_DECODED_BYTES + 1)
        except zlib.error as error:
            problem = str(error)
            continue
        if len(plain) > MAX_DECODED_BYTES:
            raise ContentCodingError(f"grows past {MAX_DECODED_BYTES} bytes")
        if body and not member.eof:
            raise ContentCodingError("deflate body is cut off")
        return plain
    raise ContentCodingError(f"deflate body is broken: {problem}")


def _gunzip(body: bytes) -> bytes:
    """Undo gzip: one member after the other; what follows the last one and is none is dropped."""
    plain = bytearray()
    view = memoryview(body)
    at, members = 0, 0
    while at < len(body) and (not members or body[at : at + 2] == _GZIP_BEGINS):
        members += 1
        if members > MAX_MEMBERS:
            raise ContentCodingError(f"more than {MAX_MEMBERS} gzip members")
        # 32 more bits: a zlib head will do as well, some servers confuse the two.
        member = zlib.decompressobj(zlib.MAX_WBITS + 32)
        while not member.eof:
            # In pieces, so that what is left of a member is not copied with every one before it.
            piece = member.unconsumed_tail or view[at : at + _PIECE]
            if not piece:
                raise ContentCodingError("gzip body is cut off")
            if not member.unconsumed_tail:
                at += len(piece)
            try:
                plain += member.decompress(piece, MAX_DECODED_BYTES + 1 - len(plain))
            except zlib.error as error:
                raise ContentCodingError(f"gzip body is broken: {error}") from error
            if len(plain) > MAX_DECODED_BYTES:
                raise ContentCodingError(f"grows past {MAX_DECODED_BYTES} bytes")
        at -= len(member.unused_data)
    return bytes(plain)
