"""Visibility: what the readers of markup share to leave out what a reader does not see."""

from __future__ import annotations

import re

from pipeline.finding import Finding

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)
_NAMES: dict[str, Color] = {"white": WHITE, "black": (0, 0, 0), "snow": (255, 250, 250)}
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?![0-9a-z])")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)")
_ALIKE = 8  # steps of 256 that no eye tells apart
# A figure as a cell may print it, with its sign, separators, brackets and unit, and no other words.
_FIGURE = re.compile(r"[\s\d.,，．+＋\-－—/（）()件条项元万次宗个份%％]*")
_DIGIT = re.compile(r"\d")
_SHOWN = 5

UNSURE = "数字的颜色或样式可能使其看不见，不知道是不是发布的数值"
"""Why a cell is unread whose figure may or may not be seen."""


def color_of(written: str) -> Color | None:
    """Return a colour as CSS and office programs write it; None where it is not understood."""
    name = written.strip().lower()
    if name in _NAMES:
        return _NAMES[name]
    found = _RGB.match(name)
    if found:
        return int(found[1]), int(found[2]), int(found[3])
    digits = _HEX.match(name)
    if digits is None:
        return None
    code = digits[1]
    pairs = [2 * sign for sign in code[:3]] if len(code) < 6 else [code[:2], code[2:4], code[4:6]]
    red, green, blue = (int(pair, 16) for pair in pairs)
    return red, green, blue


def alike(one: Color, other: Color) -> bool:
    """Tell whether nobody can tell two colours apart."""
    return all(abs(first - second) <= _ALIKE for first, second in zip(one, other, strict=True))


def is_figure(text: str) -> bool:
    """Tell whether words are a figure and nothing else, so that they could be taken for a value."""
    return _DIGIT.search(text) is not None and _FIGURE.fullmatch(text) is not None


def say_hidden(form: str, dropped: list[tuple[str, str]]) -> list[Finding]:
    """Return the finding that names what was left out.

    Args:
        form: name of the format in the finding's id.
        dropped: the words and where they stand.

    """
    if not dropped:
        return []
    quote = "；".join(text for text, _ in dropped[:_SHOWN])
    message = f"有{len(dropped)}处带数字的文字看不见或已被划去，未读取：{quote}"
    message += "。" if len(dropped) <= _SHOWN else "等。"
    return [Finding(f"W-{form}-HIDDEN", "warning", message, quote, dropped[0][1])]
