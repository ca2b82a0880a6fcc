"""From printed lines to paragraphs, by geometry, over page breaks too."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pipeline.read.document import Paragraph, page_place
from pipeline.read.pdf_page import Box, Frame
from pipeline.read.pdf_text import Line, unite

# Points from the upper or lower edge of the page. Official layout (GB/T 9704) sets "— 3 —" 28 mm
# above the edge; a number without dashes or a running head stands in the margin proper.
_FRAMED_ZONE = 100.0
_NUMBER_ZONE = 84.0
_RUNNING_ZONE = 66.0
_INDENT = 1.2  # ems from the left margin; Chinese paragraphs are indented by two
_SHORT = 2.5  # ems; punctuation that may not begin a line leaves less than this free
_ZONE_LINES = 3  # so many lines with column gaps make a table without rules
_ZONE_BREAK = 2  # lines without gaps inside such a table: labels that go on below

_FRAMED_NUMBER = re.compile(
    r"[-—–―─﹣－_·•.\s]+\d{1,4}[-—–―─﹣－_·•.\s]+|第\s*\d{1,4}\s*页(?:\s*[,，/]?\s*共\s*\d{1,4}\s*页)?"
    r"|\d{1,4}\s*/\s*\d{1,4}|Page\s*\d+(?:\s*of\s*\d+)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,4}")
_CLOSE, _TIGHT = 1.0, 0.7  # ems between two lines of one cell: at most; usually
_FIGURE = re.compile(r"[-+－＋−]?[\d.,，]+")
_HEADING = re.compile(r"[一二三四五六七八九十]{1,3}\s*[、．.]")
_SENTENCE_END = tuple("。！？；：”）)!?;:")


@dataclass(slots=True)
class PlacedLine:
    """A printed line and the page it stands on.

    Args:
        line: the line.
        page: 1-based page number.
        frame: the page's frame.

    """

    line: Line
    page: int
    frame: Frame

    @property
    def box(self) -> Box:
        """Left, top, right, bottom in points on the upright page."""
        return self.line.box


@dataclass(slots=True)
class Margins:
    """Where the lines of a document begin and end.

    Args:
        left: x of lines that are not indented, in points.
        right: x where full lines end.
        pitch: usual distance between the tops of two lines.

    """

    left: float
    right: float
    pitch: float


def without_page_numbers(pages: list[list[PlacedLine]]) -> list[list[PlacedLine]]:
    """Drop page numbers, and running heads and feet from their second page on.

    Args:
        pages: the lines of each page that stand in no table, from top to bottom.

    """
    repeated = Counter(
        text for lines in pages for text in {_running(p) for p in lines} if text is not None
    )
    offsets = Counter(
        int(placed.line.text) - placed.page
        for lines in pages
        for index, placed in enumerate(lines)
        if _may_be_page_number(lines, index)
    )
    # Numbers without dashes must count the pages, so that no figure is taken for one of them.
    offset, times = offsets.most_common(1)[0] if offsets else (0, 0)
    offset = offset if times > 1 else 0
    seen: set[str] = set()
    kept = []
    for lines in pages:
        rest = []
        for index, placed in enumerate(lines):
            if _is_framed_number(placed) or (
                _may_be_page_number(lines, index) and int(placed.line.text) - placed.page == offset
            ):
                continue
            running = _running(placed)
            if running is not None and repeated[running] > 2:
                if running in seen:
                    continue
                seen.add(running)
            rest.append(placed)
        kept.append(rest)
    return kept


def _zone(placed: PlacedLine, reach: float) -> str:
    """Return head or foot for a line within reach of an edge of its page, else an empty string."""
    _, top, _, bottom = placed.box
    middle = (top + bottom) / 2
    if middle < reach:
        return "head"
    return "foot" if middle > placed.frame.height - reach else ""


def _running(placed: PlacedLine) -> str | None:
    """Return what stays the same of a running head or foot over the pages, None for other text."""
    zone = _zone(placed, _RUNNING_ZONE)
    if not zone or len(placed.line.text) < 3:
        return None
    left, top, right, _ = placed.box
    return f"{zone} {round(top / 4)} {round((left + right) / 8)} {placed.line.text}"


def _is_framed_number(placed: PlacedLine) -> bool:
    framed = _FRAMED_NUMBER.fullmatch(placed.line.text)
    return framed is not None and bool(_zone(placed, _FRAMED_ZONE))


def _may_be_page_number(lines: list[PlacedLine], index: int) -> bool:
    """Tell whether a line is a lone number, away from the text, at the edge of its page."""
    placed = lines[index]
    zone = _zone(placed, _NUMBER_ZONE)
    if not zone or not _NUMBER.fullmatch(placed.line.text):
        return False
    outer = lines[:index] if zone == "head" else lines[index + 1 :]
    inner = lines[index + 1 :][:1] if zone == "head" else lines[:index][-1:]
    if any(not _is_framed_number(other) for other in outer):
        return False
    _, top, _, bottom = placed.box
    return all(
        max(other.box[1] - bottom, top - other.box[3]) > 0.5 * placed.line.em for other in inner
    )


def margins_of(lines: list[PlacedLine]) -> Margins:
    """Return the margins that most long lines of a document share."""
    widest = max((p.box[2] - p.box[0] for p in lines), default=0.0)
    long = [p for p in lines if p.box[2] - p.box[0] > 0.7 * widest and not p.line.gaps]
    if not long:
        return Margins(0.0, 0.0, 0.0)
    steps = [
        after.box[1] - before.box[1]
        for before, after in pairwise(long)
        if before.page == after.page
    ]
    return Margins(
        min(_shared([p.box[0] for p in long])),
        max(_shared([p.box[2] for p in long])),
        median(steps) if steps else 2.5 * median(p.line.em for p in long),
    )


def _shared(values: list[float]) -> list[float]:
    """Return the values that at least a tenth of the lines (and two of many) have in common."""
    counted = Counter(round(value / 3) for value in values)
    least = max(1, len(values) // 10, min(2, len(values) // 4))
    shared = [v for v in values if sum(counted[round(v / 3) + d] for d in (-1, 0, 1)) >= least]
    return shared or values


def paragraphs_of(lines: list[PlacedLine], margins: Margins) -> list[Paragraph]:
    """Join printed lines that follow each other, with no table between, to paragraphs.

    Lines of a table without rules stay single and are marked as wrapped.
    """
    loose = _unruled(lines)
    groups: list[list[PlacedLine]] = []
    row = -1  # the last group with figures of a table without rules
    for index, placed in enumerate(lines):
        if not loose[index] and not (index > 0 and loose[index - 1]):
            row = -1
        figures = _figures(placed)
        if row >= 0 and figures and _wraps(groups[row], placed):
            groups[row:] = [[line for group in groups[row:] for line in group] + [placed]]
            loose[index] = True
        elif (
            index > 0
            and not (loose[index] or loose[index - 1])
            and _continues(lines[index - 1], placed, margins)
        ):
            groups[-1].append(placed)
        else:
            groups.append([placed])
            row = len(groups) - 1 if loose[index] and figures else row
    single = {id(placed) for placed, is_loose in zip(lines, loose, strict=True) if is_loose}
    return [_paragraph(group, wrapped=id(group[0]) in single) for group in groups]


def _figures(placed: PlacedLine) -> list[str]:
    return [word for word in placed.line.text.split() if _FIGURE.fullmatch(word)]


def _paragraph(group: list[PlacedLine], *, wrapped: bool) -> Paragraph:
    text = group[0].line.text
    if wrapped and len(group) > 1:
        words = " ".join(placed.line.text for placed in group).split()
        text = " ".join(sorted(words, key=lambda word: _FIGURE.fullmatch(word) is not None))
        group = group[:1]
    for placed in group[1:]:
        latin = text[-1].isascii() and text[-1].isalpha() and placed.line.text[0].isascii()
        text += " " * (latin and placed.line.text[0].isalpha()) + placed.line.text
    first = group[0]
    box = unite(placed.box for placed in group if placed.page == first.page)
    return Paragraph(text, page_place(first.page, first.frame.displayed(box)), wrapped)


def _continues(before: PlacedLine, placed: PlacedLine, margins: Margins) -> bool:
    """Tell whether a line goes on with the paragraph of the line before it."""
    left, top, right, _ = before.box
    em = before.line.em
    if before.line.gaps or placed.line.gaps:
        return False
    if not 0.75 < placed.line.em / em < 1.33:
        return False
    if placed.box[0] - margins.left > _INDENT * placed.line.em:
        return False
    free = margins.right - right
    token = re.match(r"[!-~]*", placed.line.text)
    first_word = len(token.group()) * 0.5 * em if token else 0.0
    short = free > _SHORT * em + first_word
    if short or left - margins.left > 4 * em:
        return False
    ended = before.line.text.endswith(_SENTENCE_END)
    if _HEADING.match(placed.line.text) and (ended or _HEADING.match(before.line.text)):
        return False
    same_page = before.page == placed.page
    return not same_page or placed.box[1] - top <= max(1.6 * margins.pitch, 1.2 * em)


def _wraps(row: list[PlacedLine], placed: PlacedLine) -> bool:
    """Tell whether figures close below a row of figures may be the rest of broken ones.

    The lines of one cell stand closer than rows do. In one line with its rest, behind all of its
    words, a row has too many figures to be read as something else.
    """
    before = [line for line in row if _figures(line)][-1]
    if before.page != placed.page:
        return False
    alone = len(_figures(placed)) == len(placed.line.text.split())
    gap = (placed.box[1] - before.box[3]) / placed.line.em
    return gap < (_CLOSE if alone else _TIGHT)


def _unruled(lines: list[PlacedLine]) -> list[bool]:
    """Mark the lines of tables without rules: several lines with column gaps near each other."""
    marked = [False] * len(lines)
    start = None
    last = 0
    for index in [*(i for i, p in enumerate(lines) if p.line.gaps), None]:
        if start is not None and (index is None or index - last > _ZONE_BREAK + 1):
            zone = lines[start : last + 1]
            if sum(1 for p in zone if p.line.gaps) >= _ZONE_LINES or any(
                p.line.gaps >= _ZONE_LINES for p in zone
            ):
                marked[start : last + 1] = [True] * len(zone)
            start = None
        if index is not None:
            start, last = (index if start is None else start), index
    return marked
