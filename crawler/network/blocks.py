"""Block pages: recognised, counted, obeyed. Never solved, never worked around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest

from crawler.network.block_pages import block_sign
from crawler.run import run_of
from crawler.schedule import FROM_ARCHIVE

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.run import Run

BLOCKS_IN_A_ROW = 3
# A single 403 is often a folder without an index page; many in a row are a closed door.
FORBIDDEN_IN_A_ROW = 10


class BlockedError(IgnoreRequest):
    """The answer was a block page, not what was asked for."""


class BlockMiddleware:
    """Ends the run after a few block pages in a row."""

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.run = run
        self.in_a_row = 0
        self.forbidden = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware for a crawler."""
        return cls(run_of(crawler))

    def process_response(self, request: Request, response: Response) -> Response:
        """Judge an answer; robots.txt is judged by who asked for it.

        Raises:
            BlockedError: it is a block page.

        """
        if request.meta.get("is_robots") or FROM_ARCHIVE in response.flags:
            return response
        sign = block_sign(response.status, response.body)
        self.forbidden = self.forbidden + 1 if response.status == 403 else 0
        if self.forbidden >= FORBIDDEN_IN_A_ROW:
            self.run.stop("blocked", f"{self.forbidden} answers 403 in a row, last: {request.url}")
        if sign is None:
            if not 300 <= response.status < 400:
                self.in_a_row = 0
            return response
        self.in_a_row += 1
        self.run.count("blocked")
        self.run.say(
            "W-PAGE-BLOCKED", request.url, "收到拦截页，页面内容未取得；拦截页已存档。", sign
        )
        if self.in_a_row >= BLOCKS_IN_A_ROW:
            self.run.stop(
                "blocked",
                f"{self.in_a_row} block pages in a row, the last at {request.url}: {sign}",
            )
        elif response.status == 429:
            # Too fast is a request to wait: the pace slows down, the retry comes later.
            return response
        raise BlockedError(sign)
