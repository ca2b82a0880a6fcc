"""Which rows belong to which region.

What an agency or a document says belongs to one region: an agency's by its code, a document's by
the agency of its report and, for what is no report, by the site that it was found on. All other
rows follow the row that they refer to, by the foreign keys of the schema. What is said of a site,
as its runs, goes wherever a document of the site goes, since how far a region is covered depends
on it; so do the bytes that several regions share. Nothing is in no region: what has no code that
says one is in ``UNKNOWN``.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

UNKNOWN = "unknown"
# How many digits of a code of GB/T 2260 name a region.
WAYS = {"province": 2, "city": 4, "county": 6}

# The same in every region: codes, definitions and rules.
SHARED = frozenset(["metrics", "measures", "rules", "indicators"])
# Of the pipeline alone; no page and no file shows them.
WORKING = frozenset(
    ["unsettled", "sketches", "sketch_buckets", "pending_sources", "run_notices",
     "run_blocks", "_sqlite_migrations"]
)  # fmt: skip
# What publishing fills in each region for itself.
_FILLED = ("search_index", "summary_")
_OURS = "dividing_"
_CODE = re.compile(r"\d{6}")
# A row follows the first of these that it must refer to. Reports stand first because tables that
# refer to both a report and a document have an index by report.
_OWNERS = ("reports", "documents", "agencies", "captures", "runs", "sites")
# Tables whose regions are settled here row by row, with the column that knows a row.
_SETTLED = {
    "sites": "id", "agencies": "id", "documents": "id", "captures": "id", "run_visits": "rowid",
    "findings": "id", "payloads": "digest",
}  # fmt: skip


class UndividedTableError(RuntimeError):
    """A table of the schema says nothing by which its rows could be given to regions."""


# Read from the first to the last: each takes what is settled before for granted. region_of() gives
# the region of a code.
_STEPS = """
INSERT INTO dividing_agencies SELECT id, region_of(region_code) FROM agencies;
INSERT INTO dividing_documents SELECT d.id, coalesce(
    (SELECT o.region FROM reports r JOIN dividing_agencies o ON o.id = r.agency_id
     WHERE r.id = d.report_id),
    (SELECT region_of(t.region_code) FROM sources s JOIN sites t ON t.id = s.site_id
     WHERE s.document_id = d.id ORDER BY s.is_current DESC, s.url LIMIT 1),
    region_of(''))
FROM documents d;
INSERT INTO dividing_captures SELECT DISTINCT s.capture_id, o.region FROM sources s
JOIN dividing_documents o ON o.id = s.document_id;
INSERT INTO dividing_captures SELECT c.id, o.region FROM captures c
JOIN documents d ON d.digest = c.digest JOIN dividing_documents o ON o.id = d.id
WHERE c.id NOT IN (SELECT id FROM dividing_captures);
-- What an address answered before it had a document, or when the document was gone.
INSERT INTO dividing_captures SELECT DISTINCT c.id, o.region FROM captures c
JOIN sources s ON s.url = c.url JOIN dividing_documents o ON o.id = s.document_id
WHERE c.id NOT IN (SELECT id FROM dividing_captures);
INSERT INTO dividing_captures SELECT c.id, region_of(t.region_code) FROM captures c
JOIN sites t ON t.id = c.site_id WHERE c.id NOT IN (SELECT id FROM dividing_captures);
INSERT INTO dividing_run_visits SELECT v.rowid, o.region FROM run_visits v
JOIN dividing_captures o ON o.id = v.capture_id;
INSERT INTO dividing_run_visits SELECT DISTINCT v.rowid, o.region FROM run_visits v
JOIN sources s ON s.url = v.url JOIN dividing_documents o ON o.id = s.document_id
WHERE v.capture_id IS NULL;
INSERT INTO dividing_run_visits SELECT v.rowid, region_of(t.region_code) FROM run_visits v
JOIN runs r ON r.id = v.run_id JOIN sites t ON t.id = r.site_id
WHERE v.rowid NOT IN (SELECT id FROM dividing_run_visits);
INSERT INTO dividing_sites SELECT id, region_of(region_code) FROM sites
UNION SELECT s.site_id, o.region FROM sources s JOIN dividing_documents o ON o.id = s.document_id
UNION SELECT e.site_id, o.region FROM events e JOIN dividing_documents o ON o.id = e.document_id
UNION SELECT c.site_id, o.region FROM captures c JOIN dividing_captures o ON o.id = c.id
UNION SELECT r.site_id, o.region FROM run_visits v JOIN runs r ON r.id = v.run_id
JOIN dividing_run_visits o ON o.id = v.rowid;
INSERT INTO dividing_findings SELECT f.id, o.region FROM findings f
JOIN dividing_documents o ON o.id = f.document_id;
INSERT INTO dividing_findings SELECT f.id, o.region FROM findings f
JOIN reports r ON r.id = f.report_id JOIN dividing_agencies o ON o.id = r.agency_id
WHERE f.document_id IS NULL;
INSERT INTO dividing_findings SELECT f.id, o.region FROM findings f
JOIN dividing_sites o ON o.id = f.site_id WHERE f.document_id IS NULL AND f.report_id IS NULL;
INSERT INTO dividing_findings SELECT id, region_of('') FROM findings
WHERE document_id IS NULL AND report_id IS NULL AND site_id IS NULL;
INSERT INTO dividing_payloads SELECT c.digest, o.region FROM captures c
JOIN dividing_captures o ON o.id = c.id
UNION SELECT d.digest, o.region FROM documents d JOIN dividing_documents o ON o.id = d.id;
INSERT INTO dividing_payloads SELECT digest, region_of('') FROM payloads
WHERE digest NOT IN (SELECT id FROM dividing_payloads);
-- An address that gave a document of one region and then one of another.
UPDATE changes SET earlier_document_id = NULL WHERE earlier_document_id IS NOT NULL AND
    (SELECT region FROM dividing_documents WHERE id = earlier_document_id) <>
    (SELECT region FROM dividing_documents WHERE id = document_id)
