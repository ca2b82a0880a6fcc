"""Lists that name more pages than there are: a pager's script says 500, the pages are empty."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest

from crawler.run import run_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.run import Run

EMPTY_IN_A_ROW = 3


class ListEndedError(IgnoreRequest):
    """The list has ended before this page, so it was not asked for."""


class ListEndMiddleware:
    """Asks for no further page of a list once a few in a row held nothing."""

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware for a crawler."""
        return cls(run_of(crawler))

    def process_request(self, request: Request) -> None:
        """Let a list page through while its list goes on.

        Raises:
            ListEndedError: the list has ended.

        """
        if request.meta.get("list") in self.run.ended_lists:
            raise ListEndedError("the list has ended")


class ListEnds:
    """What came of the further pages of each list, by the address of its first page."""

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.run = run
        self.named: dict[str, int] = {}
        self.answered: Counter[str] = Counter()
        self._empty: Counter[str] = Counter()

    def name(self, first: str, number: int) -> None:
        """Note how many further pages a list names."""
        self.named[first] = number

    def note(self, first: str, *, empty: bool) -> None:
        """Note one further page; a few empty ones in a row end the list."""
        self.answered[first] += 1
        self._empty[first] = self._empty[first] + 1 if empty else 0
        if self._empty[first] == EMPTY_IN_A_ROW:
            self.run.ended_lists.add(first)
            message = (
                f"列表称首页之后还有 {self.named[first]} 页，读到第 {self.answered[first]} 页时，"
                f"已连续 {EMPTY_IN_A_ROW} 页没有任何条目，其后各页未再排入请求。"
            )
            self.run.say("W-LIST-ENDED", first, message)
