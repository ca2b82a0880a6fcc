"""A Dask scheduler and workers as real processes, each worker in a network of its own if wanted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from pipeline.cluster.scheduler import QUIET

ROOT = Path(__file__).resolve().parents[1]
_NETWORK = "10.213.86"
_BRIDGE = "nb-cluster"


def networks() -> bool:
    """Tell whether this process may make network namespaces."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


def _ip(line: str) -> None:
    subprocess.run(["ip", *line.split()], check=True, capture_output=True)


@contextmanager
def _bridge() -> Iterator[str]:
    """Make the network between the machines; yield the scheduler's address in it."""
    _ip(f"link add {_BRIDGE} type bridge")
    try:
        _ip(f"addr add {_NETWORK}.1/24 dev {_BRIDGE}")
        _ip(f"link set {_BRIDGE} up")
        yield f"{_NETWORK}.1"
    finally:
        _ip(f"link del {_BRIDGE}")


@contextmanager
def _namespace(number: int) -> Iterator[list[str]]:
    """Make a network namespace on the bridge; yield what begins a command within it."""
    name = f"{_BRIDGE}-{number}"
    _ip(f"netns add {name}")
    try:
        _ip(f"link add nbo{number} type veth peer name nbi{number} netns {name}")
        _ip(f"link set nbo{number} master {_BRIDGE} up")
        _ip(f"-n {name} addr add {_NETWORK}.{number + 1}/24 dev nbi{number}")
        _ip(f"-n {name} link set nbi{number} up")
        _ip(f"-n {name} link set lo up")
        yield ["ip", "netns", "exec", name]
    finally:
        _ip(f"netns del {name}")


def _quiet() -> dict[str, str]:
    """Return the settings that machines of a cluster should have, as variables."""
    names = (name.upper().replace("-", "_").replace(".", "__") for name in QUIET)
    return {f"DASK_{name}": str(value) for name, value in zip(names, QUIET.values(), strict=True)}


class Machines:
    """One scheduler and some workers of one thread each.

    Args:
        folder: for logs and the workers' scratch files.
        workers: how many are there from the beginning.
        namespaces: each worker in a network namespace of its own (root only).
        environment: what workers and scheduler get beside this process's environment.
        options: of ``dask worker``.

    """

    def __init__(
        self,
        folder: Path,
        workers: int,
        *,
        namespaces: bool = False,
        environment: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = ""
        self._workers, self._namespaces, self._options = workers, namespaces, options
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {
            **os.environ, **_quiet(), "PYTHONPATH": os.pathsep.join(paths), **(environment or {})
        }  # fmt: skip
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        host = self._held.enter_context(_bridge()) if self._namespaces else "127.0.0.1"
        told = self.folder / "scheduler.json"
        told.unlink(missing_ok=True)
        options = ["--host", host, "--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
        self._run(["scheduler", *options], "scheduler")
        deadline = time.monotonic() + 30
        while not self.address:
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
            with suppress(FileNotFoundError, json.JSONDecodeError):
                self.address = json.loads(told.read_text())["address"]
        for _ in range(self._workers):
            self.add()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            self._kill(process)
        self._held.close()

    def _run(self, arguments: list[str], name: str, within: tuple[str, ...] = ()) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*within, sys.executable, "-m", "dask", *arguments],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)

    def add(self) -> None:
        """Start one more worker."""
        number = len(self.processes)
        within: list[str] = []
        if self._namespaces:
            within = self._held.enter_context(_namespace(number))
        scratch = ["--local-directory", str(self.folder / f"scratch-{number}")]
        options = ["--nworkers", "1", "--nthreads", "1", "--no-dashboard", *scratch, *self._options]
        self._run(["worker", self.address, *options], f"worker-{number}", tuple(within))

    def kill(self, number: int) -> None:
        """Kill a worker's machine, the first is 1: the worker, its nanny, and what they started."""
        self._kill(self.processes[number])

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
