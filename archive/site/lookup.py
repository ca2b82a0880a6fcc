"""What the pages of one report ask of the database.

Every function takes a read-only connection and runs in one of Datasette's threads.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

from archive.codebook import Metric, Template, metrics
from archive.site import words
from archive.site.layout import Grid, grids

Row = dict[str, Any]
# Sections that are the three tables; their cells say what their texts would.
TABLE_SECTIONS = (2, 3, 4)
Value = str | int | float | None


class NotHeldError(LookupError):
    """The archive does not hold what an address names."""


def ask(connection: sqlite3.Connection, sql: str, *values: Value, **named: Value) -> list[Row]:
    """Return all rows of a query as dictionaries."""
    cursor = connection.execute(sql, named or values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ask_one(connection: sqlite3.Connection, sql: str, *values: Value, **named: Value) -> Row | None:
    """Return the first row of a query, None when there is none."""
    found = ask(connection, sql, *values, **named)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell of a report as a page shows it.

    Args:
        metric: the cell of the form.
        value: the figure, None when there is none.
        raw: characters as printed, None when the cell was not found.
        state: value, blank, dash, note or unread.
        note: remark or reason.
        place: where it stands in the document.
        findings: findings that concern this cell.

    """

    metric: Metric
    value: float | None
    raw: str | None
    state: str
    note: str
    place: str
    findings: tuple[Row, ...] = ()

    @property
    def label(self) -> str:
        """Row and column labels in one line."""
        parts = (self.metric.row_group, self.metric.row_label, self.metric.column_label)
        return " · ".join(part for part in parts if part)

    @property
    def shown(self) -> str:
        """The figure as text: the number, or what is printed instead."""
        if self.state == "value":
            return words.number(self.value)
        if self.state in ("note", "dash"):
            return words.cut(self.raw, _LONGEST_SHOWN)
        return words.STATES[self.state].name

    @property
    def flag(self) -> str:
        """``bad`` when a rule is broken here, ``warned`` when there is a doubt, else empty."""
        severities = {finding["severity"] for finding in self.findings}
        return "bad" if "error" in severities else "warned" if "warning" in severities else ""

    @property
    def explained(self) -> str:
        """State and reason in words; empty for a plain number."""
        parts = [] if self.state == "value" else [words.STATES[self.state].name]
        if self.note:
            parts.append(self.note)
        if self.state == "unread" and self.raw:
            parts.append(f"原文为“{self.raw}”")
        parts.extend(str(finding["message"]) for finding in self.findings)
        parts = [words.cut(part, _LONGEST_REASON) for part in parts]
        return "：".join(parts[:2]) + "".join(f"；{part}" for part in parts[2:])


# A box of a table has room for a remark and not for a page.
_LONGEST_SHOWN = 80
_LONGEST_REASON = 200
_CODE = re.compile(r"\bt[234]_[a-z0-9_]+\b")


def concerned(finding: Row, here: list[str]) -> set[str]:
    """Return the codes of the cells that a finding is about.

    Args:
        finding: a row of ``findings``.
        here: codes of the cells that stand at the finding's place; a place may be a whole line
            of a text, so that the labels in the message have to choose among its cells.

    """
    if named := set(_CODE.findall(f"{finding['message']} {finding['quote']}")):
        return named
    if not here:
        # What the text says against a table: its place is in the text, its cell in the English.
        return set(_CODE.findall(str(finding.get("message_en", ""))))
    if len(here) < 2:
        return set(here)

    def named_labels(code: str) -> int:
        metric, message = metrics()[code], str(finding["message"])
        count = 0
        # The row first: its label may hold the words of a column, as （七）总计 does.
        for label in (metric.row_label, metric.row_group.rpartition(" / ")[2]):
            if label and label in message:
                message = message.replace(label, "")
                count += 1
        return count + (metric.column_label.rpartition("·")[2] in message)

    most = max(map(named_labels, here))
    return {code for code in here if named_labels(code) == most}


