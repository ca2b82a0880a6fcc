"""DOCX reader: a walk of our own over word/document.xml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from pipeline.finding import Finding
from pipeline.read.document import (
    Block,
    Cell,
    Document,
    Paragraph,
    Table,
    UnreadableError,
    path_place,
)
from pipeline.read.docx_names import WORD, child, local, short_name, step_name, switched_on, value
from pipeline.read.docx_numbering import Numbering, read_numbering
from pipeline.read.docx_package import Package
from pipeline.read.tree import (
    LEVEL,
    MAX_GRID_AREA,
    PROSE,
    RAISED,
    GridTooLargeError,
    Paths,
    children_of,
    fold,
    notes_apart,
    text_of,
)
from pipeline.read.visible import UNSURE, is_figure, say_hidden
from pipeline.read.visible_docx import Sights

# Deleted and moved-away text, and what is never shown.
_GONE = frozenset(
    {"del", "moveFrom", "delText", "instrText", "rt", "pPr", "rPr", "tblPr", "sectPr"}
)
# Text of Word, and of formulas and drawings, which have names of their own.
_TEXTS = frozenset({"t", "-t"})
_SIGNS = {"br": "\n", "cr": "\n", "tab": " ", "ptab": " ", "noBreakHyphen": "-"}
_STYLE, _LISTED = f"{{{WORD}}}pStyle", f"{{{WORD}}}numPr"
_MERGES = [f"{{{WORD}}}{name}" for name in ("gridSpan", "vMerge", "hMerge")]
_RUN_MARKS = [f"{{{WORD}}}{name}" for name in ("vanish", "strike", "dstrike", "vertAlign")]
_PARAGRAPH, _RUN, _TEXT, _DELETED = (f"{{{WORD}}}{name}" for name in ("p", "r", "t", "delText"))
_CELL_PROPERTIES, _RUN_PROPERTIES = f"{{{WORD}}}tcPr", f"{{{WORD}}}rPr"
# Beside the runs of a paragraph, and without any words.
_SILENT = frozenset(
    f"{{{WORD}}}{name}" for name in ("pPr", "proofErr", "bookmarkStart", "bookmarkEnd")
)
_UNMERGED = 1, None, None
_MAX_COLUMNS = 1000


def read_docx(data: bytes) -> Document:
    """Read a Word document.

    Args:
        data: bytes of the file.

    Returns:
        Its paragraphs and tables in reading order with XPaths in ``word/document.xml`` (prefix w)
        as places; numerals of automatic lists are put before their paragraphs; ``meta`` holds
        the title property.

    Raises:
        UnreadableError: E-DOCX-BROKEN, E-DOCX-ENCRYPTED or E-DOCX-BOMB.

    """
    package = Package(data)
    root = package.document()
    body = child(root, "body")
    if body is None:
        raise UnreadableError("E-DOCX-BROKEN", "Word 文件没有正文，可能已损坏，请重新下载。")
    sights = None
    if package.hides or next(body.iter(*_RUN_MARKS), None) is not None:
        styles = package.beside_main("styles.xml") if package.hides else None
        sights = Sights(styles, colored=package.hides)
    reader = _Reader(Paths(step_name), _numbering(package, body), sights)
    blocks = tuple(reader.blocks(body))
    for deleted in body.iter(_DELETED):
        reader.note_unseen(deleted.text or "", deleted)
    title = package.title()
    findings = *reader.findings, *say_hidden("DOCX", reader.unseen)
    return Document("docx", blocks, {"title": title} if title else {}, findings)


def _numbering(package: Package, body: etree._Element) -> Numbering:
    """Return the lists that paragraphs use; the parts are large, and most reports use none."""
    styled = next(body.iter(_STYLE), None) is not None
    if not styled and next(body.iter(_LISTED), None) is None:
        return Numbering()
    lists = package.beside_main("numbering.xml")
    styles = package.beside_main("styles.xml") if styled and lists is not None else None
    return read_numbering(lists, styles)


# lxml gives its element type no public name.
_Row = tuple[etree._Element, list[etree._Element]]  # noqa: SLF001
_Line = tuple[str, etree._Element]  # noqa: SLF001


@dataclass(slots=True)
class _Spot:
    """A cell and what it covers, growing while the rows below continue it."""

    element: etree._Element
    place: str
    row: int
    column: int
    rows: int
    columns: int


class _Reader:
    """Reads the blocks of one document; ``sights`` where runs may be hidden, raised or lowered."""

    def __init__(self, paths: Paths, numbering: Numbering, sights: Sights | None) -> None:
        self._paths = paths
        self._numbering = numbering
        self._sights = sights
        self._unsure = False
        self.findings: list[Finding] = []
        self.unseen: list[tuple[str, str]] = []

    def blocks(self, parent: etree._Element) -> Iterator[Block]:
        """Yield the paragraphs and tables of a container."""
        for element in self._children(parent):
            name = local(element)
            if name == "p":
                for line, owner in self._lines(element):
                    yield Paragraph(line, path_place(self._paths.of(owner)))
            elif name == "tbl":
                yield from self._table(element)
            elif name == "altChunk":
                message = "Word 文件嵌有其他格式的片段（altChunk），其内容未读，请人工核对原件。"
                place = path_place(self._paths.of(element))
                self.findings.append(Finding("W-DOCX-PART", "warning", message, place=place))

    def note_unseen(self, text: str, owner: etree._Element) -> None:
        """Note words that are left out as nobody sees them, where they hold a figure."""
        if any(sign.isdecimal() for sign in text):
            self.unseen.append((fold(text), path_place(self._paths.of(owner))))

    def _children(self, parent: etree._Element) -> Iterator[etree._Element]:
        """Yield children, entering the wrappers that only group them."""
        for element in children_of(parent):
            name = short_name(element.tag)
            if name in _GONE:
                continue
            if name in {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"}:
                yield from self._children(element)
            elif name == "mc:AlternateContent":
                chosen = _alternative(element)
                if chosen is not None:
                    yield from self._children(chosen)
            else:
                yield element

    def _lines(self, paragraph: etree._Element) -> list[_Line]:
        """Return the lines of a paragraph, then those of the text boxes anchored in it."""
        pieces: list[str] = []
        boxes: list[etree._Element] = []
        self._runs(paragraph, pieces, boxes)
        numeral = self._numbering.label(paragraph) if self._numbering.lists else ""
        lines = [fold(notes_apart(line)) for line in "".join(pieces).split("\n")]
        found = [(line, paragraph) for line in lines if line]
        if found and numeral:
            found[0] = fold(numeral + found[0][0]), paragraph
        for box in boxes:
            for inner in self._children(box):
                found.extend(self._flat(inner))
        return found

    def _flat(self, element: etree._Element) -> list[_Line]:
        """Return the lines of a paragraph, or of a table's cells one after the other."""
        name = short_name(element.tag)
        if name == "p":
            return self._lines(element)
        if name not in {"tbl", "tr", "tc"}:
            return []
        return [line for inner in self._children(element) for line in self._flat(inner)]

    def _runs(self, parent: etree._Element, pieces: list[str], boxes: list[etree._Element]) -> None:
        for element in children_of(parent):
            name = short_name(element.tag)
            if name in _GONE:
                continue
            if name in _TEXTS:
                pieces.append(element.text or "")
            elif name in _SIGNS:
                pieces.append(_SIGNS[name])
            elif name == "txbxContent":
                boxes.append(element)
            elif name == "mc:AlternateContent":
                chosen = _alternative(element)
                if chosen is not None:
                    self._runs(chosen, pieces, boxes)
            elif name == "r":
                self._run(element, pieces, boxes)
            elif len(element):
                self._runs(element, pieces, boxes)

    def _run(self, run: etree._Element, pieces: list[str], boxes: list[etree._Element]) -> None:
        if self._sights is None:
            self._runs(run, pieces, boxes)
            return
        sight = self._sights.of(run)
        text = "" if sight == "shown" else fold(text_of(run))
        # Words without a figure may well stand on a picture, as titles do.
        if sight == "gone" or (sight == "pale" and is_figure(text)):
            self.note_unseen(text, run)
            return
        self._unsure |= sight == "unsure" and is_figure(text)
        properties = child(run, "rPr")
        level = None if properties is None else child(properties, "vertAlign")
        raised = level is not None and value(level) in {"superscript", "subscript"}
        pieces.append(RAISED * raised)
        self._runs(run, pieces, boxes)
        pieces.append(LEVEL * raised)

    def _table(self, table: etree._Element) -> Iterator[Block]:
        rows = [
            (row, [cell for cell in self._children(row) if local(cell) == "tc"])
            for row in self._children(table)
            if local(row) == "tr" and not _deleted(row)
        ]
        own = [cell for _, cells in rows for cell in cells]
        if not _is_layout(table, rows, own):
            try:
                yield self._grid(table, rows)
            except GridTooLargeError:
                message = "表格合并跨度过大，不是正常的表格，其文字按段落读取。"
                place = path_place(self._paths.of(table))
                self.findings.append(Finding("W-TABLE-SIZE", "warning", message, place=place))
            else:
                return
        for cell in own:
            yield from self.blocks(cell)

    def _grid(self, table: etree._Element, rows: list[_Row]) -> Table:
        spots: list[_Spot] = []
        above: dict[int, _Spot] = {}
        marks = (mark.getparent() for mark in table.iterdescendants(*_MERGES))
        merged = {properties.getparent() for properties in marks if properties is not None}
        columns = 0
        for number, (row, elements) in enumerate(rows):
            properties = child(row, "trPr")
            x = _count(None if properties is None else child(properties, "gridBefore"), 0)
            open_spots: dict[int, _Spot] = {}
            left: _Spot | None = None
            for element, place in zip(elements, self._paths.places(row, elements), strict=True):
                width, vertical, horizontal = _merging(element) if element in merged else _UNMERGED
                continues = vertical is not None and value(vertical) != "restart"
                if horizontal is not None and value(horizontal) != "restart" and left:
                    left.columns = max(left.columns, x + width - left.column)
                elif continues and x in above:
                    # What Word keeps in a continued cell is not shown.
                    left = above[x]
                    left.rows = number + 1 - left.row
                    open_spots[x] = left
                else:
                    left = _Spot(element, place, number, x, 1, width)
                    spots.append(left)
                    if vertical is not None:
                        open_spots[x] = left
                x += width
            above = open_spots
            columns = max(columns, x)
            if columns * (number + 1) > MAX_GRID_AREA:
                raise GridTooLargeError
        cells = tuple(self._cell(spot) for spot in spots)
        return Table(len(rows), columns, cells, path_place(self._paths.of(table)))

    def _one_line(self, cell: etree._Element) -> str | None:
        """Return the words of a cell that is one paragraph of plain runs, as most are, or None."""
        text = ""
        paragraph = None
        for block in cell:
            if block.tag == _CELL_PROPERTIES:
                continue
            if block.tag != _PARAGRAPH or paragraph is not None:
                return None
            paragraph = block
            for part in block:
                if part.tag in _SILENT:
                    continue
                if part.tag != _RUN:
                    return None
                for piece in part:
                    if piece.tag == _TEXT:
                        text += piece.text or ""
                    elif piece.tag != _RUN_PROPERTIES or self._sights:
                        return None
        if paragraph is None or "\n" in text:
            return None
        # Most are a figure or a word, which folding leaves as it is.
        line = text if text.isalnum() else fold(notes_apart(text))
        numeral = self._numbering.label(paragraph) if self._numbering.lists else ""
        return fold(numeral + line) if line and numeral else line

    def _cell(self, spot: _Spot) -> Cell:
        text = self._one_line(spot.element)
        self._unsure = False
        if text is None:
            text = "\n".join(
                line for inner in self._children(spot.element) for line, _ in self._flat(inner)
            )
        doubt = UNSURE if self._unsure else ""
        return Cell(spot.row, spot.column, spot.rows, spot.columns, text, spot.place, doubt)


