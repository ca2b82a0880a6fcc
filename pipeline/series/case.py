"""Case: a report beside the reports that rules of series compare it with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlite_utils import Database

from archive.codebook import metrics
from pipeline.check.stock import DOCUMENTS, ITEMS
from pipeline.recognise.form import table3_columns
from pipeline.recognise.identity import squeeze
from pipeline.series.text import SECTIONS, shingles

_READABLE = "('verified', 'read', 'partial')"


@cache
def watched() -> dict[int, str]:
    """Return number and code of the cells that one year shares with the next."""
    codes = [
        f"t3_{row}__{c.code}" for row in ("carried_in", "carried_out") for c in table3_columns()
    ]
    for name in DOCUMENTS:
        codes.extend(f"t2_{name}_{column}" for column in ("issued", "repealed", "in_force"))
    for name in ITEMS:
        codes.extend(f"t2_{name}_items_{column}" for column in ("prev", "change"))
    numbers = {code: number for number, code in enumerate(metrics(), start=1)}
    return {numbers[code]: code for code in codes}


@dataclass(frozen=True, slots=True)
class Printed:
    """A cell of another year: value (None when blank or unread), state and place."""

    value: Any
    state: str
    place: str


@dataclass(frozen=True, slots=True)
class Text:
    """A section of a report.

    Args:
        ordinal: 1 or 5.
        words: text without white space.
        place: where its heading stands.
        shingles: its runs of characters; empty when it is too short to be compared.

    """

    ordinal: int
    words: str
    place: str
    shingles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Held:
    """A report of the archive, by its shown document.

    Args:
        cells: the watched cells by code.
        report_id: the report.
        document_id: its shown document.
        year: report year.
        agency_key: key of the body.
        agency: name of the body.
        kind: type of the body.
        agency_printed: name as the document prints it.
        template: format of its tables.
        signed: sign-off date, ISO.
        published: earliest publication time that a page states, as printed.

    """

    cells: dict[str, Printed]
    report_id: int
    document_id: int
    year: int
    agency_key: str
    agency: str
    kind: str
    agency_printed: str | None
    template: str | None
    signed: str | None
    published: str | None


@dataclass(frozen=True, slots=True)
class Copy:
    """A text that stands in an earlier report too.

    Args:
        section: 1 or 5.
        place: where the section stands.
        agency: body of the earlier report.
        year: its year.
        own: whether it is the same body's.
        value: similarity, 0 to 1.
        passage: the longest passage that both have.

    """

    section: int
    place: str
    agency: str
    year: int
    own: bool
    value: float
    passage: str


@dataclass(frozen=True, slots=True)
class Change:
    """An address that gave other bytes before.

    Args:
        url: the address.
        before: day of the earlier version.
        after: day of the later one.
        cells: how many cells differ.
        sections: ordinals of the sections whose text differs.

    """

    url: str
    before: str
    after: str
    cells: int
    sections: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules of series judge.

    Args:
        report: the report.
        earlier: the body's last report before it that is held; None when it is the first.
        copies: texts found in earlier reports.
        changes: addresses whose content changed.

    """

    report: Held
    earlier: Held | None = None
    copies: tuple[Copy, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def previous(self) -> Held | None:
        """The report of the year before, if it is held."""
        if self.earlier is not None and self.earlier.year == self.report.year - 1:
            return self.earlier
        return None


def held_reports(db: Database, agency_id: int) -> list[Held]:
    """Return the reports of a body, oldest first."""
    cells: dict[int, dict[str, Printed]] = {}
    codes = watched()
    for document, metric, value, state, place in db.execute(
        "SELECT c.document_id, c.metric_id, c.value, c.state, c.place FROM reports r"  # noqa: S608 - numbers of our codebook
        " JOIN cells c ON c.document_id = r.document_id WHERE r.agency_id = ?"
        f" AND c.metric_id IN ({', '.join(map(str, codes))})",
        (agency_id,),
    ):
        cells.setdefault(document, {})[codes[metric]] = Printed(value, state, place)
    rows = db.execute(
        "SELECT r.id, r.document_id, r.year, a.key, a.name, a.type, d.agency_printed,"
        " d.template, d.signed, r.published FROM reports r"
        " JOIN agencies a ON a.id = r.agency_id JOIN documents d ON d.id = r.document_id"
        " WHERE r.agency_id = ? ORDER BY r.year",
        (agency_id,),
    ).fetchall()
    return [Held(cells.get(row[1], {}), *row) for row in rows]


def texts(db: Database, report_id: int) -> dict[int, Text]:
    """Return the sections of a report that are the agency's own words."""
    return {
        ordinal: Text(ordinal, squeeze(text), place, shingles(text))
        for ordinal, text, place in db.execute(
            "SELECT s.ordinal, s.text, s.place FROM reports r JOIN sections s"  # noqa: S608 - our own numbers
            " ON s.document_id = r.document_id WHERE r.id = ?"
            f" AND s.ordinal IN ({', '.join(map(str, SECTIONS))})",
            (report_id,),
        )
    }


def changes(db: Database, report_id: int) -> tuple[Change, ...]:
    """Return the addresses of a report whose content was another before."""
    found = []
    for url, old, new, before, after in db.execute(
        f"""
        SELECT n.url, o.document_id, n.document_id, substr(ko.captured_at, 1, 10),
               substr(kn.captured_at, 1, 10)
        FROM documents d JOIN sources n ON n.document_id = d.id AND n.is_current = 1
        JOIN sources o ON o.url = n.url AND o.document_id <> n.document_id AND o.is_current = 0
        JOIN documents e ON e.id = o.document_id AND e.status IN {_READABLE}
        JOIN captures ko ON ko.id = o.capture_id JOIN captures kn ON kn.id = n.capture_id
        WHERE d.report_id = ? ORDER BY n.url, ko.captured_at, o.document_id
        """,  # noqa: S608 - our own words
        (report_id,),
    ).fetchall():
        cells = db.execute(
            "SELECT count(*) FROM cells a JOIN cells b ON b.metric_id = a.metric_id"
            " AND b.document_id = ? WHERE a.document_id = ?"
            " AND (a.value IS NOT b.value OR a.state <> b.state)",
            (new, old),
        ).fetchone()[0]
        sections = db.execute(
            "SELECT ordinal FROM (SELECT ordinal, text FROM sections WHERE document_id = ?1"
            " UNION SELECT ordinal, text FROM sections WHERE document_id = ?2)"
            " WHERE ordinal IN (1, 5, 6) GROUP BY ordinal HAVING count(*) > 1 ORDER BY ordinal",
            (old, new),
        ).fetchall()
        if cells or sections:
            ordinals = tuple(int(ordinal) for (ordinal,) in sections)
            found.append(Change(url, before, after, cells, ordinals))
    return tuple(found)
