"""Store: where the bytes of an archive are kept, in its data folder or in object storage.

Names are paths with "/": ``blobs/ab/cd/<sha256>``, ``warc/<site>-<run>-<n>.warc.gz``.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

from archive import atomic


class ObjectMissingError(FileNotFoundError):
    """Nothing is stored under a name."""


class StoreError(OSError):
    """The store can't be used; what was stored before is whole."""


class StoreSettingError(StoreError):
    """``store.toml`` or an address names no store that can be opened."""


class StoreSilentError(StoreError):
    """The object storage has not answered for minutes, or waiting for it was broken off."""


class StoreRefusedError(StoreError):
    """The object storage answers, and does not let us read or write."""


class Store(ABC):
    """Bytes under names, written once.

    Attributes:
        url: address of the store.
        appends: whether ``append`` and ``cut`` work: a folder can append to a file, object
            storage can't.
        endpoint_url: address of the server; None for a folder and for Amazon's.

    """

    url: str
    appends: bool
    endpoint_url: str | None = None

    @abstractmethod
    def at(self, prefix: str) -> Self:
        """Return the part of the store whose names begin with ``prefix/``, without that."""

    @abstractmethod
    def place(self, name: str) -> str:
        """Return where a name is or would be, as a person would look for it."""

    @abstractmethod
    def put(self, name: str, data: bytes) -> bool:
        """Store bytes, whole or not at all; what is there under the name stays as it is.

        Returns:
            Whether these very bytes are stored under the name now.

        Raises:
            OSError: the disk or the store refuses; nothing is stored.

        """

    def append(self, name: str, data: bytes) -> int:
        """Append bytes to a file and see them on disk; return where they begin.

        Raises:
            OSError: the disk is full or read-only; the file is as before.

        """
        raise NotImplementedError(f"{self.url} can't append to {name}, {len(data)} bytes")

    def cut(self, name: str, size: int) -> None:
        """Cut a file off behind its first ``size`` bytes; one without any goes."""
        raise NotImplementedError(f"{self.url} can't cut {name} off at {size}")

    @abstractmethod
    def get(self, name: str) -> bytes:
        """Return what is stored under a name.

        Raises:
            ObjectMissingError: nothing is.
            OSError: it can't be read.

        """

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Open what is stored under a name for reading from any place; errors as of ``get``."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Tell whether something is stored under a name."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Return how many bytes are stored under a name; errors as of ``get``."""

    @abstractmethod
    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with some characters, sorted."""

    @abstractmethod
    def give_up(self) -> None:
        """End the waiting for an answer, in every thread: nobody wants it any more."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete what is stored under a name: for working state, never for what was archived."""


class FolderStore(Store):
    """A folder; every name is a file.

    Args:
        folder: made when first written to.

    """

    appends = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = folder.absolute().as_uri()

    def __getstate__(self) -> dict[str, Any]:
        """Let a store be handed to processes that work in another folder."""
        return {**self.__dict__, "folder": self.folder.absolute()}

    def path(self, name: str) -> Path:
        """Return the file of a name."""
        return self.folder / name

    def at(self, prefix: str) -> FolderStore:
        """See ``Store``."""
        return FolderStore(self.folder / prefix)

    def place(self, name: str) -> str:
        """See ``Store``."""
        return str(self.path(name))

    def put(self, name: str, data: bytes) -> bool:
        """See ``Store``.

        A file gets its name only after its bytes are on disk, so that a reader or a run after a
        crash never meets half a file.
        """
        path = self.path(name)
        if path.exists():
            return path.read_bytes() == data
        atomic.write(path, data, mode=0o444)
        return True

    def append(self, name: str, data: bytes) -> int:
        """See ``Store``."""
        path = self.path(name)
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as stream:
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
        if is_new:
            atomic.settle_name(path)
        return offset

    def cut(self, name: str, size: int) -> None:
        """See ``Store``."""
        path = self.path(name)
        if not size:
            path.unlink()
            return
        with path.open("r+b") as stream:
            stream.truncate(size)
            os.fsync(stream.fileno())

    def get(self, name: str) -> bytes:
        """See ``Store``."""
        with self.open(name) as stream:
            return stream.read()

    def open(self, name: str) -> BinaryIO:
        """See ``Store``."""
        try:
            return self.path(name).open("rb")
        except FileNotFoundError as error:
            raise ObjectMissingError(f"{self.place(name)} is missing") from error

    def exists(self, name: str) -> bool:
        """See ``Store``."""
        return self.path(name).exists()

    def size(self, name: str) -> int:
        """See ``Store``."""
        try:
            return self.path(name).stat().st_size
        except FileNotFoundError as error:
            raise ObjectMissingError(f"{self.place(name)} is missing") from error

    def names(self, prefix: str) -> Iterator[str]:
        """See ``Store``; files that are being written have no name yet."""
        inner, _, _ = prefix.rpartition("/")
        for name in self._below(inner):
            if name.startswith(prefix):
                yield name

    def _below(self, inner: str) -> Iterator[str]:
        folder = self.path(inner)
        if not folder.is_dir():
            return
        # A folder sorts as its names do: "a-b" stands before "a/b".
        entries = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in folder.iterdir()]
        for entry in sorted(entries):
            name = f"{inner}/{entry}" if inner else entry
            if name.endswith("/"):
                yield from self._below(name.removesuffix("/"))
            elif not entry.startswith(atomic.PREFIX):
                yield name

    def give_up(self) -> None:
        """See ``Store``; a folder is not waited for."""

    def delete(self, name: str) -> None:
        """See ``Store``."""
        self.path(name).unlink(missing_ok=True)
