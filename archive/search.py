"""Full-text search over the shown document of each report.

SQLite's own tokenizers take a run of Hanzi for one word or need three characters. Here every two
neighbouring characters are a token, so that a word of any length is a phrase of pairs, or the start
of one, and the index finds exactly what a scan for a substring finds (see ``plain`` for what is
compared). Pairs are much rarer than characters: a phrase of them is found in a third of the time. A
report is one row of the index, so that several words are looked for in one pass.
"""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import compress, groupby, zip_longest
from operator import itemgetter

from sqlite_utils import Database

from archive.catalogue import Catalogue, Executor
from archive.passages import cut, excerpt, first_spans, plain
from archive.results import Filters, Hit, Passage, Results, counts_of, narrowed

TITLE_PART = 0
PREAMBLE_PART = 50
CONTACT_PART = 51
MAX_QUERY = 200
MAX_WORDS = 12
# To weigh how often the words stand in a report takes some microseconds. Over more reports than
# this it would take too long and tell nothing: there the newest come first.
WEIGHED = 5000
# Of title and text, for bm25().
WEIGHTS = "10.0, 1.0"
_PARTS = 64
_LONGEST_HEADING = 300

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
_ROW_PER_REPORT = """
DROP TABLE search_index;
CREATE VIRTUAL TABLE search_index USING fts5(
    title, text, content='', prefix='1',
    tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'"
)
"""


class QueryTooLongError(ValueError):
    """The words asked for are more or longer than a search takes."""


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


def phrase(word: str) -> str:
    """Return a word, or a single character, as the index looks for it."""
    if len(word) == 1:
        return '"' + word.replace('"', '""') + '" *'
    pairs = " ".join(word[at : at + 2] for at in range(len(word) - 1))
    return '"' + pairs.replace('"', '""') + '"'


def create_tables(db: Database) -> None:
    """Create the search tables as they first were (migration 0002)."""
    for statement in _TABLES.split(";"):
        db.execute(statement)


def index_by_report(db: Database) -> None:
    """Make the index one of whole reports and index what the archive holds (migration 0008)."""
    for statement in _ROW_PER_REPORT.split(";"):
        db.execute(statement)
    db.execute("DELETE FROM search_texts")
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
    wanted = sorted(
        (report_id * _PARTS + part, report_id, part, heading, text)
        for part, heading, text in _texts(db, report_id)
    )
    present = _present(db, report_id)
    if wanted == present:
        return
    _drop(db, report_id, present)
    for row in wanted:
        db.execute("INSERT INTO search_texts VALUES (?, ?, ?, ?, ?)", row)
    if wanted:
        db.execute(
            "INSERT INTO search_index (rowid, title, text) VALUES (?, ?, ?)",
            [report_id, *_tokens(wanted)],
        )


def index_texts(connection: sqlite3.Connection) -> None:
    """Fill an empty index with the texts that a copy of an archive holds.

    Args:
        connection: to a database that will not be written to any more.

    """
    rows = connection.execute(
        "SELECT id, report_id, part, heading, text FROM search_texts ORDER BY id"
    )
    for report_id, of_report in groupby(rows, key=itemgetter(1)):
        connection.execute(
            "INSERT INTO search_index (rowid, title, text) VALUES (?, ?, ?)",
            [report_id, *_tokens(list(of_report))],
        )
    connection.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")


def forget_report(db: Database, report_id: int) -> None:
    """Take a report out of the index, before its row is deleted from ``reports``."""
    _drop(db, report_id, _present(db, report_id))


_Row = tuple[int, int, int, str, str]


def _present(db: Database, report_id: int) -> list[_Row]:
    rows: list[_Row] = db.execute(
        "SELECT id, report_id, part, heading, text FROM search_texts WHERE report_id = ?"
        " ORDER BY id",
        [report_id],
    ).fetchall()
    return rows


def _drop(db: Database, report_id: int, present: list[_Row]) -> None:
    if not present:
        return
    # The index keeps no text of its own: to forget a row it must be told what it holds.
    db.execute(
        "INSERT INTO search_index (search_index, rowid, title, text) VALUES ('delete', ?, ?, ?)",
        [report_id, *_tokens(present)],
    )
    db.execute("DELETE FROM search_texts WHERE report_id = ?", [report_id])


