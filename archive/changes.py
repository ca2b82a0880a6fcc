"""Changes: what turned up, was replaced or went away, and when; told by visits and events.

A view, so that every run is told of at once. A release holds it as a table, because nothing in a
release changes any more and the site asks for its newest rows with every visit.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

# Of migration 0006; an archive of today has the view below.
_VIEW = """
CREATE VIEW changes AS
WITH found AS (
SELECT d.report_id, s.document_id, s.url, s.site_id, s.is_current, k.captured_at,
row_number() OVER (PARTITION BY d.report_id ORDER BY k.captured_at, s.document_id, s.url)
AS of_report,
row_number() OVER (PARTITION BY s.document_id ORDER BY k.captured_at, s.url) AS of_document,
row_number() OVER (PARTITION BY s.url ORDER BY k.captured_at DESC, s.document_id DESC) AS from_last
FROM sources s JOIN documents d ON d.id = s.document_id JOIN captures k ON k.id = s.capture_id
WHERE d.report_id IS NOT NULL
), began AS (
SELECT report_id, document_id, captured_at FROM found WHERE of_report = 1
), replaced AS (
SELECT f.*, (SELECT o.document_id FROM sources o JOIN captures k ON k.id = o.capture_id
WHERE o.url = f.url AND o.document_id <> f.document_id AND k.captured_at < f.captured_at
ORDER BY k.captured_at DESC, o.document_id DESC LIMIT 1) AS earlier_document_id
FROM found f
), told AS (
SELECT 'new' AS kind, captured_at AS changed_at, report_id, document_id,
NULL AS earlier_document_id, url FROM found WHERE of_report = 1
UNION ALL
SELECT 'edited', f.captured_at, f.report_id, f.document_id, f.earlier_document_id, f.url
FROM replaced f JOIN began b ON b.report_id = f.report_id
WHERE f.earlier_document_id IS NOT NULL AND f.document_id <> b.document_id
UNION ALL
SELECT 'added', f.captured_at, f.report_id, f.document_id, NULL, f.url
FROM replaced f JOIN began b ON b.report_id = f.report_id
WHERE f.of_document = 1 AND f.document_id <> b.document_id
AND NOT EXISTS (SELECT 1 FROM replaced e
WHERE e.document_id = f.document_id AND e.earlier_document_id IS NOT NULL)
AND EXISTS (SELECT 1 FROM runs u WHERE u.site_id = f.site_id
AND u.started_at > b.captured_at AND u.started_at <= f.captured_at)
UNION ALL
SELECT 'removed', coalesce(gone_at, (SELECT max(u.finished_at) FROM runs u
WHERE u.site_id = g.site_id AND u.outcome = 'finished')), report_id, document_id, NULL, url
FROM (SELECT f.*, (SELECT min(v.visited_at) FROM run_visits v WHERE v.url = f.url
AND v.status IN (404, 410) AND v.visited_at > coalesce((SELECT max(w.visited_at)
FROM run_visits w WHERE w.url = f.url AND w.status IN (200, 304)), f.captured_at)) AS gone_at
FROM found f WHERE f.from_last = 1) g
WHERE gone_at IS NOT NULL OR NOT EXISTS (
SELECT 1 FROM sources o WHERE o.url = g.url AND o.is_current = 1)
)
SELECT t.kind, t.changed_at, a.key AS agency_key, a.name AS agency, r.year, r.title, t.url,
t.report_id, t.document_id, t.earlier_document_id,
'/report/' || replace(a.key, ':', '-') || '/' || r.year AS address
FROM told t JOIN reports r ON r.id = t.report_id JOIN agencies a ON a.id = r.agency_id
"""

_TELLING = """
CREATE VIEW changes AS
WITH found AS (
SELECT d.report_id, s.document_id, s.url, s.site_id, d.content_digest, d.format, k.captured_at,
row_number() OVER (PARTITION BY d.report_id ORDER BY k.captured_at, s.document_id, s.url)
AS of_report,
row_number() OVER (PARTITION BY s.document_id ORDER BY k.captured_at, s.url) AS of_document
FROM sources s JOIN documents d ON d.id = s.document_id JOIN captures k ON k.id = s.capture_id
WHERE d.report_id IS NOT NULL
), began AS (
SELECT report_id, document_id, captured_at FROM found WHERE of_report = 1
), seen AS (
SELECT v.url, v.visited_at, d.id AS document_id, d.report_id, d.content_digest,
lag(d.id) OVER earlier AS earlier_document_id,
lag(d.content_digest) OVER earlier AS earlier_content_digest
FROM run_visits v JOIN captures k ON k.id = v.capture_id JOIN documents d ON d.digest = k.digest
JOIN sources s ON s.document_id = d.id AND s.url = v.url
WHERE v.status IN (200, 304)
WINDOW earlier AS (PARTITION BY v.url ORDER BY v.visited_at, v.rowid)
), edited AS (
SELECT * FROM seen WHERE earlier_document_id <> document_id
AND (content_digest <> earlier_content_digest
OR content_digest IS NULL OR earlier_content_digest IS NULL)
), told AS (
SELECT 'new' AS kind, captured_at AS changed_at, report_id, document_id,
NULL AS earlier_document_id, url, NULL AS other_url FROM found WHERE of_report = 1
UNION ALL
SELECT 'edited', visited_at, report_id, document_id, earlier_document_id, url, NULL FROM edited
WHERE report_id IS NOT NULL
UNION ALL
SELECT 'added', f.captured_at, f.report_id, f.document_id, NULL, f.url, NULL
FROM found f JOIN began b ON b.report_id = f.report_id
WHERE f.of_document = 1 AND f.document_id <> b.document_id
AND NOT EXISTS (SELECT 1 FROM seen e WHERE e.document_id = f.document_id
AND e.earlier_document_id <> e.document_id)
AND NOT EXISTS (SELECT 1 FROM found o WHERE o.report_id = f.report_id
AND o.content_digest = f.content_digest AND o.format = f.format
AND o.captured_at < f.captured_at AND o.document_id <> f.document_id)
AND EXISTS (SELECT 1 FROM runs u WHERE u.site_id = f.site_id AND u.outcome = 'finished'
AND u.finished_at > b.captured_at AND u.finished_at <= f.captured_at)
UNION ALL
SELECT e.kind, e.happened_at, d.report_id, e.document_id, NULL, e.url, e.other_url
FROM events e JOIN documents d ON d.id = e.document_id WHERE d.report_id IS NOT NULL
)
SELECT t.kind, t.changed_at, a.key AS agency_key, a.name AS agency, r.year, r.title, t.url,
t.other_url, t.report_id, t.document_id, t.earlier_document_id,
'/report/' || replace(a.key, ':', '-') || '/' || r.year AS address
FROM told t JOIN reports r ON r.id = t.report_id JOIN agencies a ON a.id = r.agency_id
"""

_CAPTURES = """
CREATE VIEW capture_history AS
SELECT c.id AS capture_id, c.site_id, c.url, c.status, c.digest, c.captured_at AS first_seen,
coalesce((SELECT max(v.visited_at) FROM run_visits v WHERE v.capture_id = c.id), c.captured_at)
AS last_seen,
coalesce((SELECT max(v.visited_at) FROM run_visits v WHERE v.url = c.url
AND (v.status BETWEEN 200 AND 399 OR v.status IN (404, 410))), c.captured_at) AS last_checked
FROM captures c
"""

_TABLE = """
CREATE TABLE changes_told (
    kind TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    agency_key TEXT NOT NULL,
    agency TEXT NOT NULL,
    year INTEGER NOT NULL,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    other_url TEXT,
    report_id INTEGER NOT NULL REFERENCES reports(id),
    document_id INTEGER NOT NULL REFERENCES documents(id),
    earlier_document_id INTEGER REFERENCES documents(id),
    address TEXT NOT NULL,
    PRIMARY KEY (kind, document_id, url, changed_at)
) WITHOUT ROWID
"""
_FROZEN = (
    _TABLE,
    "INSERT INTO changes_told SELECT * FROM changes",
    "DROP VIEW changes",
    "ALTER TABLE changes_told RENAME TO changes",
    "CREATE INDEX changes_at ON changes(changed_at)",
    "CREATE INDEX changes_kind ON changes(kind, changed_at)",
    "CREATE INDEX changes_agency ON changes(agency_key, changed_at)",
    "CREATE INDEX changes_report ON changes(report_id, changed_at)",
)


def create_changes(db: Database) -> None:
    """Create the view (migration 0006).

    Args:
        db: the archive's database.

    """
    db.execute(_VIEW)


def tell_of_events(db: Database) -> None:
    """Put a view that knows events in its place, and one on each capture's time (migration 0009).

    Args:
        db: the archive's database.

    """
    db.execute("DROP VIEW changes")
    db.execute(_TELLING)
    db.execute(_CAPTURES)


def freeze_changes(connection: sqlite3.Connection) -> None:
    """Put a table with what the view says in its place.

    Args:
        connection: to a copy of the database that will not be written to any more.

    """
    for statement in _FROZEN:
        connection.execute(statement)
