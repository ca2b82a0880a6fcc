"""Reading on a cluster: the same rows as on one machine, whatever happens to workers."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.home import Archive
from pipeline.cluster import scheduler
from pipeline.cluster.readers import ClusterReaders, StoreDiffersError
from pipeline.cluster.scheduler import ProgramDiffersError, SchedulerMissingError, connect
from pipeline.cluster.stored import LocalReaders, NotRead
from pipeline.commands import parse, reparse
from pipeline.parse import READER_VERSION
from pipeline.report import Report
from tests.cluster.machines import SCHEDULER, Machines
from tests.country.fill import country, fill
from tests.country.make import reports
from tests.crawl_site import ROOT
from tests.same_archive import differences

DOCUMENTS = 260
WORKERS = ("one", "two")
FORMS = (("html", 0.9), ("docx", 0.05), ("pdf", 0.05))
# Kills the worker that asks for one document; what it does not ask for is as ever.
POISON = """
import os, signal
from archive.blobs import BlobStore

def dask_setup(worker):
    get = BlobStore.get

    def deadly(self, digest):
        if digest == {digest!r}:
            os.kill(os.getpid(), signal.SIGKILL)
        return get(self, digest)

    BlobStore.get = deadly
"""
# A reading has to last, however fast the machine, for something to be killed in its middle.
SLOW = """
import time
from archive.blobs import BlobStore

def dask_setup(worker):
    get = BlobStore.get

    def slow(self, digest):
        time.sleep(0.02)
        return get(self, digest)

    BlobStore.get = slow
"""
NOTHING_THERE = """
from archive.blobs import BlobMissingError, BlobStore

def dask_setup(worker):
    def get(self, digest):
        raise BlobMissingError(f"no bytes stored for digest {digest}")

    BlobStore.get = get
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    with closing(country(folder)) as archive:
        fill(archive, islice(reports(range(1), 6, FORMS), DOCUMENTS), workers=2)
    return folder


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machines")
    preload = folder / "slow.py"
    preload.write_text(SLOW)
    with Machines(folder, WORKERS, options=("--preload", str(preload))) as running:
        yield running


def stale(filled: Path, folder: Path) -> Path:
    """Copy an archive as an earlier, worse reader would have left it; two originals are lost."""
    shutil.copytree(filled, folder)
    with closing(sqlite3.connect(folder / "nianbao.db")) as db, db:
        db.execute("UPDATE documents SET reader = '0', title = 'as it was'")
        db.execute("UPDATE cells SET value = 7")
        db.execute("DELETE FROM figures")
        rows = db.execute("SELECT digest FROM documents ORDER BY id LIMIT 2").fetchall()
    (missing,), (damaged,) = rows
    blobs = folder / "blobs"
    (blobs / missing[:2] / missing[2:4] / missing).unlink()
    path = blobs / damaged[:2] / damaged[2:4] / damaged
    path.chmod(0o644)
    path.write_bytes(b"?")
    return folder


def read(data: Path) -> int:
    """Return how many documents the present reader has read."""
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        query = "SELECT count(*) FROM documents WHERE reader = ?"
        return int(db.execute(query, (READER_VERSION,)).fetchone()[0])


def begin(data: Path, machines: Machines) -> subprocess.Popen[str]:
    command = ["parse", "--data", str(data), "--scheduler", machines.scheduler]
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has Ctrl-C ignored, and so would this process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def await_some(data: Path, run: subprocess.Popen[str]) -> None:
    before = read(data)
    deadline = time.monotonic() + 60
    while read(data) <= before:
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline, "nothing is read"
        time.sleep(0.02)


def test_a_cluster_reads_as_one_machine_does_whatever_is_killed(filled, machines, tmp_path):
    alone = stale(filled, tmp_path / "alone")
    result = CliRunner().invoke(parse, ["--data", str(alone)])
    assert result.exit_code == 3, result.output
    documents = read(filled)
    assert f"{documents - 2} documents read again" in result.output
    many = stale(filled, tmp_path / "many")

    run = begin(many, machines)
    await_some(many, run)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert (run.returncode, "Traceback" in errors) == (1, False), errors
    stopped_at = read(many)
    assert 0 < stopped_at < documents - 2

    run = begin(many, machines)
    await_some(many, run)
    assert read(many) < documents - 2
    machines.kill(WORKERS[0])
    output, errors = run.communicate(timeout=60)
    assert run.returncode == 3, errors
    assert f"{documents - stopped_at - 2} documents read again, 0 of them" in output
    assert "Traceback" not in errors
    assert errors.count("no bytes stored") == errors.count("does not have the digest") == 1
    assert differences(alone, many) == []
    machines.add(WORKERS[0])

    with closing(sqlite3.connect(many / "nianbao.db")) as db:
        assert db.execute("SELECT count(*) FROM figures").fetchone()[0] > documents
        left = db.execute("SELECT count(*) FROM documents WHERE title = 'as it was'").fetchone()
    assert left == (2,)