def _figures(
    connection: sqlite3.Connection, document: int, findings: list[Row]
) -> dict[str, Figure]:
    rows = ask(
        connection,
        "SELECT m.code, c.value, c.raw, c.state, c.note, c.place FROM cells c"
        " JOIN metrics m ON m.id = c.metric_id WHERE c.document_id = ? ORDER BY m.id",
        document,
    )
    by_code: dict[str, list[Row]] = defaultdict(list)
    for finding in findings:
        here = [row["code"] for row in rows if row["place"] and row["place"] == finding["place"]]
        for code in concerned(finding, here):
            by_code[code].append(finding)
    return {
        row["code"]: Figure(
            metrics()[row["code"]],
            row["value"],
            row["raw"],
            row["state"],
            row["note"] or "",
            row["place"],
            tuple(by_code[row["code"]]),
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that another form of the report gives differently; None where it has no such cell."""

    metric: Metric
    shown: Figure | None
    other: Figure | None

    @property
    def none(self) -> bool:
        """Tell whether there is no difference after all."""
        if self.shown is None or self.other is None:
            return self.shown is self.other
        printed = self.shown.state != "note" or self.shown.raw == self.other.raw
        same = self.shown.value == self.other.value and self.shown.state == self.other.state
        return same and printed


@dataclass(frozen=True, slots=True)
class Form:
    """One document of a report: its row, where it was found, how it differs from the shown one."""

    document: Row
    sources: tuple[Row, ...]
    is_shown: bool
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report page shows."""

    report: Row
    document: Row | None
    figures: dict[str, Figure]
    grids: tuple[Grid, ...]
    sections: tuple[Row, ...]
    contact: Row
    findings: tuple[Row, ...]
    forms: tuple[Form, ...]
    earlier: int | None
    later: int | None

    @property
    def path(self) -> str:
        """Address of the report on the site."""
        return f"/report/{words.slug(self.report['agency_key'])}/{self.report['year']}"

    @property
    def printed(self) -> list[str]:
        """Codes of the cells in the report's tables, as it prints them."""
        boxes = (box for grid in self.grids for row in grid.body for box in row)
        return [box.code for box in boxes if box.code]

    @property
    def unread(self) -> int:
        """Number of printed cells that were not recognised."""
        found = (self.figures.get(code) for code in self.printed)
        return sum(figure is None or figure.state == "unread" for figure in found)

    @property
    def shown_form(self) -> Form | None:
        """The document whose figures are shown."""
        return next((form for form in self.forms if form.is_shown), None)


def quoted_in_text(data: ReportData) -> list[Row]:
    """Return the findings whose quote may stand in the text: not of a title or a heading."""
    printed = [data.report["title"], *(section["heading"] for section in data.sections)]
    heads = ["".join(text.split()) for text in printed]
    return [
        finding
        for finding in data.findings
        if not finding["of_other_form"]
        and not any("".join(finding["quote"].split()) in head for head in heads)
    ]


def agency(connection: sqlite3.Connection, slug: str) -> Row:
    """Return the agency of an address.

    Raises:
        NotHeldError: no agency has this key.

    """
    found = ask_one(connection, "SELECT * FROM agencies WHERE replace(key, ':', '-') = ?", slug)
    if found is None:
        raise NotHeldError("本站没有这个机关。")
    return found


def figures_of(connection: sqlite3.Connection, document: int | None) -> dict[str, Figure]:
    """Return the cells of a document by code, without what the findings say of them."""
    return _figures(connection, document, []) if document else {}


def _forms(connection: sqlite3.Connection, report: Row, shown: dict[str, Figure]) -> list[Form]:
    sources = defaultdict(list)
    for source in ask(
        connection,
        "SELECT * FROM source_details WHERE report_id = ? ORDER BY role, url",
        report["id"],
    ):
        sources[source["document_id"]].append(source)
    forms = []
    for document in ask(
        connection,
        "SELECT * FROM documents WHERE report_id = ? ORDER BY id = ? DESC, id",
        report["id"],
        report["document_id"],
    ):
        is_shown = document["id"] == report["document_id"]
        other = shown if is_shown else figures_of(connection, document["id"])
        compared = (
            Difference(metric, shown.get(code), other.get(code))
            for code, metric in metrics().items()
            if other
        )
        differences = tuple(difference for difference in compared if not difference.none)
        forms.append(Form(document, tuple(sources[document["id"]]), is_shown, differences))
    return forms


def report_findings(connection: sqlite3.Connection, report: Row) -> list[Row]:
    """Return the findings of a report and of its documents, gravest first."""
    return ask(
        connection,
        "SELECT *, report_id IS NULL AND document_id IS NOT :shown AS of_other_form"
        " FROM findings WHERE report_id = :report OR document_id IN"
        " (SELECT id FROM documents WHERE report_id = :report)"
        " ORDER BY of_other_form, CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2"
        " END, rule, id",
        report=report["id"],
        shown=report["document_id"],
    )


def report(connection: sqlite3.Connection, slug: str, year: int) -> ReportData:
    """Return a report with all that its page shows.

    Raises:
        NotHeldError: the archive has no such agency, or no report of it for the year.

    """
    owner = agency(connection, slug)
    found = ask_one(
        connection,
        "SELECT r.*, a.key AS agency_key, a.name AS agency, a.region_code FROM reports r"
        " JOIN agencies a ON a.id = r.agency_id WHERE r.agency_id = ? AND r.year = ?",
        owner["id"],
        year,
    )
    if found is None:
        raise NotHeldError(f"本站没有收录{owner['name']}{year}年的报告。")
    document_id = found["document_id"]
    findings = report_findings(connection, found)
    own = [finding for finding in findings if not finding["of_other_form"]]
    figures = _figures(connection, document_id, own) if document_id else {}
    template = cast("Template | None", found["template"])
    years = [
        row["year"]
        for row in ask(connection, "SELECT year FROM reports WHERE agency_id = ?", owner["id"])
    ]
    return ReportData(
        report=found,
        document=ask_one(connection, "SELECT * FROM documents WHERE id = ?", document_id),
        figures=figures,
        grids=_grids(template, figures),
        sections=tuple(
            ask(
                connection,
                "SELECT * FROM sections WHERE document_id = ? ORDER BY ordinal",
                document_id,
            )
        ),
        contact=ask_one(connection, "SELECT * FROM contacts WHERE document_id = ?", document_id)
        or {},
        findings=tuple(findings),
        forms=tuple(_forms(connection, found, figures)),
        earlier=max((other for other in years if other < year), default=None),
        later=min((other for other in years if other > year), default=None),
    )


def _grids(template: Template | None, figures: dict[str, Figure]) -> tuple[Grid, ...]:
    if template is None:
        return ()
    read = {code for code, figure in figures.items() if figure.state != "unread"}
    return grids(template, figures, read)
