"""Moving an archive's bytes from one store to another: copied, each copy read again, then switched.

Whatever ends it in between, the archive is where it was, and the next attempt goes on from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive import atomic
from archive.home import Archive
from archive.keeping.ordered import ordered
from archive.runs import sole_crawl
from archive.store import FolderStore, Store
from archive.store_setting import SETTING
from archive.warc_files import named

_PARTS = ("blobs/", "warc/", "state/")
_PIECE = 1 << 20

Progress = Callable[[str, int], None]


class MoveError(RuntimeError):
    """The bytes were not moved; the archive is where it was."""


@dataclass(slots=True)
class Moved:
    """What a move did.

    Args:
        source: address of the store before.
        objects: copies that are in the new store and were read again there.
        bytes: of those.
        new: how many of them were not there before.

    """

    source: str
    objects: int = 0
    bytes: int = 0
    new: int = 0


def move(folder: Path, target: Store, progress: Progress = lambda _what, _number: None) -> Moved:
    """Move the bytes of an archive, or say of a new one where they will be kept.

    Nothing is deleted where they were. No site may be walked meanwhile.

    Args:
        folder: the data folder; an archive is made there when there is none.
        target: the new store.
        progress: called with what is copied now and how much of it is done.

    Raises:
        MoveError: the new store holds something else, or the old one something damaged.
        archive.runs.SiteBusyError: a site is being walked.
        OSError: the disk or one of the stores refuses.

    """
    with closing(Archive(folder, create=True)) as archive, sole_crawl(folder):
        moved = Moved(archive.store.url)
        if not is_same(archive.store, target):
            _look_at(archive.store, target)
            moved = _copy_all(archive, target, progress)
        _switch(folder, target)
    return moved


def is_same(one: Store, other: Store) -> bool:
    """Tell whether two stores are one place."""
    return (one.url, one.endpoint_url) == (other.url, other.endpoint_url)


def _look_at(source: Store, target: Store) -> None:
    """See that the new store answers, and holds no WARC file of another archive."""
    for name in target.names("warc/"):
        if named(name.rpartition("/")[2]) and not source.exists(name):
            raise MoveError(
                f"{target.place(name)} is not of this archive: name an empty place, or make an "
                "archive of what is there with 'nianbao restore'"
            )


def _copy_all(archive: Archive, target: Store, progress: Progress) -> Moved:
    source = archive.store
    for site, run in archive.db.execute(
        "SELECT site_id, id FROM runs WHERE finished_at IS NULL"
    ).fetchall():
        archive.run_files(site, run).mend()  # what is torn could not be mended in a new store
    moved = Moved(source.url)

    def names() -> Iterator[str]:
        for part in _PARTS:
            yield from source.names(part)

    waits = source if target.appends else target
    for size, is_new in ordered(waits, lambda name: _copy(source, target, name), names()):
        moved.objects += 1
        moved.bytes += size
        moved.new += is_new
        if moved.objects % 1000 == 0:
            progress("objects copied and read again", moved.objects)
    return moved


def _copy(source: Store, target: Store, name: str) -> tuple[int, bool]:
    """Copy an object unless it is there, and read the copy again; return size and if it was new."""
    with source.open(name) as stream:
        digest, size = _sha256(stream)
    if name.startswith("blobs/") and digest != name.rpartition("/")[2]:
        raise MoveError(f"{source.place(name)} is damaged: 'nianbao verify' says what to do")
    is_new = not target.exists(name)
    if is_new or _is_shorter(source, target, name, size):
        if not is_new:
            target.delete(name)
        target.put(name, source.get(name))
    with target.open(name) as stream:
        copied = _sha256(stream)
    if copied != (digest, size):
        raise MoveError(
            f"{target.place(name)} holds other bytes than {source.place(name)}: name another place"
        )
    return size, is_new


def _is_shorter(source: Store, target: Store, name: str, size: int) -> bool:
    """Tell whether a copy is of a WARC file that has grown since an earlier attempt."""
    length = target.size(name)
    if length >= size:
        return False
    with source.open(name) as stream:
        return stream.read(length) == target.get(name)


def _sha256(stream: BinaryIO) -> tuple[str, int]:
    whole, length = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        whole.update(piece)
        length += len(piece)
    return whole.hexdigest(), length


def _switch(folder: Path, target: Store) -> None:
    path = folder / SETTING
    if isinstance(target, FolderStore):
        path.unlink(missing_ok=True)
        atomic.settle_name(path)
        return
    setting = {"url": target.url, "endpoint_url": target.endpoint_url}
    # A text in JSON is one in TOML as well.
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in setting.items() if value]
    atomic.write(path, "".join(lines).encode())
