"""Pages in their order become paragraphs and tables in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.read.document import Block, Table
from pipeline.read.pdf_page import Frame
from pipeline.read.pdf_paragraphs import (
    PlacedLine,
    margins_of,
    paragraphs_of,
    without_page_numbers,
)
from pipeline.read.pdf_text import Line


@dataclass(frozen=True, slots=True)
class PageParts:
    """What stands on a page.

    Args:
        number: 1-based page number.
        frame: the way from the upright page to what a viewer shows.
        lines: printed lines outside of tables, from top to bottom.
        tables: y of its upper border in points of the upright page, and the table.

    """

    number: int
    frame: Frame
    lines: Sequence[Line]
    tables: Sequence[tuple[float, Table]]


def flow(pages: Sequence[PageParts]) -> Iterator[Block]:
    """Yield paragraphs and tables; paragraphs go on over page breaks, page numbers are dropped."""
    placed = without_page_numbers(
        [[PlacedLine(line, page.number, page.frame) for line in page.lines] for page in pages]
    )
    margins = margins_of([line for lines in placed for line in lines])
    pending: list[PlacedLine] = []
    for page, lines in zip(pages, placed, strict=True):
        waiting = list(lines)
        for top, table in sorted(page.tables, key=lambda pair: pair[0]):
            while waiting and waiting[0].box[1] + waiting[0].box[3] < 2 * top:
                pending.append(waiting.pop(0))
            yield from paragraphs_of(pending, margins)
            pending = []
            yield table
        pending += waiting
    yield from paragraphs_of(pending, margins)
