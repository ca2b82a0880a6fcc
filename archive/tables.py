"""The tables of the archive as SQL, a script for each migration that makes some.

A script is never edited once it has landed (archive.schema).
"""

from __future__ import annotations

FOUNDATION = """
CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    region_code TEXT NOT NULL,
    region_name TEXT NOT NULL,
    region_parents TEXT NOT NULL,
    home TEXT NOT NULL,
    hosts TEXT NOT NULL
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT,
    reason TEXT,
    counts TEXT
);
CREATE TABLE payloads (
    digest TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    format TEXT
);
CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL,
    status INTEGER NOT NULL,
    digest TEXT NOT NULL REFERENCES payloads(digest),
    captured_at TEXT NOT NULL,
    content_type TEXT,
    etag TEXT,
    last_modified TEXT,
    location TEXT,
    headers TEXT NOT NULL,
    referrer TEXT,
    warc_file TEXT NOT NULL,
    warc_offset INTEGER NOT NULL,
    warc_length INTEGER NOT NULL,
    UNIQUE (url, status, digest)
);
CREATE INDEX captures_digest ON captures(digest);
CREATE TABLE run_visits (
    run_id INTEGER NOT NULL REFERENCES runs(id),
    url TEXT NOT NULL,
    visited_at TEXT NOT NULL,
    status INTEGER NOT NULL,
    capture_id INTEGER REFERENCES captures(id),
    note TEXT
);
CREATE INDEX run_visits_url ON run_visits(url, visited_at);
CREATE INDEX run_visits_run ON run_visits(run_id);
CREATE INDEX run_visits_capture ON run_visits(capture_id);
CREATE TABLE agencies (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    region_code TEXT NOT NULL,
    area_code TEXT,
    basis TEXT NOT NULL
);
CREATE TABLE agency_names (
    agency_id INTEGER NOT NULL REFERENCES agencies(id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    first_year INTEGER,
    last_year INTEGER,
    PRIMARY KEY (agency_id, name, kind)
) WITHOUT ROWID;
CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    agency_id INTEGER NOT NULL REFERENCES agencies(id),
    year INTEGER NOT NULL,
    document_id INTEGER REFERENCES documents(id),
    status TEXT NOT NULL,
    template TEXT,
    title TEXT NOT NULL,
    published TEXT,
    UNIQUE (agency_id, year)
);
CREATE INDEX reports_document ON reports(document_id);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE REFERENCES payloads(digest),
    format TEXT NOT NULL,
    status TEXT NOT NULL,
    report_id INTEGER REFERENCES reports(id),
    agency_printed TEXT,
    year INTEGER,
    title TEXT,
    template TEXT,
    period_start TEXT,
    period_end TEXT,
    signed TEXT,
    preamble TEXT,
    reader TEXT NOT NULL
);
CREATE INDEX documents_report ON documents(report_id);
CREATE TABLE sources (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    url TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    site_id TEXT NOT NULL REFERENCES sites(id),
    role TEXT NOT NULL,
    parent_url TEXT,
    link_text TEXT,
    column_path TEXT,
    published TEXT,
    is_current INTEGER NOT NULL,
    PRIMARY KEY (document_id, url)
) WITHOUT ROWID;
CREATE INDEX sources_url ON sources(url);
CREATE INDEX sources_capture ON sources(capture_id);
CREATE TABLE sections (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    ordinal INTEGER NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE TABLE contacts (
    document_id INTEGER PRIMARY KEY REFERENCES documents(id),
    office TEXT,
    address TEXT,
    postcode TEXT,
    phone TEXT,
    fax TEXT,
    email TEXT,
    website TEXT
);
CREATE TABLE metrics (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    "table" TEXT NOT NULL,
    row_group TEXT NOT NULL,
    row_label TEXT NOT NULL,
    column_label TEXT NOT NULL,
    row_code TEXT NOT NULL,
    column_code TEXT NOT NULL,
    unit TEXT NOT NULL,
    value_type TEXT NOT NULL,
    is_total INTEGER NOT NULL,
    order_2019 INTEGER,
    order_2021 INTEGER,
    law_basis TEXT NOT NULL,
    maps_to TEXT NOT NULL,
    mapping TEXT NOT NULL
);
CREATE TABLE cells (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    metric_id INTEGER NOT NULL REFERENCES metrics(id),
    raw TEXT,
    value NUMERIC,
    state TEXT NOT NULL CHECK (state IN ('value', 'blank', 'dash', 'note', 'unread')),
    note TEXT,
    place TEXT NOT NULL,
    PRIMARY KEY (document_id, metric_id)
) WITHOUT ROWID;
CREATE INDEX cells_metric ON cells(metric_id, document_id, value);
CREATE TABLE figures (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    ordinal INTEGER NOT NULL,
    section INTEGER NOT NULL,
    raw TEXT NOT NULL,
    value NUMERIC NOT NULL,
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    clause TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    document_id INTEGER REFERENCES documents(id),
    report_id INTEGER REFERENCES reports(id),
    site_id TEXT REFERENCES sites(id),
    url TEXT,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    message TEXT NOT NULL,
    quote TEXT NOT NULL,
    place TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX findings_document ON findings(document_id);
CREATE INDEX findings_report ON findings(report_id);
CREATE INDEX findings_rule ON findings(rule);
"""

