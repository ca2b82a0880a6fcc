"""Pool: reads documents in child processes, so that a hostile file costs one finding.

One worker reads one document at a time over a socket of its own; when it is late, out of memory
or dead, it is clear which document did it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from pipeline.finding import Finding
from pipeline.read.document import UnreadableError
from pipeline.read.legacy import MISSING, Converter, legacy_kind
from pipeline.read.sniff import Kind, LegacyKind, sniff
from pipeline.report import Report

SECONDS = 60.0
"""Time of one core for one document; a report takes a tenth of a second, a scanned page two."""

LOADED = 3
"""Times as long by the wall clock, as other programs may take the core meanwhile."""

MEMORY = 2 * 2**30
"""Bytes of address space for one document; a report takes a fiftieth."""

MOST_BYTES = 64 * 2**20
"""Largest file that is read, the same that the crawler downloads."""

OUT_OF_MEMORY = 70
"""Exit code of a worker that met its memory limit; Python itself does not use it."""

STOPPED = frozenset({"E-READ-TIMEOUT", "E-READ-MEMORY", "E-READ-CRASH", MISSING})
"""Rules of findings that say that reading was not finished, whatever the file holds."""

_START_SECONDS = 60.0
_LOOK_AGAIN = 0.02  # seconds
_HEAD = 4096  # bytes that tell the kind of a file that is not read
_LAST_BYTES = 8192  # of what a worker printed, enough for the end of a traceback
_LOOK_AHEAD = 8  # documents a worker; enough for one run of LibreOffice
_ROOT = Path(__file__).resolve().parents[1]

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class ReaderStartError(RuntimeError):
    """A worker did not start, which no document is to blame for; says what it printed."""


class ReaderPoolClosedError(RuntimeError):
    """The pool was closed while a document was being read, or before."""


class _LateError(Exception):
    """The worker did not answer in time."""


class _Worker:
    """A child process and the socket to it."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds, self._memory = seconds, memory
        self.finished = False
        self._ready = False
        self._lock = threading.RLock()
        self._socket, far_end = multiprocessing.Pipe()
        # A file, as nobody reads along; what is in it matters only when the worker dies.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        command = [sys.executable, "-P", "-m", "pipeline.worker"]
        arguments = [str(far_end.fileno()), str(memory), str(seconds)]
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        # A session of its own: Ctrl-C is for the pool to handle, and end() takes the whole group.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command + arguments,
            pass_fds=[far_end.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        far_end.close()

    def read(self, data: bytes, converted_from: LegacyKind | None) -> bytes:
        """Return the report of a document, pickled, whatever happens to the process."""
        self._await_ready()
        kind: Kind = converted_from or "unknown"
        started = self._core_seconds()
        deadline = time.monotonic() + LOADED * self._seconds
        try:
            self._socket.send(converted_from)
            self._socket.send_bytes(data)
            kind = self._receive(deadline, started)
            report: bytes
            report, self.finished = self._receive(deadline, started)
        except _LateError:
            finding = self._late()
        except (EOFError, OSError):
            finding = self._died()
        else:
            return report
        self.finished = True
        return _unreadable(kind, finding)

    def _await_ready(self) -> None:
        """Wait until the modules are loaded; their time and memory is not the document's."""
        if self._ready:
            return
        try:
            self._receive(time.monotonic() + _START_SECONDS)
        except (_LateError, EOFError, OSError) as error:
            code = self.end(patience=5)
            raise ReaderStartError(
                f"a reading process did not start (exit code {code}); it printed: "
                f"{self._last_words() or 'nothing'}"
            ) from error
        self._ready = True

    def _receive(self, deadline: float, started: float | None = None) -> Any:  # noqa: ANN401
        """Return what the worker says next, as Connection.recv does.

        Args:
            deadline: of the wall clock.
            started: time of a core that the worker had taken when it got the document; None where
                that does not count.

        """
        wait = _LOOK_AGAIN  # most answers are there before the worker's time need be asked for
        while (left := deadline - time.monotonic()) > 0:
            if self._socket.poll(min(wait, left)):
                return self._socket.recv()
            # A worker takes no more time of a core than passes meanwhile.
            wait = left if started is None else started + self._seconds - self._core_seconds()
            if wait <= 0:
                break
            wait = max(wait, _LOOK_AGAIN)
        raise _LateError

    def _core_seconds(self) -> float:
        """Return the time of a core that the process took; the wall clock's where it is not told.

        Source: proc_pid_stat(5), fields 14 and 15.
        """
        if sys.platform != "linux":
            return time.monotonic()
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return 0.0  # it has ended, which the socket tells
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def died_idle(self) -> bool:
        """Tell whether the process ended after it was ready and before it got a document."""
        with self._lock:
            return self._ready and self._process.poll() is not None

    def _kill(self) -> None:
        """End the process and all that it started, at once."""
        with self._lock:  # once it is waited for, its number may be somebody else's
            if self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the process and let go of what belongs to it."""
        self.end()
        self._socket.close()
        self._errors.close()

    def end(self, patience: float = 0.0) -> int:
        """Give the process some seconds to end by itself, then end it; return its exit code."""
        with self._lock:
            if patience:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
            self._kill()
            return self._process.wait()

    def _late(self) -> Finding:
        message = (
            f"读取超过{self._seconds:g}秒仍未完成，已中止；文件可能异常复杂或已损坏，"
            "请人工核对原件，或改用同一报告的其他格式。"
        )
        return Finding("E-READ-TIMEOUT", "error", message)

    def _died(self) -> Finding:
        # Its end of the socket is closed, so it is on its way out by itself.
        code = self.end(patience=5)
        last_words = self._last_words()
        # pdfium that gets no memory aborts without a word; the C library, when it finds its heap
        # damaged, says so first.
        if code == OUT_OF_MEMORY or (code == -signal.SIGABRT and not last_words):
            message = (
                f"读取所需内存超过{self._memory // 2**20} MiB的上限，已中止；文件可能异常庞大"
                "或被人为构造，请人工核对原件，或改用同一报告的其他格式。"
            )
            return Finding("E-READ-MEMORY", "error", message)
        reason = signal.Signals(-code).name if code < 0 else f"退出码{code}"
        message = (
            f"读取程序意外中止（{reason}），未得到结果；请人工核对原件，"
            "并把原件和本条提示反馈给本项目。"
        )
        return Finding("E-READ-CRASH", "error", message, quote=last_words)

    def _last_words(self) -> str:
        """Return the last line that the worker printed; of a traceback, the exception."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LAST_BYTES))
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


class ReaderPool:
    """Child processes that read documents; a context manager.

    Any thread may call it, several at once; no thread is started before ``parse_many``, and no
    signal is handled, so that it goes beside Twisted's reactor.

    Args:
        workers: number of processes; None for one a core.
        seconds: time of one core for one document; three times as much by the wall clock.
        memory: bytes of address space for one document, beyond the modules'; enforced on Linux.

    """

    def __init__(
        self, workers: int | None = None, seconds: float = SECONDS, memory: int = MEMORY
    ) -> None:
        self._count = workers or available_cores()
        self._seconds, self._memory = seconds, memory
        # None takes the place of a worker when the pool is closed.
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._workers: set[_Worker] = set()
        self._converter = Converter(seconds, memory)
        self._lock = threading.Lock()
        self._open = False

    def __enter__(self) -> Self:
        """Start the workers; they load their modules while the caller goes on."""
        self._open = True
        for _ in range(self._count):
            self._hire()
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers at once, also those that are reading."""
        with self._lock:
            self._open = False
            workers = list(self._workers)
        self._converter.close()
        for worker in workers:
            worker.end()
        with suppress(queue.Empty):
            while idle := self._idle.get_nowait():
                idle.stop()
        self._idle.put(None)

    def _hire(self) -> None:
        with self._lock:
            if self._open:
                worker = _Worker(self._seconds, self._memory)
                self._workers.add(worker)
                self._idle.put(worker)

    def _take(self) -> _Worker:
        """Wait for an idle worker; one that died while idle is no document's fault."""
        while worker := self._idle.get() if self._open else None:
            if not worker.died_idle():
                return worker
            self._dismiss(worker)
            self._hire()
        self._idle.put(None)  # for the next thread that waits
        raise ReaderPoolClosedError("the pool of readers is closed; open it with `with`")

    def _dismiss(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            self._workers.discard(worker)

    def parse(self, data: bytes) -> Report:
        """Return what a file says, as ``pipeline.parse.parse``, but within limits.

        Args:
            data: the bytes of one file of any kind.

        Returns:
            A checked report; status unreadable with one finding E-READ-TIMEOUT, E-READ-MEMORY or
            E-READ-CRASH when reading had to be stopped or broke down. A legacy file is converted
            first, together with others that threads bring at the same time.

        Raises:
            ReaderStartError: no worker can be started.
            ReaderPoolClosedError: the pool is not open.

        """
        report: Report = pickle.loads(self.parse_pickled(data))  # noqa: S301 - of our own child
        return report

    def parse_pickled(self, data: bytes) -> bytes:
        """Do the same for a caller that only passes the report on."""
        if len(data) > MOST_BYTES:
            return _too_large(data)
        kind = legacy_kind(data)
        if kind is None:
            return self._read(data)
        converted = self._converter.convert(data)
        if not isinstance(converted, UnreadableError):
            return self._read(converted, kind)
        self._check_open()
        return _unreadable(kind, Finding(converted.rule, "error", converted.message))

    def _read(self, data: bytes, converted_from: LegacyKind | None = None) -> bytes:
        worker = self._take()
        finished = True
        try:
            report = worker.read(data, converted_from)
            finished = worker.finished
        finally:
            if finished or not self._open:
                self._dismiss(worker)
                self._hire()
            else:
                self._idle.put(worker)
        self._check_open()
        return report

    def _check_open(self) -> None:
        if not self._open:
            raise ReaderPoolClosedError("the pool of readers was closed while it read")

    def parse_many(self, documents: Iterable[tuple[Key, bytes]]) -> Iterator[tuple[Key, Report]]:
        """Read documents on all workers at once; as ``each`` with ``parse``."""
        return self.each(documents, self.parse)

    def each(
        self, documents: Iterable[tuple[Key, bytes]], parse: Callable[[bytes], Answer]
    ) -> Iterator[tuple[Key, Answer]]:
        """Read documents on all workers at once; errors as of ``parse``.

        Args:
            documents: key and bytes of each; taken from the caller's thread, only a few ahead of
                what is read, so that they need not all be in memory.
            parse: ``parse`` or ``parse_pickled`` of this pool.

        Yields:
            Key and report of each, in the order given.

        """
        # More threads than workers: those that bring legacy files wait together for LibreOffice.
        threads = ThreadPoolExecutor(_LOOK_AHEAD * self._count, "reader")
        waiting: deque[tuple[Key, Future[Answer]]] = deque()
        try:
            for key, data in documents:
                waiting.append((key, threads.submit(parse, data)))
                while len(waiting) >= _LOOK_AHEAD * self._count or (
                    waiting and waiting[0][1].done()
                ):
                    first, future = waiting.popleft()
                    yield first, future.result()
            for key, future in waiting:
                yield key, future.result()
        finally:
            # Without waiting: a caller that gives up closes the pool next, which ends the reading.
            threads.shutdown(wait=False, cancel_futures=True)


def _unreadable(kind: Kind, finding: Finding) -> bytes:
    return pickle.dumps(Report(format=kind, status="unreadable", findings=(finding,)))


def _too_large(data: bytes) -> bytes:
    message = (
        f"文件超过{MOST_BYTES // 2**20} MiB的上限，未读取；请确认它是否为年度报告，"
        "或改用同一报告的其他格式。"
    )
    return _unreadable(sniff(data[:_HEAD]), Finding("E-TOO-LARGE", "error", message))
