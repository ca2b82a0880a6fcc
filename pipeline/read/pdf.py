"""Read a PDF: text by position, tables from their rules."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Literal

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
from pipeline.read.image_file import by_ocr, parts
from pipeline.read.ocr_models import has_ocr
from pipeline.read.ocr_pdf import read_scanned_pages
from pipeline.read.page_flow import PageParts, flow
from pipeline.read.pdf_aligned import column_rules, unruled_finding
from pipeline.read.pdf_hidden import drop_hidden
from pipeline.read.pdf_page import UNMAPPED, Page, RawPage, broken, upright
from pipeline.read.pdf_stacked import (
    CUT,
    PageTable,
    cuts_figure,
    doubt_rows,
    doubted,
    filled,
    is_stacked,
    lacks_row_rules,
    with_remark_overleaf,
)
from pipeline.read.pdf_struck import STRUCK, struck_cells
from pipeline.read.pdf_text import Run, cell_lines, lines_of, runs_of, unite, with_dots
from pipeline.read.pdf_unruled import Carried, begins_whole, has_columns, unruled_tables
from pipeline.read.pdf_unruled_cells import UnruledTable

if TYPE_CHECKING:
    from pipeline.read.ocr_page import ScannedPage

Engine = Literal["pdfium", "pdfminer"]

MOST_PAGES = 300
"""Longest document that is read; a report has 4 to 30 pages."""

_JUNK = 1024  # bytes before %PDF- that viewers put up with
_SAME_EDGE = 3.0  # points
_FEW_CHARACTERS = 20  # a page number or a stamp on a scan is no text layer
_UNMAPPED_SHARE = 0.3  # of the characters: more leave nothing to be understood
_FOOT = 84.0  # points: what stands so near the lower edge may be a page number
_WIDEST_FORM = 15  # columns of table four, whose only row may stand overleaf, all blank
_COLUMN = 0.6  # of the usual width


@dataclass(slots=True)
class _PageContent:
    """What stands on a page: tables, and the runs outside them."""

    page: Page
    tables: list[PageTable] = field(default_factory=list)
    unruled: list[UnruledTable] = field(default_factory=list)
    outside: list[Run] = field(default_factory=list)
    slanted: list[Run] = field(default_factory=list)
    characters: int = 0
    unmapped: int = 0
    aligned: bool = False
    lost_grid: bool = False  # a table is given line by line, as rules between its rows lack


def read_pdf(data: bytes, *, engine: Engine = "pdfium", ocr: bool = True) -> Document:
    """Read a PDF into paragraphs and tables.

    Each piece of a table that breaks over pages is a table of its own. A table without rules, or
    without rules between its rows, whose cells the white between them does not tell, is given line
    by line as wrapped paragraphs.

    Args:
        data: the whole file; up to 1 kB before ``%PDF-`` is ignored.
        engine: pdfium (fast) or pdfminer (independent of it).
        ocr: read pages without text by OCR, which takes about a second each.

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
    scans = _scans(data, contents) if ocr else {}
    for content in contents:
        scan = scans.get(content.page.number)
        if scan and not scan.drawn:  # a number or a note that was added to the scan
            scan.lines += lines_of(content.outside)
            scan.lines.sort(key=lambda line: line.box[1])
    contents = [content for content in contents if content.page.number not in scans]
    unmapped = sum(content.unmapped for content in contents)
    if not scans:
        _refuse_unreadable(contents, unmapped)
    if unmapped:
        message = f"有{unmapped}个字符的字体没有Unicode对照，已用“{UNMAPPED}”代替，请对照原件核实。"
        findings.append(Finding("W-PDF-UNMAPPED", "warning", message))
    for content in contents:
        if content.characters < _FEW_CHARACTERS and content.page.images:
            number = content.page.number
            message = f"第{number}页只有图像，没有文字层，没有读出文字；请对照原件核实该页内容。"
            if not has_ocr():
                message += "安装文字识别组件（pip install nianbao[ocr]）后可以重新读取。"
            findings.append(
                Finding("W-PDF-PAGE-NO-TEXT", "warning", message, place=f"page={number}")
            )
    _drop_frames(contents)
    findings += _take_unruled(contents)
    if not scans:
        blocks = tuple(_blocks(contents, {}, 0))
        return Document("pdf", blocks, findings=(*findings, *unruled_finding(blocks)))
    findings.append(by_ocr(sorted(scans)))
    findings += [finding for number in sorted(scans) for finding in scans[number].findings]
    first, second = (
        Document("pdf", tuple(_blocks(contents, scans, reading)), findings=tuple(findings))
        for reading in (0, 1)
    )
    return replace(first, second=second)


