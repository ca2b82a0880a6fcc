"""The pace: how long to wait before the next request to a host.

Scrapy's AutoThrottle would undo a Crawl-delay and knows no Retry-After, so the few lines are ours:
never faster than profile and robots.txt say, slower where the server is slow or asks for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Self

from scrapy import signals

from crawler.run import run_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response

TARGET_CONCURRENCY = 0.5
SLOWEST = 60.0
LONGEST_RETRY_AFTER = 300.0
_BUSY = (429, 503)


class Pace:
    """Sets the delay of each host's download slot; a Scrapy extension."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler."""
        self.crawler = crawler
        self._least: dict[str, float] = {
            host: float(slot["delay"])
            for host, slot in crawler.settings.getdict("DOWNLOAD_SLOTS").items()
        }

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pace for a crawler."""
        pace = cls(crawler)
        crawler.signals.connect(pace.response_downloaded, signals.response_downloaded)
        return pace

    @property
    def longest(self) -> float:
        """Seconds between two requests at least, to the host that wants the most."""
        return max(self._least.values(), default=0.0)

    def at_least(self, host: str, seconds: float) -> None:
        """Never ask a host again sooner than that, for the rest of the run."""
        self._least[host] = max(self._least.get(host, 0.0), seconds)
        slot = self._slot(host)
        if slot is not None:
            slot.delay = max(slot.delay, self._least[host])

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Adapt to how the server answered."""
        host = str(request.meta.get("download_slot") or "")
        slot = self._slot(host)
        if slot is None:
            return
        # Counted from the answer: however long the way there was, the server sees no less.
        slot.lastseen = monotonic()
        least = self._least.get(host, 0.0)
        if response.status in _BUSY:
            asked = retry_after(response)
            if asked is not None and asked > LONGEST_RETRY_AFTER:
                reason = f"{host} asks to come back after {asked:.0f} seconds"
                run_of(self.crawler).stop("blocked", reason)
            longer = min(max(2 * slot.delay, 1.0), SLOWEST)
            slot.delay = max(least, longer if asked is None else asked)
        else:
            latency = float(request.meta.get("download_latency") or 0.0)
            slot.delay = max(least, min(latency / TARGET_CONCURRENCY, SLOWEST))

    def _slot(self, host: str) -> Slot | None:
        engine = self.crawler.engine
        return engine.downloader.slots.get(host) if engine is not None else None


def retry_after(response: Response) -> float | None:
    """Return the seconds that an answer asks to wait; None when it says nothing usable."""
    raw = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if raw.isascii() and raw.isdigit():
        return float(raw)
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
