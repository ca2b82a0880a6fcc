"""Full-text search over the shown document of each report.

SQLite's own tokenizers take a run of Hanzi for one word or need three characters. Here every
character is a token of its own, so that a word of any length is a phrase of characters and the
index finds exactly what a scan for a substring finds (see ``plain`` for what is compared).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archive.passages import Piece, cut, excerpt, plain, spans

TITLE_PART = 0
PREAMBLE_PART = 50
CONTACT_PART = 51
MAX_QUERY = 200
MAX_WORDS = 12
# A row of the index is filed under report * _PARTS + part: matching rows name their report
# without a join, which is what keeps exact counts cheap.
_PARTS = 64

_TABLES = """
CREATE TABLE search_texts (
    id INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL REFERENCES reports(id),
    part INTEGER NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX search_texts_report ON search_texts(report_id);
CREATE VIRTUAL TABLE search_index USING fts5(
    heading, text, content='',
    tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'"
)
"""

Executor = sqlite3.Connection | Database


class QueryTooLongError(ValueError):
    """The words asked for are more or longer than a search takes."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a report has the words.

    Args:
        part: 0 title and names, 1 to 6 the sections, 50 preamble, 51 contact.
        heading: heading of the section as printed, cut into pieces.
        pieces: text around the words, cut into pieces.

    """

    part: int
    heading: tuple[Piece, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One report that has every word."""

    report_id: int
    agency_key: str
    agency: str
    year: int
    title: str
    status: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; None leaves it open."""

    agency_key: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """Answer of a search.

    Args:
        count: number of reports that have every word, under the filters.
        hits: the reports from ``offset`` on.
        years: year and number of reports, without the filter on the year.
        agencies: key, name and number of reports, without the filter on the agency.

    """

    count: int
    hits: tuple[Hit, ...]
    years: tuple[tuple[int, int], ...]
    agencies: tuple[tuple[str, str, int], ...]


def _tokens(text: str) -> str:
    return " ".join(plain(text))


_WORD = re.compile(r'"([^"]+)"|(\S+)')


def words(query: str) -> tuple[str, ...]:
    """Return the words of a query in plain form: parts between spaces, or between quotes.

    Every other character, FTS operators and a lone quote included, is text to be found.

    Raises:
        QueryTooLongError: over ``MAX_QUERY`` characters or ``MAX_WORDS`` words.

    """
    if len(query) > MAX_QUERY:
        raise QueryTooLongError(f"检索词最多 {MAX_QUERY} 个字，请缩短后再试。")
    found = (plain(match[1] or match[2]) for match in _WORD.finditer(query))
    distinct = tuple(dict.fromkeys(word for word in found if word))
    if len(distinct) > MAX_WORDS:
        raise QueryTooLongError(f"一次最多检索 {MAX_WORDS} 个词，请减少后再试。")
    return distinct


def _phrase(word: str) -> str:
    return '"' + " ".join(word).replace('"', '""') + '"'


def create_tables(db: Database) -> None:
    """Create the search tables and index what the archive holds (migration 0002)."""
    for statement in _TABLES.split(";"):
        db.execute(statement)
    for (report_id,) in db.execute("SELECT id FROM reports ORDER BY id").fetchall():
        index_report(db, report_id)


def _texts(db: Database, report_id: int) -> Iterator[tuple[int, str, str]]:
    report = db.execute(
        "SELECT agency_id, document_id, title FROM reports WHERE id = ?", [report_id]
    ).fetchone()
    if report is None:
        return
    agency_id, document_id, title = report
    names = [
        name
        for (name,) in db.execute(
            "SELECT name FROM agencies WHERE id = :a UNION SELECT name FROM agency_names"
            " WHERE agency_id = :a UNION SELECT agency_printed FROM documents"
            " WHERE id = :d AND agency_printed IS NOT NULL",
            {"a": agency_id, "d": document_id},
        )
    ]
    yield TITLE_PART, title, " / ".join(sorted(names))
    for preamble in db.execute("SELECT preamble FROM documents WHERE id = ?", [document_id]):
        if preamble[0]:
            yield PREAMBLE_PART, "", preamble[0]
    yield from db.execute(
        "SELECT ordinal, heading, text FROM sections WHERE document_id = ? ORDER BY ordinal",
        [document_id],
    ).fetchall()
    for contact in db.execute(
        "SELECT office, address, postcode, phone, fax, email, website FROM contacts"
        " WHERE document_id = ?",
        [document_id],
    ):
        printed = " / ".join(detail for detail in contact if detail)
        if printed:
            yield CONTACT_PART, "", printed


def index_report(db: Database, report_id: int) -> None:
    """Bring the index up to date with the shown document of a report.

    Call it inside the transaction that changes the report, with the report in its new state; a
    report that is gone loses its rows. Nothing is written when nothing changed, so that a second
    run leaves the index files equal.

    Args:
        db: the archive's database.
        report_id: id in ``reports``.

    """
    wanted = {
        report_id * _PARTS + part: (report_id, part, heading, text)
        for part, heading, text in _texts(db, report_id)
    }
    present = {
        row[0]: tuple(row[1:])
        for row in db.execute(
            "SELECT id, report_id, part, heading, text FROM search_texts WHERE report_id = ?",
            [report_id],
        ).fetchall()
    }
    for row_id, old in present.items():
        if wanted.get(row_id) != old:
            # The index keeps no text of its own: to forget a row it must be told what it holds.
            db.execute(
                "INSERT INTO search_index (search_index, rowid, heading, text)"
                " VALUES ('delete', ?, ?, ?)",
                [row_id, _tokens(str(old[2])), _tokens(str(old[3]))],
            )
            db.execute("DELETE FROM search_texts WHERE id = ?", [row_id])
    for row_id, new in wanted.items():
        if present.get(row_id) != new:
            db.execute("INSERT INTO search_texts VALUES (?, ?, ?, ?, ?)", [row_id, *new])
            db.execute(
                "INSERT INTO search_index (rowid, heading, text) VALUES (?, ?, ?)",
                [row_id, _tokens(new[2]), _tokens(new[3])],
            )


def forget_report(db: Database, report_id: int) -> None:
    """Take a report out of the index, before its row is deleted from ``reports``."""
    rows = db.execute(
        "SELECT id, heading, text FROM search_texts WHERE report_id = ?", [report_id]
    ).fetchall()
    for row_id, heading, text in rows:
        db.execute(
            "INSERT INTO search_index (search_index, rowid, heading, text)"
            " VALUES ('delete', ?, ?, ?)",
            [row_id, _tokens(heading), _tokens(text)],
        )
    db.execute("DELETE FROM search_texts WHERE report_id = ?", [report_id])


def search(
    db: Executor, query: str, limit: int = 20, offset: int = 0, filters: Filters | None = None
) -> Results:
    """Find the reports that have every word of a query, in whatever part of the report.

    Reports whose title or names have one of the words come first, then the newest year.

    Args:
        db: a connection to the archive's database, or sqlite-utils around it.
        query: words separated by spaces; a phrase with spaces in "…".
        limit: reports to return.
        offset: reports to skip.
        filters: agency and year.

    Raises:
        QueryTooLongError: see ``words``.

    """
    asked = words(query)
    if not asked:
        return Results(0, (), (), ())
    filters = filters or Filters()
    matching = " INTERSECT ".join(
        f"SELECT DISTINCT rowid / {_PARTS} AS report_id FROM search_index"  # noqa: S608 - words are bound
        f" WHERE search_index MATCH :w{number}"
        for number in range(len(asked))
    )
    values: dict[str, Any] = {f"w{number}": _phrase(word) for number, word in enumerate(asked)}
    values |= {
        "any": " OR ".join(_phrase(word) for word in asked),
        "year": filters.year,
        "agency": filters.agency_key,
        "limit": limit,
        "offset": offset,
    }
    found = (
        f"WITH matching AS MATERIALIZED ({matching}), found AS ("  # noqa: S608 - words are bound
        "SELECT r.id, r.year, r.title, r.status, a.key, a.name FROM matching m"
        " JOIN reports r ON r.id = m.report_id JOIN agencies a ON a.id = r.agency_id)"
    )
    in_year, in_agency = "(:year IS NULL OR year = :year)", "(:agency IS NULL OR key = :agency)"
    years = db.execute(
        f"{found} SELECT year, count(*) FROM found WHERE {in_agency} GROUP BY year"  # noqa: S608 - words are bound
        " ORDER BY year DESC",
        values,
    ).fetchall()
    agencies = db.execute(
        f"{found} SELECT key, name, count(*) FROM found WHERE {in_year} GROUP BY key"  # noqa: S608 - words are bound
        " ORDER BY count(*) DESC, key",
        values,
    ).fetchall()
    count = sum(n for year, n in years if filters.year in (None, year))
    rows = db.execute(
        f"{found}, titled AS MATERIALIZED (SELECT rowid / {_PARTS} AS report_id FROM search_index"  # noqa: S608 - words are bound
        f" WHERE search_index MATCH :any AND rowid % {_PARTS} = {TITLE_PART})"
        f" SELECT id, key, name, year, title, status FROM found WHERE {in_year} AND {in_agency}"
        " ORDER BY id IN (SELECT report_id FROM titled) DESC, year DESC, key LIMIT :limit"
        " OFFSET :offset",
        values,
    ).fetchall()
    hits = tuple(
        Hit(report_id, key, name, year, title, status, tuple(_passages(db, report_id, asked)))
        for report_id, key, name, year, title, status in rows
    )
    return Results(
        count, hits, tuple((y, n) for y, n in years), tuple((k, a, n) for k, a, n in agencies)
    )


def _passages(db: Executor, report_id: int, asked: tuple[str, ...]) -> Iterator[Passage]:
    rows = db.execute(
        "SELECT part, heading, text FROM search_texts WHERE report_id = ? ORDER BY id", [report_id]
    ).fetchall()
    for part, heading, text in rows:
        in_heading, in_text = spans(heading, asked), spans(text, asked)
        if in_heading or in_text:
            yield Passage(part, tuple(cut(heading, in_heading)), tuple(excerpt(text, in_text)))