"""


def divide(connection: sqlite3.Connection, digits: int) -> list[str]:
    """Settle which rows belong to which region, and return the regions in order.

    Args:
        connection: to a copy of the archive's database whose changes are frozen; tables with the
            regions are added to it.
        digits: of a region's code, one of ``WAYS``.

    """

    def region_of(code: str) -> str:
        return code[:digits] if _CODE.fullmatch(code) else UNKNOWN

    connection.create_function("region_of", 1, region_of, deterministic=True)
    for table in _SETTLED:
        connection.execute(
            f"CREATE TABLE {_OURS}{table} (id, region TEXT NOT NULL, PRIMARY KEY (id, region))"
            " WITHOUT ROWID"
        )
        connection.execute(f"CREATE INDEX {_OURS}{table}_region ON {_OURS}{table}(region, id)")
    for statement in _STEPS.split(";\n"):
        connection.execute(statement)
    every = " UNION ".join(f"SELECT region FROM {_OURS}{table}" for table in _SETTLED)  # noqa: S608 - our own names
    return [region for (region,) in connection.execute(f"{every} ORDER BY region")]


@dataclass(frozen=True, slots=True)
class Share:
    """The rows of a table that a region gets.

    Args:
        table: its name.
        where: condition on them, with the region as ``:region``.
        key: columns to put them in order by.

    """

    table: str
    where: str
    key: str

    def select(self, columns: str, schema: str) -> str:
        """Return the query for the rows in an attached database."""
        where = self.where.replace("{schema}", schema)
        return f'SELECT {columns} FROM {schema}."{self.table}" WHERE {where} ORDER BY {self.key}'  # noqa: S608 - names of the schema


def shares(connection: sqlite3.Connection) -> list[Share]:
    """Return for each table that holds data which rows a region gets.

    Args:
        connection: to a database of the archive's schema.

    Raises:
        UndividedTableError: a table is neither shared nor tied to anything of a region.

    """
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
            " ESCAPE '\\' ORDER BY name"
        )
    ]
    return [
        Share(name, _condition(connection, name), _key(connection, name))
        for name in names
        if name not in WORKING and not name.startswith((*_FILLED, _OURS))
    ]


def _key(connection: sqlite3.Connection, table: str) -> str:
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    key = sorted((place, name) for _, name, *_, place in columns if place)
    return ", ".join(f'"{name}"' for _, name in key) or "rowid"


def _condition(connection: sqlite3.Connection, table: str) -> str:
    if table in SHARED:
        return "true"
    if column := _SETTLED.get(table):
        return f"{column} IN (SELECT id FROM {{schema}}.{_OURS}{table} WHERE region = :region)"  # noqa: S608 - our own names
    column, owner, target = _owner(connection, table)
    inner = _condition(connection, owner)
    return f'"{column}" IN (SELECT "{target}" FROM {{schema}}."{owner}" WHERE {inner})'  # noqa: S608 - names of the schema


def _owner(connection: sqlite3.Connection, table: str) -> tuple[str, str, str]:
    """Return by which column of a table its rows follow which column of another one."""
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    required = {name for _, name, _, not_null, _, place in columns if not_null or place}
    references = {
        other: (column, other, target)
        for _, _, other, column, target, *_ in connection.execute(
            f'PRAGMA foreign_key_list("{table}")'
        )
        if column in required
    }
    # Written by the pipeline in an order that a declared key would forbid.
    if "report_id" in required:
        references.setdefault("reports", ("report_id", "reports", "id"))
    for owner in _OWNERS:
        if owner in references:
            return references[owner]
    raise UndividedTableError(
        f"the table {table} refers to no row of a region: say in archive/regions/divide.py whether "
        "every region gets all of it (SHARED) or none (WORKING)"
    )
