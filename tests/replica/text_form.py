"""The plain-text form: paragraphs and tab-separated tables, the way extraction tools leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.replica.grids import Grid, grids

if TYPE_CHECKING:
    from tests.replica.data import ReportData


def table_text(grid: Grid) -> str:
    """Write a grid as tab-separated lines; merged places stay empty."""
    lines = []
    for row in range(grid.row_count):
        fields = [""] * len(grid.widths)
        for slot in grid.row(row):
            fields[slot.column] = slot.text
        lines.append("\t".join(fields))
    return "\n".join(lines)


def render_text(report: ReportData) -> bytes:
    """Write a report as UTF-8 text."""
    tables = (
        dict(zip((2, 3, 4), map(table_text, grids(report)), strict=True)) if report.cells else {}
    )
    blocks = [*report.title_lines, *report.intro]
    for part in report.sections:
        blocks += [part.heading, *part.paragraphs]
        if part.ordinal in tables:
            blocks.append(tables[part.ordinal])
    blocks += report.signoff_lines
    return ("\n\n".join(blocks) + "\n").encode()
