"""The text of a cell becomes a figure, a blank, a dash or a note; nothing is lost or guessed."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from pipeline.recognise.memory import remembered
from pipeline.report import CellReading

_DASH = re.compile(r"[-/\\_|\u2010-\u2015\u2500\u2501\ufe58]{1,8}")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SIGN_APART = re.compile(r"[+-] \d+(?:\.\d+)?")
_DIGIT = re.compile(r"\d")
_LEADING = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(\D.*)", re.DOTALL)
_UNIT = r"(?:万元|亿元|元|[件人户批]次|[件项条个次人份宗起例篇户名位批家])"
_BEHIND = r"(?:[(（\[].*|\*{1,3}|注\d{0,2})"
_FIGURE_WITH_REMARK = re.compile(rf"[+-]?[\d,]+(?:\.\d+)?{_UNIT}?{_BEHIND}?", re.DOTALL)
# What no figure begins with, folded or not: a bracket, and behind digits or none a Hanzi that is
# none of a unit or a mark.
_HANZI = r"[\u4e00-\u9fff]"
_WORDS = re.compile(rf"[（(]|[0-9]*(?![{''.join(re.findall(_HANZI, _UNIT + _BEHIND))}]){_HANZI}")
_REMARK = re.compile(rf"{_UNIT}?\s*(?:[(\[*注].*)?", re.DOTALL)
# NFKC would make 15432 of 1543², and 15431 of 1543①.
_MARKS = re.compile(r"[\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089\u2460-\u2473]+")
_MINUS = str.maketrans({"−": "-", "﹣": "-", "－": "-", "–": "-", "﹢": "+"})


def fold(text: str) -> str:
    """Return text NFKC-folded, with raised and circled digits in brackets: marks, not digits."""
    marked = _MARKS.sub(lambda mark: f"({unicodedata.normalize('NFKC', mark[0])})", text)
    return unicodedata.normalize("NFKC", marked).translate(_MINUS)


def _is_dash(folded: str) -> bool:
    """Tell whether a cell holds strokes only."""
    return _DASH.fullmatch(folded.replace(" ", "")) is not None


def _figure(text: str) -> int | Decimal:
    digits = text.replace(",", "").lstrip("+")
    return Decimal(digits) if "." in digits else int(digits)


def read_cell(text: str, place: str, doubt: str = "") -> CellReading:
    """Read the text of one value cell.

    Args:
        text: as the reader gave it, line breaks kept.
        place: where the cell stands.
        doubt: why the reader does not trust the text; empty when it does.

    Returns:
        A reading with state value, blank, dash or note; unread when the cell holds several
        figures, so that choosing one would be a guess.

    """
    raw = " ".join(text.split())
    if doubt:
        return CellReading(raw, None, "unread", doubt, place)
    if raw.isascii() and raw.isdigit():
        return CellReading(raw=raw, value=int(raw), state="value", place=place)
    folded = " ".join(fold(text).split())
    if not folded:
        return CellReading(raw="", value=None, state="blank", place=place)
    if "\ufffd" in folded:
        return CellReading(raw, None, "unread", "有字符没有 Unicode 对照，无法确定数字", place)
    if _is_dash(folded):
        return CellReading(raw=raw, value=None, state="dash", place=place)
    if _PLAIN.fullmatch(folded) or _GROUPED.fullmatch(folded):
        return CellReading(raw=raw, value=_figure(folded), state="value", place=place)
    if place.startswith(("page=", "line=")) and folded.count("(") > folded.count(")"):
        return CellReading(raw, None, "unread", "附注没有印完，可能被分页或换行切断", place)
    return _read_composed(text, raw, folded, place)


def _read_composed(text: str, raw: str, folded: str, place: str) -> CellReading:
    """Read a cell that holds more than one plain figure."""
    if _SIGN_APART.fullmatch(folded):
        figure = folded.replace(" ", "")
        return CellReading(raw=raw, value=_figure(figure), state="value", place=place)
    broken = _broken_figure(text)
    if broken and not place.startswith("page="):
        # Only a printed page breaks a figure by itself; in markup somebody wrote two lines.
        return CellReading(raw, None, "unread", "一格内有多个数字，无法确定取哪一个", place)
    if broken:
        if _PLAIN.fullmatch(broken) or _GROUPED.fullmatch(broken):
            return CellReading(raw, _figure(broken), "value", "数字在格内分行排印", place)
        remark = _LEADING.fullmatch(broken)
        if remark and _REMARK.fullmatch(remark[2]):
            return CellReading(raw, _figure(remark[1]), "note", remark[2].strip(), place)
    if re.fullmatch(r"[+-]?[\d.,]+(?: [+-]?[\d.,]+)+", folded):
        return CellReading(raw, None, "unread", "一格内有多个数字，无法确定取哪一个", place)
    leading = _LEADING.fullmatch(folded)
    if leading and _REMARK.fullmatch(leading[2]):
        return CellReading(raw, _figure(leading[1]), "note", leading[2].strip(), place)
    if leading:
        return CellReading(raw, None, "unread", "数字后面的文字无法理解，不知道数值是多少", place)
    if _DIGIT.search(folded):
        return CellReading(raw, None, "unread", "文字中间有数字，不知道是不是该格的数值", place)
    return CellReading(raw=raw, value=None, state="note", note=folded, place=place)


def _broken_figure(text: str) -> str:
    """Return a figure that a narrow column breaks over lines, with its remark; empty if whole."""
    lines = [line.strip() for line in fold(text).split("\n")]
    lines = [line for line in lines if line]
    if len(lines) < 2 or not re.fullmatch(r"[+-]?[\d.,]*", lines[0]):
        return ""
    return "".join(lines) if re.match(r"[\d.,]", lines[1]) else ""


def looks_like_figure(text: str) -> bool:
    """Tell whether a cell holds what a value cell holds: a figure, perhaps with a remark.

    A label that begins with its number ("5要求…", "1.属于国家秘密") is none.
    """
    if text.isascii() and text.isdigit():
        return True
    return _WORDS.match(text) is None and _is_figure(text)


@remembered(20_000)
def _is_figure(text: str) -> bool:
    folded = "".join(fold(text).split())
    if not folded:
        return False
    return _is_dash(folded) or _FIGURE_WITH_REMARK.fullmatch(folded) is not None
