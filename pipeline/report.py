"""A report as recognised: identity, sections, cells, contact, findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from archive.codebook import Template
from pipeline.finding import Finding

CellState = Literal["value", "blank", "dash", "note", "unread"]
Status = Literal["verified", "read", "partial", "not_a_report", "unreadable"]


@dataclass(frozen=True, slots=True)
class CellReading:
    """One cell as read.

    Args:
        raw: characters as printed, white space folded; None when the cell was not found.
        value: the figure; None unless the state is value, or a note that carries a figure.
        state: value (a plain figure), blank (printed empty), dash ("/", "—"), note (more than a
            figure, e.g. "22（其中修订16件）"), unread (not recognised; ``note`` says why).
        note: unit or remark of a note, or the reason why it is unread.
        place: where it stands, in the form of ``pipeline.read.document``.

    """

    raw: str | None
    value: int | Decimal | None
    state: CellState
    note: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One of the six parts of 条例 article 50.

    Args:
        ordinal: 1 to 6, from the heading's words, not its numeral.
        heading: heading as printed, without white space.
        text: body; paragraphs joined by line feeds, table cells by tabs.
        place: where the heading stands.

    """

    ordinal: int
    heading: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Contact:
    """How the report says its office can be reached; None where it prints nothing."""

    office: str | None = None
    address: str | None = None
    postcode: str | None = None
    phone: str | None = None
    fax: str | None = None
    email: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the narrative that is a result.

    Args:
        section: ordinal of the section, 1, 5 or 6.
        raw: characters as printed, e.g. "近300".
        value: the number; 2 for 两.
        unit: 件, 条, 万元, %, …; empty when none is printed.
        kind: count, amount (万元), rate (%), approximate (余, 近), norm (a limit, not a result).
        clause: the clause it stands in.
        place: where it stands.

    """

    section: int
    raw: str
    value: int | Decimal
    unit: str
    kind: Literal["count", "amount", "rate", "approximate", "norm"]
    clause: str
    place: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the recogniser made of one document.

    Args:
        format: kind of file, from its bytes (html, pdf, docx, text, …).
        status: verified (every cell of its template read and every arithmetic rule holds), read,
            partial (cells or tables not recognised), not_a_report or unreadable.
        agency_printed: the body as named in the title or, failing that, in the text.
        year: report year.
        title: title as printed, without white space.
        template: format of the tables, by their structure; None without statutory tables.
        period: first and last day covered, ISO dates.
        signed: sign-off date, ISO.
        contact: contact details.
        preamble: text between title and first section.
        sections: in printed order.
        cells: by code, every code of the template (and ``t3_other_total__…`` for a 2021 report
            that prints （六） in one row).
        figures: numbers of the narrative.
        findings: of reader, recogniser and checks.
        published: publication time that the page itself states, as printed.

    """

    format: str
    status: Status
    agency_printed: str | None = None
    year: int | None = None
    title: str | None = None
    template: Template | None = None
    period: tuple[str, str] | None = None
    signed: str | None = None
    contact: Contact = Contact()
    preamble: str = ""
    sections: tuple[Section, ...] = ()
    cells: dict[str, CellReading] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = ()
    published: str | None = None
