"""Times, as medians of several runs on one core, and rows of the table that is printed."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import TypeVar

from pipeline.pool import ReaderPool
from tests.bench.readings import FLOORS, OTHERS, both, fast, forget_shapes, from_tables
from tests.bench.samples import Sample

T = TypeVar("T")
Row = dict[str, str | float | int | None]


def one_core() -> None:
    """Keep this process on one core, so that no library can use a second one unseen."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def seconds(
    work: Callable[[], T], runs: int, before: Callable[[], None] | None = None
) -> tuple[float, T]:
    """Return the median processor time of a piece of work after two runs to warm up; its result.

    Args:
        work: what is measured.
        runs: how often.
        before: called before each run, its time left out.

    """
    work()
    result = work()  # what is met again is remembered only then
    gc.collect()
    times = []
    for _ in range(runs):
        if before:
            before()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times), result


def others() -> list[str]:
    """Return the names of the other extractors that are installed."""
    return [name for name in OTHERS if find_spec(name) is not None]


def rows_of(sample: Sample, runs: int) -> list[Row]:
    """Return a row for each way to read a file, its time as a multiple of the format's floor."""
    floor, _ = seconds(lambda: FLOORS[sample.format](sample.data), runs)
    rows: list[Row] = [_row(sample, "floor", floor, floor, None)]
    ways = {"fast reading": fast} | ({"both readings": both} if sample.format == "pdf" else {})
    for name, way in ways.items():
        taken, report = seconds(lambda way=way: way(sample.data), runs)
        rows.append(_row(sample, name, taken, floor, sample.right(report)))
    taken, report = seconds(lambda: fast(sample.data), runs, forget_shapes)
    rows.append(_row(sample, "first sight", taken, floor, sample.right(report)))
    for name in others() if sample.format == "pdf" else []:
        taken, tables = seconds(lambda name=name: OTHERS[name](sample.data), max(1, runs // 3))
        rows.append(_row(sample, name, taken, floor, sample.right(from_tables(tables))))
    return rows


def _row(sample: Sample, way: str, taken: float, floor: float, right: int | None) -> Row:
    return {
        "file": sample.name,
        "way": way,
        "milliseconds": 1000 * taken,
        "floors": taken / floor,
        "right": right,
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
