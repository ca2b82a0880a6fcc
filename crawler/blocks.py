"""Block pages: recognised, counted, obeyed. Never solved, never worked around."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest

from crawler.run import run_of
from pipeline.read.html import decode

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.run import Run

BLOCKS_IN_A_ROW = 3
# A single 403 is often a folder without an index page; many in a row are a closed door.
FORBIDDEN_IN_A_ROW = 10
_REFUSING = {405: "请求被拒绝", 412: "前置条件校验", 429: "请求过于频繁", 521: "校验页"}
_LONGEST = 20_000
_FEW_WORDS = 200
_SIGNS = (
    ("瑞数动态防护", re.compile(r"\$_ts\b")),
    ("加速乐校验", re.compile(r"__jsl_clearance|__jsluid")),
    ("网防G01", re.compile(r"网防\s*G01|wangfang\s*g01", re.IGNORECASE)),
    ("电信云堤", re.compile(r"云堤")),
    ("创宇盾", re.compile(r"创宇盾|yunsuo_session|365cyd")),
    ("安全防护系统拦截", re.compile(r"访问被阻断|可能对网站造成(?:危险|威胁)|已被.{0,12}拦截")),
)
_WEAK_SIGN = re.compile(r"安全防护|拦截|\bWAF\b")
_SCRIPTS = re.compile(r"<(script|style|title)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>|\s+")


class BlockedError(IgnoreRequest):
    """The answer was a block page, not what was asked for."""


def block_sign(status: int, body: bytes) -> str | None:
    """Return what makes an answer a block page, None when it is none.

    Args:
        status: of the answer.
        body: decoded payload.

    """
    sign = None
    if len(body) <= _LONGEST and not body.startswith(b"%PDF"):
        text = decode(body)
        # With status 200 a page counts only when it says little else: articles mention these words.
        if status != 200 or len(_TAGS.sub("", _SCRIPTS.sub("", text))) <= _FEW_WORDS:
            sign = next((name for name, pattern in _SIGNS if pattern.search(text)), None)
        if sign is None and status != 200 and _WEAK_SIGN.search(text):
            sign = "安全防护系统拦截"
    if status in _REFUSING:
        return f"{status} {sign or _REFUSING[status]}"
    return f"{status} {sign}" if sign else None


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
        if request.meta.get("is_robots"):
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
