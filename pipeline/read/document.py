"""The neutral document that every reader gives and the recogniser takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pipeline.finding import Finding

Format = Literal["html", "mhtml", "pdf", "docx", "doc", "wps", "rtf", "text", "image"]


def page_place(page: int, box: tuple[float, float, float, float]) -> str:
    """Return the place of a box on a page.

    Args:
        page: 1-based page number.
        box: left, top, right, bottom in points from the page's upper left corner as displayed. An
            image file counts as 72 dpi, whatever it states: its points are its pixels, after the
            turn that EXIF asks for.

    """
    return "page=%d;box=%.1f,%.1f,%.1f,%.1f" % (page, *box)  # noqa: UP031  half the time


def path_place(path: str) -> str:
    """Return the place of an element: an XPath in the page or in ``word/document.xml``."""
    return f"path={path}"


def line_place(first: int, last: int | None = None) -> str:
    """Return the place of one or several lines of a text, 1-based and inclusive."""
    return f"line={first}" if last is None or last == first else f"line={first}-{last}"


# Documents have hundreds of paragraphs and cells, and a frozen one takes five times as long to
# make; nobody changes one all the same, as its hash shows.
@dataclass(slots=True, unsafe_hash=True)
class Paragraph:
    """A run of text that is no table cell.

    Args:
        text: the words, white space folded to single spaces, trimmed; never empty.
        place: where it stands.
        wrapped: true when the reader could not tell where paragraphs end, so that the text is
            one printed line that may go on in the next paragraph.
        spaced: true when wide white space parts its words, as columns set with blanks do.

    """

    text: str
    place: str
    wrapped: bool = False
    spaced: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Cell:
    """A cell of a table grid.

    Args:
        row: 0-based row of its upper left corner.
        column: 0-based column of its upper left corner.
        row_span: rows covered, at least 1.
        column_span: columns covered, at least 1.
        text: the words, line breaks kept; empty for a blank cell.
        place: where it stands.
        doubt: Chinese clause that says why the text may not be what is printed, so that the cell
            is unread; empty when the reader is certain. Only OCR is ever uncertain.
        full: whether its last line has no room for one more character, so that its text may go on
            overleaf; told of the last row on a page only.

    """

    row: int
    column: int
    row_span: int
    column_span: int
    text: str
    place: str
    doubt: str = ""
    full: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells that cover each position at most once.

    Args:
        rows: number of rows.
        columns: number of columns.
        cells: cells in the order of rows, then columns.
        place: where it stands.
        ragged: true when a cell's column says nothing about what stands above it (tab-separated
            text that lost its spans).
        edges: x of the columns' borders in points (``columns + 1`` values), PDF only; lets
            fragments of one table on several pages be matched by geometry.

    """

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    place: str
    ragged: bool = False
    edges: tuple[float, ...] = ()

    def grid(self) -> list[list[Cell | None]]:
        """Return rows × columns with every position filled by the cell that covers it."""
        filled: list[list[Cell | None]] = [[None] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            right = min(cell.column + cell.column_span, self.columns)
            for line in filled[cell.row : cell.row + cell.row_span]:
                for column in range(cell.column, right):
                    if line[column] is None:
                        line[column] = cell
        return filled


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader found in the bytes of one file.

    Args:
        format: kind of file; doc, wps and rtf were converted to DOCX.
        blocks: paragraphs and tables in reading order.
        meta: facts that stand beside the text: the national meta names of a page (ArticleTitle,
            PubDate, ContentSource, …) and ``title`` (page title or document property).
        findings: what went wrong while reading.
        second: an independent reading of the same file, where the reader made both at once (OCR).

    """

    format: Format
    blocks: tuple[Block, ...]
    meta: dict[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    second: Document | None = None

    def paragraphs(self) -> Iterator[Paragraph]:
        """Yield the paragraphs in reading order."""
        return (block for block in self.blocks if isinstance(block, Paragraph))

    def tables(self) -> Iterator[Table]:
        """Yield the tables in reading order."""
        return (block for block in self.blocks if isinstance(block, Table))


class UnreadableError(ValueError):
    """The bytes are no document that can be read; says why and what to do.

    Args:
        rule: stable id for the finding, e.g. ``E-PDF-ENCRYPTED``.
        message: Chinese sentence with the reason and the way out.

    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