NARRATIVE = """
CREATE TABLE measures (
    code TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    units TEXT NOT NULL,
    counts TEXT NOT NULL,
    cells TEXT NOT NULL
) WITHOUT ROWID;
ALTER TABLE figures ADD COLUMN offset INTEGER;
ALTER TABLE figures ADD COLUMN length INTEGER;
ALTER TABLE figures ADD COLUMN measure TEXT REFERENCES measures(code);
ALTER TABLE figures ADD COLUMN period TEXT CHECK (period IN ('current', 'previous', 'other'));
ALTER TABLE figures ADD COLUMN part_of INTEGER;
ALTER TABLE figures ADD COLUMN ratio TEXT CHECK (ratio IN ('share', 'change'));
ALTER TABLE figures ADD COLUMN numerator INTEGER;
ALTER TABLE figures ADD COLUMN denominator INTEGER;
CREATE INDEX figures_measure ON figures(measure);
CREATE TABLE statements (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    ordinal INTEGER NOT NULL,
    section INTEGER NOT NULL,
    measure TEXT NOT NULL REFERENCES measures(code),
    value INTEGER NOT NULL,
    quote TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('current', 'previous', 'other')),
    place TEXT NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX statements_measure ON statements(measure);
"""

AUDIT = """
ALTER TABLE findings ADD COLUMN message_en TEXT NOT NULL DEFAULT '';
CREATE TABLE rules (
    id TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    scope TEXT NOT NULL CHECK (scope IN ('report', 'series')),
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (id, scope)
) WITHOUT ROWID;
CREATE TABLE verdicts (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    rule TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('report', 'series')),
    outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'not_judged')),
    reason TEXT NOT NULL,
    PRIMARY KEY (document_id, rule, scope)
) WITHOUT ROWID;
CREATE TABLE derived (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    metric_id INTEGER NOT NULL REFERENCES metrics(id),
    value NUMERIC NOT NULL,
    formula TEXT NOT NULL,
    PRIMARY KEY (document_id, metric_id)
) WITHOUT ROWID;
CREATE TABLE unsettled (
    report_id INTEGER NOT NULL,
    agency_id INTEGER NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('changed', 'sketched', 'touched')),
    PRIMARY KEY (report_id, agency_id)
) WITHOUT ROWID;
CREATE INDEX unsettled_stage ON unsettled(stage);
CREATE INDEX unsettled_agency ON unsettled(agency_id);
CREATE TABLE sketches (
    report_id INTEGER PRIMARY KEY,
    buckets TEXT NOT NULL
);
CREATE TABLE sketch_buckets (
    bucket INTEGER NOT NULL,
    report_id INTEGER NOT NULL,
    PRIMARY KEY (bucket, report_id)
) WITHOUT ROWID;
CREATE TABLE similarities (
    report_id INTEGER NOT NULL,
    section INTEGER NOT NULL,
    earlier_report_id INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (report_id, section)
) WITHOUT ROWID;
CREATE TABLE indicators (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    formula TEXT NOT NULL,
    numerator TEXT NOT NULL,
    denominator TEXT NOT NULL,
    level TEXT NOT NULL,
    unit TEXT NOT NULL,
    basis TEXT NOT NULL
) WITHOUT ROWID;
"""

HISTORY = """
ALTER TABLE documents ADD COLUMN content_digest TEXT;
CREATE INDEX documents_content ON documents(content_digest);
ALTER TABLE run_visits ADD COLUMN warc_file TEXT;
ALTER TABLE run_visits ADD COLUMN warc_offset INTEGER;
ALTER TABLE run_visits ADD COLUMN warc_length INTEGER;
CREATE TABLE pending_sources (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    url TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs(id),
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    site_id TEXT NOT NULL REFERENCES sites(id),
    role TEXT NOT NULL,
    parent_url TEXT,
    link_text TEXT,
    column_path TEXT,
    published TEXT,
    PRIMARY KEY (document_id, url)
) WITHOUT ROWID;
CREATE INDEX pending_sources_site ON pending_sources(site_id);
CREATE INDEX pending_sources_url ON pending_sources(url);
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES documents(id),
    kind TEXT NOT NULL CHECK (kind IN ('missing', 'removed', 'restored', 'moved')),
    happened_at TEXT NOT NULL,
    cause TEXT NOT NULL,
    other_url TEXT
) WITHOUT ROWID;
CREATE INDEX events_url ON events(url, happened_at);
CREATE INDEX events_document ON events(document_id);
CREATE TABLE run_columns (
    run_id INTEGER NOT NULL REFERENCES runs(id),
    url TEXT NOT NULL,
    name TEXT NOT NULL,
    items INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    pager TEXT NOT NULL,
    PRIMARY KEY (run_id, url)
) WITHOUT ROWID;
CREATE TABLE run_lines (
    site_id TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (site_id, url, line)
) WITHOUT ROWID;
CREATE TABLE run_acceptances (
    run_id INTEGER PRIMARY KEY REFERENCES runs(id),
    accepted_at TEXT NOT NULL
);
CREATE TABLE run_notices (
    id TEXT PRIMARY KEY,
    noticed_at TEXT NOT NULL
) WITHOUT ROWID;
"""

BLOCKS = """
CREATE TABLE run_blocks (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    site_id TEXT NOT NULL
);
CREATE INDEX run_blocks_site ON run_blocks(site_id);
CREATE INDEX runs_site ON runs(site_id);
CREATE INDEX events_site ON events(site_id);
CREATE INDEX sources_parent ON sources(parent_url);
"""
