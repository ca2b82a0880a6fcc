"""What stands on a page of pypdfium2 besides characters: rules, pictures, and hidden text."""

from __future__ import annotations

import ctypes
from itertools import compress, repeat

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from pipeline.read.pdf_page import (
    FILLING_MODES,
    MOST_SEGMENTS,
    UNSEEN_MODES,
    WHITE,
    Box,
    Matrix,
    Point,
    Segment,
    box_around,
    path_segments,
    thin,
    through,
)

_DEEPEST_FORM = 8
_SINGLE_RECTANGLE = 5
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_WHITE = round(255 * WHITE)
_AT_ONCE = 1000  # paths whose corners are asked for in one go

_TEXT, _PATH, _IMAGE, _FORM = (
    pdfium_c.FPDF_PAGEOBJ_TEXT,
    pdfium_c.FPDF_PAGEOBJ_PATH,
    pdfium_c.FPDF_PAGEOBJ_IMAGE,
    pdfium_c.FPDF_PAGEOBJ_FORM,
)
_IS_TEXT, _IS_OTHER = (
    bytes((kind == _TEXT) == text for kind in range(256)) for text in (True, False)
)
_LINE, _BEZIER = pdfium_c.FPDF_SEGMENT_LINETO, pdfium_c.FPDF_SEGMENT_BEZIERTO

# pypdfium2's own prototypes check and convert every argument, which costs more than the call
# itself when it is made for each character; these take plain addresses.
Address = ctypes.c_void_p
Index = ctypes.c_int


def prototype(function: object, result: type, *arguments: type) -> ctypes._CFunctionType:
    """Return a function of pdfium that takes plain addresses and numbers."""
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    return ctypes.PYFUNCTYPE(result, *arguments)(address or 0)


def by_index(function: object, result: type) -> ctypes._CFunctionType:
    """Return a function of pdfium that takes a handle (of ``handle_of``) and C ints.

    Without declared types ctypes passes them on as they are, which saves a third of each call.
    """
    made = prototype(function, result)
    made.argtypes = None  # type: ignore[assignment]
    return made


def handle_of(opened: object) -> object:
    """Return an opened page or its text in the form that ctypes need not convert at each call."""
    address = ctypes.cast(opened, ctypes.c_void_p).value  # type: ignore[arg-type]
    return ctypes.byref(ctypes.c_char.from_address(address or 0))


_object_type = prototype(pdfium_c.FPDFPageObj_GetType, Index, Address)
_page_object = by_index(pdfium_c.FPDFPage_GetObject, Address)
_form_object = prototype(pdfium_c.FPDFFormObj_GetObject, Address, Address, ctypes.c_ulong)
_bounds = prototype(pdfium_c.FPDFPageObj_GetBounds, Index, *[Address] * 5)
_matrix = prototype(pdfium_c.FPDFPageObj_GetMatrix, Index, Address, Address)
_draw_mode = prototype(pdfium_c.FPDFPath_GetDrawMode, Index, *[Address] * 3)
_count_segments = prototype(pdfium_c.FPDFPath_CountSegments, Index, Address)
_path_segment = prototype(pdfium_c.FPDFPath_GetPathSegment, Address, Address, Index)
_segment_type = prototype(pdfium_c.FPDFPathSegment_GetType, Index, Address)
_segment_point = prototype(pdfium_c.FPDFPathSegment_GetPoint, Index, *[Address] * 3)
_segment_close = prototype(pdfium_c.FPDFPathSegment_GetClose, Index, Address)
_fill_color = prototype(pdfium_c.FPDFPageObj_GetFillColor, Index, *[Address] * 5)
_render_mode = prototype(pdfium_c.FPDFTextObj_GetTextRenderMode, Index, Address)


