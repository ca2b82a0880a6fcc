"""Cells of a scanned table: each is blank, or read twice, or in doubt with the reason."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.read.grid import Grid
from pipeline.read.ocr_digits import Figure, compare, picture_figure
from pipeline.read.ocr_ink import (
    Blob,
    InkLine,
    around,
    blobs_in,
    dash_of,
    dirt_beside,
    faint_in,
    flatness,
    fringe,
    is_point,
    lean_of,
    lines_in,
    sign_before,
    slash_of,
    stray,
    too_high,
    without_dots,
)
from pipeline.read.ocr_models import Reading, read_line
from pipeline.read.pdf_page import UNMAPPED, Box

if TYPE_CHECKING:
    from pipeline.read.ocr_image import Pixels, Sheet

_CERTAIN = 0.9  # of each character of a figure
_LIKELY = 0.6  # of each character of a label
_SHORT = 3  # characters: longer labels are known by their likeness even with one wrong
_MANY_SPECKS = 3  # more of them in a cell may be the rest of pale type
_COLOURED = 2.0  # square points: the least that a coloured digit covers
_DIRT = 0.3  # of the darkness of a digit beside a figure: a digit that fell to pieces
_SIGN_DIRT = 0.07  # the same where a minus sign would stand
_FRINGE = 0.03  # the same close beside the figure: a stroke that broke off, as of a 4
_MANY = 20  # figures that tell how good a scan is
_POOR_SHARE = 0.2  # of them
_MAY_BE_DASH = 1.25  # times wider than high
_LEANS_LIKE_A_SLASH = -0.1  # points across for a point down
_EDGE = 0.2  # heights of a line of white around it, as the model was trained on
_CONFIRMED = 0.25  # certainty that the likeness of the digits adds
_REPEATED = 0.1  # certainty that the model adds by reading the same again
_BESIDE = 0.1  # ems: thin ends of strokes beside the ink
_ROOMY = 2.2  # ems free beside a line of a figure that goes on below: it need not have broken
_HANZI = re.compile("[\u4e00-\u9fff]")
_FIGURE = re.compile(r"[+-]?\d+(?:\.\d+)?|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SIGNS = {"十": "+", "一": "-", "—": "-", "-": "-", "+": "+"}
_GOES_ON = frozenset({*_SIGNS, ",", "，"})  # what a figure may break behind, however short its line
_LIKE_A_SLASH = frozenset("/\\1lI|丿")  # what the model takes a slash for
_LATE_POINT = re.compile(r"\.\d{3}$")  # 1.234 may be 1,234

NOT_READ = "格内有字迹，但文字识别没有读出"
PALE = "格内有零星墨迹，可能是淡化的字迹，无法判断是否有数字"
SEALED = "格内只有彩色印迹（可能是印章），无法判断是否有数字"
STAMPED = "格内压有印章，灰度扫描中无法把印章与数字分开"
UNCERTAIN = "文字识别的把握不够"
NO_FIGURE = "识别结果不是数字，也不是文字"
COUNT = "识别出的位数与字迹的宽度不符"
UNFRAMED = "空白处没有边框，这一行可能少印一格"
POOR = "扫描件过于模糊，多数数字无法确定，其余数字也不可信"
DIRTY = "数字旁边有墨迹，可能是没有识别出的数字或负号，无法判断"
SLASH = "分不清数字1和斜线"
POINT = "分不清小数点和千位分隔符"
SIGN = "数字前有一点墨迹，可能是负号，无法判断"
STACKED = "一格内有几行数字，可能是几行的数字没有分开"


@dataclass(frozen=True, slots=True)
class CleanPage:
    """A page without its rules.

    Args:
        clean: height × width.
        soft: the same with its grain smoothed away.
        ink: the same, 255 where there is ink.
        scale: pixels a point.

    """

    clean: Pixels
    soft: Pixels
    ink: Pixels
    scale: float


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line of a cell.

    Args:
        line: its ink.
        picture: what the model was shown.
        reading: what it reads.
        figure: its digits, if it has only such.
        signed: whether something stands where a minus sign would.

    """

    line: InkLine
    picture: Pixels
    reading: Reading
    figure: Figure | None
    signed: bool


