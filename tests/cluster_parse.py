"""Reading of many stored documents: one process against workers in networks of their own.

``python -m tests.cluster_parse 20000`` (as root, who may make networks) makes so many synthetic
documents, lets four copies of the archive be read again (by one process; by one worker; by two; by
two of which one is killed half-way and another one joins) and says whether all rows are the same,
how long each took, and where the processor's time went. The exit code is 1 when rows differ.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import psutil

from archive.home import Archive
from pipeline.cluster.readers import ClusterReaders
from pipeline.cluster.scheduler import connect
from pipeline.cluster.stored import LocalReaders, StoredReaders
from pipeline.reread import outdated, reread
from pipeline.store import settle
from tests.cluster.machines import SCHEDULER, Machines
from tests.cluster.namespaces import HERE, NoNamespacesError, namespaces
from tests.country.fill import country, fill
from tests.country.make import reports
from tests.same_archive import differences

YEARS = 18
COUNTIES = 400
WORKERS = ("nbone", "nbtwo", "nbthree")


@dataclass(frozen=True, slots=True)
class Took:
    """What a reading took.

    Args:
        documents: how many were read.
        wall: seconds from the first batch to the last row; without settling.
        own: processor seconds of the process that stores, with its direct reading children's.
        machines: processor seconds of scheduler and workers with all their children.

    """

    documents: int
    wall: float
    own: float
    machines: float

    def __str__(self) -> str:
        per = 1000 / self.documents
        return (
            f"{self.documents} documents in {self.wall:.1f} s ({self.documents / self.wall:.1f}/s);"
            f" processor: {(self.own + self.machines) * per:.2f} ms a document, of these"
            f" {self.machines * per:.2f} on the cluster"
        )


def _spent(process: psutil.Process) -> float:
    """Return the processor seconds of a process and all that it started."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has counted it meanwhile
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _stale(filled: Path, folder: Path) -> Path:
    """Copy an archive as an earlier, worse reader would have left it."""
    shutil.copytree(filled, folder, copy_function=os.link, ignore=lambda *_: {"nianbao.db"})
    shutil.copy(filled / "nianbao.db", folder)
    with closing(sqlite3.connect(folder / "nianbao.db")) as db, db:
        db.execute("UPDATE documents SET reader = '0', title = 'as it was' WHERE id % 10 = 0")
        db.execute("UPDATE documents SET reader = '0'")
        db.execute("UPDATE cells SET value = 7 WHERE document_id % 10 = 0")
        db.execute("DELETE FROM figures WHERE document_id % 10 = 0")
    return folder


def _read(data: Path, readers: StoredReaders, half: Callable[[], object] = lambda: None) -> int:
    """Read what is outdated, and call back half-way."""
    with closing(Archive(data)) as archive:
        chosen = outdated(archive)
        left = chosen.count // 2

        def told() -> None:
            nonlocal left
            left -= 1
            if not left:
                half()

        done = reread(archive, chosen.digests, readers, told=told)
        assert not done.damaged
        assert not done.stopped
        return done.read


def _alone(data: Path) -> Took:
    here = psutil.Process()
    with LocalReaders(1) as readers:
        spent, began = _spent(here), time.monotonic()
        documents = _read(data, readers)
        wall, own = time.monotonic() - began, _spent(here) - spent
    return Took(documents, wall, own, 0.0)


def _cluster(data: Path, scratch: Path, names: Sequence[str], *, kill: bool = False) -> Took:
    """Read on workers in networks of their own; the last of ``WORKERS`` replaces a killed one."""
    here = psutil.Process()
    with ExitStack() as held:
        machines = held.enter_context(Machines(scratch, address=HERE))
        for name in names:
            machines.add(name, namespace=name)
        client = held.enter_context(connect(machines.scheduler))
        client.wait_for_workers(len(names))

        def half() -> None:
            if kill:
                machines.kill(names[0])
                machines.add(WORKERS[-1], namespace=WORKERS[-1])

        counted = [SCHEDULER, *names]
        others = [psutil.Process(machines.processes[name].pid) for name in counted]
        own = sum(here.cpu_times()[:2])
        spent, began = sum(map(_spent, others)), time.monotonic()
        documents = _read(data, ClusterReaders(client), half)
        wall = time.monotonic() - began
        own = sum(here.cpu_times()[:2]) - own
        others = [psutil.Process(process.pid) for process in machines.processes.values()]
        return Took(documents, wall, own, sum(map(_spent, others)) - spent)


def _say(line: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.1f}: {line}")


@click.command()
@click.argument("documents", type=int)
@click.option("--filled", type=click.Path(path_type=Path), help="Where the archive is, or is made.")
def main(documents: int, filled: Path | None) -> None:
    """Compare readings of so many DOCUMENTS."""
    problems: list[str] = []
    try:
        with namespaces(WORKERS), tempfile.TemporaryDirectory() as folder:
            problems = _compare(documents, filled, Path(folder))
    except NoNamespacesError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(1 if problems else 0)


def _compare(documents: int, filled: Path | None, scratch: Path) -> list[str]:
    """Return in what the copies differ.

    Raises:
        NoNamespacesError: this process may make none.

    """
    filled = filled or scratch / "filled"
    if not filled.exists():
        with closing(country(filled)) as archive:
            fill(archive, islice(reports(range(COUNTIES), YEARS), documents), workers=2)
        _say(f"{documents} documents made, archived, read and stored")
    copies = {name: _stale(filled, scratch / name) for name in ("alone", "one", "two", "killed")}
    _say(f"one process: {_alone(copies['alone'])}")
    one = _cluster(copies["one"], scratch / "m1", WORKERS[:1])
    _say(f"one worker: {one}")
    two = _cluster(copies["two"], scratch / "m2", WORKERS[:2])
    _say(f"two workers: {two}")
    _say(f"two workers are {one.wall / two.wall:.2f} times as fast as one")
    killed = _cluster(copies["killed"], scratch / "m3", WORKERS[:2], kill=True)
    _say(f"two workers, one killed half-way: {killed.documents} documents")
    problems = []
    for data in copies.values():
        with closing(Archive(data)) as archive:
            settle(archive)
    for name in ("one", "two", "killed"):
        told = differences(copies["alone"], copies[name])
        _say(f"{name}: {told or 'the same rows as by one process'}")
        problems += told
    return problems


if __name__ == "__main__":
    main()
