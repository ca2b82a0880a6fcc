"""Columns: how many lines and pages a walk read of each report column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.home import Archive


@dataclass(slots=True)
class Column:
    """What a walk read of a report column.

    Args:
        url: its first page.
        name: what it is called.
        pager: form of the pager on its first page; empty without one.
        items: lines on all of its pages.
        pages: pages that were read.

    """

    url: str
    name: str
    pager: str
    items: int = 0
    pages: int = 0


class Columns:
    """The report columns of a walk, by the address of their first page."""

    def __init__(self) -> None:
        """Begin with none."""
        self.by_url: dict[str, Column] = {}
        self._pages: set[str] = set()

    def note(self, url: str, name: str, pager: str, items: int) -> None:
        """Note the first page of a column."""
        self.by_url.setdefault(url, Column(url, name, pager))
        self.note_further(url, url, items)

    def note_further(self, first: str, url: str, items: int) -> None:
        """Note a page of a column; ``first`` is the address of its first one."""
        column = self.by_url.get(first)
        # A directory of agencies has further pages as well, and is no column.
        if column is not None and url not in self._pages:
            self._pages.add(url)  # two links of different kinds may lead to the same page
            column.items += items
            column.pages += 1

    def store(self, archive: Archive, run_id: int) -> None:
        """Write the columns of a run, over those it wrote before."""
        with archive.transaction() as db:
            db.execute("DELETE FROM run_columns WHERE run_id = ?", (run_id,))
            db.conn.executemany(
                "INSERT INTO run_columns (run_id, url, name, items, pages, pager)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (run_id, column.url, column.name, column.items, column.pages, column.pager)
                    for column in self.by_url.values()
                ],
            )
