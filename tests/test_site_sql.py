"""SQL of visitors: closed by default; when the operator opens it, it is stopped in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
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
