"""Releases: what is published, and that nobody notices how."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from archive.home import Archive
from archive.publish import Release, ReleaseDamagedError, current, publish
from archive.search import index_report
from tests.site_seed import seed
from tests.site_server import running_site

REPORT = "/report/999901-government/2019"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    seed(tmp_path)
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with running_site(folder) as served:
        yield served


def rename(folder: Path, title: str) -> None:
    archive = Archive(folder)
    with archive.transaction() as db:
        db.execute("UPDATE reports SET title = ? WHERE id = 1", (title,))
        index_report(db, 1)
    archive.close()


def publish_again(folder: Path) -> Release:
    archive = Archive(folder)
    try:
        return publish(archive)
    finally:
        archive.close()


def wait_for(client: httpx.Client, title: str) -> None:
    end = time.monotonic() + 15
    while title not in client.get(REPORT).text:
        assert time.monotonic() < end, f"{title} was not shown"
        time.sleep(0.1)


def test_the_site_shows_what_is_published_and_nothing_before(folder: Path, address: str) -> None:
    with httpx.Client(base_url=address) as client:
        rename(folder, "改过的标题")
        assert "改过的标题" not in client.get(REPORT).text
        publish_again(folder)
        wait_for(client, "改过的标题")
        assert client.get("/search.json?q=改过的标题").json()["count"] == 1


def test_three_switches_under_fifty_connections_fail_no_request(folder: Path, address: str) -> None:
    titles = [f"第{number}次发布" for number in range(3)]
    paths = ("/", REPORT, "/search?q=信访", REPORT + ".json", "/nianbao/reports.json")

    async def visit(client: httpx.AsyncClient, ended: asyncio.Event) -> list[int]:
        codes = []
        while not ended.is_set():
            codes += [(await client.get(path)).status_code for path in paths]
            # Pages come so fast that whoever publishes in this process would never get a turn.
            await asyncio.sleep(0.05)
        return codes

    async def crowd() -> list[int]:
        ended = asyncio.Event()
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:
            visitors = [asyncio.create_task(visit(client, ended)) for _ in range(50)]
            for title in titles:
                await asyncio.to_thread(rename, folder, title)
                await asyncio.to_thread(publish_again, folder)
                shown = ""
                while title not in shown:
                    shown = (await client.get(REPORT)).text
            ended.set()
            return [code for codes in await asyncio.gather(*visitors) for code in codes]

    codes = asyncio.run(crowd())
    assert len(codes) > 50 * len(paths)
    assert set(codes) == {200}


def test_a_page_is_sent_again_only_after_a_release(folder: Path, address: str) -> None:
    with httpx.Client(base_url=address) as client:
        first = client.get(REPORT)
        assert "max-age" in first.headers["cache-control"]
        known = {"If-None-Match": first.headers["etag"]}
        again = client.get(REPORT, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        rename(folder, "改过的标题")
        publish_again(folder)
        wait_for(client, "改过的标题")
        changed = client.get(REPORT, headers=known)
        assert changed.status_code == 200
        assert "改过的标题" in changed.text
        assert "etag" not in client.get("/nope").headers


def test_publishing_again_keeps_the_release_before_and_no_more(folder: Path) -> None:
    releases = []
    for title in ("一", "二", "三"):
        rename(folder, title)
        releases.append(publish_again(folder))
    assert current(folder) == releases[-1]
    left = {path.name for path in (folder / "public").glob("*.db")}
    assert left == {release.path.name for release in releases[1:]}


def test_a_release_is_whole_and_counted(folder: Path) -> None:
    release = publish_again(folder)
    with closing(sqlite3.connect(release.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counted = connection.execute("SELECT count(*) FROM reports").fetchone()[0]
    assert release.counts["reports"] == counted > 0
    assert release.size == release.path.stat().st_size


def test_a_copy_that_cannot_be_written_leaves_what_was_published(folder: Path) -> None:
    release = publish_again(folder)
    draft_in_the_way = folder / "public" / "current.json"
    before = draft_in_the_way.read_text()
    rename(folder, "新")
    (folder / "nianbao.db").rename(folder / "away.db")
    (folder / "nianbao.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        publish_again(folder)
    assert draft_in_the_way.read_text() == before
    assert current(folder) == release
    assert not list((folder / "public").glob("draft*"))


def test_a_release_that_is_gone_is_named(folder: Path) -> None:
    release = publish_again(folder)
    release.path.unlink()
    with pytest.raises(ReleaseDamagedError, match="nianbao publish"):
        current(folder)


def test_a_release_that_is_gone_is_replaced_by_the_next(folder: Path) -> None:
    publish_again(folder).path.unlink()
    rename(folder, "新")
    assert publish_again(folder) == current(folder)


def test_what_a_killed_process_left_half_made_goes_with_the_next(folder: Path) -> None:
    public = folder / "public"
    public.mkdir()
    (public / "draft-4711").mkdir()
    (public / "draft-4711" / "cells.csv").write_text("half a ta")
    (public / "draft-4711.db").write_bytes(b"half a database")
    (public / ".writing-abc").write_bytes(b"half a pointer")
    release = publish_again(folder)
    assert {path.name for path in public.iterdir()} == {
        ".lock", "current.json", release.id, release.path.name
    }  # fmt: skip


def test_the_pointer_says_what_a_citation_needs(folder: Path) -> None:
    release = publish_again(folder)
    pointer = json.loads((folder / "public" / "current.json").read_text())
    assert pointer["digest"] == release.digest
    assert pointer["published_at"].endswith("+00:00")
