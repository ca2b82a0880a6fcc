"""A report as recognised: identity, sections, cells, contact, findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from archive.codebook import Template
from pipeline.finding import Finding, Verdict

CellState = Literal["value", "blank", "dash", "note", "unread"]
Status = Literal["verified", "read", "partial", "not_a_report", "unreadable"]


# Not frozen, as ``pipeline.read.document.Cell`` is not: a report has two hundred.
@dataclass(slots=True, unsafe_hash=True)
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
        paragraphs: offset in ``text`` and place of each of its paragraphs and tables, in order.

    """

    ordinal: int
    heading: str
    text: str
    place: str
    paragraphs: tuple[tuple[int, str], ...] = ()


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
class Ratio:
    """The two figures that a rate is printed beside.

    Args:
        kind: share (numerator / denominator, "办结率", "占") or change ((numerator - denominator)
            / denominator, "增长", "下降").
        numerator: ordinal of a figure, 1-based in ``Report.figures``; of a change the later one.
        denominator: ordinal of a figure; of a change the earlier one.

    """

    kind: Literal["share", "change"]
    numerator: int
    denominator: int


@dataclass(slots=True, unsafe_hash=True)  # not frozen for the same reason
class Figure:
    """A number of the narrative that is a result.

    Args:
        section: ordinal of the section, 1, 5 or 6.
        raw: characters as printed, without white space, e.g. "近300".
        value: the number; 2 for 两.
        unit: 件, 条, 万元, %, …; empty when none is printed.
        kind: count, amount (万元), rate (%), approximate (余, 近), norm (a limit, not a result).
        clause: the clause it stands in, without white space.
        place: where its paragraph stands.
        offset: index of its first character in the text of its section.
        length: number of printed characters there, white space within included.
        measure: code of ``archive/data/measures.csv`` for what it counts; None where none fits.
        part_of: ordinal (1-based in ``Report.figures``) of the whole that it is a part of, by 其中
            and the like; parts of one whole need not be all of it and may overlap.
        ratio: of a rate, the figures it was made from where they stand beside it.
        period: the year of the report, the year before it (上年, 去年, or named), or other (an
            earlier or later year, a stretch of years, a plan).

    """

    section: int
    raw: str
    value: int | Decimal
    unit: str
    kind: Literal["count", "amount", "rate", "approximate", "norm"]
    clause: str
    place: str
    offset: int = 0
    length: int = 0
    measure: str | None = None
    part_of: int | None = None
    ratio: Ratio | None = None
    period: Literal["current", "previous", "other"] = "current"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the narrative that says zero, none or no without a figure of its own.

    Args:
        section: ordinal of the section, 1, 5 or 6.
        code: code of ``archive/data/measures.csv``, e.g. requests_received.
        value: 0 for a count; False or True for what happened or not (unit 是否 in the list).
        quote: the clause as printed, without white space.
        place: where its paragraph stands.
        offset: index of its first character in the text of its section.
        length: number of printed characters there, white space within included.
        period: as of ``Figure``.

    """

    section: int
    code: str
    value: int | bool
    quote: str
    place: str
    offset: int = 0
    length: int = 0
    period: Literal["current", "previous", "other"] = "current"


@dataclass(frozen=True, slots=True)
class Derived:
    """The value of a total that was left blank while all of its parts are printed.

    Args:
        code: the blank cell.
        value: sum of the parts.
        formula: the parts, e.g. ``t4_review_upheld + t4_review_corrected + …``.

    """

    code: str
    value: int | Decimal
    formula: str


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
        title_place: where the title begins; empty when only the page's own data name it.
        preamble: text between title and first section.
        preamble_paragraphs: as ``Section.paragraphs``.
        sections: in printed order.
        cells: by code, every code of the template (and ``t3_other_total__…`` for a 2021 report
            that prints （六） in one row).
        figures: numbers of the narrative, in printed order; their ordinal is their place here,
            from 1.
        statements: sentences of the narrative that say zero or none.
        findings: of reader, recogniser and checks.
        published: publication time that the page itself states, as printed.
        verdicts: what each rule on a single report says, in the order they are run.
        derived: blank totals that follow from their parts; the cells stay blank.

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
    title_place: str = ""
    preamble: str = ""
    preamble_paragraphs: tuple[tuple[int, str], ...] = ()
    sections: tuple[Section, ...] = ()
    cells: dict[str, CellReading] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    statements: tuple[Statement, ...] = ()
    findings: tuple[Finding, ...] = ()
    published: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    derived: tuple[Derived, ...] = ()