class Objects:
    """Collects what a page holds besides characters, into its form XObjects.

    Calls are made for all objects at once, which takes a third of the time.
    """

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.pictures: list[Box] = []
        self.images = 0
        self._texts: list[int] = []
        self._fills: list[tuple[int, Box]] = []

    def take_page(self, page: pdfium.PdfPage) -> None:
        """Collect from a page."""
        count = pdfium_c.FPDFPage_CountObjects(page.raw)
        self._take(list(map(_page_object, repeat(handle_of(page.raw)), range(count))), (), 0)

    def unseen(self, telling: set[int]) -> tuple[set[int], set[int]]:
        """Return the text objects that draw nothing, and those that draw in white.

        Args:
            telling: text objects to look at first; where all of them are drawn, and no picture
                can lie over a text, the others are taken to be drawn too.

        """
        invisible, white = self._unseen(self._texts if self.pictures else list(telling), telling)
        if invisible or white:
            return self._unseen(self._texts, set(self._texts))
        return invisible, white

    def shades(self) -> list[Box]:
        """Return the boxes that are filled with another colour than white."""
        pale = _whitish([item for item, _ in self._fills])
        return [box for item, box in self._fills if item not in pale]

    def _unseen(self, items: list[int], colored: set[int]) -> tuple[set[int], set[int]]:
        modes = dict(zip(items, map(_render_mode, items), strict=True))
        invisible = {item for item, mode in modes.items() if mode in UNSEEN_MODES}
        white = {item for item in _whitish(list(colored)) if modes.get(item) in FILLING_MODES}
        return invisible, white

    def _take(self, items: list[int], matrices: tuple[Matrix, ...], depth: int) -> None:
        kinds = bytes(map(_object_type, items))
        self._texts += compress(items, kinds.translate(_IS_TEXT))
        pairs = list(compress(zip(items, kinds, strict=True), kinds.translate(_IS_OTHER)))
        if not pairs:
            return
        drawn = [pair for pair in pairs if pair[1] in (_PATH, _IMAGE)]
        outlined = []
        for (item, kind), box in zip(drawn, _boxes(drawn), strict=True):
            shown = box_around(through(matrices, [box[:2], box[2:]])) if matrices else box
            rule = thin(*shown)
            if kind == _IMAGE:
                self.images += 1
                self.pictures.append(shown)
            if rule is not None:
                self.segments.append(rule)
            elif kind == _PATH:
                outlined.append((item, shown))
        self._take_paths(outlined, matrices)
        for item in [item for item, kind in pairs if kind == _FORM and depth < _DEEPEST_FORM]:
            if len(self.segments) > MOST_SEGMENTS:
                return
            inner = (*_matrices([item]), *matrices)
            form = ctypes.cast(item, pdfium_c.FPDF_PAGEOBJECT)
            count = pdfium_c.FPDFFormObj_CountObjects(form)
            self._take(list(map(_form_object, repeat(item), range(count))), inner, depth + 1)

    def _take_paths(self, paths: list[tuple[int, Box]], matrices: tuple[Matrix, ...]) -> None:
        """Collect the straight sides of paths that are no rule as a whole."""
        items = [item for item, _ in paths]
        modes = (ctypes.c_int * (2 * len(items)))()
        base = ctypes.addressof(modes)
        end = base + 8 * len(items)
        list(map(_draw_mode, items, range(base, end, 8), range(base + 4, end + 4, 8)))
        strokes = []
        for (item, box), filled, stroked in zip(paths, modes[0::2], modes[1::2], strict=True):
            if filled:
                self._fills.append((item, box))
            count = _count_segments(item)
            if (stroked or count > _SINGLE_RECTANGLE) and count <= MOST_SEGMENTS:
                strokes.append((item, count, bool(stroked)))
        for part in range(0, len(strokes), _AT_ONCE):
            if len(self.segments) > MOST_SEGMENTS:
                return
            self._take_strokes(strokes[part : part + _AT_ONCE], matrices)

    def _take_strokes(
        self, strokes: list[tuple[int, int, bool]], matrices: tuple[Matrix, ...]
    ) -> None:
        owners = [item for item, count, _ in strokes for _ in range(count)]
        indexes = [index for _, count, _ in strokes for index in range(count)]
        corners = list(map(_path_segment, owners, indexes))
        kinds = list(map(_segment_type, corners))
        straight = _BEZIER not in kinds
        points = _points(corners)
        first = 0
        for (_, count, stroked), matrix in zip(
            strokes, _matrices([item for item, _, _ in strokes]), strict=True
        ):
            own = slice(first, first + count)
            first += count
            if not straight and not stroked and _BEZIER in kinds[own]:
                self.images += 1  # a filled shape with curves is a letter or a drawing
                continue
            chain = matrices if matrix == _IDENTITY else (matrix, *matrices)
            ends = [own.start]
            if kinds[own].count(_LINE) < count - 1:
                ends += [n for n in range(own.start + 1, own.stop) if kinds[n] != _LINE]
            # A move starts a new subpath; a curve parts the straight sides around it.
            for start, end in zip(ends, [*ends[1:], own.stop], strict=True):
                part = points[start:end]
                self.segments += path_segments(
                    through(chain, part) if chain else part,
                    closed=bool(_segment_close(corners[end - 1])),
                    stroked=stroked,
                )


def _whitish(items: list[int]) -> set[int]:
    """Return the objects that are filled with white, or with nothing to be seen."""
    colors = (ctypes.c_uint * (4 * len(items)))()
    base = ctypes.addressof(colors)
    known = list(map(_fill_color, items, *_slots(base, 4, len(items))))
    values = colors[:]
    channels = (values[0::4], values[1::4], values[2::4], values[3::4])
    return {
        item
        for item, is_known, red, green, blue, alpha in zip(items, known, *channels, strict=True)
        if is_known and (not alpha or (red >= _WHITE and green >= _WHITE and blue >= _WHITE))
    }


def _slots(base: int, width: int, count: int) -> list[range]:
    """Return the addresses of the numbers of ``count`` rows of ``width``, column by column."""
    step = 4 * width
    return [range(base + 4 * n, base + 4 * n + step * count, step) for n in range(width)]


def _boxes(drawn: list[tuple[int, int]]) -> list[Box]:
    numbers = (ctypes.c_float * (4 * len(drawn)))()
    slots = _slots(ctypes.addressof(numbers), 4, len(drawn))
    list(map(_bounds, [item for item, _ in drawn], *slots))
    edges = numbers[:]
    return list(zip(edges[0::4], edges[1::4], edges[2::4], edges[3::4], strict=True))


def _points(corners: list[int]) -> list[Point]:
    numbers = (ctypes.c_float * (2 * len(corners)))()
    list(map(_segment_point, corners, *_slots(ctypes.addressof(numbers), 2, len(corners))))
    edges = numbers[:]
    return list(zip(edges[0::2], edges[1::2], strict=True))


def _matrices(items: list[int]) -> list[Matrix]:
    numbers = (ctypes.c_float * (6 * len(items)))()
    base = ctypes.addressof(numbers)
    list(map(_matrix, items, range(base, base + 24 * len(items), 24)))
    edges = numbers[:]
    return list(zip(*(edges[n::6] for n in range(6)), strict=True))
