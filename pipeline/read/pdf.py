"""Read a PDF: text by position, tables from their rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

from pipeline.finding import Finding
from pipeline.read import pdf_miner, pdf_pdfium
from pipeline.read.document import (
    Block,
    Cell,
    Document,
    Paragraph,
    Table,
    UnreadableError,
    page_place,
)
from pipeline.read.grid import Grid, GridLimitError, build_grids
from pipeline.read.pdf_page import UNMAPPED, Page, RawPage, broken, upright
from pipeline.read.pdf_paragraphs import (
    PlacedLine,
    margins_of,
    paragraphs_of,
    without_page_numbers,
)
from pipeline.read.pdf_text import Run, cell_lines, lines_of, runs_of, unite

Engine = Literal["pdfium", "pdfminer"]

MOST_PAGES = 300
"""Longest document that is read; a report has 4 to 30 pages."""

_JUNK = 1024  # bytes before %PDF- that viewers put up with
_SAME_EDGE = 3.0  # points
_FEW_CHARACTERS = 20  # a page number or a stamp on a scan is no text layer
_NUMERIC = re.compile(r"[\d.,，]+")


@dataclass(slots=True)
class _PageTable:
    """A grid and what stands in each of its cells."""

    page: Page
    grid: Grid
    runs: list[list[Run]]


@dataclass(slots=True)
class _PageContent:
    """What stands on a page: tables, and the runs outside them."""

    page: Page
    tables: list[_PageTable] = field(default_factory=list)
    outside: list[Run] = field(default_factory=list)
    slanted: list[Run] = field(default_factory=list)
    characters: int = 0
    unmapped: int = 0


def read_pdf(data: bytes, *, engine: Engine = "pdfium") -> Document:
    """Read a PDF into paragraphs and tables.

    Each piece of a table that breaks over pages is a table of its own. A table without rules, or
    without rules between its rows, is given line by line as wrapped paragraphs.

    Args:
        data: the whole file; up to 1 kB before ``%PDF-`` is ignored.
        engine: pdfium (fast) or pdfminer (independent of it).

    Raises:
        UnreadableError: E-PDF-BROKEN (cut off, damaged), E-PDF-ENCRYPTED (asks for a password),
            E-PDF-PAGES (too long), E-PDF-NO-TEXT (scan), E-PDF-NO-UNICODE (fonts do not say what
            their characters mean).

    """
    data = _whole(data)
    raw_pages = pdf_pdfium.raw_pages if engine == "pdfium" else pdf_miner.raw_pages
    findings: list[Finding] = []
    with closing(raw_pages(data, MOST_PAGES)) as pages:
        contents = [_content(raw, findings) for raw in pages]
    unmapped = sum(content.unmapped for content in contents)
    _refuse_unreadable(contents, unmapped)
    if unmapped:
        message = f"有{unmapped}个字符的字体没有Unicode对照，已用“{UNMAPPED}”代替，请对照原件核实。"
        findings.append(Finding("W-PDF-UNMAPPED", "warning", message))
    for content in contents:
        if content.characters < _FEW_CHARACTERS and content.page.images:
            number = content.page.number
            message = f"第{number}页只有图像，没有文字层，未读取；请对照原件核实该页内容。"
            findings.append(
                Finding("W-PDF-PAGE-NO-TEXT", "warning", message, place=f"page={number}")
            )
    _drop_frames(contents)
    return Document("pdf", tuple(_blocks(contents)), findings=tuple(findings))


def _whole(data: bytes) -> bytes:
    """Return the file from ``%PDF-`` on; refuse one whose end is missing."""
    start = data.find(b"%PDF-", 0, _JUNK + 5)
    if start < 0:
        raise broken("没有%PDF-文件头")
    data = data[start:]
    end = max(data.rfind(b"%%EOF"), data.rfind(b"startxref"))
    if end < 0 or b" obj" in data[end:]:
        raise broken("文件结尾缺失，下载可能中断")
    linearized = re.search(rb"/Linearized\b[^>]{0,200}?/L\s+(\d+)", data[:_JUNK])
    if linearized and int(linearized[1]) > len(data) + start:
        raise broken(f"应有{int(linearized[1])}字节，实有{len(data)}字节，下载可能中断")
    return data


def _refuse_unreadable(contents: list[_PageContent], unmapped: int) -> None:
    characters = sum(content.characters for content in contents)
    images = sum(content.page.images for content in contents)
    if characters == 0 or (images and characters < _FEW_CHARACTERS):
        raise UnreadableError(
            "E-PDF-NO-TEXT",
            "PDF文件没有文字层（扫描件），无法直接读取；请使用文字识别（OCR），"
            "或向发布机关索取可复制文字的版本。",
        )
    if unmapped > 0.3 * characters:
        raise UnreadableError(
            "E-PDF-NO-UNICODE",
            f"PDF文件的字体没有Unicode对照（{characters}个字符中{unmapped}个无法识别），"
            "文字不可读取；请使用文字识别（OCR），或改用网页、DOCX版本。",
        )


def _content(raw: RawPage, findings: list[Finding]) -> _PageContent:
    page = upright(raw)
    runs, slanted = runs_of(page)
    content = _PageContent(page, slanted=slanted)
    content.characters = sum(len(run.text) for run in runs)
    content.unmapped = sum(run.text.count(UNMAPPED) for run in runs)
    try:
        grids = build_grids(page.horizontals, page.verticals)
    except GridLimitError as error:
        grids = []
        message = f"第{page.number}页线条过多（{error}），未按表格读取，文字按行保留。"
        place = f"page={page.number}"
        findings.append(Finding("W-PDF-RULES", "warning", message, place=place))
    content.outside = runs
    for grid in grids:  # the innermost first: it takes its text before the grid around it
        table, outside = _fill(page, grid, content.outside)
        if not _lacks_row_rules(table) and any(table.runs):
            content.tables.append(table)
            content.outside = outside
    return content


def _fill(page: Page, grid: Grid, runs: list[Run]) -> tuple[_PageTable, list[Run]]:
    """Put runs into the cells that their characters' centres lie in; return the rest too."""
    cells: list[list[Run]] = [[] for _ in grid.spans]
    outside = []
    left, top, right, bottom = grid.box
    for run in runs:
        y = (run.top + run.bottom) / 2
        if not top <= y < bottom or run.right < left or run.left > right:
            outside.append(run)
            continue
        index = grid.locate((run.left + run.rights[0]) / 2, y)
        if len(run.text) == 1 or index == grid.locate((run.lefts[-1] + run.right) / 2, y):
            (outside if index is None else cells[index]).append(run)
            continue
        for piece in run.characters():
            index = grid.locate((piece.left + piece.right) / 2, y)
            (outside if index is None else cells[index]).append(piece)
    for side in grid.opened:
        if not _has_text(grid, cells, side):
            return _fill(page, grid.without(side), runs)
    return _PageTable(page, grid, cells), outside


