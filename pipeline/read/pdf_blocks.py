"""What stands in a cell of a table without rules, told by the white around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.read.pdf_page import Box
from pipeline.read.pdf_text import Line, Run, lines_of, unite

FIGURE = re.compile(r"[-+－＋−]?\d[\d.,，]*|[/／—－−-]+")
_HEADING = re.compile(
    r"[一二三四五六七八九十]{1,2}、.*(?:情况|事项|问题|措施|改进|工作)|.*[。；：]"
)
_GAP = 0.29  # ems between two pieces of a line, Hanzi set wide or a digit beside one, at most
_TOUCHING = 0.1  # ems between two digits of one figure, at most
_CLOSE = 0.15  # ems between two Hanzi that are not set wide, at most
_SAME_LINE = 0.3  # ems between the middles of two pieces of one line
_WIDE = 0.55  # of the page: wider than any cell that stands alone
_ALIGNED = 1.5  # points between left edges, middles or right edges of the lines of a cell
_LOOSER, _LOOSER_EMS = 2.0, 0.18  # points and ems by which lines of two cells stand farther apart
_PAGE_NUMBER = re.compile(r"[-—–―─－_·•.\s]*(?:第\s*)?\d{1,4}[-—–―─－_·•.\s]*(?:页.*|/\s*\d+)?")
_APART = 1.5  # ems between the number of a page and all else, at least
_NUMBER_EMS = 12  # widest number of a page, with strokes or words beside it
_MARGIN = 84.0  # points from the edge of the page, in which its number stands
_OVER = 0.3  # of the lower of two lines: so much beside each other stands on one level


@dataclass(slots=True)
class Block:
    """Lines that stand in one cell.

    Args:
        lines: from top to bottom.
        runs: what they are made of.
        box: left, top, right, bottom in points.
        place: where it stands, if that is on the page before; empty on the page itself.

    """

    lines: list[Line]
    runs: list[Run]
    box: Box
    place: str = ""

    @property
    def left(self) -> float:
        """Left edge in points."""
        return self.box[0]

    @property
    def right(self) -> float:
        """Right edge in points."""
        return self.box[2]

    @property
    def middle(self) -> float:
        """Middle of its height in points."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def first(self) -> float:
        """Middle of its first line in points."""
        return middle(self.lines[0].box)

    @property
    def em(self) -> float:
        """Size of its type in points."""
        return self.lines[0].em

    @property
    def text(self) -> str:
        """The lines as they are printed."""
        return "\n".join(line.text for line in self.lines)

    @property
    def is_figure(self) -> bool:
        """Whether it is a figure, or a stroke in place of one, and nothing else."""
        return len(self.lines) == 1 and FIGURE.fullmatch(self.lines[0].text) is not None


def middle(box: Box) -> float:
    """Return the middle of a box's height."""
    return (box[1] + box[3]) / 2


