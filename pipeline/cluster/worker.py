"""Worker: what a worker of the cluster does, a batch of stored documents at a time.

The documents are read by child processes within limits, as on any machine: a hostile file costs one
finding and not the worker.
"""

from __future__ import annotations

import atexit
import pickle
import threading
from collections.abc import Sequence
from functools import lru_cache

from distributed import get_worker

from archive.blobs import BlobStore
from pipeline.cluster.program import Program, this_program
from pipeline.cluster.stored import NotRead, read_stored
from pipeline.pool import ReaderPool, ReaderStartError

Batch = tuple[str, Program, list[tuple[str, bytes | str]]]
"""Address of the worker, what it runs, and by digest a report, pickled, for the same program to
open, or the reason why the stored bytes can't be had."""

_mine = threading.local()


def read_batch(blobs: bytes, digests: Sequence[str]) -> Batch:
    """Read stored documents on the worker that calls this.

    Args:
        blobs: the ``BlobStore`` that holds their bytes, pickled.
        digests: SHA-256 of each, hex.

    Raises:
        ReaderStartError: no reading process can be started here.

    """
    worker = get_worker()
    pool = _pool()
    try:
        answers = [
            (digest, answer.reason if isinstance(answer, NotRead) else answer)
            for digest, answer in read_stored(pool, _opened(blobs), digests, pool.parse_pickled)
        ]
    except ReaderStartError as error:
        raise ReaderStartError(f"the worker {worker.address}: {error}") from error
    return worker.address, this_program(), answers


@lru_cache(maxsize=4)
def _opened(blobs: bytes) -> BlobStore:
    """Return a store whose connections last from batch to batch."""
    store: BlobStore = pickle.loads(blobs)  # noqa: S301  of those who may run code here anyway
    return store


def _pool() -> ReaderPool:
    """Return the pool of this thread, of one reader, kept from batch to batch."""
    if not hasattr(_mine, "pool"):
        _mine.pool = ReaderPool(1)
        _mine.pool.__enter__()
        # A worker that is killed hangs up, which ends its readers as well.
        atexit.register(_mine.pool.__exit__)
    pool: ReaderPool = _mine.pool
    return pool
