"""Characters and rules of a PDF by pypdfium2: the fast reading."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Generator, Sequence
from contextlib import closing
from math import degrees, hypot
from operator import sub
from statistics import median
from typing import cast

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from pipeline.read.pdf_page import (
    MOST_SEGMENTS,
    UNMAPPED,
    RawPage,
    Segment,
    broken,
    encrypted,
    path_segments,
    thin,
    too_long,
)

_DEEPEST_FORM = 8
_DEEPEST_FONT = 2.2  # ems from ascent to descent; usual fonts have 1.0 to 1.5
_SINGLE_RECTANGLE = 5
_NO_PDF = b"no PDF"
_HYPHEN = 2  # what pdfium makes of a hyphen at the end of a line

# What pdfium gives for a character whose font has no Unicode map: its code, or a noncharacter.
_UNCLEAR = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# pypdfium2's own prototypes check and convert every argument, which costs more than the call
# itself when it is made for each character; these take plain addresses.
_Address = ctypes.c_void_p
_Index = ctypes.c_int


def _prototype(function: object, result: type, *arguments: type) -> ctypes._CFunctionType:
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    return ctypes.PYFUNCTYPE(result, *arguments)(address or 0)


_char_box = _prototype(pdfium_c.FPDFText_GetLooseCharBox, _Index, _Address, _Index, _Address)
_char_angle = _prototype(pdfium_c.FPDFText_GetCharAngle, ctypes.c_float, _Address, _Index)
_char_unmapped = _prototype(pdfium_c.FPDFText_HasUnicodeMapError, _Index, _Address, _Index)
_object_type = _prototype(pdfium_c.FPDFPageObj_GetType, _Index, _Address)
_page_object = _prototype(pdfium_c.FPDFPage_GetObject, _Address, _Address, _Index)
_form_object = _prototype(pdfium_c.FPDFFormObj_GetObject, _Address, _Address, ctypes.c_ulong)
_bounds = _prototype(pdfium_c.FPDFPageObj_GetBounds, _Index, *[_Address] * 5)
_matrix = _prototype(pdfium_c.FPDFPageObj_GetMatrix, _Index, _Address, _Address)
_draw_mode = _prototype(pdfium_c.FPDFPath_GetDrawMode, _Index, *[_Address] * 3)
_count_segments = _prototype(pdfium_c.FPDFPath_CountSegments, _Index, _Address)
_path_segment = _prototype(pdfium_c.FPDFPath_GetPathSegment, _Address, _Address, _Index)
_segment_type = _prototype(pdfium_c.FPDFPathSegment_GetType, _Index, _Address)
_segment_point = _prototype(pdfium_c.FPDFPathSegment_GetPoint, _Index, *[_Address] * 3)
_segment_close = _prototype(pdfium_c.FPDFPathSegment_GetClose, _Index, _Address)


def raw_pages(data: bytes, most_pages: int) -> Generator[RawPage, None, None]:
    """Yield the pages of a PDF.

    Args:
        data: the whole file.
        most_pages: refuse documents of more pages.

    Raises:
        UnreadableError: E-PDF-ENCRYPTED, E-PDF-BROKEN or E-PDF-PAGES.

    """
    # pdfium fails in some ways without noting why; the note of an earlier file, e.g. that it asks
    # for a password, must not be taken for this one's.
    pdfium_c.FPDF_LoadMemDocument(_NO_PDF, len(_NO_PDF), None)
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise encrypted() from error
        raise broken(str(error)) from error
    with closing(document):
        if len(document) > most_pages:
            raise too_long(len(document), most_pages)
        for index in range(len(document)):
            try:
                page = document[index]
            except pdfium.PdfiumError as error:
                raise broken(f"第{index + 1}页：{error}") from error
            with closing(page):
                yield _raw_page(page, index + 1)


def _raw_page(page: pdfium.PdfPage, number: int) -> RawPage:
    rotation = page.get_rotation()
    try:
        text_page = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise broken(f"第{number}页：{error}") from error
    with closing(text_page):
        handle = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        count = text_page.count_chars()
        texts = _texts(text_page.raw, count)
        boxes = (ctypes.c_float * (4 * count))()
        base = ctypes.addressof(boxes)
        for index, address in enumerate(range(base, base + 16 * count, 16)):
            _char_box(handle, index, address)
        _mend_vertical(text_page.raw, boxes, texts)
        angles = [_char_angle(handle, index) for index in range(count)]
        unmapped = [_char_unmapped(handle, index) for index in range(count)]
    if any(unmapped):
        # pdfium passes the bare glyph number off as a character.
        pairs = zip(texts, unmapped, strict=True)
        texts = [UNMAPPED if error == 1 else text for text, error in pairs]
    turned = [0] * count
    if any(angles):
        # pdfium counts clockwise; rounding makes one angle of those that differ by float noise.
        turned = [round(-degrees(angle)) % 360 for angle in angles]
    edges = _floats(boxes)
    segments, images = _Objects().of(page)
    return RawPage(
        number=number,
        box=page.get_bbox(),
        rotation=rotation,
        texts=texts,
        lefts=edges[0::4],
        tops=edges[1::4],
        rights=edges[2::4],
        bottoms=edges[3::4],
        angles=turned,
        segments=segments,
        images=images,
    )


def _floats(numbers: ctypes.Array[ctypes.c_float]) -> list[float]:
    return cast("list[float]", memoryview(numbers).cast("B").cast("f").tolist())


def _mend_vertical(
    text_page: pdfium_c.FPDF_TEXTPAGE, boxes: ctypes.Array[ctypes.c_float], texts: Sequence[str]
) -> None:
    """Give characters of vertical writing a box of one em around what is drawn.

    pdfium takes their width from the wrong table and makes boxes many ems large.
    """
    edges = _floats(boxes)
    heights = list(map(sub, edges[1::4], edges[3::4]))
    if not heights:
        return
    usual = median(heights[::8])
    if max(heights) <= 2 * usual:
        return
    drawn = [ctypes.c_double() for _ in range(4)]
    matrix = pdfium_c.FS_MATRIX()
    for index, height in enumerate(heights):
        if height <= 2 * usual or texts[index].isspace():
            continue
        if not pdfium_c.FPDFText_GetMatrix(text_page, index, matrix):
            continue
        em = pdfium_c.FPDFText_GetFontSize(text_page, index) * hypot(matrix.a, matrix.b)
        if height <= _DEEPEST_FONT * em:
            continue
        pdfium_c.FPDFText_GetCharBox(text_page, index, *drawn)
        left, right, bottom, top = (edge.value for edge in drawn)
        x, y = (left + right) / 2, (bottom + top) / 2
        boxes[4 * index : 4 * index + 4] = [x - em / 2, y + em / 2, x + em / 2, y - em / 2]


def _texts(text_page: pdfium_c.FPDF_TEXTPAGE, count: int) -> str | list[str]:
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(text_page, 0, count, buffer)
    text = bytes(buffer)[: 2 * (written - 1)].decode("utf-16-le", "replace")
    if len(text) == count and not _UNCLEAR.search(text):
        return text
    texts = []
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(text_page, index)
        if code == _HYPHEN and pdfium_c.FPDFText_IsHyphen(text_page, index):
            texts.append("-")
        elif code > 0x10FFFF or _UNCLEAR.match(chr(code)):
            texts.append(UNMAPPED)
        else:
            texts.append(chr(code))
    return texts


class _Objects:
    """Collects the rules among the objects of a page, into its form XObjects."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.images = 0
        self._numbers = (ctypes.c_float * 6)()
        address = ctypes.addressof(self._numbers)
        self._slots = [address + 4 * index for index in range(6)]
        self._modes = (ctypes.c_int * 2)()
        self._mode_slots = [ctypes.addressof(self._modes) + 4 * index for index in range(2)]

    def of(self, page: pdfium.PdfPage) -> tuple[list[Segment], int]:
        handle = ctypes.cast(page.raw, ctypes.c_void_p).value
        for index in range(pdfium_c.FPDFPage_CountObjects(page.raw)):
            item = _page_object(handle, index)
            if _object_type(item) != pdfium_c.FPDF_PAGEOBJ_TEXT:  # most objects by far
                self._take(item, (), 0)
        return self.segments, self.images

    def _take(self, item: int, matrices: tuple[tuple[float, ...], ...], depth: int) -> None:
        kind = _object_type(item)
        if len(self.segments) > MOST_SEGMENTS:
            return
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _DEEPEST_FORM:
            _matrix(item, self._slots[0])
            inner = (tuple(self._numbers), *matrices)
            form = ctypes.cast(item, pdfium_c.FPDF_PAGEOBJECT)
            for index in range(pdfium_c.FPDFFormObj_CountObjects(form)):
                self._take(_form_object(item, index), inner, depth + 1)
        elif kind in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_IMAGE):
            self.images += kind == pdfium_c.FPDF_PAGEOBJ_IMAGE
            _bounds(item, *self._slots[:4])
            left, bottom, right, top = self._numbers[:4]
            corners = _through(matrices, [(left, bottom), (right, top)])
            (x0, y0), (x1, y1) = corners
            rule = thin(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            if rule is not None:
                self.segments.append(rule)
            elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
                self._take_path(item, matrices)

    def _take_path(self, item: int, matrices: tuple[tuple[float, ...], ...]) -> None:
        _draw_mode(item, *self._mode_slots)
        stroked = bool(self._modes[1])
        count = _count_segments(item)
        if (not stroked and count <= _SINGLE_RECTANGLE) or count > MOST_SEGMENTS:
            return
        _matrix(item, self._slots[0])
        matrices = (tuple(self._numbers), *matrices)
        points: list[tuple[float, float]] = []
        segment = None
        x_slot, y_slot = self._slots[:2]
        numbers = self._numbers
        for index in range(count):
            before, segment = segment, _path_segment(item, index)
            kind = _segment_type(segment)
            if kind != pdfium_c.FPDF_SEGMENT_LINETO:
                if kind == pdfium_c.FPDF_SEGMENT_BEZIERTO and not stroked:
                    self.images += 1  # a filled shape with curves is a letter or a drawing
                    return
                # A move starts a new subpath; a curve parts the straight sides around it.
                self._add(points, matrices, last=before, stroked=stroked)
                points = []
            _segment_point(segment, x_slot, y_slot)
            points.append((numbers[0], numbers[1]))
        self._add(points, matrices, last=segment, stroked=stroked)

    def _add(
        self,
        points: list[tuple[float, float]],
        matrices: tuple[tuple[float, ...], ...],
        *,
        last: int | None,
        stroked: bool,
    ) -> None:
        if not points:
            return
        closed = bool(_segment_close(last))
        corners = _through(matrices, points)
        self.segments += path_segments(corners, closed=closed, stroked=stroked)


def _through(
    matrices: tuple[tuple[float, ...], ...], points: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Take points through matrices, the innermost first."""
    for a, b, c, d, e, f in matrices:
        points = [(a * x + c * y + e, b * x + d * y + f) for x, y in points]
    return points
