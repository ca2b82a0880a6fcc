"""The full-text index of one region, as a search over all of them asks it."""

from __future__ import annotations

import json
import sqlite3
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from threading import Lock
from typing import TypeVar

from archive.passages import plain
from archive.regions.region import Region
from archive.results import Hit
from archive.search import WEIGHTS, passages_of, phrase

_STEPS_BETWEEN_LOOKS = 5000

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RegionHit:
    """A report that has every word, with the region that it lies in."""

    region: str
    hit: Hit


@dataclass(frozen=True, slots=True)
class Found:
    """What a region has for some words.

    Args:
        places: of the reports, those with a word in the title first, then newest year first.
        firsts: how many of them have a word in the title.
        counts: number of reports of each slot.

    """

    places: Sequence[int]
    firsts: int
    counts: Counter[int]

    @property
    def size(self) -> int:
        """Numbers that it takes to keep it."""
        return 1 + (0 if isinstance(self.places, range) else len(self.places))


class Index:
    """The index of one region.

    A report is known by its place in the order newest year first, then by key of the agency; its
    slot is the number of its year and type among those of the region.
    """

    def __init__(self, region: Region, *, stays_open: bool) -> None:
        self.code = region.code
        self.digest = region.release.digest
        self._path = region.release.path
        self._stays_open = stays_open
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()
        self.slots: list[tuple[int, str]] = []
        self.slot_of = array("H")
        self.ids = array("q")
        # In plain form; 100,000 take some 20 MB, and the index would take longer to ask.
        self.titles: list[str] = []
        self._known = Counter[int]()
        self._is_read = False

    def ask(self, question: Callable[[sqlite3.Connection], Answer], until: float) -> Answer:
        """Put a question to the region, one at a time.

        Raises:
            sqlite3.Error: the database cannot be read, or the time is up.

        """
        with self._lock:
            connection = self._connection
            if connection is None:
                connection = sqlite3.connect(
                    f"file:{self._path}?immutable=1", uri=True, check_same_thread=False
                )
                connection.execute("PRAGMA mmap_size = 1099511627776")
            try:
                connection.set_progress_handler(
                    lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS
                )
                self._read(connection)
                return question(connection)
            finally:
                if self._stays_open:
                    self._connection = connection
                else:
                    connection.close()

    def _read(self, connection: sqlite3.Connection) -> None:
        if self._is_read:
            return
        slots: dict[tuple[int, str], int] = {}
        ids, slot_of = array("q"), array("H")
        titles = []
        for report, year, kind, title in connection.execute(
            "SELECT r.id, r.year, a.type, coalesce(t.heading, '') || char(10) ||"
            " coalesce(t.text, '') FROM reports r JOIN agencies a ON a.id = r.agency_id"
            " LEFT JOIN search_texts t ON t.report_id = r.id AND t.part = 0"
            " ORDER BY r.year DESC, a.key, r.id"
        ):
            ids.append(report)
            slot_of.append(slots.setdefault((year, kind), len(slots)))
            # A line break between title and names: it is in no word, so that none reaches across.
            titles.append("\n".join(map(plain, title.split("\n", 1))))
        self.ids, self.slot_of, self.slots, self.titles = ids, slot_of, list(slots), titles
        self._known = Counter(slot_of)
        self._is_read = True

    def find(self, asked: tuple[str, ...], until: float) -> Found:
        """Return the reports that have every word."""
        match = " AND ".join(map(phrase, asked))

        def question(connection: sqlite3.Connection) -> Found:
            titles = self.titles
            # Words as 年度报告 stand in every title, and the titles are at hand.
            if all(word in title for title in titles for word in asked):
                return Found(range(len(titles)), len(titles), self._known)
            # One value instead of a row a report: what takes long is to hand over rows.
            told = connection.execute(
                "SELECT json_group_array(rowid) FROM search_index WHERE search_index MATCH ?",
                (match,),
            ).fetchone()[0]
            matching = set(json.loads(told))
            places: Sequence[int] = range(len(titles))
            if len(matching) < len(titles):
                places = list(compress(places, map(matching.__contains__, self.ids)))
            first = {place for word in asked for place in places if word in titles[place]}
            if isinstance(places, range) and len(first) in (0, len(places)):
                return Found(places, len(first), self._known)
            if 0 < len(first) < len(places):
                places = sorted(places, key=lambda place: place not in first)
            counts = Counter(map(self.slot_of.__getitem__, places))
            return Found(array("i", places), len(first), counts)

        return self.ask(question, until)

    def weigh(self, asked: tuple[str, ...], until: float) -> dict[int, float]:
        """Return how little the reports speak of the words, by id; bm25, the least first."""
        match = " AND ".join(map(phrase, asked))

        def question(connection: sqlite3.Connection) -> dict[int, float]:
            return dict(
                connection.execute(
                    f"SELECT rowid, round(bm25(search_index, {WEIGHTS}), 6) FROM search_index"  # noqa: S608 - constants of ours
                    " WHERE search_index MATCH ?",
                    (match,),
                ).fetchall()
            )

        return self.ask(question, until)

    def hit(self, place: int, asked: tuple[str, ...], until: float) -> RegionHit:
        """Return a report with its passages."""
        report = self.ids[place]

        def question(connection: sqlite3.Connection) -> Hit:
            key, name, year, title, status = connection.execute(
                "SELECT a.key, a.name, r.year, r.title, r.status FROM reports r"
                " JOIN agencies a ON a.id = r.agency_id WHERE r.id = ?",
                (report,),
            ).fetchone()
            found = tuple(passages_of(connection, report, asked))
            return Hit(report, key, name, year, title, status, found)

        return RegionHit(self.code, self.ask(question, until))

    def close(self) -> None:
        """Close the connection, once nobody asks."""
        with self._lock:
            self._stays_open = False
            if self._connection is not None:
                self._connection.close()
                self._connection = None
