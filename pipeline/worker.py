"""Worker: a child process that reads one document after the other within limits.

Started by ``pipeline.pool`` as ``python -m pipeline.worker SOCKET MEMORY SECONDS``. Over the
socket it says once that it is ready. Then for each document it takes the bytes, and before
them the format that they were converted from, if they were; it gives two answers: the kind of
file, so that it is known even if reading goes wrong, and whether the worker has had enough and goes
home with the report, pickled on its own: who only passes it on need not open it.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.parse import parse
from pipeline.pool import LOADED, OUT_OF_MEMORY
from pipeline.read.sniff import sniff

# Measured: after 2,400 documents a worker holds 6 MiB more than after 50; to begin takes a second.
_DOCUMENTS = 5000
_OBJECTS = 20_000  # some MiB
_GROWTH = 256 * 2**20
# The pool kills a worker that is late; this alarm is for a worker whose pool has died.
_ORPHAN_SECONDS = 10


def _sizes() -> tuple[int, int]:
    """Return the address space and the resident memory of this process in bytes."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(pages[0]) * resource.getpagesize(), int(pages[1]) * resource.getpagesize()


def limit_memory(memory: int) -> None:
    """Limit what this process may take beyond what the loaded modules took.

    Args:
        memory: bytes of address space.

    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the system does not enforce it
        most = _sizes()[0] + memory
        allowed = resource.getrlimit(resource.RLIMIT_AS)[1]
        if allowed != resource.RLIM_INFINITY:
            most = min(most, allowed)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def settle() -> None:
    """Spare the search for garbage what a reading takes anyway.

    The modules never become garbage; a report has some thousand objects, none of which hold each
    other in a circle, so that the search is needed for what a library leaves behind alone.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)


def _serve(pool: Connection, seconds: float) -> None:
    baseline = _sizes()[1] if sys.platform == "linux" else 0
    for number in range(1, _DOCUMENTS + 1):
        try:
            converted_from = pool.recv()
            data = pool.recv_bytes()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, LOADED * seconds + _ORPHAN_SECONDS)
        pool.send(converted_from or sniff(data))
        report = parse(data, converted_from)
        del data
        grown = sys.platform == "linux" and _sizes()[1] > baseline + _GROWTH
        tired = grown or number == _DOCUMENTS
        pool.send((pickle.dumps(report, pickle.HIGHEST_PROTOCOL), tired))
        if tired:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Serve the pool that started this process until it hangs up."""
    descriptor, memory, seconds = sys.argv[1:]
    # Readers that meet an odd file write pages of warnings; what counts becomes a finding.
    logging.disable()
    limit_memory(int(memory))
    settle()
    pool = Connection(int(descriptor))
    pool.send("ready")
    try:
        _serve(pool, float(seconds))
    except MemoryError:
        # At once: whatever Python would do on an orderly way out may need memory again.
        os._exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
