"""The report data of the replica: one TOML file a report, the source of every form."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from archive.codebook import Template, template_metrics

REPORT_FOLDER = Path(__file__).parent / "reports"
INVENTED_NOTE = "本页为演示用的虚构内容，所述事项和数字均非真实。"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the narrative: section, decimal value as text, raw, unit, kind, clause."""

    section: int
    value: str
    raw: str
    unit: str
    kind: str
    clause: str


@dataclass(frozen=True, slots=True)
class Part:
    """One of the six sections; text is empty for the three that hold a table."""

    ordinal: int
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a renderer prints and a test expects.

    Args:
        slug: file name without ending.
        agency: name as the title prints it.
        official: full official name.
        key: identity key of the agency register; empty for invented agencies.
        year: year reported on.
        template: format of the tables; None for a free-form report without tables.
        title_lines: the title as printed, line by line.
        period: first and last day, ISO 8601.
        signed: ISO date under the text, None when it has none.
        signoff_lines: lines under the text.
        intro: paragraphs before the first heading.
        contact: office, address, postcode, phone, fax, email, website as far as printed.
        sections: the six parts (fewer or other ones in a free-form report).
        labels: printed labels that differ from the form, by ``grids`` key.
        cells: printed characters by codebook code, every cell of the template.
        figures: numbers of the narrative.
        statements: (section, code, clause) of sentences that assert a zero or a no.
        invented: nothing in it is real; the text says so.
    """

    slug: str
    agency: str
    official: str
    key: str
    year: int
    template: Template | None
    title_lines: tuple[str, ...]
    period: tuple[str, str]
    signed: str | None
    signoff_lines: tuple[str, ...]
    intro: tuple[str, ...]
    contact: dict[str, str]
    sections: tuple[Part, ...]
    labels: dict[str, str]
    cells: dict[str, str]
    figures: tuple[Figure, ...] = ()
    statements: tuple[tuple[int, str, str], ...] = ()
    invented: bool = False
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title in one line, without white space."""
        return "".join(self.title_lines)

    def expected(self) -> dict[str, Any]:
        """Return what a reader must find, ready for JSON."""
        return {
            "slug": self.slug,
            "agency": {"printed": self.agency, "official": self.official, "key": self.key or None},
            "year": self.year,
            "title": self.title,
            "title_lines": list(self.title_lines),
            "template": self.template,
            "period": {"start": self.period[0], "end": self.period[1]},
            "signed": self.signed,
            "contact": self.contact,
            "sections": [
                {
                    "ordinal": part.ordinal,
                    "heading": part.heading,
                    "text": "\n".join(part.paragraphs),
                }
                for part in self.sections
            ],
            "cells": self.cells,
            "figures": [
                {
                    "section": figure.section,
                    "value": figure.value,
                    "raw": figure.raw,
                    "unit": figure.unit,
                    "kind": figure.kind,
                    "clause": figure.clause,
                }
                for figure in self.figures
            ],
            "statements": [
                {"section": section, "code": code, "quote": quote}
                for section, code, quote in self.statements
            ],
            "invented": self.invented,
        }


def paragraphs(text: str) -> tuple[str, ...]:
    """Cut a text block into its paragraphs, one a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def full_cells(template: Template, printed: dict[str, str]) -> dict[str, str]:
    """Return every cell of a template: as given, else "0".

    Raises:
        ValueError: a code that the template does not have.
    """
    codes = [metric.code for metric in template_metrics(template)]
    strange = sorted(set(printed) - set(codes))
    if strange:
        msg = f"codes unknown to the {template} format: {', '.join(strange)}"
        raise ValueError(msg)
    return {code: printed.get(code, "0") for code in codes}


def load(path: Path) -> ReportData:
    """Read one report file.

    Raises:
        ValueError: a cell code unknown to the template.
        KeyError: a required field is missing.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    template = cast("Template | None", raw.get("template"))
    narrative = raw.get("narrative", {})
    return ReportData(
        slug=path.stem,
        agency=raw["agency"],
        official=raw["official"],
        key=raw["key"],
        year=raw["year"],
        template=template,
        title_lines=tuple(raw["title_lines"]),
        period=(raw["period"][0], raw["period"][1]),
        signed=raw.get("signed"),
        signoff_lines=tuple(raw.get("signoff_lines", [])),
        intro=paragraphs(raw["intro"]),
        contact=dict(raw.get("contact", {})),
        sections=tuple(
            Part(ordinal, part["heading"], paragraphs(part.get("text", "")))
            for ordinal, part in enumerate(raw["sections"], start=1)
        ),
        labels=dict(raw.get("labels", {})),
        cells=full_cells(template, raw["cells"]) if template else {},
        figures=tuple(Figure(*row) for row in narrative.get("figures", [])),
        statements=tuple(
            (section, code, quote) for section, code, quote in narrative.get("statements", [])
        ),
        invented=raw.get("invented", False),
    )


@cache
def reports() -> dict[str, ReportData]:
    """Return all reports of the two sites by slug, in order of slug."""
    return {path.stem: load(path) for path in sorted(REPORT_FOLDER.glob("*.toml"))}
