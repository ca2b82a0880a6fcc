"""Table 四 from lines of text, for files whose grids are lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.finding import Finding
from pipeline.recognise.form import table4_columns
from pipeline.recognise.grids import TableReadings
from pipeline.recognise.labels import plain
from pipeline.recognise.lines_torn import numbers_page, on_paper, torn_line
from pipeline.recognise.numbers import read_cell
from pipeline.recognise.table3_twice import same_cell
from pipeline.recognise.table4 import GROUPS
from pipeline.recognise.text_lines import Line
from pipeline.report import CellReading

# Letters of one leaf head only; 结 and 果 stand in several.
_PIECES = ("维持", "纠正", "其他", "尚未审", "总计")
_LEAVES = ("维持", "纠正", "其他", "审结", "计")


def under_fourth(lines: Sequence[Line], number: int) -> bool:
    """Tell whether figures are table four's, of which seven are left when the others are blank."""
    if lines[number].text:
        return False
    for line in reversed(lines[max(0, number - 60) : number]):
        if plain(line.text).startswith(GROUPS[0]) and "情况" not in line.text:
            return True
        if line.figures and not line.may_be_page_number:
            return False
    return False


def read_fourth(lines: Sequence[Line], readings: TableReadings) -> None:
    """Read table four; where several are printed, refuse the cells in which they differ.

    Args:
        lines: all lines of the document.
        readings: what was read so far; changed in place.

    """
    codes = [code for code, _, _ in table4_columns()]
    for number, line in enumerate(lines):
        if not line.figures or line.text:
            continue
        figures = _fifteen(lines[number : number + len(codes)], len(codes))
        if not figures or _goes_on_below(lines, number):
            continue
        start = _head_start(lines, number)
        if start is None:
            continue
        heads = [plain(item.text) for item in lines[start:number]]
        first = "t4" not in readings.templates
        named = all(group in "".join(heads) for group in ("行政诉讼", "直接起诉", "复议后起诉"))
        # Whatever the heads of a further table four say, its figures speak against the first.
        if first and not (named and _leaves_in_order(heads)):
            continue
        found = {
            code: read_cell(figure, item.place)
            for code, (figure, item) in zip(codes, figures, strict=True)
        }
        owned = {item.block for item in lines[start:number]} | {item.block for _, item in figures}
        readings.owners.update(dict.fromkeys(owned, "t4"))
        if first:
            readings.cells.update(found)
            readings.templates["t4"] = None
        else:
            _refuse(found, line, readings)
    if "t4" in readings.templates:
        _refuse_blank_copies(lines, readings)


def _refuse(found: dict[str, CellReading], line: Line, readings: TableReadings) -> None:
    """Refuse the cells in which a further table four, that ends in a line, differs."""
    codes = [code for code, _, _ in table4_columns()]
    differ = [code for code in codes if not same_cell(readings.cells[code], found.get(code))]
    for code in differ:
        old = readings.cells[code]
        reason = "印有两张不同的表四，不知以哪一张为准"
        readings.cells[code] = CellReading(old.raw, None, "unread", reason, old.place)
    if differ:
        message = "印有两张不同的表四，不同的单元格作未读。"
        readings.findings.append(Finding("W-T4-TWICE", "warning", message, place=line.place))


def _refuse_blank_copies(lines: Sequence[Line], readings: TableReadings) -> None:
    """Refuse table four where it is printed once more, with fewer figures as some are blank."""
    for number, line in enumerate(lines):
        if not line.figures or line.block in readings.owners or line.may_be_page_number:
            continue
        if len(line.figures) < len(table4_columns()) and under_fourth(lines, number):
            _refuse({}, line, readings)


def _leaves_in_order(heads: Sequence[str]) -> bool:
    """Tell whether the leaf heads of table four stand three times in the form's order.

    Heads wrapped in their cells stand line by line: 结果 结果 其他 …, then 维持 纠正 结果 ….
    """
    joined = "".join(heads)
    leaves = re.findall("|".join(_LEAVES), joined)
    if leaves == list(_LEAVES) * 3:
        return True
    firm = [leaf for leaf in leaves if leaf in {"维持", "纠正", "审结"}]
    wrapped = joined.find("其他") < joined.find("维持") and not any(
        "维持" in head and "其他" in head for head in heads
    )
    together = any(
        all(re.search(leaf, head) for leaf in ("其他", "尚未|审结", "总|计")) for head in heads
    )
    side_by_side = all(_in_turn(head) for head in heads)
    return wrapped and together and side_by_side and firm == ["维持", "纠正", "审结"] * 3


def _in_turn(head: str) -> bool:
    """Tell whether pieces of leaf heads on a line run in the form's order, group by group."""
    found = [n for letter in head for n, letters in enumerate(_PIECES) if letter in letters]
    runs = [n for n, before in zip(found, [None, *found], strict=False) if n != before]
    return runs == sorted(set(runs)) * 3 or len(runs) < 2


def _fifteen(lines: Sequence[Line], wanted: int) -> list[tuple[str, Line]]:
    """Return the figures that stand on one line or go on over several; empty when unsure.

    A number alone on its line may be a page number that stands in for a blank cell.
    """
    found: list[tuple[str, Line]] = []
    for line in lines[:wanted]:
        if len(found) == wanted:
            break
        if line.text or not line.figures or line.may_be_page_number or torn_line(line):
            return []
        if on_paper(line) and len(line.figures) != wanted:
            return []
        found.extend((figure, line) for figure in line.figures)
    return found if len(found) == wanted else []


def _goes_on_below(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the other halves of figures broken in narrow cells stand on the next line."""
    if not on_paper(lines[number]) or number + 1 == len(lines):
        return False
    below = lines[number + 1]
    return bool(below.figures) and not below.text and not numbers_page(lines, number + 1)


def _head_start(lines: Sequence[Line], number: int) -> int | None:
    """Return the line that begins the head of table four above a row of figures."""
    for start in range(number - 1, max(-1, number - 60), -1):
        if plain(lines[start].text).startswith("行政复议") and "情况" not in lines[start].text:
            return start
        if lines[start].figures and lines[start].text:
            return None
    return None
