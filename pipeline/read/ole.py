"""OLE compound files: the streams under the root, without unpacking anything."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPECIAL = 0xFFFFFFFA  # from here on a number is no sector but a mark
_SMALL = 4096  # a smaller stream lies within the root's own,
_PIECE = 64  # in pieces of this size


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of an OLE file.

    Args:
        offset: where its first sector begins in the file.
        whole: whether all its sectors lie within the file; of a small stream, its first piece.

    """

    offset: int
    whole: bool


def streams(data: bytes) -> dict[str, Stream]:
    """Return the streams and storages right under the root of an OLE file.

    Args:
        data: the whole file.

    Raises:
        struct.error, IndexError: the file is cut or its tables point outside.

    Source: [MS-CFB] 2.2 (header), 2.3-2.5 (FAT, DIFAT), 2.6 (directory).

    """
    size = 1 << (struct.unpack_from("<H", data, 30)[0] & 15)
    fat = _fat(data, size)
    entries: list[tuple[str, int, int, int, int, int]] = []
    for sector in _chain(fat, struct.unpack_from("<I", data, 48)[0]):
        for start in range((sector + 1) * size, (sector + 2) * size, 128):
            raw = data[start : start + 128]
            length = min(struct.unpack_from("<H", raw, 64)[0], 64)
            name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace")
            entries.append((name, *struct.unpack_from("<3I36x2I", raw, 68)))
    root = _chain(fat, entries[0][4])
    found: dict[str, Stream] = {}
    pending = [entries[0][3]]
    visited: set[int] = set()
    while pending:
        index = pending.pop()
        if index >= _SPECIAL or index in visited:
            continue
        visited.add(index)
        name, left, right, _, first, length = entries[index]
        if length == 0:  # or a storage
            found[name] = Stream(0, whole=True)
        elif length >= _SMALL:
            found[name] = Stream((first + 1) * size, _is_whole(data, size, fat, first, length))
        else:
            found[name] = _small_stream(len(data), size, root, first)
        pending += [left, right]
    return found


def _fat(data: bytes, size: int) -> list[int]:
    """Return the allocation table: for each sector the number of the next one."""
    sectors = list(struct.unpack_from("<109I", data, 76))
    more = struct.unpack_from("<I", data, 68)[0]
    seen: set[int] = set()
    while more < _SPECIAL and more not in seen:
        seen.add(more)
        *numbers, more = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        sectors += numbers
    fat: list[int] = []
    known: set[int] = set()
    for sector in sectors:
        if sector < _SPECIAL and sector not in known:
            known.add(sector)
            fat.extend(struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size))
    return fat


def _chain(fat: list[int], sector: int) -> list[int]:
    chain: list[int] = []
    seen: set[int] = set()
    while sector < _SPECIAL and sector not in seen:
        seen.add(sector)
        chain.append(sector)
        sector = fat[sector]
    return chain


def _small_stream(end: int, size: int, root: list[int], first: int) -> Stream:
    """Return a stream that lies in pieces within the root's, by its first piece."""
    sector, within = divmod(first * _PIECE, size)
    if sector >= len(root):
        return Stream(0, whole=False)
    offset = (root[sector] + 1) * size + within
    return Stream(offset, offset < end)


def _is_whole(data: bytes, size: int, fat: list[int], first: int, length: int) -> bool:
    try:
        chain = _chain(fat, first)
    except IndexError:
        return False
    # The last sector of a file may be short.
    inside = all((sector + 1) * size < len(data) for sector in chain)
    return inside and len(chain) * size >= length