def _has_text(grid: Grid, cells: list[list[Run]], side: str) -> bool:
    """Tell whether anything stands in the outermost row or column on a side."""
    left, top, right, bottom = grid.box
    for run in (run for cell in cells for run in cell):
        x, y = (run.left + run.right) / 2, (run.top + run.bottom) / 2
        if (
            (side == "left" and left <= x < grid.xs[1])
            or (side == "right" and grid.xs[-2] <= x < right)
            or (side == "top" and top <= y < grid.ys[1])
            or (side == "bottom" and grid.ys[-2] <= y < bottom)
        ):
            return True
    return False


def _lacks_row_rules(table: _PageTable) -> bool:
    """Tell whether a row holds several rows of figures, so that its cells are none.

    Figures that wrap inside a narrow cell fill its width; figures of different rows do not.
    """
    stacked: Counter[int] = Counter()
    for span, runs in zip(table.grid.spans, table.runs, strict=True):
        if len(runs) < 2:
            continue
        lines = lines_of(runs)
        right = table.grid.cell_box(span)[2]
        figures = [line for line in lines if _NUMERIC.fullmatch(line.text)]
        roomy = all(line.box[2] + line.em < right for line in figures)
        stacked[span.row] += len(figures) > 1 and roomy
    return any(count > 1 for count in stacked.values())


def _drop_frames(contents: list[_PageContent]) -> None:
    """Give back the text of single boxes that are no piece of a table on a page beside."""
    edges = [
        (content.page.number, table.grid.xs[0], table.grid.xs[-1])
        for content in contents
        for table in content.tables
        if len(table.grid.spans) > 1
    ]
    for content in contents:
        kept = []
        for table in content.tables:
            left, _, right, _ = table.grid.box
            if len(table.grid.spans) > 1 or any(
                abs(number - content.page.number) <= 1
                and abs(left - other_left) <= _SAME_EDGE
                and abs(right - other_right) <= _SAME_EDGE
                for number, other_left, other_right in edges
            ):
                kept.append(table)
            else:
                content.outside += table.runs[0]
        content.tables = kept


def _blocks(contents: list[_PageContent]) -> Iterator[Block]:
    placed = without_page_numbers(
        [
            [
                PlacedLine(line, content.page.number, content.page.frame)
                for line in lines_of(content.outside)
            ]
            for content in contents
        ]
    )
    margins = margins_of([line for lines in placed for line in lines])
    pending: list[PlacedLine] = []
    for content, lines in zip(contents, placed, strict=True):
        waiting = list(lines)
        for table in sorted(content.tables, key=lambda table: table.grid.ys[0]):
            while waiting and waiting[0].box[1] + waiting[0].box[3] < 2 * table.grid.ys[0]:
                pending.append(waiting.pop(0))
            yield from paragraphs_of(pending, margins)
            pending = []
            yield _table(table)
        pending += waiting
    yield from paragraphs_of(pending, margins)
    for content in contents:
        if content.slanted:
            box = unite(run.box for run in content.slanted)
            place = page_place(content.page.number, content.page.frame.displayed(box))
            yield Paragraph("".join(run.text for run in content.slanted), place)


def _table(table: _PageTable) -> Table:
    grid, frame, number = table.grid, table.page.frame, table.page.number
    cells = []
    for span, runs in zip(grid.spans, table.runs, strict=True):
        lines = cell_lines(runs)
        box = unite([line.box for line in lines]) if lines else grid.cell_box(span)
        text = "\n".join(line.text for line in lines)
        cells.append(Cell(*span, text, page_place(number, frame.displayed(box))))
    place = page_place(number, frame.displayed(grid.box))
    return Table(grid.rows, grid.columns, tuple(cells), place, edges=tuple(grid.xs))
