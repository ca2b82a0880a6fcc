"""What a report says and what was made of it, beside its tables: figures, verdicts, versions."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.site.lookup import ReportData, Row, ask


@dataclass(frozen=True, slots=True)
class Details:
    """Rows that belong to the document that is shown.

    Args:
        figures: numbers of the narrative, in printed order, with the label of their measure.
        statements: what it says without a number, as 未发生行政复议.
        verdicts: what each rule says of the document, failures first.
        derived: by code of a cell that is blank, the value that follows from the others.
        history: what turned up, was replaced or went away, oldest first.

    """

    figures: tuple[Row, ...]
    statements: tuple[Row, ...]
    verdicts: tuple[Row, ...]
    derived: dict[str, Row]
    history: tuple[Row, ...]

    def outcomes(self, outcome: str) -> int:
        """Return how many rules have an outcome."""
        return sum(row["outcome"] == outcome for row in self.verdicts)

    def said_in(self, section: int) -> list[Row]:
        """Return figures and statements of a section, each with the characters it is printed as."""
        return [
            *({**row, "printed": row["raw"], "anchor": f"n{row['ordinal']}"}
              for row in self.figures if row["section"] == section),
            *({**row, "printed": row["quote"], "anchor": f"z{row['ordinal']}"}
              for row in self.statements if row["section"] == section),
        ]  # fmt: skip


def details(connection: sqlite3.Connection, data: ReportData) -> Details:
    """Return what is stored of a report beside its tables and texts."""
    document = data.report["document_id"]
    return Details(
        tuple(
            ask(
                connection,
                "SELECT f.*, m.label FROM figures f LEFT JOIN measures m ON m.code = f.measure"
                " WHERE f.document_id = ? ORDER BY f.ordinal",
                document,
            )
        ),
        tuple(
            ask(
                connection,
                "SELECT s.*, m.label, m.units FROM statements s"
                " JOIN measures m ON m.code = s.measure"
                " WHERE s.document_id = ? ORDER BY s.ordinal",
                document,
            )
        ),
        tuple(
            ask(
                connection,
                "SELECT v.*, r.title, r.severity, r.source FROM verdicts v"
                " LEFT JOIN rules r ON r.id = v.rule AND r.scope = v.scope"
                " WHERE v.document_id = ? ORDER BY CASE v.outcome WHEN 'failed' THEN 0"
                " WHEN 'not_judged' THEN 1 ELSE 2 END, v.scope, v.rule",
                document,
            )
        ),
        {
            row["code"]: row
            for row in ask(
                connection,
                "SELECT m.code, d.value, d.formula FROM derived d"
                " JOIN metrics m ON m.id = d.metric_id WHERE d.document_id = ? ORDER BY m.id",
                document,
            )
        },
        tuple(
            ask(
                connection,
                "SELECT c.kind, c.changed_at, c.url, d.digest, e.digest AS earlier_digest,"
                " c.document_id, c.earlier_document_id FROM changes c"
                " JOIN documents d ON d.id = c.document_id"
                " LEFT JOIN documents e ON e.id = c.earlier_document_id"
                " WHERE c.report_id = ? ORDER BY c.changed_at, c.document_id, c.kind, c.url",
                data.report["id"],
            )
        ),
    )