def _scans(data: bytes, contents: list[_PageContent]) -> dict[int, ScannedPage]:
    """Read the pages by OCR that have no text that could be used."""
    numbers = [content.page.number for content in contents if _is_picture(content)]
    if not numbers or (len(numbers) < len(contents) and not has_ocr()):
        return {}
    return read_scanned_pages(data, numbers)


def _is_picture(content: _PageContent) -> bool:
    if content.unmapped > _UNMAPPED_SHARE * content.characters:
        return True
    return bool(content.page.images) and content.characters < _FEW_CHARACTERS


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
            "PDF文件没有文字层（扫描件），文字识别（OCR）也没有读出文字；"
            "请人工核对原件，或向发布机关索取可复制文字的版本。",
        )
    if unmapped > _UNMAPPED_SHARE * characters:
        raise UnreadableError(
            "E-PDF-NO-UNICODE",
            f"PDF文件的字体没有Unicode对照（{characters}个字符中{unmapped}个无法识别），"
            "文字不可读取；请改用网页、DOCX版本。",
        )


def _content(raw: RawPage, findings: list[Finding]) -> _PageContent:
    if raw.invisible or raw.white:
        findings += drop_hidden(raw)
    page = upright(raw)
    runs, slanted = runs_of(page)
    content = _PageContent(page, slanted=slanted)
    content.characters = sum(len(run.text) for run in runs)
    content.unmapped = sum(run.text.count(UNMAPPED) for run in runs)
    try:
        grids = build_grids(page.horizontals, page.verticals)
        aligned = column_rules(page, grids, runs)
        if aligned:
            grids = build_grids(page.horizontals, page.verticals + aligned)
            content.aligned = True
            message = (
                f"第{page.number}页的表格没有竖线，各列由数字的对齐推定，没有线条可以印证；"
                "请对照合计和原件核实。"
            )
            place = f"page={page.number}"
            findings.append(Finding("W-PDF-NO-COLUMN-RULES", "warning", message, place=place))
    except GridLimitError as error:
        grids = []
        message = f"第{page.number}页线条过多（{error}），未按表格读取，文字按行保留。"
        place = f"page={page.number}"
        findings.append(Finding("W-PDF-RULES", "warning", message, place=place))
    content.outside = runs
    for grid in grids:  # the innermost first: it takes its text before the grid around it
        table, outside = _fill(page, grid, content.outside)
        blank_row = grid.columns == _WIDEST_FORM
        if lacks_row_rules(table):
            content.lost_grid = True
        elif blank_row or any(table.runs):
            content.tables.append(table)
            content.outside = outside
    if page.torn:
        content.outside = [with_dots(r) if id(r) in page.torn else r for r in content.outside]
    return content


def _fill(page: Page, grid: Grid, runs: list[Run]) -> tuple[PageTable, list[Run]]:
    """Put runs into the cells that their characters' centres lie in; return the rest too."""
    cells: list[list[Run]] = [[] for _ in grid.spans]
    outside = []
    cut: set[int | None] = set()
    left, top, right, bottom = grid.box
    xs, ys, owner = grid.xs, grid.ys, grid.owner
    for run in runs:
        y = (run.top + run.bottom) / 2
        if not top <= y < bottom or run.right < left or run.left > right:
            outside.append(run)
            continue
        first, last = (run.left + run.rights[0]) / 2, (run.lefts[-1] + run.right) / 2
        begins, ends = left <= first < right, left <= last < right
        if not begins and not ends:
            outside.append(run)
            continue
        if begins and ends:  # as grid.locate tells, the row looked up once
            row = owner[bisect_right(ys, y) - 1]
            cell = row[bisect_right(xs, first) - 1]
            if cell == row[bisect_right(xs, last) - 1]:
                cells[cell].append(run)
                continue
        found = []
        for piece in run.characters():
            index = grid.locate((piece.left + piece.right) / 2, y)
            (outside if index is None else cells[index]).append(piece)
            found.append(index)
        if cuts_figure(run.text, found):
            cut.update(found)
    if page.torn:
        cut |= {n for n, own in enumerate(cells) if any(id(run) in page.torn for run in own)}
    for side in grid.opened:
        if not _has_text(grid, cells, side) and not _is_column(grid, side):
            return _fill(page, grid.without(side), runs)
    return PageTable(page, grid, cells, cut), outside


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


