"""Sightings: what a walk saw of each address, and which lists it can speak for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from crawler.adapters import links
from crawler.discovery import Role
from pipeline.history import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlite_utils import Database

    from crawler.discovery import Step


def line_of(step: Step) -> str:
    """Return how a page lists an address: the words of the link and the date beside it."""
    return f"{step.text}\n{step.date or ''}"


class Sightings:
    """What one walk saw.

    Attributes:
        lines: how each address was listed, by address.
        unanswered: addresses that were asked for and gave no answer that says what is there.

    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.lines: defaultdict[str, set[str]] = defaultdict(set)
        self.unanswered: set[str] = set()
        self._linked: set[str] = set()
        self._of: dict[str, Sighting] = {}
        self._read: set[str] = set()
        self._cut_short: set[str] = set()

    def listed(self, step: Step) -> None:
        """Note a link that a page of the walk holds."""
        if step.role in {Role.REPORT, Role.ATTACHMENT}:
            self.lines[step.url].add(line_of(step))
        self._linked.add(links.key(step.url))

    def led_to(self, asked: Iterable[str], url: str) -> None:
        """Note that linked addresses were redirected."""
        if any(links.key(one) in self._linked for one in asked):
            self._linked.add(links.key(url))

    def is_listed(self, url: str) -> bool:
        """Tell whether a page of the walk links to an address."""
        return links.key(url) in self._linked

    def present(self, url: str, at: str) -> None:
        """Note an address that gave a document."""
        self._of[url] = Sighting(at)

    def lost(self, urls: Iterable[str], at: str, cause: str) -> None:
        """Note addresses that do not give their document any more; ``Sighting`` has the causes."""
        for url in urls:
            self._of[url] = Sighting(at, cause)

    def read_list(self, url: str) -> None:
        """Note a page of links that was read."""
        self._read.add(links.folder(url))

    def cut_short(self, url: str) -> None:
        """Note a list that was not read to its end."""
        self._cut_short.add(links.folder(url))

    def can_tell(self, parent: str | None) -> bool:
        """Tell whether all was read that the page or list holds which led to a document."""
        if parent is None:
            return False
        page = self._of.get(parent)
        if page is not None:
            return not page.cause
        folder = links.folder(parent)
        return folder in self._read and folder not in self._cut_short

    def told(self, sources: Mapping[str, str | None]) -> dict[str, Sighting]:
        """Return what the walk can say of the addresses of documents.

        Args:
            sources: the page that led to each, by address.

        """
        told = {}
        for url, parent in sources.items():
            sighting = self._of.get(url)
            if sighting is None or url in self.unanswered:
                continue
            if sighting.cause or self.is_listed(url):
                told[url] = sighting
            elif self.can_tell(parent):
                told[url] = Sighting(sighting.at, "not-listed")
        return told

    def store_lines(self, db: Database, site_id: str) -> None:
        """Keep how addresses were listed, for the next walk to compare with."""
        db.execute("DELETE FROM run_lines WHERE site_id = ?", (site_id,))
        db.conn.executemany(
            "INSERT INTO run_lines (site_id, url, line) VALUES (?, ?, ?)",
            [
                (site_id, url, line)
                for url, lines in self.lines.items()
                if url not in self.unanswered
                for line in lines
            ],
        )
