"""Measures an archive of the synthetic country: bytes, reading, publishing, answering."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from archive.publish import Release, current, public_folder
from pipeline.check.checker import check
from pipeline.parse import parse
from pipeline.read.reader import read
from pipeline.recognise import recognise
from tests.bench_scale_ask import asked
from tests.country.fill import STEPS
from tests.country.grow import COMPARED, FORMS, YEARS, Cost, smallest
from tests.country.make import reports
from tests.country.spent import Spent

ROOT = Path(__file__).resolve().parents[1]
Measured = dict[str, Any]


def measure(folder: Path, costs: list[Cost], requests: int, say: Callable[[str], None]) -> Measured:
    """Measure an archive as it stands.

    Args:
        folder: the data folder.
        costs: what each of its counties cost.
        requests: addresses of each kind to ask for.
        say: takes a line of progress.

    """
    held = sum(cost["reports"] for cost in costs)
    say("bytes are counted")
    stored = _stored(folder)
    say("published")
    beside = [cost["beside"] for cost in costs if "beside" in cost]
    compared = {"cpu": _marginal(beside), "publish": _publish(smallest(folder))} if beside else {}
    published = _publish(folder)
    release = current(folder)
    if release is None:
        raise RuntimeError(f"nothing is published in {folder}")
    say("served and asked")
    return {
        "reports": held,
        "cpu": _marginal(costs),
        "memory": {name: max(cost[name] for cost in costs) for name in ("writer", "reader")}
        | {"publish": published["memory"]},
        "bytes": stored | _released(release),
        "publish": published,
        "smallest": compared,
        "asked": asked(folder, release.path, requests),
    }


def _marginal(costs: list[Cost]) -> dict[str, float]:
    """Return processor milliseconds of one report by step, of the last counties that were stored.

    Without the first one of each process, which loads everything.
    """
    last = [cost for cost in costs if not cost["first"]][-COMPARED:] or costs
    count = sum(cost["reports"] for cost in last)
    return {step: 1000 * sum(cost[step] for cost in last) / count for step in ("read", *STEPS)}


def _stored(folder: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(folder / "nianbao.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        payloads = connection.execute("SELECT sum(size) FROM payloads").fetchone()[0]
        return {
            "blobs": payloads,
            "blobs on disk": _on_disk(folder / "blobs"),
            "WARC": sum(file.stat().st_size for file in (folder / "warc").iterdir()),
            "database": (folder / "nianbao.db").stat().st_size,
            "database by table": _by_table(connection),
        }


def _on_disk(folder: Path) -> int:
    return sum(
        os.lstat(Path(at, name)).st_blocks * 512
        for at, _, names in os.walk(folder)
        for name in names
    )


def _by_table(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the bytes of each table and index; an index as "table: index"."""
    owners = dict(connection.execute("SELECT name, tbl_name FROM sqlite_master").fetchall())
    found: Counter[str] = Counter()
    for name, size in connection.execute("SELECT name, pgsize FROM dbstat WHERE aggregate = 1"):
        owner = owners.get(name, name)
        found[name if owner == name else f"{owner}: {name}"] = size
    return dict(found.most_common())


def _released(release: Release) -> dict[str, int]:
    return {
        "release": release.size,
        "exports": sum(file.stat().st_size for file in release.exports.iterdir()),
    }


def _publish(folder: Path) -> dict[str, float]:
    """Publish in a process of its own.

    Returns:
        Its seconds (cpu; wall), its most bytes of memory, and processor milliseconds a report.

    """
    with closing(sqlite3.connect(folder / "nianbao.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM reports").fetchone()
    # What was published before and has the same rows would be left as it is.
    shutil.rmtree(public_folder(folder), ignore_errors=True)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "publish", "--data", str(folder)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"publishing {folder} ended with {process.returncode}")
    seconds = usage.ru_utime + usage.ru_stime
    return {
        "cpu": seconds,
        "a report": 1000 * seconds / count,
        "wall": time.monotonic() - began,
        "memory": usage.ru_maxrss * 1024,
    }


def reading(sample: int) -> Iterator[str]:
    """Yield a line a format: what reading, recognising and checking a file takes.

    Args:
        sample: files a format.

    """
    for form, share in FORMS:
        files = [
            one.data for one in islice(reports(range(9000, 9999), YEARS, ((form, 1.0),)), sample)
        ]
        times = _times(files)
        parts = ", ".join(f"{name} {taken:.1f}" for name, taken in times.items())
        size = sum(map(len, files)) / len(files) / 1024
        yield f"{form:5} {parts}; {size:.0f} KiB a file, {share:.0%} of the files here"


def _times(files: list[bytes]) -> dict[str, float]:
    for data in files[:10]:
        parse(data)  # everything is loaded, and shapes of tables are known, from here on
    spent = Spent()
    for data in files:
        with spent.on("in all"):
            parse(data)
        with spent.on("read"):
            document = read(data)
        with spent.on("recognise"):
            report = recognise(document)
        with spent.on("check"):
            check(report)
    times = {step: 1000 * taken / len(files) for step, taken in spent.seconds.items()}
    rest = 2 * times["in all"] - sum(times.values())
    return times | {"second reading and holding together": max(rest, 0.0)}
