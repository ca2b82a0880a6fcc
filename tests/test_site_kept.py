"""Kept pages: made once for all who ask, and never one page for another."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from archive.site.cache import validated
from archive.site.guard import App, Message, Scope
from archive.site.kept import LARGEST, kept
from tests.site_seed import seed
from tests.site_server import client_of

TEXT = "政府信息公开 " * 300


class Counted:
    """A site whose pages say how many were made before."""

    def __init__(self, *, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.made = 0
        self.at_once = 0
        self.most_at_once = 0
        self._status = status
        self._body = body
        self._headers = [(b"content-type", b"text/html; charset=utf-8")]
        self._headers += [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ARG002
        self.made += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        number = self.made
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if scope["path"] == "/broken":
            raise ValueError
        start = {"type": "http.response.start", "status": self._status, "headers": self._headers}
        await send(start)
        body = self._body or f"{number} {scope['path']} {TEXT}".encode()
        for at in range(0, len(body), 1 << 20):
            piece = body[at : at + (1 << 20)]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def ask(app: App, path: str = "/", query: bytes = b"", **headers: str) -> tuple[Any, bytes]:
    """Ask an application for a page; returns the head of its answer and its body as sent."""
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": query, "scheme": "http",
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    heads = [message for message in told if message["type"] == "http.response.start"]
    assert len(heads) == 1
    assert not told[-1].get("more_body")
    return dict(heads[0]["headers"]), b"".join(message.get("body", b"") for message in told)


def site_of(made: Counted, most: int = 1 << 20) -> App:
    return kept(validated(made, "release"), most)


def test_a_crowd_at_one_page_costs_one_page() -> None:
    made = Counted()

    async def crowd() -> list[tuple[Any, bytes]]:
        site = site_of(made)
        return await asyncio.gather(*(ask(site) for _ in range(50)), ask(site))

    assert {body for _, body in asyncio.run(crowd())} == {f"1 / {TEXT}".encode()}
    assert made.made == 1


def test_another_host_scheme_query_or_path_is_another_page() -> None:
    made = Counted()

    async def visits() -> None:
        site = site_of(made)
        for host in ("a.example", "b.example"):
            for path in ("/", "/x"):
                for query in (b"", b"page=2"):
                    for _ in range(2):
                        await ask(site, path, query, host=host)

    asyncio.run(visits())
    assert made.made == 8


@pytest.mark.parametrize(
    ("made", "query"),
    [
        (Counted(status=404), b""),
        (Counted(cache_control="no-store"), b""),
        (Counted(set_cookie="a=b"), b""),
        (Counted(), b"sql=select+random()"),
    ],
    ids=["error", "no-store", "cookie", "sql"],
)
def test_what_may_differ_next_time_is_made_each_time(made: Counted, query: bytes) -> None:
    async def visits() -> None:
        site = site_of(made)
        await asyncio.gather(*(ask(site, query=query) for _ in range(6)))
        await ask(site, query=query)

    asyncio.run(visits())
    assert made.made == 7
    # Nobody stands in line for a page that is not kept anyway.
    assert made.most_at_once >= 5


def test_who_waited_for_a_page_that_failed_gets_another_try() -> None:
    made = Counted()

    async def visits() -> list[Any]:
        site = site_of(made)
        return await asyncio.gather(
            *(ask(site, "/broken") for _ in range(3)), return_exceptions=True
        )

    assert [type(one) for one in asyncio.run(visits())] == [ValueError] * 3


def test_what_nobody_asks_for_goes_first() -> None:
    made = Counted()
    size = len(f"1 /0 {TEXT}".encode()) + 500

    async def visits() -> None:
        site = site_of(made, most=3 * size)
        for path in ("/0", "/1", "/2", "/0", "/3", "/0", "/4", "/0", "/1"):
            await ask(site, path)

    asyncio.run(visits())
    # /0 was asked for all the time; /1 had to be made again.
    assert made.made == 6


def test_what_is_too_large_passes_whole_and_unkept() -> None:
    whole = bytes(range(256)) * (LARGEST // 256 + 5000)
    made = Counted(body=whole)

    async def visits() -> list[tuple[Any, bytes]]:
        site = site_of(made)
        return [await ask(site, accept_encoding="gzip") for _ in range(2)]

    assert [body for _, body in asyncio.run(visits())] == [whole, whole]
    assert made.made == 2


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True), ("br, gzip;q=0.5", True), ("GZIP, deflate", True), ("", False),
        ("identity", False), ("gzip;q=0", False), ("br, gzip ; q=0.000", False), ("xgzip", False),
    ],
)  # fmt: skip
def test_only_who_takes_gzip_gets_it(accepted: str, zipped: Any) -> None:
    made = Counted()

    async def visits() -> list[tuple[Any, bytes]]:
        site = site_of(made)
        return [await ask(site, accept_encoding=accepted) for _ in range(2)]

    for head, body in asyncio.run(visits()):
        assert head.get(b"content-encoding") == (b"gzip" if zipped else None)
        assert head[b"content-length"] == str(len(body)).encode()
        assert head[b"vary"] == b"accept-encoding"
        assert (gzip.decompress(body) if zipped else body) == f"1 / {TEXT}".encode()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("kept")
    seed(folder)
    with client_of(folder) as opened:
        yield opened


def test_pages_are_alike_however_they_are_asked_for(client: httpx.Client) -> None:
    report = "/report/999901-water/2022"
    for path in ("/", report, f"{report}.json", f"{report}.csv", f"{report}.xlsx", "/openapi.json",
                 "/search?q=%E4%BF%A1%E8%AE%BF", "/feeds/changes.atom", "/nianbao/reports.csv",
                 "/sitemap.xml"):  # fmt: skip
        plain = client.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        for _ in range(2):
            zipped = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert zipped.status_code == 200
            assert zipped.content == plain.content
            assert zipped.headers["etag"] == plain.headers["etag"]
            assert "accept-encoding" in zipped.headers["vary"]
            assert zipped.headers["content-security-policy"].startswith("default-src 'none'")
            assert (zipped.headers.get("content-encoding") == "gzip") is not path.endswith("xlsx")
        known = {"If-None-Match": plain.headers["etag"]}
        assert client.get(path, headers=known).status_code == 304
    assert "cite" in client.get(report).text


def test_a_page_names_the_host_that_was_asked(client: httpx.Client) -> None:
    path = "/report/999901-water/2022.json"
    for host in ("one.example", "two.example"):
        for _ in range(2):
            answer = client.get(path, headers={"Host": host}).json()
            assert answer["address"] == f"http://{host}/report/999901-water/2022"
