"""Capture: every answer is archived whole before anything reads it.

What the spider sees is what the archive holds: the decoded payload; for an answer 304 the payload
that was archived before; for an address that need not be asked for what it answered last.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.runs import now
from crawler.run import run_of
from crawler.schedule import FROM_ARCHIVE
from pipeline.download import Answer, Capture, Exchange, archive_exchange, latest_capture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http.headers import Headers

    from crawler.run import Run

NOT_MODIFIED = 304
_REST = 0.002


def pairs(headers: Headers) -> list[tuple[str, str]]:
    """Return Scrapy's headers as pairs; repeated headers stay repeated."""
    return [(_text(name), _text(value)) for name, values in headers.items() for value in values]


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class CaptureMiddleware:
    """Stands next to the downloader: asks conditionally, archives what comes back."""

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.run = run
        self._in_turn = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware for a crawler."""
        return cls(run_of(crawler))

    async def process_request(self, request: Request) -> Response | None:
        """Answer from the archive, or make the request conditional on what the archive holds."""
        async with self._in_turn:
            known = self.run.schedule.known_answer(request)
            if known is not None:
                # As from a site, one after the other: the walk goes on in the same order.
                await asyncio.sleep(_REST)
                return self._archived(request, *known)
        self._make_conditional(request)
        return None

    def _archived(self, request: Request, answer: Answer, body: bytes) -> Response:
        self.run.count("from_archive")
        request.meta["capture"] = answer.capture
        request.meta["visited_at"] = answer.visited_at
        return Response(
            request.url,
            status=answer.capture.status,
            headers=_undecoded(answer.capture.headers),
            body=body,
            flags=[FROM_ARCHIVE],
            request=request,
        )

    def _make_conditional(self, request: Request) -> None:
        # A redirect or retry carries the headers of the request before it.
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)
        request.meta.pop("revisited", None)
        earlier = latest_capture(self.run.archive, request.url)
        if earlier is None or earlier.digest not in self.run.archive.blobs:
            return
        if earlier.etag:
            request.headers["If-None-Match"] = earlier.etag
        if earlier.last_modified:
            request.headers["If-Modified-Since"] = earlier.last_modified
        if earlier.etag or earlier.last_modified:
            request.meta["revisited"] = earlier.id

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive the answer and pass on what the archive holds.

        Raises:
            IgnoreRequest: disk or database refused; the run is being ended.

        """
        if FROM_ARCHIVE in response.flags:
            return response
        exchange = self._exchange(request, response)
        try:
            capture = archive_exchange(self.run.archive, exchange)
            body = self.run.archive.blobs.get(capture.digest)
        except (OSError, sqlite3.Error) as error:
            self.run.storage_failed(error)
            raise IgnoreRequest(f"could not be archived: {error}") from error
        self._count(response, capture)
        request.meta["capture"] = capture
        request.meta["visited_at"] = exchange.requested_at
        confirmed = response.status == NOT_MODIFIED and capture.status != NOT_MODIFIED
        headers = capture.headers if confirmed else pairs(response.headers)
        return Response(
            response.url,
            status=capture.status,
            headers=_undecoded(headers),
            body=body,
            flags=response.flags,
            request=request,
            ip_address=response.ip_address,
            protocol=response.protocol,
        )

    def _exchange(self, request: Request, response: Response) -> Exchange:
        referrer = request.headers.get("Referer")
        return Exchange(
            site_id=self.run.profile.id,
            run_id=self.run.id,
            url=request.url,
            method=request.method,
            requested_at=now(),
            status=response.status,
            reason="",
            request_headers=pairs(request.headers),
            response_headers=pairs(response.headers),
            body=response.body,
            referrer=_text(referrer) if referrer else None,
            revisited=request.meta.get("revisited"),
        )

    def _count(self, response: Response, capture: Capture) -> None:
        self.run.answered()
        self.run.count("bytes", len(response.body))
        if not capture.is_new:
            self.run.count("unchanged")
        if capture.note:
            self.run.say(
                "W-BODY-CODING",
                capture.url,
                "正文无法按所声明的压缩方式解开，已按收到的字节原样存档。",
                capture.note,
            )


def _undecoded(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return headers as Scrapy wants them, without codings that the archive has undone."""
    kept: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}:
            kept.setdefault(name, []).append(value)
    return kept
