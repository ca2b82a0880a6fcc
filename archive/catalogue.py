"""What search keeps in memory of a release: order, year, agency and title of each report.

A word that stands in every report has to be counted by year and agency all the same; arrays do so
in milliseconds where a join over the tables takes seconds. 100,000 reports take some 40 MB.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from sqlite_utils import Database

from archive.passages import plain

# Four bytes a report each, and some three for one search.
_KEPT = 256

Executor = sqlite3.Connection | Database
Kept = TypeVar("Kept")


class Catalogue:
    """The reports in their order: newest year first, then by key of the agency.

    A report is known by its place in this order, from 0 on.

    Args:
        db: a connection to the database; what is written to it later is not seen.

    Attributes:
        ids: of each report.
        years: of each report.
        owners: number of the agency of each report.
        titles: title and names of each report in plain form.
        agencies: key, name, type and region of each agency, by key.
        regions: names of the regions that are known, by code.

    """

    def __init__(self, db: Executor) -> None:
        rows = db.execute(
            "SELECT r.id, r.year, a.key, a.name, a.type, a.region_code,"
            " coalesce(t.heading, '') || char(10) || coalesce(t.text, '')"
            " FROM reports r JOIN agencies a ON a.id = r.agency_id"
            " LEFT JOIN search_texts t ON t.report_id = r.id AND t.part = 0"
            " ORDER BY r.year DESC, a.key, r.id"
        ).fetchall()
        self.ids = array("q", (row[0] for row in rows))
        # Lists, as arrays make a number anew each time that it is looked at.
        self.years = [row[1] for row in rows]
        self.agencies = sorted({row[2:6] for row in rows})
        numbers = {agency[0]: number for number, agency in enumerate(self.agencies)}
        self.owners = [numbers[row[2]] for row in rows]
        # A line break between title and names: it is in no word, so that none reaches across.
        self.titles = ["\n".join(map(plain, row[6].split("\n", 1))) for row in rows]
        self.regions: dict[str, str] = dict(
            db.execute("SELECT code, name FROM summary_regions").fetchall()
        )
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def once(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what was made for a key before, or make it; the least used are forgotten.

        Args:
            key: everything that the answer depends on.
            make: finds the answer; two threads that ask at once may both do so.

        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: Kept = self._kept[key]
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made
