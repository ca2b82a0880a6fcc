"""Atomic writing: a file has its name only when all of its bytes are on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PREFIX = ".writing-"
"""First letters of files that are not complete; what a killed process left may be deleted."""


@contextmanager
def writing(target: Path, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a stream whose bytes become a file, in one step, when the block ends well.

    A reader, or a run after a crash, meets the file that was there before or the whole new one.

    Args:
        target: the file; its folder is made when missing.
        mode: permissions of the file.

    Raises:
        OSError: the disk is full or read-only; nothing is left behind and ``target`` is as before.

    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=PREFIX)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.chmod(mode)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    settle_name(target)


def write(target: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file in one step; see ``writing``."""
    with writing(target, mode=mode) as out:
        out.write(data)


def settle_name(path: Path) -> None:
    """See to it that a file just named is found under that name after a power cut."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