def _is_column(grid: Grid, side: str) -> bool:
    """Tell whether what is open at a side is as wide as a column, so that it is a blank one."""
    if side not in {"left", "right"} or grid.columns < 2:
        return False
    widths = [right - left for left, right in pairwise(grid.xs)]
    return widths[-(side == "right")] >= _COLUMN * sorted(widths)[len(widths) // 2]


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


def _take_unruled(contents: list[_PageContent]) -> list[Finding]:
    """Take tables without rules from what stands outside of grids, and say on which pages."""
    if not any(has_columns(content.outside) for content in contents):
        return []
    carried = Carried()
    pages = []
    for number, content in enumerate(contents):
        content.unruled, used, carried = unruled_tables(content.page, content.outside, carried)
        if not content.unruled:
            continue
        pages.append(str(content.page.number))
        for other in contents[max(0, number - 1) : number + 1]:
            other.outside = [run for run in other.outside if id(run) not in used]
    if not pages:
        return []
    message = (
        f"第{'、'.join(pages)}页的表格没有线条，行和列由文字的位置推定，没有线条可以印证；"
        "请对照合计和原件核实。"
    )
    return [Finding("W-PDF-UNRULED", "warning", message, place=f"page={pages[0]}")]


def _blocks(
    contents: list[_PageContent], scans: dict[int, ScannedPage], reading: int
) -> Iterator[Block]:
    pages = [parts(page, reading) for page in scans.values()]
    for content, following in zip_longest(contents, contents[1:]):
        lines = lines_of(content.outside)
        printed = sorted(content.tables, key=lambda table: table.grid.ys[0])
        tables = [(table.grid.ys[0], _table(table)) for table in printed]
        if tables and following and following.tables:
            top, last = tables[-1]
            cells = filled(last.cells, printed[-1])
            below = min(following.tables, key=lambda table: table.grid.ys[0])
            cells = with_remark_overleaf(cells, printed[-1], below)
            tables[-1] = top, replace(last, cells=tuple(cells))
        tables += [(table.top, table.table) for table in content.unruled]
        tables.sort(key=lambda pair: pair[0])
        unsure = following and (
            content.aligned
            or following.lost_grid
            or (content.unruled and not begins_whole(following.unruled, following.outside))
        )
        if tables and unsure:
            top, last = tables[-1]
            foot = content.page.frame.height - _FOOT
            if not any(top < line.box[1] and line.box[3] < foot for line in lines):
                tables[-1] = top, _cut(last)
        pages.append(PageParts(content.page.number, content.page.frame, lines, tables))
    yield from flow(sorted(pages, key=lambda page: page.number))
    for content in contents:
        if content.slanted:
            box = unite(run.box for run in content.slanted)
            place = page_place(content.page.number, content.page.frame.displayed(box))
            yield Paragraph("".join(run.text for run in content.slanted), place)


def _cut(table: Table) -> Table:
    """Return a table, its last row doubted: it may go on overleaf, where nothing tells its rest."""
    doubt = "表格在页末，本页或次页的线条不全，该行可能被分页切断"
    last = table.rows - 1
    cells = [
        replace(cell, doubt=doubt) if cell.row + cell.row_span > last else cell
        for cell in table.cells
    ]
    return replace(table, cells=tuple(cells))


def _table(table: PageTable) -> Table:
    grid, frame, number = table.grid, table.page.frame, table.page.number
    cells = []
    stacked = 0
    for span, runs in zip(grid.spans, table.runs, strict=True):
        if not runs:
            text, box = "", grid.cell_box(span)
        elif len(runs) == 1 and not runs[0].upward:  # most cells by far
            text, box = runs[0].text, runs[0].box
        else:
            lines = cell_lines(runs)
            text, box = "\n".join([line.text for line in lines]), unite([li.box for li in lines])
            stacked += is_stacked(lines)
        cells.append(Cell(*span, text, page_place(number, frame.displayed(box))))
    if stacked:
        cells = doubt_rows([doubted(cell, table, n) for n, cell in enumerate(cells)])
    if table.cut:
        cells = [replace(c, doubt=CUT) if n in table.cut else c for n, c in enumerate(cells)]
    struck = struck_cells(table)
    if struck:
        cells = [replace(c, doubt=STRUCK) if n in struck else c for n, c in enumerate(cells)]
    place = page_place(number, frame.displayed(grid.box))
    return Table(grid.rows, grid.columns, tuple(cells), place, edges=tuple(grid.xs))