def _merging(
    cell: etree._Element,
) -> tuple[int, etree._Element | None, etree._Element | None]:
    """Return how many columns a cell covers, and its w:vMerge and w:hMerge."""
    width, vertical, horizontal = 1, None, None
    properties = child(cell, "tcPr")
    if properties is not None:
        for element in children_of(properties):
            name = local(element)
            if name == "gridSpan":
                width = max(1, _count(element, 1))
            elif name == "vMerge":
                vertical = element
            elif name == "hMerge":
                horizontal = element
    return width, vertical, horizontal


def _deleted(row: etree._Element) -> bool:
    properties = child(row, "trPr")
    if properties is None:
        return False
    return child(properties, "del") is not None or switched_on(child(properties, "hidden"))


def _is_layout(table: etree._Element, rows: list[_Row], own: list[etree._Element]) -> bool:
    """Tell a table that places text from one that holds data, as the HTML reader does."""
    if all(len(cells) <= 1 for _, cells in rows):
        return True
    if next(table.iterdescendants(table.tag), None) is not None:
        filled = sum(
            1
            for cell in own
            if next(cell.iterdescendants(table.tag), None) is None and text_of(cell).strip()
        )
        if sum(1 for _ in table.iterdescendants(own[0].tag)) - len(own) >= filled:
            return True
    return len(text_of(table)) > PROSE and any(len(text_of(cell)) > PROSE for cell in own)


def _alternative(element: etree._Element) -> etree._Element | None:
    """Return the one branch of an alternative that is shown: the first that holds anything."""
    return next((branch for branch in children_of(element) if len(branch)), None)


def _count(element: etree._Element | None, fallback: int) -> int:
    written = "" if element is None else value(element)
    if not (written.isascii() and written.isdigit()):
        return fallback
    return min(int(written[:6]), _MAX_COLUMNS)
