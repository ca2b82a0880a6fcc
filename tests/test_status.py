"""The commands status and serve, as a user meets them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from archive.commands import serve, status
from archive.home import Archive
from tests.site_seed import Seeded, seed


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed(tmp_path_factory.mktemp("status"))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def test_json_tells_the_path_and_all_counts(seeded: Seeded) -> None:
    result = CliRunner().invoke(status, ["--data", str(seeded.folder), "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert Path(told["database"]).samefile(seeded.folder / "nianbao.db")
    counts = told["counts"]
    archive = Archive(seeded.folder)
    for table in ("runs", "captures", "payloads", "agencies", "documents", "reports", "sources"):
        assert counts[table] == archive.db.table(table).count
    archive.close()
    assert counts["reports"] == len(seeded.cells) == sum(counts["reports_by_status"].values())
    states = counts["cells_by_state"]
    assert sum(states.values()) == counts["cells"]
    assert states["unread"] == 5 + 21  # two in two forms, one hostile; three rows of seven in 2023
    assert set(counts["findings_by_severity"]) == {"error", "warning"}
    assert told["last_runs"] == [
        {
            "site": "demo",
            "run": 2,
            "started_at": "2026-02-02T01:00:00Z",
            "finished_at": "2026-02-02T01:05:00Z",
            "outcome": "stopped",
            "reason": "连续三次拦截页",
        }
    ]


def test_text_names_the_same_counts(seeded: Seeded) -> None:
    result = CliRunner().invoke(status, ["--data", str(seeded.folder)])
    assert result.exit_code == 0
    assert f"reports                {len(seeded.cells)}" in result.stdout
    assert "demo: run 2" in result.stdout
    assert "连续三次拦截页" in result.stdout


def test_data_folder_from_the_environment(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIANBAO_DATA", str(seeded.folder))
    assert CliRunner().invoke(status, []).exit_code == 0


@pytest.mark.parametrize("command", [status, serve])
def test_no_archive_is_wrong_use_and_makes_none(tmp_path: Path, command: object) -> None:
    folder = tmp_path / "nothing"
    result = CliRunner().invoke(command, ["--data", str(folder)])  # type: ignore[arg-type]
    assert result.exit_code == 2
    assert "nianbao crawl" in result.stderr
    assert not folder.exists()


def test_serve_answers_when_it_says_so_and_ends_on_an_interrupt(seeded: Seeded) -> None:
    command = "from archive.commands import serve; serve()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "--data", str(seeded.folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    assert httpx.get(address).status_code == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    process.stdout.close()


def test_a_taken_port_is_said_plainly(seeded: Seeded, taken_port: int) -> None:
    result = CliRunner().invoke(serve, ["--data", str(seeded.folder), "--port", str(taken_port)])
    assert result.exit_code == 1
    assert str(taken_port) in result.stderr
    assert "--port" in result.stderr
