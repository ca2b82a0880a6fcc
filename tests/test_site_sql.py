"""SQL of visitors: closed by default; when the operator opens it, it is stopped in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.site_seed import seed
from tests.site_server import running_site

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sql")
    seed(folder)
    return folder


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[httpx.Client]:
    with (
        running_site(folder, options=("--sql",)) as served,
        httpx.Client(base_url=served, timeout=30) as client,
    ):
        yield client


def ask(client: httpx.Client, sql: str, suffix: str = ".json") -> httpx.Response:
    return client.get(f"/nianbao{suffix}", params={"sql": sql})


def test_sql_is_closed_unless_opened(folder: Path) -> None:
    with running_site(folder) as served, httpx.Client(base_url=served, timeout=30) as client:
        assert ask(client, "SELECT 1").status_code == 404
        assert ask(client, "SELECT 1", "").status_code == 404
        assert "<textarea" not in client.get("/nianbao").text


def test_a_question_is_answered(opened: httpx.Client) -> None:
    assert "<textarea" in opened.get("/nianbao").text
    answer = ask(opened, "SELECT count(*) FROM reports").json()
    assert answer["rows"] == [[56]]
    page = ask(opened, "SELECT '<b>' AS a, NULL AS b, 0 AS c", "").text
    assert "&lt;b&gt;" in page
    assert "空值" in page
    assert "<script" not in page


def test_an_endless_question_is_stopped_and_others_are_answered(opened: httpx.Client) -> None:
    start = time.monotonic()
    assert ask(opened, ENDLESS).status_code in (400, 503)
    assert time.monotonic() - start < 10
    page = ask(opened, ENDLESS, "")
    assert page.status_code in (400, 503)
    assert opened.get("/about").status_code == 200


HUNGRY = {
    "random": "SELECT " + ", ".join(["randomblob(1900000)"] * 60) + " FROM cells",
    "zero": "SELECT zeroblob(1900000) FROM cells a, cells b",
    "columns": "SELECT " + ", ".join(["zeroblob(1900000)"] * 1900),
    "text": "SELECT printf('%.*c', 1900000, 'x') FROM cells",
    "join": "WITH RECURSIVE n(i, t) AS (SELECT 1, 'xxxxxxxx' UNION ALL SELECT i + 1, t || t FROM n"
    " WHERE i < 60) SELECT t FROM n",
    "group": "SELECT group_concat(randomblob(1000000), '') FROM cells",
    "json": "SELECT json_group_array(hex(randomblob(1000000))) FROM cells",
    "queue": "WITH RECURSIVE n(b) AS (SELECT randomblob(1900000) UNION ALL SELECT"
    " randomblob(1900000) FROM n) SELECT count(*) FROM n",
    "sorted": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT randomblob(1900000) AS b FROM n ORDER BY b",
}


def _memory(folder: Path) -> int:
    """Return the most memory in MB that the process serving a folder ever had."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "cmdline").read_bytes():
                status = (process / "status").read_text()
                return int(status.split("VmHWM:")[1].split()[0]) >> 10
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    raise LookupError(folder)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_no_question_fills_the_memory(folder: Path) -> None:
    with (
        running_site(folder, options=("--sql",)) as served,
        httpx.Client(base_url=served, timeout=120) as client,
        ThreadPoolExecutor(4) as at_once,
    ):
        before = _memory(folder)
        answers = list(at_once.map(lambda sql: ask(client, sql), HUNGRY.values()))
        for name, answer in zip(HUNGRY, answers, strict=True):
            assert answer.status_code in {200, 400, 503}, name
            assert len(answer.content) < 50_000_000, name
        # Four at once, each with a row or an answer as large as it may be.
        assert _memory(folder) - before < 800
        assert client.get("/").status_code == 200


def test_rows_and_values_are_limited(opened: httpx.Client) -> None:
    many = ask(opened, ENDLESS.replace("SELECT count(*) FROM n", "SELECT i FROM n LIMIT 5000"))
    assert len(many.json()["rows"]) == 1000
    assert many.json()["truncated"] is True
    assert ask(opened, "SELECT length(zeroblob(900000000))").status_code == 400


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM reports", "ATTACH 'x' AS y", "PRAGMA user_version = 3",
     "SELECT load_extension('x')", "SELECT readfile('/etc/passwd')", "SELECT 1; SELECT 2"],
)  # fmt: skip
def test_nothing_but_reading_is_possible(opened: httpx.Client, sql: str) -> None:
    assert ask(opened, sql).status_code == 400


@pytest.mark.parametrize(
    "path", ["/-/settings.json", "/-/databases.json", "/-/threads", "/-/metadata", "/nianbao.db"]
)
def test_pages_about_the_server_stay_closed(opened: httpx.Client, path: str) -> None:
    assert opened.get(path).status_code == 404
