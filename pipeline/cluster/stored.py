"""Stored: what it is to read stored documents, whoever reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from archive.blobs import BlobDamagedError, BlobMissingError, BlobStore
from pipeline.pool import ReaderPool
from pipeline.report import Report


@dataclass(frozen=True, slots=True)
class NotRead:
    """A stored document that nobody could read, which says nothing of what it holds.

    Args:
        reason: one sentence.
        damaged: its stored bytes are missing or damaged; else every worker that began it was lost.

    """

    reason: str
    damaged: bool


Answer = tuple[str, Report | NotRead]
"""Digest of a document, and what was read of it."""

Read = TypeVar("Read")


class StoredReaders(Protocol):
    """Those who read stored documents, on this machine or on others."""

    def parse_stored(self, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Answer]:
        """Read stored documents, several at once.

        Args:
            blobs: where their bytes are.
            digests: SHA-256 of each, hex; taken only some ahead of what is read.

        Yields:
            An answer for each, in the order given.

        """


class LocalReaders:
    """Readers on this machine; a context manager.

    Args:
        workers: number of processes; None for one a core.

    """

    def __init__(self, workers: int | None = None) -> None:
        self._pool = ReaderPool(workers)
        self._held = ExitStack()

    def __enter__(self) -> Self:
        """Start the processes."""
        self._held.enter_context(self._pool)
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes at once."""
        self._held.close()

    def parse_stored(self, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Answer]:
        """Read stored documents on all processes, as ``StoredReaders`` says.

        Raises:
            pipeline.pool.ReaderStartError: no process can be started.

        """
        return read_stored(self._pool, blobs, digests, self._pool.parse)


def read_stored(
    pool: ReaderPool, blobs: BlobStore, digests: Iterable[str], parse: Callable[[bytes], Read]
) -> Iterator[tuple[str, Read | NotRead]]:
    """Read stored documents by an open pool.

    Args:
        pool: the pool.
        blobs: as of ``StoredReaders``; so are digests and answers.
        digests: of the documents.
        parse: as of ``ReaderPool.each``.

    """
    unread: deque[tuple[str, NotRead | None]] = deque()

    def originals() -> Iterator[tuple[str, bytes]]:
        for digest in digests:
            try:
                data = blobs.get(digest)
            except (BlobMissingError, BlobDamagedError) as error:
                unread.append((digest, NotRead(str(error), damaged=True)))
            else:
                unread.append((digest, None))
                yield digest, data

    def failed() -> Iterator[tuple[str, NotRead]]:
        while unread and (failure := unread[0][1]) is not None:
            yield unread.popleft()[0], failure

    for digest, answer in pool.each(originals(), parse):
        yield from failed()
        unread.popleft()
        yield digest, answer
    yield from failed()
