"""Asks a server process over HTTP for pages and searches, one after another."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.country.spent import children, peak_memory, processor_seconds

ROOT = Path(__file__).resolve().parents[1]
_WAIT = 600  # seconds until the server answers; it reads its catalogue first
_SLOW = 60  # seconds for one answer
# In most reports, in some, in a few, in none; one and several words; what an agency is called.
_WORDS = (
    "信息公开", "年度报告", "行政复议", "低保", "营商环境", "义务教育 群众", "招商引资",
    "乡村振兴 提高了透明度", "征地补偿 政府采购 城乡规划", "龙", "999000", "柔川镇", "审计局",
    "“业务能力不足”", '"公开内容不够全面"', "食品药品监管 8000031", "不存在的词语", "2023年 水务局",
    "惠民补贴 招商引资 应急预案 人事任免", "虚构路12号",
)  # fmt: skip


def asked(folder: Path, release: Path, count: int) -> dict[str, Any]:
    """Serve a data folder and ask for pages and searches.

    Each address is asked for twice: "first" is answered from the database, "again" by what the
    server keeps of a release that does not change.

    Args:
        folder: the data folder; something is published.
        release: the published database, from which addresses are chosen.
        count: addresses of each kind.

    Returns:
        By kind of page and "first" or "again": requests, p50, p95, most (milliseconds by the
        clock), refused (a question took too long), cpu (milliseconds of the server and of what
        draws its pictures); and its most bytes of memory.

    """
    with closing(sqlite3.connect(f"file:{release}?immutable=1", uri=True)) as connection:
        kinds = _addresses(connection, count)
    found: dict[str, Any] = {}
    with _server(folder) as (process, address), httpx.Client(base_url=address) as client:
        found["start memory"] = peak_memory(process.pid)
        for when in ("first", "again"):
            for kind, paths in kinds.items():
                found[f"{kind}, {when}"] = _times(client, process.pid, paths)
        found["memory"] = peak_memory(process.pid)
    return found


@contextmanager
def _server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "serve", "--data", str(folder), "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = re.search(r"http://\S+", line)
        if told is None:
            raise RuntimeError(f"'nianbao serve' told no address: {line!r}")
        yield process, told[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _times(client: httpx.Client, server: int, paths: list[str]) -> dict[str, float]:
    times, refused = [], 0
    before = _processor_seconds(server)
    for path in paths:
        began = time.perf_counter()
        answer = client.get(path, timeout=_SLOW)
        times.append(1000 * (time.perf_counter() - began))
        refused += not answer.is_success
    times.sort()
    return {
        "requests": len(times),
        "p50": times[len(times) // 2],
        "p95": times[min(len(times) - 1, int(0.95 * len(times)))],
        "most": times[-1],
        "refused": refused,
        "cpu": 1000 * (_processor_seconds(server) - before) / len(times),
    }


def _processor_seconds(server: int) -> float:
    return sum(map(processor_seconds, (server, *children(server))))


def _addresses(connection: sqlite3.Connection, count: int) -> dict[str, list[str]]:
    """Return addresses by kind of page, spread evenly over the release."""
    last = connection.execute("SELECT max(id) FROM reports").fetchone()[0]
    ids = sorted({max(1, last * n // count) for n in range(1, count + 1)})
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(
        "SELECT replace(a.key, ':', '-'), r.year, a.region_code FROM reports r"
        f" JOIN agencies a ON a.id = r.agency_id WHERE r.id IN ({marks})",
        ids,
    ).fetchall()
    reports = [f"/report/{slug}/{year}" for slug, year, _ in rows]
    regions = sorted({region for *_, region in rows})
    words = [*_WORDS, *(f"虚构 {year}年 {word}" for _, year, _ in rows[:3] for word in _WORDS[3:6])]
    return {
        "reports": reports,
        "cells": [f"{path}/cell/t3_new__total" for path in reports],
        "agencies": sorted({f"/agency/{slug}" for slug, *_ in rows}),
        "regions": [f"/region/{region}" for region in regions],
        "whole archive": [
            "/", "/findings", "/changes", "/explore", "/data", "/health", "/dictionary", "/about",
            "/findings?rule=E-CARRY", "/feeds/changes.atom", "/region/99",
        ],
        "searches": [f"/search?q={quote(word)}" for word in words],
        "narrowed searches": [
            f"/search?q={quote(word)}&region={region}"
            for word, region in zip(words, regions * len(words), strict=False)
        ],
    }  # fmt: skip
