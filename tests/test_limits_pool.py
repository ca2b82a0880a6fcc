"""The pool of reading processes: same reports, own limits, no document takes the run down."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import pool as pool_module
from pipeline.commands import parse as parse_command
from pipeline.parse import parse
from pipeline.pool import ReaderPool, ReaderPoolClosedError, ReaderStartError
from tests.hostile import MAKERS
from tests.replica.documents import write_documents

ROOT = Path(__file__).resolve().parents[1]
TEXT = "沙坡头区柔远镇人民政府2021年政府信息公开工作年度报告\n一、总体情况\n".encode()


def workers_of(parent: int) -> list[int]:
    """Return the numbers of the reading processes that a process has started, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, mother = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                command = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mother == str(parent) and state != "Z" and b"pipeline.worker" in command:
                found.append(int(entry.name))
    return sorted(found)


def until(true: object, seconds: float = 20) -> None:
    """Wait until a function says true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder)
    files = sorted(path for path in folder.iterdir() if path.suffix != ".json")
    return {path.name: path.read_bytes() for path in files}


def test_reports_are_the_same_as_without_a_pool_and_in_order(documents: dict[str, bytes]) -> None:
    with ReaderPool(2) as readers:
        answers = list(readers.parse_many(documents.items()))
    assert [name for name, _ in answers] == list(documents)
    assert len(answers) >= 24
    for name, report in answers:
        assert report == parse(documents[name])


def test_any_thread_may_ask_at_any_time(documents: dict[str, bytes]) -> None:
    names = list(documents)[:8] * 3

    async def ask() -> list[object]:
        with ReaderPool(2) as readers:
            return await asyncio.gather(
                *(asyncio.to_thread(readers.parse, documents[name]) for name in names)
            )

    expected = {name: parse(documents[name]) for name in names}
    assert asyncio.run(ask()) == [expected[name] for name in names]


def test_documents_are_taken_only_a_few_ahead() -> None:
    taken = []

    def supply() -> Iterator[tuple[int, bytes]]:
        for number in range(60):
            taken.append(number)
            yield number, TEXT

    with ReaderPool(2) as readers:
        for number, report in readers.parse_many(supply()):
            assert report.title
            assert len(taken) <= number + 18
    assert len(taken) == 60


def test_a_slow_document_is_given_up_and_the_run_goes_on() -> None:
    slow = MAKERS["vast_paragraphs"]()
    with ReaderPool(1, seconds=2.5) as readers:
        before = time.monotonic()
        first, second = [
            report for _, report in readers.parse_many([("slow", slow), ("quick", TEXT)])
        ]
        assert time.monotonic() - before < 20
        (finding,) = first.findings
        assert (first.status, first.format) == ("unreadable", "html")
        assert (finding.rule, finding.severity) == ("E-READ-TIMEOUT", "error")
        assert "2.5秒" in finding.message
        assert second.status != "unreadable"
        assert len(workers_of(os.getpid())) == 1
    assert workers_of(os.getpid()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_costs_one_finding(number: signal.Signals) -> None:
    slow = MAKERS["vast_paragraphs"]()
    with ReaderPool(1) as readers:
        readers.parse(TEXT)
        (victim,) = workers_of(os.getpid())
        timer = threading.Timer(0.7, os.kill, (victim, number))
        timer.start()
        (finding,) = readers.parse(slow).findings
        assert finding.rule == "E-READ-CRASH"
        assert number.name in finding.message
        assert readers.parse(TEXT).title
        assert victim not in workers_of(os.getpid())


def test_an_idle_worker_that_dies_costs_no_more(documents: dict[str, bytes]) -> None:
    with ReaderPool(1) as readers:
        readers.parse(TEXT)
        (victim,) = workers_of(os.getpid())
        os.kill(victim, signal.SIGKILL)
        until(lambda: not is_alive(victim))
        assert readers.parse(documents["rouyuan-town-2021.html"]).status == "verified"


def test_a_fault_of_a_reader_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fault = (
        "import pipeline.read.text as t\ndef boom(data):\n    raise LookupError('no such row')\n"
    )
    (tmp_path / "sitecustomize.py").write_text(fault + "t.read_text = boom\n")
    paths = [str(ROOT), str(tmp_path), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    with ReaderPool(1) as readers:
        report = readers.parse(TEXT)
        assert readers.parse(MAKERS["error_page"]()).status == "not_a_report"
    (finding,) = report.findings
    assert (report.format, finding.rule) == ("text", "E-READ-CRASH")
    assert finding.quote == "LookupError: no such row"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_workers_that_do_not_start_are_no_fault_of_a_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('disk on fire')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with ReaderPool(1) as readers, pytest.raises(ReaderStartError, match="disk on fire"):
        readers.parse(TEXT)
    file = tmp_path / "report.txt"
    file.write_bytes(TEXT)
    result = CliRunner().invoke(parse_command, [str(file)])
    assert result.exit_code == 1
    assert "disk on fire" in result.output
    assert "Traceback" not in result.output


def test_a_worker_goes_home_after_many_documents() -> None:
    with ReaderPool(1) as readers:
        readers.parse(b"")
        first = workers_of(os.getpid())
        rules = {r.findings[0].rule for _, r in readers.parse_many((n, b"") for n in range(5100))}
        assert rules == {"E-EMPTY"}
        assert workers_of(os.getpid()) != first


def test_closing_ends_what_is_being_read() -> None:
    caught: list[BaseException] = []
    slow = MAKERS["vast_paragraphs"]()

    def ask() -> None:
        try:
            readers.parse(slow)
        except ReaderPoolClosedError as error:
            caught.append(error)

    with ReaderPool(1) as readers:
        readers.parse(TEXT)
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
    for thread in threads:
        thread.join(10)
    assert len(caught) == 3
    assert workers_of(os.getpid()) == []
    with pytest.raises(ReaderPoolClosedError):
        readers.parse(TEXT)


def test_a_caller_that_stops_early_leaves_nothing_behind() -> None:
    with ReaderPool(2) as readers:
        for _ in readers.parse_many((number, TEXT) for number in range(1000)):
            break
    assert workers_of(os.getpid()) == []


def test_workers_end_with_a_run_that_is_killed() -> None:
    program = (
        "import sys, time; from pipeline.pool import ReaderPool\n"
        "with ReaderPool(1) as readers:\n"
        "    readers.parse(b''); print('up', flush=True); time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stdout.readline() == b"up\n"
    (worker,) = workers_of(run.pid)
    run.kill()
    run.wait()
    run.stdout.close()
    until(lambda: not is_alive(worker))


def test_the_limits_are_those_that_are_promised() -> None:
    assert pool_module.SECONDS == 60
    assert pool_module.MEMORY == 2 * 2**30
    with ReaderPool(1) as readers:
        readers.parse(TEXT)
        (worker,) = workers_of(os.getpid())
        limits = Path(f"/proc/{worker}/limits").read_text().splitlines()
        size = int(next(line for line in limits if "address space" in line).split()[3])
        assert 2 * 2**30 < size < 3 * 2**30
