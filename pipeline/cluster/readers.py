"""Readers of a cluster: batches of stored documents are mapped over its workers.

What is handed to the scheduler and what has come back is a window that moves over the documents, so
that a country of them needs no more memory than a county.
"""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from itertools import islice
from typing import TYPE_CHECKING

from distributed import KilledWorker, wait

from archive.blobs import BlobDamagedError, BlobMissingError, BlobStore
from pipeline.cluster.scheduler import (
    ClusterError,
    ProgramDiffersError,
    WorkersMissingError,
    check_program,
    lost_scheduler,
    threads,
)
from pipeline.cluster.stored import Answer, NotRead
from pipeline.cluster.worker import Batch, read_batch
from pipeline.report import Report

if TYPE_CHECKING:
    from distributed import Client, Future

_BATCH = 32  # documents: about a second of reading, which is what a lost worker costs
_AHEAD = 6  # batches a thread of a worker, so that one slow batch does not stop the others
_LOOK_AGAIN = 5  # seconds
_ALONE = 300  # seconds without any worker


class StoreDiffersError(ClusterError):
    """A worker does not find in the store what is there."""


class ClusterReaders:
    """Readers on the workers of a cluster.

    Args:
        client: connected by ``pipeline.cluster.scheduler.connect``.

    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._threads = 1
        self._counted = 0.0

    def parse_stored(self, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Answer]:
        """Read stored documents on all workers, as ``pipeline.cluster.stored.StoredReaders`` says.

        A batch whose worker is lost is read by another one. One that loses worker after worker is
        read again document by document with nothing beside it, and what still does is not read.

        Raises:
            SchedulerMissingError: the scheduler is lost.
            WorkersMissingError: there is no worker for five minutes.
            ProgramDiffersError: a worker runs something else than this process.
            StoreDiffersError: a worker has not the same store.
            pipeline.pool.ReaderStartError: a worker can't start its readers.

        """
        supply = iter(digests)
        window: deque[tuple[list[str], Future[Batch]]] = deque()
        try:
            while True:
                while len(window) < _AHEAD * self._workers() and (
                    batch := list(islice(supply, _BATCH))
                ):
                    window.append((batch, self._submit(blobs, batch)))
                if not window:
                    return
                batch, future = window[0]
                self._await([future])
                try:
                    answers = self._answers(blobs, future)
                except KilledWorker:
                    # Nothing beside it: whoever dies now dies of this document.
                    self._await([other for _, other in window])
                    yield from self._one_by_one(blobs, batch)
                else:
                    yield from answers
                window.popleft()
        finally:
            if self._client.status == "running":
                self._client.cancel(  # type: ignore[no-untyped-call]
                    [future for _, future in window]
                )

    def _one_by_one(self, blobs: BlobStore, digests: Sequence[str]) -> Iterator[Answer]:
        for digest in digests:
            future = self._submit(blobs, [digest])
            self._await([future])
            try:
                yield from self._answers(blobs, future)
            except KilledWorker as error:
                lost = error.allowed_failures + 1
                reason = f"{lost} workers, one after the other, were lost while they read {digest}"
                yield digest, NotRead(reason, damaged=False)

    def _submit(self, blobs: BlobStore, digests: list[str]) -> Future[Batch]:
        return self._client.submit(read_batch, pickle.dumps(blobs), digests, pure=False)

    def _workers(self) -> int:
        """Return the number of threads of all workers, looked at from time to time."""
        if time.monotonic() > self._counted + _LOOK_AGAIN:
            self._threads = threads(self._client)
            self._counted = time.monotonic()
        return max(1, self._threads)

    def _await(self, futures: list[Future[Batch]]) -> None:
        """Wait until futures have come to an end, good or bad."""
        since = time.monotonic()
        while True:
            try:
                with self._client.as_current():
                    wait(futures, timeout=_LOOK_AGAIN)  # type: ignore[no-untyped-call]
            except TimeoutError:
                if threads(self._client):
                    since = time.monotonic()
                elif time.monotonic() > since + _ALONE:
                    raise WorkersMissingError(
                        f"the scheduler has had no worker for {_ALONE} seconds; start one and run "
                        "this again, which goes on from here"
                    ) from None
            except CancelledError as error:
                raise lost_scheduler() from error
            else:
                return

    def _answers(self, blobs: BlobStore, future: Future[Batch]) -> list[Answer]:
        """Return the answers of a batch that has come to an end.

        Raises:
            KilledWorker: every worker that began it was lost.

        """
        try:
            worker, program, answers = future.result()
        except CancelledError as error:
            raise lost_scheduler() from error
        except (ImportError, AttributeError) as error:
            raise ProgramDiffersError(
                f"a worker has no nianbao like this one ({error}); install the same version there "
                "as here"
            ) from error
        check_program(worker, program)
        return [(digest, _opened(blobs, worker, digest, answer)) for digest, answer in answers]


def _opened(blobs: BlobStore, worker: str, digest: str, answer: bytes | str) -> Report | NotRead:
    if isinstance(answer, bytes):
        report: Report = pickle.loads(answer)  # noqa: S301  of the same program
        return report
    if _is_there(blobs, digest):
        raise StoreDiffersError(
            f"the worker {worker} does not find what is in the store ({answer}); mount the same "
            "data folder at the same path there, or keep the bytes in object storage "
            "('nianbao store')"
        )
    return NotRead(answer, damaged=True)


def _is_there(blobs: BlobStore, digest: str) -> bool:
    try:
        blobs.get(digest)
    except (BlobMissingError, BlobDamagedError):
        return False
    return True
