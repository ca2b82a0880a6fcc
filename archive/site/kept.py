"""Kept pages: what a release answered once it answers again without asking the database.

A release never changes, so a page of it is right for as long as the release is served. Pages are
kept compressed, as nearly every browser takes them, up to a number of bytes; those that nobody
asks for go first. Only what every cache may keep is kept (``archive.site.cache``).

Source: RFC 9110, 8.4 (Content-Encoding) and 12.5.3 (Accept-Encoding).
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from archive.site.cache import FRESH
from archive.site.guard import App, Message, Receive, Scope, Send

# Bytes of all kept pages of a release, and of one of them before compression.
MOST = 64 << 20
LARGEST = 4 << 20
# Beyond the first levels a page shrinks little more and takes much longer.
_LEVEL = 4
_WORTH = 1000
_TEXTUAL = (b"text/", b"application/json", b"application/atom+xml", b"application/xml")
_TAKES_GZIP = re.compile(rb"(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))")
# A visitor's SQL may ask for the time or a random number.
_CHANGING = b"sql="

_Key = tuple[bytes | str, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    start: Message
    body: bytes
    size: int

    async def send(self, send: Send) -> None:
        """Answer with the page."""
        # Whatever is around the site may add headers to the message that it gets.
        await send({**self.start, "headers": list(self.start["headers"])})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(slots=True)
class _Shelf:
    """The pages, the one that was asked for longest ago first."""

    most: int
    pages: OrderedDict[_Key, _Page] = field(default_factory=OrderedDict)
    size: int = 0

    def get(self, key: _Key) -> _Page | None:
        page = self.pages.get(key)
        if page is not None:
            self.pages.move_to_end(key)
        return page

    def put(self, key: _Key, page: _Page) -> None:
        if (before := self.pages.pop(key, None)) is not None:
            self.size -= before.size
        self.pages[key] = page
        self.size += page.size
        while self.size > self.most:
            self.size -= self.pages.popitem(last=False)[1].size


class _Making:
    """Holds an answer back until it is whole, if it may be kept, and passes it on compressed."""

    def __init__(self, send: Send, keep: Callable[[_Page], None], *, zipped: bool) -> None:
        self._send = send
        self._keep = keep
        self._zipped = zipped
        self._start: Message | None = None
        self._pieces: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if _may_be_kept(message):
                self._start = message
                return
        elif self._start is not None:
            start = self._start
            self._pieces.append(message.get("body", b""))
            if sum(map(len, self._pieces)) > LARGEST:
                self._start = None
                await self._send(start)
                message = {**message, "body": b"".join(self._pieces)}
            elif message.get("more_body"):
                return
            else:
                page = _page(start, b"".join(self._pieces), zipped=self._zipped)
                # Before it is sent: a slow visitor keeps nobody else waiting.
                self._keep(page)
                await page.send(self._send)
                return
        await self._send(message)


def _may_be_kept(start: Message) -> bool:
    headers = start["headers"]
    return any(
        name.lower() == b"cache-control" and value == FRESH for name, value in headers
    ) and not any(name.lower() == b"set-cookie" for name, _ in headers)


def _page(start: Message, body: bytes, *, zipped: bool) -> _Page:
    headers = [(name.lower(), value) for name, value in start["headers"]]
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    if zipped and kind.startswith(_TEXTUAL) and len(body) >= _WORTH:
        body = gzip.compress(body, _LEVEL, mtime=0)
        headers.append((b"content-encoding", b"gzip"))
    headers = [header for header in headers if header[0] != b"content-length"]
    headers.append((b"content-length", b"%d" % len(body)))
    size = len(body) + sum(len(name) + len(value) for name, value in headers)
    return _Page({**start, "headers": headers}, body, size)


def kept(app: App, most: int = MOST) -> App:
    """Return an application that answers with the pages that it kept of another one.

    Args:
        app: the application of one release.
        most: bytes of pages to keep.

    """
    shelf = _Shelf(most)
    being_made: dict[_Key, asyncio.Event] = {}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope["headers"]) if scope["type"] == "http" else {}
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or b"if-none-match" in asked
            or _CHANGING in scope["query_string"]
        ):
            await app(scope, receive, send)
            return
        zipped = bool(_TAKES_GZIP.search(asked.get(b"accept-encoding", b"").lower()))
        # Pages tell their own address with the host at which they were asked for.
        key: _Key = (
            b"gzip" if zipped else b"", scope["scheme"], asked.get(b"host", b""),
            scope.get("raw_path") or b"", scope["path"], scope["query_string"],
        )  # fmt: skip
        if (made := being_made.get(key)) is not None:
            # A crowd at one page costs one page.
            await made.wait()
        if (page := shelf.get(key)) is not None:
            await page.send(send)
            return
        made = being_made.setdefault(key, asyncio.Event())

        def keep(page: _Page) -> None:
            shelf.put(key, page)
            made.set()

        try:
            await app(scope, receive, _Making(send, keep, zipped=zipped).send)
        finally:
            made.set()
            if being_made.get(key) is made:
                del being_made[key]

    return answer