@dataclass(slots=True)
class CellText:
    """What stands in a cell of a scan.

    Args:
        box: of the ink in points of the straightened page, of the cell when it is blank.
        width: of the cell in pixels.
        text: first reading, lines parted by line feeds; empty for a blank cell.
        second: second reading.
        doubt: why neither may be believed; empty when they may.
        em: size of its type in pixels.
        sealed: whether a seal that was taken out lay on it.
        dirty: whether ink stands beside a figure that is none of its characters.
        printed: its lines; empty where the model was not asked.

    """

    box: Box
    width: int = 0
    text: str = ""
    second: str = ""
    doubt: str = ""
    em: float = 0.0
    dirty: bool = False
    sealed: bool = False
    printed: list[PrintedLine] = field(default_factory=list)

    def settle(self, text: str, doubt: str = "") -> None:
        """Note a text that needs no second reading."""
        self.text = self.second = text
        self.doubt = doubt


def read_cells(sheet: Sheet, grid: Grid, page: CleanPage) -> list[CellText]:
    """Return what stands in the cells of a grid, in the order of its spans, read once.

    Whether a cell is blank is told by its ink alone, never by the model.

    Args:
        sheet: the straightened page.
        grid: in points.
        page: the same page, its rules made white.

    """
    scale = page.scale
    boxes = [_pixels(grid.cell_box(span), scale) for span in grid.spans]
    inks = [blobs_in(page.ink, box, scale) for box in boxes]
    em = _em([blobs for blobs, _ in inks], scale)
    inks = [without_dots(blobs, specks, em, page.clean) for blobs, specks in inks]
    cells = []
    for span, box, (blobs, specks) in zip(grid.spans, boxes, inks, strict=True):
        cell = CellText(grid.cell_box(span), box.width, em=em)
        if blobs:
            lines = lines_in(blobs, specks, em)
            cell.box = _points(around([line.box for line in lines]), scale)
            _read(cell, lines, box, page)
        elif (
            len(specks) > _MANY_SPECKS
            or any(
                _amidst(speck, box, em) and flatness(page.clean, speck) >= _MAY_BE_DASH
                for speck in specks
            )
            or faint_in(page.soft, box, specks, em, scale)
        ):
            cell.settle(UNMAPPED, PALE)
        elif max(_area(sheet.coloured, box), _area(sheet.sealed, box)) > _COLOURED * scale**2:
            cell.settle(UNMAPPED, SEALED)
        cell.sealed = _area(sheet.sealed, box) > _COLOURED * scale**2
        cells.append(cell)
    return cells


def _read(cell: CellText, lines: list[InkLine], box: Blob, page: CleanPage) -> None:
    """Read a cell once; dashes and slashes are told by their ink."""
    clean = page.clean
    only = lines[0] if len(lines) == 1 else None
    if only and (dash := dash_of(only, cell.em, clean)):
        off = abs(only.box.top + only.box.bottom - box.top - box.bottom)
        cell.settle(dash, "" if off < 0.5 * (box.bottom - box.top) else NO_FIGURE)
        return
    cell.printed = [_print(line, page, cell.em) for line in lines]
    digits = sum(len(printed.figure.text) for printed in cell.printed if printed.figure)
    if digits:
        dirt, sign = dirt_beside(lines, digits, page.soft, box, page.scale)
        broken = any(
            fringe(printed.line, len(printed.figure.text), page.soft, box, cell.em) > _FRINGE
            for printed in cell.printed
            if printed.figure
        )
        cell.dirty = dirt > _DIRT or sign > _SIGN_DIRT or broken
    texts = [printed.reading.text for printed in cell.printed if printed.reading.text]
    if len(texts) > 1 and texts[0] in _SIGNS and _folded("".join(texts[1:])).isdecimal():
        # A sign alone on its line looks like a hanzi.
        texts[0] = "-" if dash_of(lines[0], cell.em, clean) else _SIGNS[texts[0]]
    if not _HANZI.search("".join(texts)):  # the model sees spaces between digits that stand apart
        texts = [_folded(text) for text in texts]
    cell.text = "\n".join(texts)
    slash = slash_of(page.ink, only) if only else ""
    folded = _folded(cell.text)
    if not cell.text:
        cell.settle(UNMAPPED, NOT_READ)
    elif slash and folded in _LIKE_A_SLASH:
        cell.settle(slash)
    elif slash or folded in {"/", "\\"}:
        cell.settle(cell.text, UNCERTAIN)
    elif only and folded == "1" and lean_of(page.ink, only)[0] < _LEANS_LIKE_A_SLASH:
        cell.settle(cell.text, SLASH)
    elif _is_label(folded):
        likely = min(printed.reading.certainty for printed in cell.printed) > _LIKELY
        cell.settle(cell.text, "" if likely or len(folded) > _SHORT else UNCERTAIN)
    elif any(too_high(line, cell.em) for line in lines):
        cell.settle(cell.text, UNCERTAIN)