def beside(one: Box, other: Box) -> bool:
    """Tell whether two boxes stand on one level, in part at least."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > _OVER * min(one[3] - one[1], other[3] - other[1])


def over(one: Box, other: Box) -> bool:
    """Tell whether two boxes stand above each other, in part at least."""
    return min(one[2], other[2]) > max(one[0], other[0])


def pieces(runs: Iterable[Run]) -> list[Block]:
    """Return the pieces of printed lines that no white as wide as between columns parts."""
    found: list[list[Run]] = []
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: run.top + run.bottom):
        at = run.top + run.bottom
        if rows and at - (rows[-1][-1].top + rows[-1][-1].bottom) <= 2 * _SAME_LINE * run.em:
            rows[-1].append(run)
        else:
            rows.append([run])
    for row in rows:
        row.sort(key=lambda run: run.left)
        group: list[Run] = []
        em = max(run.em for run in row)  # of digits alone it is told too small
        for run in row:
            if group and not _follows(group[-1], run, em):
                found.append(group)
                group = []
            group.append(run)
        found.append(group)
    blocks = []
    for group in found:
        lines = lines_of(group)
        blocks.append(Block(lines, group, unite(line.box for line in lines)))
    return sorted(blocks, key=lambda block: (block.box[1], block.left))


def _follows(before: Run, run: Run, em: float) -> bool:
    """Tell whether a run goes on with the words before it in the same cell."""
    gap = (run.left - before.right) / em
    if FIGURE.fullmatch(before.text) and FIGURE.fullmatch(run.text):
        return gap <= _TOUCHING
    if len(before.text) > 1 and len(run.text) > 1:
        # Hanzi that are not set wide do not part before others that are not.
        narrow = before.text[-1].isascii() or run.text[0].isascii()
        return gap <= (_GAP if narrow else _CLOSE)
    return gap <= _GAP


def zones(found: Sequence[Block], width: float, height: float) -> list[list[Block]]:
    """Return what stands between the headings and paragraphs of a page, from top to bottom.

    Args:
        found: the pieces of its lines.
        width: of the page in points.
        height: of the page in points.

    """
    parts: list[list[Block]] = [[]]
    found = _without_page_numbers(found, height)
    for index, block in enumerate(found):
        near = [*found[max(0, index - 20) : index], *found[index + 1 : index + 20]]
        alone = not any(beside(block.box, other.box) for other in near)
        wide = block.right - block.left > _WIDE * width
        if alone and (wide or _HEADING.fullmatch(block.text)):
            parts.append([])
        else:
            parts[-1].append(block)
    return [part for part in parts if part]


def _without_page_numbers(found: Sequence[Block], height: float) -> list[Block]:
    """Drop what numbers the page at its upper or lower edge, apart from all else."""
    kept = list(found)
    for block in found:
        if _MARGIN < block.middle < height - _MARGIN:
            continue
        level = [b for b in kept if beside(b.box, block.box)]
        text = " ".join(b.text for b in sorted(level, key=lambda b: b.left))
        box = unite([b.box for b in (block, *level)])
        apart = all(
            max(b.box[1] - box[3], box[1] - b.box[3]) > _APART * block.em
            for b in kept
            if not beside(b.box, block.box)
        )
        if apart and box[2] - box[0] < _NUMBER_EMS * block.em and _PAGE_NUMBER.fullmatch(text):
            kept = [b for b in kept if not beside(b.box, block.box)]
    return kept


def cells_of(found: Sequence[Block]) -> list[list[Block]]:
    """Return the ways in which lines may form cells.

    Lines of one cell stand closer than those of two cells one above the other: the first way joins
    those as close as any are. The last way takes each line for a cell.

    Args:
        found: the pieces of the lines of a table, from top to bottom.

    """
    # A figure begins a cell: below words it belongs to the next row.
    pairs = [(high, low) for high, low in _stacked(found) if not low.is_figure]
    steps = [low.box[3] - high.box[3] for high, low in pairs]
    alone = list(found)
    if not steps:
        return [alone]
    em = found[0].lines[0].em
    most = min(steps) + max(_LOOSER, _LOOSER_EMS * em)
    home = {id(block): block for block in found}
    for (high, low), step in zip(pairs, steps, strict=True):
        if step <= most:
            upper = home[id(high)]
            lines, runs = upper.lines + low.lines, upper.runs + low.runs
            joined = Block(lines, runs, unite((upper.box, low.box)))
            for key in [key for key, block in home.items() if block is upper]:
                home[key] = joined
            home[id(low)] = joined
    joint = list({id(block): block for block in home.values()}.values())
    return [sorted(joint, key=lambda block: (block.box[1], block.left)), alone]


def _stacked(found: Sequence[Block]) -> list[tuple[Block, Block]]:
    """Return each piece with the next one below it, if both are set to one edge or middle."""
    pairs = []
    for index, high in enumerate(found):
        em = high.lines[0].em
        for low in found[index + 1 :]:
            if low.box[1] - high.box[3] > 1.5 * em:
                break
            if low.middle - high.middle > 0.5 * em and over(low.box, high.box):
                if aligned(high.box, low.box):
                    pairs.append((high, low))
                break
    return pairs


def aligned(one: Box, other: Box) -> bool:
    """Tell whether two boxes have their left or right edges or their middles at one x."""
    left, right = one[0] - other[0], one[2] - other[2]
    return min(abs(left), abs(right), abs(left + right) / 2) <= _ALIGNED
