"""Bounds of a run: what one site may take of memory and disk, however much it has to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest

from crawler.run import run_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.run import Run


MOST_QUEUED = 10_000
"""Addresses that wait at once, when a run may ask for less: what the archive answers costs no
request, so a small budget alone must not cut the queue."""


class FrontierMiddleware:
    """Queues no more addresses than the memory holds.

    A page of 10,000 links to such pages would fill it long before ``max_pages`` is met.
    """

    def __init__(self, crawler: Crawler, run: Run) -> None:
        """Take crawler and run."""
        self.crawler = crawler
        self.run = run
        self._most = max(run.profile.max_pages, MOST_QUEUED)
        self._left_out = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware for a crawler."""
        middleware = cls(crawler, run_of(crawler))
        crawler.signals.connect(middleware.spider_idle, signals.spider_idle)
        return middleware

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Pass on what a page led to until the queue is full."""
        async for found in result:
            if isinstance(found, Request) and self._queued() >= self._most:
                # The rest is not even looked at: its addresses would be remembered, too.
                self._leave_out(response)
                return
            yield found

    def spider_idle(self) -> None:
        """End a run that has asked for everything queued but not for what was left out."""
        if self._left_out:
            self.run.stop("failed", f"more than {self._most} addresses waited at once")

    def _queued(self) -> int:
        assert self.crawler.engine is not None
        return len(self.crawler.engine.scheduler)  # type: ignore[arg-type]  # Scrapy's own has one

    def _leave_out(self, response: Response) -> None:
        self._left_out = True
        self.run.count("left_out")
        message = f"待抓取的地址超过上限（{self._most} 个），其余链接未排入，本次未抓完。"
        self.run.say("W-PAGE-BUDGET", self.run.profile.entries[0], message, place=response.url)


class VolumeMiddleware:
    """Ends a run that has brought more bytes than one run may add to the archive."""

    def __init__(self, run: Run, most: int) -> None:
        """Take the run and the bytes, decoded."""
        self.run = run
        self.most = most
        self._kept = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware for a crawler."""
        return cls(run_of(crawler), crawler.settings.getint("NIANBAO_MAX_BYTES"))

    def process_response(self, request: Request, response: Response) -> Response:
        """Add up what was new.

        Raises:
            IgnoreRequest: it was too much; the run is being ended.

        """
        capture = request.meta.get("capture")
        if capture is not None and capture.is_new:
            self._kept += len(response.body)
        if self._kept > self.most:
            message = f"本次新增数据超过上限（{self.most >> 20} MB），本次未抓完。"
            self.run.say("W-PAGE-BUDGET", self.run.profile.entries[0], message)
            self.run.stop("failed", f"more than {self.most >> 20} MB were new")
            raise IgnoreRequest("the run has brought too many bytes")
        return response