def _print(line: InkLine, page: CleanPage, em: float) -> PrintedLine:
    picture = _cut(line, page.clean, em)
    reading = read_line(picture)
    signed = sign_before(line, em, page.clean) is not None
    digits = _folded(reading.text)
    figure = picture_figure(line, digits, page.clean, page.scale) if digits.isdecimal() else None
    return PrintedLine(line, picture, reading, figure, signed)


def read_again(cells: list[CellText]) -> None:
    """Read the figures of a document a second time, and doubt what can't be believed.

    Two readings that differ are no doubt yet: the sums of the form may tell which one is right.

    Args:
        cells: of all its tables.

    """
    figures = unsure = 0
    compare([printed.figure for cell in cells for printed in cell.printed if printed.figure])
    for cell in cells:
        if cell.sealed and not _is_label(_folded(cell.text)):
            cell.doubt = cell.doubt or STAMPED
        if not cell.text or cell.second:
            continue
        certainty = _second_reading(cell)
        misfit = any(printed.figure and not printed.figure.fits for printed in cell.printed)
        doubt = DIRTY if cell.dirty else COUNT if misfit else _doubt(cell, certainty)
        cell.doubt = cell.doubt or doubt
        if not cell.sealed:  # which says nothing of the others
            figures += 1
            unsure += bool(cell.doubt) or cell.text != cell.second
    if figures >= _MANY and unsure > _POOR_SHARE * figures:
        # Where so much can't be read, the rest was read by luck.
        for cell in cells:
            if cell.printed and re.search(r"\d", cell.text):
                cell.doubt = cell.doubt or POOR


def _second_reading(cell: CellText) -> float:
    """Read a cell a second time and return how certain its least certain line is, 0 to 1.25."""
    again: list[str] = []
    certainty = 1.0
    for printed in cell.printed:
        reading, figure = printed.reading, printed.figure
        sure = reading.certainty
        if reading.text in _SIGNS and len(cell.printed) > 1:
            again.append(cell.text.split("\n")[0])
            sure = 1.0
        elif figure and figure.second:
            again.append(figure.second)
            if figure.second == figure.text:
                sure += _CONFIRMED
        else:
            harder = read_line(_harden(printed.picture))
            again.append(_same_sign(reading.text, harder.text))
            if _folded(harder.text) == _folded(reading.text):
                sure = max(sure, min(harder.certainty, sure + _REPEATED))
        certainty = min(certainty, sure)
    cell.second = "\n".join(filter(None, again)) or UNMAPPED
    return certainty


def _same_sign(one: str, other: str) -> str:
    """Return the second reading, with the plus of the first where it sees no sign but a spot."""
    one, other = _folded(one), other if _HANZI.search(other) else _folded(other)
    if one[:1] == "+" and other[:1] not in {"-", "+"} and one[1:] == other[1:]:
        return one
    return other


