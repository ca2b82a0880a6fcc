"""From the characters of a page to runs and printed lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter, sub

from pipeline.read.pdf_page import Box, Page

WIDE = 1.5
"""A gap of this many ems inside a line parts columns, not words."""

_LETTER_GAP = 0.6  # ems between two pieces of which one is Chinese: less is justified setting
_WORD_GAP = 0.18  # ems between Latin letters or digits: the narrowest usual word space
_SMALLER, _MUCH_SMALLER = 0.9, 0.75  # of the digits beside; browsers set marks at 0.83
_OFF_LINE = 0.15  # of the height of the digits beside: the least that a mark is raised
_SPACED_GAP = 0.08  # the same where the content has a space of its own

# Some converters name radicals instead of the characters that look the same. NFKC maps the
# block 2F00-2FD5; the simplified ones of the block before have no mapping there.
_LOOKALIKES = str.maketrans(
    "⺠⺟⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻤⻥⻦⻨⻩⻬⻮⻰⻳",
    "民母虎西见角贝车长门青韦页风飞食马鬼鱼鸟麦黄齐齿龙龟",
) | {0xAD: "-"}  # a soft hyphen that is drawn is a hyphen
_KANGXI_FIRST, _KANGXI_LAST = "\u2f00", "\u2fd5"
_HAS_LOOKALIKE = re.compile("[\xad\u2e80-\u2fd5]")
_FIGURE = re.compile(r"[-+－＋−.,]*\d[\d.,，]*")
_WORD = re.compile(r"[^\s\0-\x20\u200b\u200c\u200d\u2060\ufeff]+")
_STROKES = frozenset("—―─…⋯")
_TWO_EMS = 1.3  # times the height of its box: a glyph of two ems is wider
_JOINED = 0.15  # of the height of its first character: the widest gap inside a run


@dataclass(slots=True)
class Run:
    """Characters that follow each other without a gap.

    Args:
        text: the characters.
        left, top, right, bottom: box in points on the upright page.
        lefts, rights: edges of each character.
        em: size of the type in points.
        spaced: whether white space stands before it in the content.
        upward: whether it is turned by a quarter to the left.
        note: whether it is the small mark of a note beside a figure.

    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    lefts: Sequence[float]
    rights: Sequence[float]
    em: float
    spaced: bool = False
    upward: bool = False
    note: bool = False

    @property
    def box(self) -> Box:
        """Left, top, right, bottom in points."""
        return self.left, self.top, self.right, self.bottom

    def characters(self) -> Iterator[Run]:
        """Yield each character as a run of its own."""
        spaced = self.spaced
        for text, left, right in zip(self.text, self.lefts, self.rights, strict=True):
            box = (left, self.top, right, self.bottom)
            yield Run(text, *box, (left,), (right,), self.em, spaced, self.upward, self.note)
            spaced = False


@dataclass(slots=True)
class Line:
    """Runs that stand on one printed line.

    Args:
        text: the words; a gap wider than between letters is one space.
        box: left, top, right, bottom in points on the upright page.
        em: size of most of its type in points.
        gaps: number of gaps so wide that they part columns.

    """

    text: str
    box: Box
    em: float
    gaps: int = 0


