"""A scheduler and workers as real processes, in network namespaces where there may be some."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Self

import psutil

from tests.crawl_site import ROOT

# A host whose worker has died is free again this soon; the tests have no half minute for it.
LEASE = 10
_LOCKS = "DASK_DISTRIBUTED__SCHEDULER__LOCKS__"
ENVIRONMENT = {
    f"{_LOCKS}LEASE_TIMEOUT": f"{LEASE}s",
    f"{_LOCKS}LEASE_VALIDATION_INTERVAL": "500ms",
}
_READY = 200
_VISITS = (
    "SELECT count(*) FROM run_visits v JOIN runs r ON r.id = v.run_id WHERE r.finished_at IS NULL"
)


class Machines:
    """A scheduler, and workers that can be killed; a context manager.

    Args:
        folder: where workers keep what they need for a while.
        address: address of the scheduler's machine.
        threads: sites that a worker walks at once.

    """

    def __init__(self, folder: Path, address: str = "127.0.0.1", threads: int = 1) -> None:
        self.folder = folder
        self.threads = threads
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._held = ExitStack()
        self._address = address
        self.scheduler = ""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        note = self.folder / "scheduler.json"
        self._start(
            [], ["scheduler", "--host", self._address, "--port", "0", "--no-dashboard",
                 "--no-show", "--scheduler-file", str(note)], "scheduler"
        )  # fmt: skip
        until(note.exists)

        until(lambda: bool(note.read_text()))
        self.scheduler = json.loads(note.read_text())["address"]
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def add(self, name: str, namespace: str | None = None) -> None:
        """Start a worker; in a network namespace, if one is named."""
        before = ["ip", "netns", "exec", namespace] if namespace else []
        self.workers[name] = self._start(
            before,
            ["worker", self.scheduler, "--name", name, "--nthreads", str(self.threads),
             "--nworkers", "1", "--no-dashboard", "--local-directory", str(self.folder / name)],
            name,
        )  # fmt: skip

    def in_a_walk(self) -> Iterator[str]:
        """Yield the workers that are in the middle of a walk."""
        for name in self.workers:
            for database in (self.folder / name).glob("dask-scratch-space/*/*/nianbao.db"):
                # It may be there in part only, or gone again.
                with (
                    suppress(sqlite3.Error),
                    closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db,
                ):
                    if 2 <= db.execute(_VISITS).fetchone()[0] <= 4:
                        yield name

    def kill(self, name: str) -> list[psutil.Process]:
        """End a worker without a word; return its walks, which have to notice by themselves."""
        first = psutil.Process(self.workers.pop(name).pid)
        walks = []
        for process in (first, *first.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                if "crawler.cluster.site_walk" in process.cmdline():
                    walks.append(process)
                elif "pipeline.worker" not in process.cmdline():
                    process.kill()
        return walks

    def _start(self, before: list[str], arguments: list[str], name: str) -> subprocess.Popen[bytes]:
        log = self._held.enter_context((self.folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "dask", *arguments],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={**os.environ, **ENVIRONMENT},
            start_new_session=True,
        )
        self._held.callback(_end, process)
        return process


def lives(process: psutil.Process) -> bool:
    """Tell whether a process does anything any more."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(
    there: Callable[[], bool], seconds: float = _READY, crawl: subprocess.Popen[str] | None = None
) -> None:
    """Wait until something is so; a crawl that it waits for must not end before."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, f"not so within {seconds} seconds"
        if crawl is not None and crawl.poll() is not None:
            raise AssertionError(f"the crawl ended: {crawl.communicate()}")
        time.sleep(0.02)
