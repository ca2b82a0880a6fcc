"""Keep: findings, verdicts and derived values become rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from pipeline.finding import Finding, Scope, Verdict


def write_findings(
    db: Database, scope: str, findings: Iterable[Finding], owner: dict[str, Any]
) -> None:
    """Insert findings under ids that depend on what they say, so that they can be cited.

    Args:
        db: the database.
        scope: what they are about, stable over runs: a digest, a report, an address.
        findings: the findings.
        owner: foreign keys and address of the rows.

    """
    for finding in dict.fromkeys(findings):
        parts = (scope, finding.rule, finding.place, finding.quote, finding.message)
        identity = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
        db.table("findings").insert(
            {
                "id": identity,
                "document_id": None,
                "report_id": None,
                "site_id": None,
                "url": None,
                **owner,
                "rule": finding.rule,
                "severity": finding.severity,
                "message": finding.message,
                "message_en": finding.message_en,
                "quote": finding.quote,
                "place": finding.place,
            },
            replace=True,
        )


def write_verdicts(
    db: Database, document_id: int, verdicts: Iterable[Verdict], scope: Scope
) -> None:
    """Write what rules of one scope say of a document, over what they said before."""
    db.execute("DELETE FROM verdicts WHERE document_id = ? AND scope = ?", (document_id, scope))
    db.conn.executemany(
        "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)",
        [(document_id, v.rule, scope, v.outcome, v.reason) for v in verdicts],
    )
