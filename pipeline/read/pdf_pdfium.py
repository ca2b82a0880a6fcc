"""Characters and rules of a PDF by pypdfium2: the fast reading."""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import compress, count, repeat
from math import degrees, hypot
from operator import ne, sub
from statistics import median
from typing import cast

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from pipeline.read.pdf_objects import Address, Index, Objects, by_index, handle_of
from pipeline.read.pdf_page import UNMAPPED, RawPage, broken, encrypted, too_long

_DEEPEST_FONT = 2.2  # ems from ascent to descent; usual fonts have 1.0 to 1.5
_NO_PDF = b"no PDF"
_HYPHEN = 2  # what pdfium makes of a hyphen at the end of a line

# What pdfium gives for a character whose font has no Unicode map: its code, or a noncharacter.
_UNCLEAR = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# What a figure can consist of: text that is not to be seen matters most there. Each sign counts:
# the end of a figure may be hidden and its beginning not.
_TELLING = re.compile(r"[\d.,/／—－-]")

_char_box = by_index(pdfium_c.FPDFText_GetLooseCharBox, Index)
_char_angle = by_index(pdfium_c.FPDFText_GetCharAngle, ctypes.c_float)
_char_unmapped = by_index(pdfium_c.FPDFText_HasUnicodeMapError, ctypes.c_ubyte)
_text_object = by_index(pdfium_c.FPDFText_GetTextObject, Address)


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
    objects = Objects()
    objects.take_page(page)
    try:
        text_page = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise broken(f"第{number}页：{error}") from error
    with closing(text_page):
        handle = handle_of(text_page.raw)
        size = text_page.count_chars()
        texts = _texts(text_page.raw, size)
        boxes = (ctypes.c_float * (4 * size))()
        slots = map(ctypes.byref, repeat(boxes), range(0, 16 * size, 16))
        _run_through(_char_box, repeat(handle), range(size), slots)
        edges = _floats(boxes)
        tops, bottoms = edges[1::4], edges[3::4]
        if _mend_vertical(text_page.raw, boxes, (tops, bottoms), texts):
            edges = _floats(boxes)
            tops, bottoms = edges[1::4], edges[3::4]
        turned = _angles(handle, bottoms)
        unmapped = bytes(map(_char_unmapped, repeat(handle, size), range(size)))
        telling = [found.start() for found in _TELLING.finditer(texts)]
        unseen = objects.unseen(set(map(_text_object, repeat(handle), telling)))
        invisible, white = (_characters_of(handle, size, items) for items in unseen)
    if 1 in unmapped:
        # pdfium passes the bare glyph number off as a character.
        pairs = zip(texts, unmapped, strict=True)
        texts = "".join(UNMAPPED if error == 1 else text for text, error in pairs)
    return RawPage(
        number=number,
        box=page.get_bbox(),
        rotation=rotation,
        texts=texts,
        lefts=edges[0::4],
        tops=tops,
        rights=edges[2::4],
        bottoms=bottoms,
        angles=turned,
        segments=objects.segments,
        images=objects.images,
        pictures=objects.pictures,
        shades=objects.shades() if white else [],
        invisible=invisible,
        white=white,
    )


def _run_through(function: ctypes._CFunctionType, *arguments: Iterable[object]) -> None:
    """Call a function with each set of arguments, without a loop of Python's own."""
    deque(map(function, *arguments), maxlen=0)


def _angles(handle: object, bottoms: list[float]) -> list[int]:
    """Return the direction of each character in degrees counter-clockwise.

    Turned characters that follow each other never stand at one height, so that only those at
    another height than the one before need be asked for.
    """
    asked = [0, *compress(count(1), map(ne, bottoms[1:], bottoms))] if bottoms else []
    angles = list(map(_char_angle, repeat(handle), asked))
    if not any(angles):
        return [0] * len(bottoms)
    turned: list[int] = []
    for first, end, angle in zip(asked, [*asked[1:], len(bottoms)], angles, strict=True):
        # pdfium counts clockwise; rounding makes one angle of those that differ by float noise.
        turned += [round(-degrees(angle)) % 360] * (end - first)
    return turned


def _characters_of(handle: object, size: int, items: set[int]) -> set[int]:
    """Return the indexes of the characters that some text objects draw."""
    if not items:
        return set()
    owners = map(_text_object, repeat(handle, size), range(size))
    return {index for index, owner in enumerate(owners) if owner in items}


def _floats(numbers: ctypes.Array[ctypes.c_float]) -> list[float]:
    return cast("list[float]", memoryview(numbers).cast("B").cast("f").tolist())


def _mend_vertical(
    text_page: pdfium_c.FPDF_TEXTPAGE,
    boxes: ctypes.Array[ctypes.c_float],
    edges: tuple[list[float], list[float]],
    texts: str,
) -> bool:
    """Give characters of vertical writing a box of one em around what is drawn.

    pdfium takes their width from the wrong table and makes boxes many ems large.
    """
    tops, bottoms = edges
    if not tops:
        return False
    usual = median(map(sub, tops[::16], bottoms[::16]))
    if max(map(sub, tops, bottoms)) <= 2 * usual:
        return False
    drawn = [ctypes.c_double() for _ in range(4)]
    matrix = pdfium_c.FS_MATRIX()
    for index, height in enumerate(map(sub, tops, bottoms)):
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
    return True


def _texts(text_page: pdfium_c.FPDF_TEXTPAGE, count: int) -> str:
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
    return "".join(texts)
