"""The text of a cell becomes a figure, a blank, a dash or a note; nothing is lost or guessed."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from pipeline.report import CellReading

_DASHES = frozenset({"/", "\\", "-", "--", "---", "—", "——", "–", "−", "－", "_", "―", "――", "|"})
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LEADING = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(\D.*)", re.DOTALL)
_FIGURE_WITH_REMARK = re.compile(
    r"[+-]?[\d,]+(?:\.\d+)?(?:(?:万元|亿元|元|件|项|条|个|次|人|份|宗|起)?(?:[(（].*)?)", re.DOTALL
)
_MINUS = str.maketrans({"−": "-", "﹣": "-", "－": "-", "–": "-", "﹢": "+"})


def _figure(text: str) -> int | Decimal:
    digits = text.replace(",", "").lstrip("+")
    return Decimal(digits) if "." in digits else int(digits)


def read_cell(text: str, place: str) -> CellReading:
    """Read the text of one value cell.

    Args:
        text: as the reader gave it, line breaks kept.
        place: where the cell stands.

    Returns:
        A reading with state value, blank, dash or note; unread when the cell holds several
        figures, so that choosing one would be a guess.

    """
    raw = re.sub(r"\s+", " ", text).strip()
    folded = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().translate(_MINUS)
    if not folded:
        return CellReading(raw="", value=None, state="blank", place=place)
    if "\ufffd" in folded:
        return CellReading(raw, None, "unread", "有字符没有 Unicode 对照，无法确定数字", place)
    if folded.replace(" ", "") in _DASHES:
        return CellReading(raw=raw, value=None, state="dash", place=place)
    if _PLAIN.fullmatch(folded) or _GROUPED.fullmatch(folded):
        return CellReading(raw=raw, value=_figure(folded), state="value", place=place)
    lines = [line.strip() for line in unicodedata.normalize("NFKC", text).split("\n")]
    if len(lines) > 1 and all(re.fullmatch(r"[\d.,]+", line) for line in lines if line):
        joined = "".join(lines)
        if _PLAIN.fullmatch(joined) or _GROUPED.fullmatch(joined):
            # A narrow column breaks a long figure over lines.
            return CellReading(raw, _figure(joined), "value", "数字在格内分行排印", place)
    if re.fullmatch(r"[+-]?[\d.,]+(?: [+-]?[\d.,]+)+", folded):
        return CellReading(raw, None, "unread", "一格内有多个数字，无法确定取哪一个", place)
    leading = _LEADING.fullmatch(folded)
    if leading:
        return CellReading(raw, _figure(leading[1]), "note", leading[2].strip(), place)
    return CellReading(raw=raw, value=None, state="note", note=folded, place=place)


def looks_like_figure(text: str) -> bool:
    """Tell whether a cell holds what a value cell holds: a figure, perhaps with a remark.

    A label that begins with its number ("5要求…", "1.属于国家秘密") is none.
    """
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).translate(_MINUS)
    if not folded:
        return False
    return folded in _DASHES or _FIGURE_WITH_REMARK.fullmatch(folded) is not None