def unite(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around several boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def runs_of(page: Page) -> tuple[list[Run], list[Run]]:
    """Return the visible runs of a page in the order of its content, and slanted ones apart.

    Characters outside the visible page are no part of the printed report.
    """
    texts = page.texts
    if _HAS_LOOKALIKE.search(texts):
        texts = texts.translate(_LOOKALIKES).translate(_kangxi(texts))
    upright: list[Run] = []
    slanted: list[Run] = []
    width, height = page.frame.width, page.frame.height
    for run, turned in _runs(page, texts):
        target = slanted if turned else upright
        if run.left < 0 or run.right > width or run.top < 0 or run.bottom > height:
            target += _shown_part(run, page)
        else:
            target.append(run)
    return upright, slanted


def _kangxi(text: str) -> dict[int, str]:
    return {
        ord(sign): unicodedata.normalize("NFKC", sign)
        for sign in set(text)
        if _KANGXI_FIRST <= sign <= _KANGXI_LAST
    }


def _shown_part(run: Run, page: Page) -> list[Run]:
    """Return the visible characters of a run; the page notes figures that its edge cuts."""
    pieces = list(run.characters())
    seen = [_visible(piece, page) for piece in pieces]
    shown = [piece for piece, visible in zip(pieces, seen, strict=True) if visible]
    for one, other in pairwise(range(len(pieces))):
        if seen[one] != seen[other] and _FIGURE.fullmatch(run.text[one : other + 1]):
            page.torn.append(id(pieces[one] if seen[one] else pieces[other]))
    return shown


def _visible(run: Run, page: Page) -> bool:
    x, y = (run.left + run.right) / 2, (run.top + run.bottom) / 2
    return 0 <= x <= page.frame.width and 0 <= y <= page.frame.height


def _runs(page: Page, texts: str) -> Iterator[tuple[Run, bool]]:
    """Yield the runs of a page, each with whether it is slanted."""
    turned = page.slanted | page.upward
    reached = 0
    for word in _WORD.finditer(texts):
        first, end = word.span()
        spaced = first > reached
        reached = end
        run = None if turned else _whole(page, word.group(), first, end, spaced=spaced)
        if run is not None:
            yield run, False
            continue
        for start, stop in _parts(page, texts, first, end):
            part = _run(page, texts, start, stop, spaced=spaced and start == first)
            yield part, start in page.slanted


def _whole(page: Page, text: str, first: int, end: int, *, spaced: bool) -> Run | None:
    """Return the run that all characters between two white spaces are, None where some may not be.

    The usual case: they stand on one line, and are told to be close without a look at each.
    """
    count = end - first
    top, bottom = page.tops[first], page.bottoms[first]
    lefts, rights = page.lefts[first:end], page.rights[first:end]
    height = bottom - top
    widest = rights[0] - lefts[0]
    if count > 1:
        if page.tops[first:end].count(top) < count or page.bottoms[first:end].count(bottom) < count:
            return None
        gaps = list(map(sub, lefts[1:], rights))
        widths = list(map(sub, rights, lefts))
        if max(gaps) > _JOINED * height or min(gaps) < -min(widths) / 2:
            return None
        widest = max(widths)
    # A Hanzi is one em wide; the box of a letter is as high as its font is deep, 1 to 1.5 em.
    em = min(height, max(0.75 * height, widest)) or 1.0
    return Run(text, lefts[0], top, rights[-1], bottom, lefts, rights, em, spaced)


def _parts(page: Page, texts: str, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield first index and index after the last of the runs between two white spaces."""
    turned = page.slanted | page.upward
    lefts, tops, rights, bottoms = page.lefts, page.tops, page.rights, page.bottoms
    top, bottom = tops[first], bottoms[first]
    for index in range(first + 1, end):
        size = bottom - top
        gap = lefts[index] - rights[index - 1]
        slack = 0.2 * size
        # A step back by half a letter is a second strike (fake bold), not a narrow setting.
        if (
            (lefts[index] - rights[index]) / 2 <= gap <= _JOINED * size
            and -slack <= tops[index] - top <= slack
            and (-slack <= bottoms[index] - bottom <= slack or not "0" <= texts[index] <= "9")
            and (not turned or index not in turned)
        ):
            continue
        yield first, index
        first, top, bottom = index, tops[index], bottoms[index]
    yield first, end


def _run(page: Page, texts: str, first: int, end: int, *, spaced: bool) -> Run:
    lefts, rights = page.lefts[first:end], page.rights[first:end]
    top, bottom = page.tops[first], page.bottoms[first]
    upward = first in page.upward
    if upward:
        em = rights[0] - lefts[0]
    else:
        # A Hanzi is one em wide; the box of a letter is as high as its font is deep, 1 to 1.5 em.
        height = bottom - top
        widest = max(map(sub, rights, lefts)) if end - first > 1 else rights[0] - lefts[0]
        em = min(height, max(0.75 * height, widest))
    left, right = lefts[0], rights[-1]
    return Run(texts[first:end], left, top, right, bottom, lefts, rights, em or 1.0, spaced, upward)


def cell_lines(runs: list[Run]) -> list[Line]:
    """Return the printed lines of a cell, marks of notes in brackets apart from their figures."""
    if len(runs) == 1 and not runs[0].upward:
        return [_line(runs)]
    columns = _written_down(runs)
    if columns:
        return columns
    figures = [run for run in runs if _FIGURE.fullmatch(run.text)]
    if len(figures) > 1:
        largest = max(figures, key=lambda run: run.bottom - run.top)
        for run in figures:
            run.note = _is_note(run, largest)
    return lines_of(runs)


def _written_down(runs: list[Run]) -> list[Line]:
    """Return the columns of vertical writing, from right to left; none of other writing.

    The content goes down the first column before it goes on to the left of it.
    """
    columns: list[list[Run]] = []
    for run in runs:
        if len(run.text) > 1 or run.text.isascii() or run.upward:
            return []
        before = columns[-1][-1] if columns else run
        if before is not run and abs(before.left - run.left) <= _JOINED * run.em:
            if run.top < before.bottom - _JOINED * run.em:
                return []
            columns[-1].append(run)
        elif before is run or (run.right <= before.left + 1.0 and run.top < before.top):
            columns.append([run])
        else:
            return []
    if len(columns) < 2:
        return []
    return [
        Line("".join(r.text for r in column), unite([r.box for r in column]), column[0].em)
        for column in columns
    ]


def _is_note(run: Run, figure: Run) -> bool:
    """Tell whether a run is smaller than a figure and raised or lowered, or much smaller.

    Digits in another font may stand higher or lower in their boxes, but are as wide.
    """
    height, full_height = run.bottom - run.top, figure.bottom - figure.top
    width = max(map(sub, run.rights, run.lefts))
    full_width = max(map(sub, figure.rights, figure.lefts))
    smaller = max(height / (full_height or 1.0), width / (full_width or 1.0))
    moved = abs(figure.bottom - run.bottom) > _OFF_LINE * full_height
    return smaller < _MUCH_SMALLER or (smaller < _SMALLER and moved)


def with_dots(run: Run) -> Run:
    """Return a digit with dots behind it, for those that the edge of the page cuts off."""
    edges = (run.left, run.right), (run.right, run.right)
    return Run(f"{run.text}…", *run.box, *edges, run.em, run.spaced)


def lines_of(runs: Iterable[Run]) -> list[Line]:
    """Return the printed lines of runs from top to bottom; upward ones follow at the end."""
    runs = list(runs)
    if len(runs) == 1 and not runs[0].upward:
        return [_line(runs)]
    level: list[Run] = []
    upward: list[Run] = []
    for run in runs:
        (upward if run.upward else level).append(run)
    lines = [_line(group) for group in _levels(level)]
    if upward:
        turned = [
            Run(r.text, -r.bottom, r.left, -r.top, r.right, (-r.bottom,), (-r.top,), r.em)
            for piece in upward
            for r in piece.characters()
        ]
        for group in _levels(turned):
            line = _line(group)
            left, top, right, bottom = line.box
            lines.append(Line(line.text, (top, -right, bottom, -left), line.em, line.gaps))
    return lines


def _levels(runs: list[Run]) -> list[list[Run]]:
    """Group runs whose heights overlap by more than half."""
    groups: list[list[Run]] = []
    top = bottom = 0.0
    for run in sorted(runs, key=lambda run: run.top + run.bottom):
        overlap = min(bottom, run.bottom) - max(top, run.top)
        if groups and overlap > 0.5 * min(bottom - top, run.bottom - run.top):
            groups[-1].append(run)
        else:
            groups.append([run])
            top, bottom = run.top, run.bottom
    return groups


def _line(runs: list[Run]) -> Line:
    if len(runs) == 1:
        return Line(_shown(runs[0]), runs[0].box, runs[0].em)
    runs.sort(key=attrgetter("left"))
    if any(_struck(before, run) for before, run in pairwise(runs)):
        runs = _once(runs)
    parts = [_shown(runs[0])]
    gaps = 0
    for before, run in pairwise(runs):
        gap = (run.left - before.right) / min(before.em, run.em)
        if gap > WIDE:
            gaps += 1
        if gap > _least_space(before.text[-1], run.text[0], spaced=run.spaced):
            parts.append(" ")
        parts.append(_shown(run))
    return Line("".join(parts), unite([run.box for run in runs]), _usual_em(runs), gaps)


def _usual_em(runs: list[Run]) -> float:
    sizes: dict[float, int] = {}
    for run in runs:
        size = round(run.em, 1)
        sizes[size] = sizes.get(size, 0) + len(run.text)
    return max(sizes, key=sizes.__getitem__)


def _shown(run: Run) -> str:
    return f"({run.text})" if run.note else run.text


def _least_space(before: str, behind: str, *, spaced: bool) -> float:
    if before.isascii() and behind.isascii():
        return _SPACED_GAP if spaced else _WORD_GAP
    return _LETTER_GAP


def _struck(before: Run, run: Run) -> bool:
    """Tell whether two runs lie on top of each other."""
    narrower = min(before.rights[-1] - before.lefts[-1], run.rights[0] - run.lefts[0])
    return before.right - run.left > min(0.35 * run.em, narrower / 2)


def _once(runs: list[Run]) -> list[Run]:
    """Return the characters of overlapping runs, those struck twice (fake bold) only once."""
    pieces = sorted((piece for run in runs for piece in run.characters()), key=attrgetter("left"))
    kept: list[Run] = []
    for piece in pieces:
        reach = 0.3 * (piece.right - piece.left)
        for other in reversed(kept):
            if piece.left - other.left > reach:
                kept.append(piece)
                break
            if other.text == piece.text and not _of_one_glyph(other, piece):
                break
        else:
            kept.append(piece)
    return kept


def _of_one_glyph(one: Run, other: Run) -> bool:
    """Tell whether two like strokes are one glyph, as fonts have it for a dash of two ems.

    So much wider than high it is no single stroke that is struck twice.
    """
    wide = one.right - one.left > _TWO_EMS * (one.bottom - one.top)
    return wide and one.text in _STROKES and one.box == other.box
