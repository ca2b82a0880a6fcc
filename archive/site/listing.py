"""Lists over many reports: years of an agency, findings, archived originals."""

from __future__ import annotations

import sqlite3

from archive.site.lookup import NotHeldError, Row, Value, ask, ask_one

FINDINGS_PER_PAGE = 50


def overview(connection: sqlite3.Connection, agency_key: str) -> list[Row]:
    """Return the years of an agency, newest first, with their key figures."""
    return ask(
        connection,
        "SELECT * FROM report_overview WHERE agency_key = ? ORDER BY year DESC",
        agency_key,
    )


def names(connection: sqlite3.Connection, agency_id: int) -> list[Row]:
    """Return the names of an agency, oldest first."""
    return ask(
        connection,
        "SELECT * FROM agency_names WHERE agency_id = ?"
        " ORDER BY coalesce(first_year, last_year, 9999), kind, name",
        agency_id,
    )


_FINDINGS = (
    " FROM findings f LEFT JOIN documents d ON d.id = f.document_id"
    " LEFT JOIN reports r ON r.id = coalesce(f.report_id, d.report_id)"
    " LEFT JOIN agencies a ON a.id = r.agency_id"
)
_RULE_TITLE = "(SELECT title FROM rules WHERE id = f.rule)"
_NARROWED = (
    " WHERE (:rule IS NULL OR f.rule = :rule) AND (:agency IS NULL OR a.key = :agency)"
    " AND (:year IS NULL OR r.year = :year) AND (:severity IS NULL OR f.severity = :severity)"
)


def findings(
    connection: sqlite3.Connection,
    chosen: dict[str, Value],
    page: int,
) -> Row:
    """Return a page of findings, their number, and the choices for each filter.

    Args:
        connection: read-only connection.
        chosen: rule, agency (key), year and severity; None leaves one open.
        page: 1-based.

    """
    count = ask(connection, f"SELECT count(*) AS n{_FINDINGS}{_NARROWED}", **chosen)[0]["n"]
    rows = ask(
        connection,
        f"SELECT f.*, {_RULE_TITLE} AS rule_title, r.year, a.key AS agency_key,"  # noqa: S608 - values are bound
        " a.name AS agency, d.digest, d.format,"
        " (SELECT min(url) FROM sources WHERE document_id = d.id) AS document_url"
        f"{_FINDINGS}{_NARROWED}"
        " ORDER BY CASE f.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,"
        " r.year DESC, a.key, f.rule, f.id LIMIT :limit OFFSET :offset",
        **chosen,
        limit=FINDINGS_PER_PAGE,
        offset=(page - 1) * FINDINGS_PER_PAGE,
    )
    choices = {
        "rules": f"SELECT f.rule AS value, {_RULE_TITLE} AS name, count(*) AS n{_FINDINGS}"
        " GROUP BY 1 ORDER BY 1",
        "agencies": f"SELECT a.key AS value, a.name AS name, count(*) AS n{_FINDINGS}"
        " WHERE a.key IS NOT NULL GROUP BY 1 ORDER BY 2",
        "years": f"SELECT r.year AS value, count(*) AS n{_FINDINGS} WHERE r.year IS NOT NULL"
        " GROUP BY 1 ORDER BY 1 DESC",
    }
    return {
        "count": count,
        "rows": rows,
        "chosen_rules": ask(
            connection,
            "SELECT * FROM rules WHERE id = :rule ORDER BY scope",
            rule=chosen["rule"],
        ),
        **{name: ask(connection, sql) for name, sql in choices.items()},
    }


def payload(connection: sqlite3.Connection, digest: str) -> Row:
    """Return size, format and origin of archived bytes.

    Raises:
        NotHeldError: nothing is archived under the digest.

    """
    found = ask_one(
        connection,
        "SELECT p.*, (SELECT url FROM captures WHERE digest = p.digest ORDER BY id LIMIT 1) AS url,"
        " a.key AS agency_key, r.year FROM payloads p LEFT JOIN documents d ON d.digest = p.digest"
        " LEFT JOIN reports r ON r.id = d.report_id LEFT JOIN agencies a ON a.id = r.agency_id"
        " WHERE p.digest = ?",
        digest,
    )
    if found is None:
        raise NotHeldError("本站没有以此 SHA-256 存档的原件。")
    return found


def overview_of(connection: sqlite3.Connection, report_id: int) -> Row:
    """Return the key figures of one report.

    Raises:
        NotHeldError: the report is gone.

    """
    found = ask_one(connection, "SELECT * FROM report_overview WHERE report_id = ?", report_id)
    if found is None:
        raise NotHeldError("这份报告已不在本站。")
    return found


def readings(connection: sqlite3.Connection, report_id: int, code: str) -> list[Row]:
    """Return what each form of a report gives for one cell, the shown form first."""
    return ask(
        connection,
        "SELECT * FROM cell_details WHERE report_id = ? AND code = ? ORDER BY shown DESC,"
        " document_id",
        report_id,
        code,
    )


def over_years(connection: sqlite3.Connection, agency_key: str, code: str) -> list[Row]:
    """Return one cell of an agency over the years, oldest first."""
    return ask(
        connection,
        "SELECT * FROM metric_by_agency_year WHERE agency_key = ? AND code = ? ORDER BY year",
        agency_key,
        code,
    )
