"""Characters and rules of a PDF by pdfminer.six: the independent reading."""

from __future__ import annotations

import io
import logging
import re
import struct
import zlib
from collections.abc import Generator
from itertools import islice
from math import atan2, degrees

from pdfminer.converter import PDFLayoutAnalyzer
from pdfminer.layout import LTChar, LTContainer, LTCurve, LTImage, LTItem, LTPage
from pdfminer.pdfcolor import PDFColorSpace
from pdfminer.pdfdevice import PDFTextSeq
from pdfminer.pdfdocument import PDFDocument, PDFPasswordIncorrect
from pdfminer.pdfinterp import (
    PDFGraphicState,
    PDFPageInterpreter,
    PDFResourceManager,
    PDFTextState,
)
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.psexceptions import PSException
from pdfminer.utils import Matrix

from pipeline.read.pdf_page import (
    FILLING_MODES,
    MOST_SEGMENTS,
    UNMAPPED,
    UNSEEN_MODES,
    WHITE,
    RawPage,
    broken,
    encrypted,
    path_segments,
    thin,
    too_long,
)

# pdfminer logs each oddity of a font; what keeps a page from being read is raised.
logging.getLogger("pdfminer").setLevel(logging.ERROR)

_NO_UNICODE = re.compile(r"\(cid:\d+\)")
_USER_SPACE = (1, 0, 0, 1, 0, 0)

# What pdfminer lets through, besides its own errors, when a stream or font does not hold what
# its dictionary promises.
_BROKEN = (
    PSException,
    zlib.error,
    struct.error,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)


class _Collector(PDFLayoutAnalyzer):
    """Keeps the last page's items, ungrouped, and which characters are not seen."""

    page: LTPage

    def begin_page(self, page: PDFPage, ctm: Matrix) -> None:
        """Start a page."""
        super().begin_page(page, ctm)
        self.invisible: set[int] = set()
        self.white: set[int] = set()

    def render_string(
        self,
        textstate: PDFTextState,
        seq: PDFTextSeq,
        ncs: PDFColorSpace,
        graphicstate: PDFGraphicState,
    ) -> None:
        """Note whether the characters of a string are seen."""
        before = len(self.cur_item)
        super().render_string(textstate, seq, ncs, graphicstate)
        if textstate.render in UNSEEN_MODES:
            self.invisible |= {id(item) for item in islice(self.cur_item, before, None)}
        elif textstate.render in FILLING_MODES and _is_white(graphicstate.ncolor):
            self.white |= {id(item) for item in islice(self.cur_item, before, None)}

    def receive_layout(self, ltpage: LTPage) -> None:
        """Take the finished page."""
        self.page = ltpage


def raw_pages(data: bytes, most_pages: int) -> Generator[RawPage, None, None]:
    """Yield the pages of a PDF.

    Args:
        data: the whole file; must begin with ``%PDF-``.
        most_pages: refuse documents of more pages.

    Raises:
        UnreadableError: E-PDF-ENCRYPTED, E-PDF-BROKEN or E-PDF-PAGES.

    """
    try:
        document = PDFDocument(PDFParser(io.BytesIO(data)))
        pages = list(PDFPage.create_pages(document))
    except PDFPasswordIncorrect as error:
        raise encrypted() from error
    except _BROKEN as error:
        raise broken(f"{type(error).__name__} {error}".strip()) from error
    if not pages:
        raise broken("没有页面")
    if len(pages) > most_pages:
        raise too_long(len(pages), most_pages)
    manager = PDFResourceManager()
    device = _Collector(manager)
    interpreter = PDFPageInterpreter(manager, device)
    for number, page in enumerate(pages, 1):
        try:
            device.begin_page(page, _USER_SPACE)
            interpreter.render_contents(page.resources, page.contents, ctm=_USER_SPACE)
            device.end_page(page)
        except _BROKEN as error:
            raise broken(f"第{number}页：{type(error).__name__} {error}") from error
        texts: list[str] = []
        raw = RawPage(number, _visible(page), page.rotate % 360, "", [], [], [], [], [])
        _take(device.page, raw, texts, device)
        raw.texts = "".join(texts)
        yield raw


def _visible(page: PDFPage) -> tuple[float, float, float, float]:
    left, bottom, right, top = _ordered(page.cropbox)
    media = _ordered(page.mediabox)
    return max(left, media[0]), max(bottom, media[1]), min(right, media[2]), min(top, media[3])


def _ordered(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _take(item: LTItem, raw: RawPage, texts: list[str], device: _Collector) -> None:
    """Add an item and what it holds to a page, of which texts are the characters.

    Args:
        item: what pdfminer found.
        raw: the page that takes it.
        texts: the page's characters so far.
        device: knows which characters are not seen.

    """
    if isinstance(item, LTContainer):
        for inner in item:
            _take(inner, raw, texts, device)
    elif isinstance(item, LTChar):
        text = item.get_text()
        pieces = [UNMAPPED] if _NO_UNICODE.fullmatch(text) else list(text)
        angle = round(degrees(atan2(item.matrix[1], item.matrix[0]))) % 360
        indexes = range(len(texts), len(texts) + len(pieces))
        raw.invisible |= set(indexes) if id(item) in device.invisible else set()
        raw.white |= set(indexes) if id(item) in device.white else set()
        for piece in pieces:  # a ligature stands for several letters in one place
            texts.append(UNMAPPED if piece == "\0" else piece)
            raw.lefts.append(item.x0)
            raw.bottoms.append(item.y0)
            raw.rights.append(item.x1)
            raw.tops.append(item.y1)
            raw.angles.append(angle)
    elif len(raw.segments) > MOST_SEGMENTS:
        return
    elif isinstance(item, LTCurve):
        _take_path(item, raw)
    elif isinstance(item, LTImage):
        raw.images += 1
        raw.pictures.append((item.x0, item.y0, item.x1, item.y1))
        rule = thin(item.x0, item.y0, item.x1, item.y1)
        if rule is not None:
            raw.segments.append(rule)


def _is_white(color: object) -> bool:
    """Tell whether a gray, RGB or CMYK colour is white; patterns and spot colours are not."""
    if isinstance(color, int | float):
        return color >= WHITE
    if not isinstance(color, tuple | list) or not all(isinstance(c, int | float) for c in color):
        return False
    return (len(color) == 3 and min(color) >= WHITE) or (
        len(color) == 4 and max(color) <= 1 - WHITE
    )


def _take_path(item: LTCurve, raw: RawPage) -> None:
    if item.fill and not _is_white(item.non_stroking_color):
        raw.shades.append((item.x0, item.y0, item.x1, item.y1))
    operators = [operation[0] for operation in item.original_path or ()]
    curves = [index for index, name in enumerate(operators) if name in "cvy"]
    if curves and not item.stroke:
        raw.images += 1  # a filled shape with curves is a letter or a drawing
        return
    if not (item.stroke or item.fill):
        return
    closed = "h" in operators or len(item.pts) == len(operators) - 1
    pieces = []
    start = 0
    for index in curves:
        pieces.append(item.pts[start:index])
        start = index
    pieces.append(item.pts[start:])
    for piece in pieces:
        raw.segments += path_segments(piece, closed=closed, stroked=item.stroke)