def _doubt(cell: CellText, certainty: float) -> str:
    text = _folded(cell.text)
    if certainty < _CERTAIN:
        return UNCERTAIN
    if _HANZI.search(text):  # a remark beside the figure, in which no sum finds an error
        return "" if _folded(cell.second) == text else UNCERTAIN
    if cell.printed[0].signed and text[0] not in "+-":
        return SIGN
    if not _FIGURE.fullmatch(text):
        return NO_FIGURE
    if _LATE_POINT.search(text) and not is_point(cell.printed[-1].line, cell.em):
        return POINT
    free = [
        cell.width - printed.line.box.width
        for printed in cell.printed[:-1]
        if printed.reading.text[-1:] not in _GOES_ON
    ]
    return STACKED if any(room > _ROOMY * cell.em for room in free) else ""


def _pixels(box: Box, scale: float) -> Blob:
    left, top, right, bottom = box
    return Blob(
        round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)
    )


def _points(box: Blob, scale: float) -> Box:
    return box.left / scale, box.top / scale, box.right / scale, box.bottom / scale


def _amidst(speck: Blob, cell: Blob, em: float) -> bool:
    """Tell whether a speck lies where a dash would: it may be what is left of one."""
    across = abs(speck.left + speck.right - cell.left - cell.right) / 2
    down = abs(speck.top + speck.bottom - cell.top - cell.bottom) / 2
    return across < 0.3 * em and down < 0.3 * em


def _area(image: Pixels, box: Blob) -> int:
    return int((image[box.top : box.bottom, box.left : box.right] > 0).sum())


def _em(cells: list[list[Blob]], scale: float) -> float:
    """Return the size of the type in pixels, from the heights of the larger blobs."""
    heights = sorted(blob.height for blobs in cells for blob in blobs if blob.height >= 3 * scale)
    if not heights:
        return 8.0 * scale
    # Digits are 0.7 em high, most hanzi 0.9; of many hanzi the parts are smaller.
    return heights[int(0.75 * (len(heights) - 1))] / 0.85


def _is_label(text: str) -> bool:
    """Tell whether a cell holds words: labels are matched by their likeness, once is enough."""
    return bool(_HANZI.search(text)) and not re.match(r"[-+]?\d+(?![.、]\s*[^\d\s])", text)


def _cut(line: InkLine, clean: Pixels, em: float) -> Pixels:
    """Return the picture of a line with white around it, without the dirt beside it."""
    import cv2  # noqa: PLC0415  an extra, loaded on demand

    box, sign = line.box, sign_before(line, em, clean)
    # A low sign keeps its place on the line: of "—" alone nothing but a black bar would be left.
    lack = max(0, round(0.75 * em) - box.height)
    beside = round(_BESIDE * em) + 1
    above = max(beside, (lack + 1) // 2)
    top, bottom = max(0, box.top - above), box.bottom + above
    start = sign.left if sign else box.left
    left, right = max(0, start - beside), box.right + beside
    part = clean[top:bottom, left:right].copy()
    for speck in stray(line, em):
        if speck == sign:
            continue
        part[
            max(0, speck.top - 1 - top) : speck.bottom + 1 - top,
            max(0, speck.left - 1 - left) : speck.right + 1 - left,
        ] = 255
    white = max(2, round(_EDGE * part.shape[0]))
    return cv2.copyMakeBorder(part, white, white, white, white, cv2.BORDER_CONSTANT, value=(255,))


def _harden(picture: Pixels) -> Pixels:
    """Return a picture for the second reading: larger, in black and white, more white around."""
    import cv2  # noqa: PLC0415

    white = round(0.08 * picture.shape[0])
    part = cv2.copyMakeBorder(
        picture, white, white, white, white, cv2.BORDER_CONSTANT, value=(255,)
    )
    part = cv2.resize(part, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    part = cv2.GaussianBlur(part, (0, 0), 1.5)
    middle = (int(part.min()) + 255) // 2 + 10
    return cv2.threshold(part, middle, 255, cv2.THRESH_BINARY)[1]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", text))
