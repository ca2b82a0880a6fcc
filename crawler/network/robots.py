"""robots.txt: asked for first, judged by its status, obeyed with its Crawl-delay.

Scrapy's own middleware takes an error page for permission and ignores Crawl-delay.
Source: RFC 9309; an answer that is neither the file nor "there is none" is no permission here.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from crawler.network.block_pages import block_sign
from crawler.network.handler import NETWORK_ERRORS
from crawler.network.pace import Pace
from crawler.run import run_of
from pipeline.read.html import decode

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.run import Run

_NONE_THERE = (404, 410)
# RFC 9309, 2.5: a crawler reads at least 500 KiB.
_LONGEST_FILE = 512 * 1024
# A longer Crawl-delay means: not at all.
_LONGEST_DELAY = 300.0


class RobotsDisallowedError(IgnoreRequest):
    """robots.txt forbids the address, or could not be had."""


class RobotsMiddleware:
    """Asks each host for robots.txt once and lets through what it allows."""

    def __init__(self, crawler: Crawler, run: Run) -> None:
        """Take crawler and run."""
        self.crawler = crawler
        self.run = run
        self.agent = str(crawler.settings["USER_AGENT"])
        self._rules: dict[str, Protego | None] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware for a crawler."""
        return cls(crawler, run_of(crawler))

    async def process_request(self, request: Request) -> None:
        """Let a request through when robots.txt of its host allows it.

        Raises:
            RobotsDisallowedError: it does not, or there was no usable answer for it.

        """
        if request.meta.get("is_robots"):
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        async with self._asking[origin]:
            if origin not in self._rules:
                self._rules[origin] = await self._ask(origin)
        rules = self._rules[origin]
        if rules is None:
            raise RobotsDisallowedError(f"no usable robots.txt at {origin}")
        if not rules.can_fetch(request.url, self.agent):
            self.run.count("disallowed")
            message = "robots.txt 禁止抓取该地址，未请求。"
            text = str(request.meta.get("link_text") or "")
            self.run.say(
                "W-ROBOTS-DISALLOWED",
                request.url,
                message,
                text,
                str(request.meta.get("parent") or ""),
            )
            raise RobotsDisallowedError("robots.txt forbids it")

    async def _ask(self, origin: str) -> Protego | None:
        request = Request(
            f"{origin}/robots.txt",
            priority=1000,
            meta={"is_robots": True, "download_maxsize": _LONGEST_FILE},
            callback=NO_CALLBACK,
            dont_filter=True,
        )
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(request)
        except IgnoreRequest:
            # The guard or the redirect limit has said why.
            self._unusable(origin, "robots.txt leads where it may not be followed")
            return None
        except DownloadCancelledError:
            self._unusable(origin, f"robots.txt of {origin} is longer than {_LONGEST_FILE} bytes")
            return None
        except NETWORK_ERRORS as error:
            self._unreachable(origin, f"{type(error).__name__}: {error}")
            return None
        return self._judge(origin, response)

    def _judge(self, origin: str, response: Response) -> Protego | None:
        if response.status in _NONE_THERE:
            return Protego.parse("")
        sign = block_sign(response.status, response.body)
        if response.status != 200 or sign is not None:
            reason = f"robots.txt of {origin} answered {response.status}"
            if sign is not None:
                self._unusable(origin, f"{reason} with a block page: {sign}", "blocked")
            else:
                self._unusable(origin, reason)
            return None
        rules = Protego.parse(decode(response.body))
        delay = rules.crawl_delay(self.agent)
        pace = self.crawler.get_extension(Pace)
        if delay is not None and delay > _LONGEST_DELAY:
            self._unusable(
                origin, f"robots.txt of {origin} asks for {delay:.0f} s between requests"
            )
            return None
        if delay is not None and pace is not None:
            pace.at_least(urlsplit(origin).hostname or "", float(delay))
        return rules

    def _unusable(self, origin: str, reason: str, outcome: str = "robots") -> None:
        """End the run; a former host alone is only left out."""
        if urlsplit(origin).hostname in self.run.profile.former_hosts:
            message = "该旧域名的 robots.txt 无法使用，未抓取该域名。"
            self.run.say("W-HOST-UNREACHABLE", origin, message, reason)
        else:
            self.run.stop(outcome, reason)

    def _unreachable(self, origin: str, reason: str) -> None:
        message = "该主机没有应答，未抓取。"
        self.run.say("W-HOST-UNREACHABLE", origin, message, reason)
        self.run.missed(f"{origin}/robots.txt", reason)
