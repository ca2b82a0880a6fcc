"""Times on one core, each the least of several runs, and rows of the table that is printed."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from math import inf
from typing import TypeVar

from pipeline.pool import ReaderPool
from pipeline.report import Report
from tests.bench.readings import FLOORS, OTHERS, both, fast, forget_shapes, from_tables
from tests.bench.samples import Sample

T = TypeVar("T")
Row = dict[str, str | float | int | None]


def one_core() -> None:
    """Keep this process on one core, so that no library can use a second one unseen."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def least_seconds(
    ways: dict[str, Callable[[], T]], runs: int, before: Callable[[], None] | None = None
) -> dict[str, tuple[float, T]]:
    """Return the least processor time of each of several pieces of work, and its result.

    The least, as whatever else the machine does meanwhile only adds to it; in turns, so that it
    adds to all of them. Each is done twice before, and twice in each turn, as in a worker that
    has read documents and does nothing else between two: what parses a large tree gives its
    memory back to the system, and the next piece of work, not itself, would pay for that.

    Args:
        ways: name and what is measured.
        runs: how often.
        before: called before each run, its time left out.

    """
    results: dict[str, T] = {}
    for name, work in ways.items():
        for _ in range(2):  # what is met again is remembered only then
            if before:
                before()
            results[name] = work()
    gc.collect()
    taken = dict.fromkeys(ways, inf)
    for _ in range((runs + 1) // 2):
        for name, work in [way for way in ways.items() for _ in range(2)]:
            if before:
                before()
            start = time.process_time()
            work()
            taken[name] = min(taken[name], time.process_time() - start)
    return {name: (taken[name], results[name]) for name in ways}


def others() -> list[str]:
    """Return the names of the other extractors that are installed."""
    return [name for name in OTHERS if find_spec(name) is not None]


def rows_of(sample: Sample, runs: int) -> list[Row]:
    """Return a row for each way to read a file, its time as a multiple of the format's floor."""
    data = sample.data
    ways: dict[str, Callable[[], Report | None]] = {
        "floor": lambda: FLOORS[sample.format](data),
        "fast reading": lambda: fast(data),
    }
    found = least_seconds(ways, runs)
    found |= least_seconds({"first sight": lambda: fast(data)}, runs, forget_shapes)
    if sample.format == "pdf":  # tens of times as long, of which fewer runs tell as much
        fewer = max(1, runs // 25)
        found |= least_seconds({"both readings": lambda: both(data)}, fewer)
        tools = {name: partial(OTHERS[name], data) for name in others()}
        for name, (taken, tables) in least_seconds(tools, fewer).items():
            found[name] = taken, from_tables(tables)
    floor, _ = found["floor"]
    return [_row(sample, name, taken, floor, report) for name, (taken, report) in found.items()]


def _row(sample: Sample, way: str, taken: float, floor: float, report: Report | None) -> Row:
    return {
        "file": sample.name,
        "way": way,
        "milliseconds": 1000 * taken,
        "floors": taken / floor,
        "right": None if report is None else sample.right(report),
        "cells": len(sample.printed),
    }


def pool_ratio(samples: list[Sample], rounds: int) -> float:
    """Return how many times as fast two workers read a batch as one does, by the clock."""
    batch = [(n, sample.data) for n, sample in enumerate(samples * rounds)]
    taken = {}
    for workers in (1, 2):
        with ReaderPool(workers) as pool:
            list(pool.parse_many(batch[: 2 * workers]))  # the workers load what they need
            start = time.perf_counter()
            list(pool.parse_many(batch))
            taken[workers] = time.perf_counter() - start
    return taken[1] / taken[2]