def _tokens(rows: list[_Row]) -> tuple[str, str]:
    """Return title and text of a report as the tokens that the index takes.

    The last token of each part is a single character: no phrase reaches over it into the next.
    """

    def pairs(text: str) -> str:
        return " ".join(map("".join, zip_longest(text, text[1:], fillvalue="")))

    def joined(parts: Iterable[_Row]) -> str:
        return " ".join(pairs(plain(text)) for row in parts for text in row[3:])

    return (
        joined(row for row in rows if row[2] == TITLE_PART),
        joined(row for row in rows if row[2] != TITLE_PART),
    )


def search(  # noqa: PLR0913, PLR0917
    db: Executor,
    query: str,
    limit: int = 20,
    offset: int = 0,
    filters: Filters | None = None,
    catalogue: Catalogue | None = None,
) -> Results:
    """Find the reports that have every word of a query, in whatever part of the report.

    Reports whose title or names have one of the words come first; then those where the words
    stand oftener for the length of the text (bm25), when there are at most ``WEIGHED``; then the
    newest year, then the key of the agency.

    Args:
        db: a connection to the archive's database, or sqlite-utils around it.
        query: words separated by spaces; a phrase with spaces in "…".
        limit: reports to return.
        offset: reports to skip.
        filters: region, type, agency and year.
        catalogue: of a database that does not change any more; None to read one for this search.

    Raises:
        QueryTooLongError: see ``words``.

    """
    asked = words(query)
    if not asked:
        return Results()
    chosen = filters or Filters()
    held = catalogue or Catalogue(db)
    found = held.once(asked, lambda: _ordered(db, asked, held))
    places = held.once((asked, chosen), lambda: narrowed(held, found, chosen))
    # What stands in every report is counted once for all such words.
    counted = held.once(
        ("counts", asked if len(found) < len(held.ids) else None, chosen),
        lambda: counts_of(held, found, chosen),
    )
    hits = tuple(_hit(db, held, place, asked) for place in places[offset : offset + limit])
    return replace(counted, count=len(places), hits=hits)


def _ordered(db: Executor, asked: tuple[str, ...], held: Catalogue) -> array[int]:
    """Return the places of the reports that have every word, in the order of the answer."""
    titles = held.titles
    # Words as 年度报告 stand in every title, and the titles are at hand.
    if titles and all(word in title for title in titles for word in asked):
        return array("i", range(len(titles)))
    match = " AND ".join(map(phrase, asked))
    # One value instead of a row a report: what takes long is to hand over rows.
    found = json.loads(
        db.execute(
            "SELECT json_group_array(rowid) FROM search_index WHERE search_index MATCH ?", [match]
        ).fetchone()[0]
    )
    if len(found) == len(titles):
        places = list(range(len(titles)))
    else:
        places = list(compress(range(len(titles)), map(set(found).__contains__, held.ids)))
    if len(places) <= WEIGHED:
        weighed = dict(
            db.execute(
                f"SELECT rowid, bm25(search_index, {WEIGHTS}) FROM search_index"  # noqa: S608 - constants of ours
                " WHERE search_index MATCH ?",
                [match],
            ).fetchall()
        )
        places.sort(key=lambda place: round(weighed[held.ids[place]], 6))
    first = set[int]()
    for word in asked:
        first.update([place for place in places if word in titles[place]])
    if 0 < len(first) < len(places):
        places.sort(key=lambda place: place not in first)
    return array("i", places)


def _hit(db: Executor, held: Catalogue, place: int, asked: tuple[str, ...]) -> Hit:
    report_id = held.ids[place]
    title, status = db.execute(
        "SELECT title, status FROM reports WHERE id = ?", [report_id]
    ).fetchone()
    key, name = held.agencies[held.owners[place]][:2]
    passages = tuple(passages_of(db, report_id, asked))
    return Hit(report_id, key, name, held.years[place], title, status, passages)


def passages_of(db: Executor, report_id: int, asked: tuple[str, ...]) -> Iterator[Passage]:
    """Yield the places of a report that have the words, marked."""
    rows = db.execute(
        "SELECT part, heading, text FROM search_texts WHERE report_id = ? ORDER BY id", [report_id]
    ).fetchall()
    for part, heading, text in rows:
        in_heading, in_text = first_spans(heading, asked), first_spans(text, asked)
        if in_heading or in_text:
            shown = cut if len(heading) <= _LONGEST_HEADING else excerpt
            yield Passage(part, tuple(shown(heading, in_heading)), tuple(excerpt(text, in_text)))