def test_documents_are_taken_only_some_ahead_and_answered_in_order(filled, machines):
    with closing(Archive(filled)) as archive, connect(machines.scheduler) as client:
        (digest,) = archive.db.execute("SELECT digest FROM documents LIMIT 1").fetchone()
        taken = 0

        def supply():
            nonlocal taken
            for _ in range(100_000):
                taken += 1
                yield digest

        answers = ClusterReaders(client).parse_stored(archive.blobs, supply())
        for given in range(100):
            assert next(answers)[0] == digest
            assert taken < given + 1000
        answers.close()


def test_a_document_that_kills_its_workers_is_named_and_the_cluster_lives(filled, tmp_path):
    with closing(Archive(filled)) as archive, LocalReaders() as readers:
        rows = archive.db.execute("SELECT digest FROM documents LIMIT 50").fetchall()
        digests = [digest for (digest,) in rows]
        alone = list(readers.parse_stored(archive.blobs, digests))
    preload = tmp_path / "poison.py"
    preload.write_text(POISON.format(digest=digests[40]))
    # Two lives instead of four for what loses its workers: each takes a second to start.
    environment = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    options = ("--preload", str(preload))
    with (
        Machines(tmp_path / "m", WORKERS, environment=environment, options=options) as machines,
        connect(machines.scheduler) as client,
    ):
        readers = ClusterReaders(client)
        answers = list(readers.parse_stored(archive.blobs, digests))
        poison = answers[40][1]
        assert isinstance(poison, NotRead)
        assert digests[40] in poison.reason
        assert not poison.damaged
        assert answers[:40] + answers[41:] == alone[:40] + alone[41:]
        ((_, again),) = readers.parse_stored(archive.blobs, digests[:1])
        assert isinstance(again, Report)

        answers = readers.parse_stored(archive.blobs, digests[:40] * 10)
        next(answers)
        machines.kill(SCHEDULER)
        with pytest.raises(SchedulerMissingError, match="run this again"):
            list(answers)


def test_a_scheduler_without_workers_is_named(filled, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "_WORKER_SECONDS", 0.2)
    with Machines(tmp_path / "m") as machines:
        arguments = ["--data", str(filled), "--scheduler", machines.scheduler]
        result = CliRunner().invoke(reparse, arguments)
    assert result.exit_code == 1
    assert f"start some with 'dask worker {machines.scheduler}'" in result.output


def test_workers_that_would_read_otherwise_are_refused(filled, tmp_path):
    other = tmp_path / "other"
    for package in ("archive", "crawler", "pipeline"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, other / package, ignore=ignored)
    reader = other / "pipeline" / "parse.py"
    reader.write_text(reader.read_text().replace("READER_VERSION =", "READER_VERSION = '0' +"))
    with Machines(tmp_path / "m", WORKERS[:1], environment={"PYTHONPATH": str(other)}) as machines:
        arguments = ["--data", str(filled), "--scheduler", machines.scheduler]
        result = CliRunner().invoke(reparse, arguments)
        assert result.exit_code == 1
        assert f"reader: 0{READER_VERSION} there, {READER_VERSION} here" in result.output
        assert "code of nianbao" in result.output

        machines.kill(WORKERS[0])
        (other / "pipeline" / "cluster" / "program.py").unlink()
        machines.add(WORKERS[0])
        with (
            pytest.raises(ProgramDiffersError, match="has no nianbao like this one"),
            connect(machines.scheduler),
        ):
            pass


def test_a_worker_that_sees_another_store_is_no_damage(filled, tmp_path):
    preload = tmp_path / "elsewhere.py"
    preload.write_text(NOTHING_THERE)
    with (
        closing(Archive(filled)) as archive,
        Machines(tmp_path / "m", WORKERS[:1], options=("--preload", str(preload))) as machines,
        connect(machines.scheduler) as client,
    ):
        (digest,) = archive.db.execute("SELECT digest FROM documents LIMIT 1").fetchone()
        answers = ClusterReaders(client).parse_stored(archive.blobs, [digest])
        with pytest.raises(StoreDiffersError, match="mount the same data folder"):
            next(answers)


def test_a_scheduler_that_is_not_there_is_named_soon(filled):
    began = time.monotonic()
    arguments = ["--data", str(filled), "--scheduler", "tcp://127.0.0.1:9"]
    result = CliRunner().invoke(parse, arguments)
    assert (result.exit_code, time.monotonic() - began < 15) == (1, True)
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in result.output


@pytest.mark.parametrize("wrong", ["127.0.0.1:8786", "tcp://here", "http://here:80"])
def test_what_is_no_address_is_refused(filled, wrong):
    result = CliRunner().invoke(reparse, ["--data", str(filled), "--scheduler", wrong])
    assert result.exit_code == 2
    assert "tcp://10.0.0.5:8786" in result.output
