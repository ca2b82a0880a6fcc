"""What is measured: the floor of each format, our readings, and those of other extractors."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

import pypdfium2 as pdfium
from lxml import etree, html

from pipeline.check.checker import check
from pipeline.parse import parse
from pipeline.read.document import Cell, Document, Table
from pipeline.read.grid import Rule, build_grids
from pipeline.read.reader import read
from pipeline.recognise import plans, recognise
from pipeline.report import Report


def floor_pdf(data: bytes) -> None:
    """Open a PDF and take its plain text, as little as any reader must do."""
    document = pdfium.PdfDocument(data)
    for page in document:
        text_page = page.get_textpage()
        text_page.get_text_range()
        text_page.close()
        page.close()
    document.close()


def floor_html(data: bytes) -> None:
    """Parse a page."""
    html.document_fromstring(data)


def floor_docx(data: bytes) -> None:
    """Unzip and parse the main part."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        etree.fromstring(package.read("word/document.xml"))


FLOORS: dict[str, Callable[[bytes], None]] = {
    "pdf": floor_pdf,
    "html": floor_html,
    "docx": floor_docx,
}


def fast(data: bytes) -> Report:
    """Read a file once, from bytes to checked cells."""
    return check(recognise(read(data)))


def forget_shapes() -> None:
    """Forget the shapes of tables met so far, so that the next reading is as of a new form."""
    plans._known.cache_clear()  # noqa: SLF001  the project itself never needs to forget


def both(data: bytes) -> Report:
    """Read a file as the archive does: a PDF twice, one reading held against the other."""
    return parse(data)


def from_tables(tables: list[Table]) -> Report:
    """Return what our recogniser makes of another extractor's tables."""
    return recognise(Document("pdf", tuple(tables)))


def pdfplumber_tables(data: bytes) -> list[Table]:
    """Return the tables that pdfplumber finds, with the boxes of its cells as their spans."""
    import pdfplumber  # noqa: PLC0415  not needed to run the project

    tables = []
    with pdfplumber.open(io.BytesIO(data)) as document:
        for page in document.pages:
            for found in page.find_tables():
                boxes = [box for row in found.rows for box in row.cells]
                texts = [text for row in found.extract() for text in row]
                pairs = [(box, text or "") for box, text in zip(boxes, texts, strict=True) if box]
                tables.append(_placed(pairs, page.page_number))
    return tables


def camelot_tables(data: bytes) -> list[Table]:
    """Return the tables that camelot finds (lattice), spans where it sees no border."""
    import camelot  # noqa: PLC0415  not needed to run the project

    with NamedTemporaryFile(suffix=".pdf") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a page without a table is no reason to warn
        Path(file.name).write_bytes(data)
        lattice = camelot.read_pdf(file.name, pages="all", flavor="lattice", backend="pdfium")
        return [_bordered(found.cells, found.page) for found in lattice]


OTHERS: dict[str, Callable[[bytes], list[Table]]] = {
    "pdfplumber": pdfplumber_tables,
    "camelot": camelot_tables,
}


def _placed(pairs: list[tuple[tuple[float, float, float, float], str]], page: int) -> Table:
    """Return a table whose cells are given by their boxes (left, top, right, bottom)."""
    xs = _edges([x for box, _ in pairs for x in (box[0], box[2])])
    ys = _edges([y for box, _ in pairs for y in (box[1], box[3])])

    def at(edges: list[float], value: float) -> int:
        return min(range(len(edges)), key=lambda index: abs(edges[index] - value))

    cells = []
    for (left, top, right, bottom), text in pairs:
        row, column = at(ys, top), at(xs, left)
        spans = max(at(ys, bottom) - row, 1), max(at(xs, right) - column, 1)
        cells.append(Cell(row, column, *spans, text, f"page={page};box={left},{top}"))
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Table(len(ys) - 1, len(xs) - 1, tuple(cells), f"page={page};box=", edges=tuple(xs))


def _edges(values: list[float]) -> list[float]:
    """Return positions without those that repeat within a point."""
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > 1:
            edges.append(value)
    return edges


def _bordered(rows: list[list[object]], page: int) -> Table:
    """Return a table of camelot's cells: those with no border between them are one."""
    xs = [rows[0][0].x1, *(cell.x2 for cell in rows[0])]
    ys = [-rows[0][0].y2, *(-row[0].y1 for row in rows)]
    across, down = [], []
    for row, (top, bottom) in zip(rows, pairwise(ys), strict=True):
        for cell, (left, right) in zip(row, pairwise(xs), strict=True):
            across += [Rule(top, left, right)] * cell.top + [
                Rule(bottom, left, right)
            ] * cell.bottom
            down += [Rule(left, top, bottom)] * cell.left + [Rule(right, top, bottom)] * cell.right
    words = [
        ((x1 + x2) / 2, (y1 + y2) / 2, cell.text.strip())
        for row, (y1, y2) in zip(rows, pairwise(ys), strict=True)
        for cell, (x1, x2) in zip(row, pairwise(xs), strict=True)
    ]
    grid = max(build_grids(across, down), key=lambda grid: grid.area)
    located = sorted((grid.locate(x, y), n, text) for n, (x, y, text) in enumerate(words) if text)
    texts = {
        index: "\n".join(text for _, _, text in group)
        for index, group in groupby(located, key=lambda item: item[0])
    }
    cells = tuple(
        Cell(*span, texts.get(index, ""), f"page={page};box=")
        for index, span in enumerate(grid.spans)
    )
    return Table(grid.rows, grid.columns, cells, f"page={page};box=", edges=tuple(grid.xs))
