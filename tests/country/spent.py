"""What work costs: processor time by step, and what /proc tells of processes (Linux)."""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Spent:
    """Processor seconds of the calling thread by step."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def on(self, step: str) -> Iterator[None]:
        """Count what a block takes for a step."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.seconds[step] += time.thread_time() - began


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that go on, theirs included."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def processor_seconds(pid: int) -> float:
    """Return what a process and its ended children have taken until now; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0.0
    # The name in brackets may hold spaces; user and system time are fields 14 and 15, those of
    # children that were waited for 16 and 17.
    fields = text[text.rindex(")") + 2 :].split()
    return sum(map(int, fields[11:15])) / _TICKS


def readers_seconds() -> float:
    """Return what the children of this process have taken, those that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(processor_seconds, children(os.getpid())))


def peak_memory(pid: int) -> int:
    """Return the most bytes of memory that a process has ever held (VmHWM); 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    held = [line for line in lines if line.startswith("VmHWM:")]
    return int(held[0].split()[1]) * 1024 if held else 0
