"""A scheduler and workers as real processes, in network namespaces where there may be some."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Self

import psutil

from pipeline.cluster.scheduler import QUIET
from tests.crawl_site import ROOT

SCHEDULER = "scheduler"
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
        folder: for logs, and for what workers keep for a while.
        names: of the workers that are there from the beginning.
        address: address of the scheduler's machine.
        threads: things that a worker does at once.
        environment: what scheduler and workers get beside this process's environment.
        options: of ``dask worker``.

    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str] = (),
        *,
        address: str = "127.0.0.1",
        threads: int = 1,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.scheduler = ""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._names, self._address, self._threads = names, address, threads
        self._options = options
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {
            **os.environ,
            **_quiet(),
            **ENVIRONMENT,
            "PYTHONPATH": os.pathsep.join(paths),
            **(environment or {}),
        }
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        note = self.folder / "scheduler.json"
        note.unlink(missing_ok=True)
        self._start(
            [], ["scheduler", "--host", self._address, "--port", "0", "--no-dashboard",
                 "--no-show", "--scheduler-file", str(note)], SCHEDULER
        )  # fmt: skip
        until(lambda: note.exists() and bool(note.read_text()))
        self.scheduler = json.loads(note.read_text())["address"]
        for name in self._names:
            self.add(name)
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def add(self, name: str, namespace: str | None = None) -> None:
        """Start a worker; in a network namespace, if one is named."""
        before = ["ip", "netns", "exec", namespace] if namespace else []
        self._start(
            before,
            ["worker", self.scheduler, "--name", name, "--nthreads", str(self._threads),
             "--nworkers", "1", "--no-dashboard", "--local-directory", str(self.folder / name),
             *self._options],
            name,
        )  # fmt: skip

    def in_a_walk(self) -> Iterator[str]:
        """Yield the workers that are in the middle of a walk."""
        for name in self.processes:
            for database in (self.folder / name).glob("dask-scratch-space/*/*/nianbao.db"):
                # It may be there in part only, or gone again.
                with (
                    suppress(sqlite3.Error),
                    closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db,
                ):
                    if 2 <= db.execute(_VISITS).fetchone()[0] <= 4:
                        yield name

    def kill(self, name: str) -> None:
        """Kill a machine: the worker or the scheduler, and all that it has started."""
        _end(self.processes.pop(name))

    def kill_worker(self, name: str) -> list[psutil.Process]:
        """End a worker without a word; return its walks, which have to notice by themselves."""
        first = psutil.Process(self.processes.pop(name).pid)
        walks = []
        for process in (first, *first.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                if "crawler.cluster.site_walk" in process.cmdline():
                    walks.append(process)
                elif "pipeline.worker" not in process.cmdline():
                    process.kill()
        return walks

    def _start(self, before: list[str], arguments: list[str], name: str) -> None:
        log = self._held.enter_context((self.folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "dask", *arguments],
            cwd=self.folder,
            stdout=log,
            stderr=log,
            env=self._environment,
            start_new_session=True,
        )
        self._held.callback(_end, process)
        self.processes[name] = process


def _quiet() -> dict[str, str]:
    """Return the settings that machines of a cluster should have, as variables."""
    names = (name.upper().replace("-", "_").replace(".", "__") for name in QUIET)
    return {f"DASK_{name}": str(value) for name, value in zip(names, QUIET.values(), strict=True)}


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
