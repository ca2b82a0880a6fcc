"""Search over all regions at once.

Each region has an index of its own. All of them are asked, by several threads; how many reports a
region has for a word, by year and type, is counted where they are found, and the best of each
region are merged one by one until the page is full. A region that cannot be asked is named, and
the count is then that of the others.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from threading import Lock
from typing import TypeVar

from archive.regions.index import Found, Index, RegionHit
from archive.regions.region import Region
from archive.search import WEIGHED, words

# A connection takes some 0.2 MB; those of the largest regions stay open, the others are opened for
# each search.
KEPT_OPEN = 400
# What is asked runs outside Python for the most part, and one more would wait for it.
THREADS = 2
SECONDS = 2.0
# Places of reports in all answers that are kept, four bytes each.
_MOST_KEPT = 8_000_000
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a search is narrowed to; None leaves it open.

    Args:
        region: code of a region of the country.
        year: year of the report.
        kind: type of agency.

    """

    region: str | None = None
    year: int | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class CountryResults:
    """Answer of a search over all regions.

    Args:
        count: reports that have every word, under the filters, in the regions that answered.
        hits: a page of them.
        regions: code and number of reports; this and the next two are counted without the filter
            on the same thing and under the others.
        years: year and number of reports.
        kinds: type of agency and number of reports.
        failed: codes of the regions that did not answer.

    """

    count: int = 0
    hits: tuple[RegionHit, ...] = ()
    regions: tuple[tuple[str, int], ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    failed: tuple[str, ...] = ()


_Key = tuple[bool, float, int, str, int]


class CountrySearch:
    """The indexes of all regions.

    Args:
        seconds: that one search may take.

    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._indexes: dict[str, Index] = {}
        self._threads = ThreadPoolExecutor(THREADS, "search")
        self._kept: OrderedDict[tuple[str, tuple[str, ...]], Found] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def know(self, regions: Sequence[Region]) -> None:
        """Search these regions from now on."""
        largest = sorted(regions, key=lambda region: -region.facts["reports"])[:KEPT_OPEN]
        stay = {region.code for region in largest}
        before = self._indexes
        indexes = {}
        for region in sorted(regions, key=lambda region: region.code):
            held = before.get(region.code)
            if held is None or held.digest != region.release.digest:
                held = Index(region, stays_open=region.code in stay)
            indexes[region.code] = held
        self._indexes = indexes
        for code, index in before.items():
            if indexes.get(code) is not index:
                index.close()

    def close(self) -> None:
        """End the threads and close the connections."""
        self._threads.shutdown()
        for index in self._indexes.values():
            index.close()

    def warm(self) -> None:
        """Read the order of the reports of every region."""
        until = time.monotonic() + 3600
        self._of_all(lambda index: index.ask(lambda _: None, until), [*self._indexes.values()])

    def search(self, query: str, chosen: Chosen, limit: int, offset: int) -> CountryResults:
        """Find the reports that have every word, in all regions.

        Reports with a word in the title or the names come first; then, when there are at most
        ``WEIGHED``, those that speak of the words more (bm25 within their region); then the newest
        year; then by region and agency.

        Args:
            query: words separated by spaces; a phrase with spaces in "…".
            chosen: what the answer is narrowed to.
            limit: reports to return.
            offset: reports to skip.

        Raises:
            QueryTooLongError: see ``archive.search.words``.

        """
        asked = words(query)
        if not asked:
            return CountryResults()
        until = time.monotonic() + self._seconds
        found, failed = self._of_all(
            lambda index: self._once(index, asked, until), [*self._indexes.values()]
        )
        found = {index: one for index, one in found.items() if one.counts}
        results = _counted({index.code: (index, one) for index, one in found.items()}, chosen)
        weights: dict[Index, dict[int, float]] = {}
        if sum(len(one.places) for one in found.values()) <= WEIGHED:
            weights, late = self._of_all(lambda index: index.weigh(asked, until), [*found])
            failed |= late
        ways = [
            _in_order(index, one, weights.get(index), chosen)
            for index, one in found.items()
            if chosen.region in (None, index.code) and index.code not in failed
        ]
        hits = []
        by_code = {index.code: index for index in found}
        for *_, code, place in islice(merge(*ways), offset, offset + limit):
            with _failing(code, failed):
                hits.append(by_code[code].hit(place, asked, until))
        if failed:
            answered = {index.code: (index, one) for index, one in found.items()
                        if index.code not in failed}  # fmt: skip
            results = _counted(answered, chosen)
        return CountryResults(
            results.count, tuple(hits), results.regions, results.years, results.kinds,
            tuple(sorted(failed)),
        )  # fmt: skip

    def _of_all(
        self, question: Callable[[Index], Answer], indexes: list[Index]
    ) -> tuple[dict[Index, Answer], set[str]]:
        """Ask several regions; return the answers, and the codes of those that failed."""

        def some(part: list[Index]) -> tuple[dict[Index, Answer], set[str]]:
            answers, failed = {}, set[str]()
            for index in part:
                with _failing(index.code, failed):
                    answers[index] = question(index)
            return answers, failed

        parts = [indexes[number::THREADS] for number in range(THREADS)]
        answers: dict[Index, Answer] = {}
        failed = set[str]()
        for told, missing in self._threads.map(some, filter(None, parts)):
            answers |= told
            failed |= missing
        return answers, failed

    def _once(self, index: Index, asked: tuple[str, ...], until: float) -> Found:
        key = (index.digest, asked)
        with self._lock:
            if (held := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return held
        found = index.find(asked, until)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = found
                self._size += found.size
            while self._size > _MOST_KEPT:
                self._size -= self._kept.popitem(last=False)[1].size
        return found


@contextmanager
def _failing(code: str, failed: set[str]) -> Iterator[None]:
    """Note the region when it cannot be asked, and go on with the others."""
    try:
        yield
    except (sqlite3.Error, OSError):
        failed.add(code)


def _in_order(
    index: Index, found: Found, weights: dict[int, float] | None, chosen: Chosen
) -> Iterator[_Key]:
    """Yield the reports of a region that the filters leave, in the order of the answer."""
    wanted = {
        number
        for number, (year, kind) in enumerate(index.slots)
        if chosen.year in (None, year) and chosen.kind in (None, kind)
    }
    slot_of, slots, ids, code = index.slot_of, index.slots, index.ids, index.code
    keys = (
        (number >= found.firsts, weights.get(ids[place], 0.0) if weights else 0.0,
         -slots[slot_of[place]][0], code, place)
        for number, place in enumerate(found.places)
        if slot_of[place] in wanted
    )  # fmt: skip
    return iter(sorted(keys)) if weights else keys


def _counted(found: dict[str, tuple[Index, Found]], chosen: Chosen) -> CountryResults:
    count = 0
    regions, years, kinds = Counter[str](), Counter[int](), Counter[str]()
    for code, (index, one) in found.items():
        here = chosen.region in (None, code)
        for slot, number in one.counts.items():
            year, kind = index.slots[slot]
            of_year, of_kind = chosen.year in (None, year), chosen.kind in (None, kind)
            if of_year and of_kind:
                regions[code] += number
            if here and of_kind:
                years[year] += number
            if here and of_year:
                kinds[kind] += number
            if here and of_year and of_kind:
                count += number
    return CountryResults(
        count,
        regions=tuple(sorted(regions.items(), key=lambda item: (-item[1], item[0]))),
        years=tuple(sorted(years.items(), reverse=True)),
        kinds=tuple(sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
    )
