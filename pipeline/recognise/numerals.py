"""Chinese numerals: 两, 十二, 一百零五, 三千余 as numbers."""

from __future__ import annotations

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_GROUPS = {"万": 10_000, "亿": 100_000_000}
NUMERAL_CHARACTERS = "".join((*_DIGITS, *_SCALES, *_GROUPS))


def chinese_value(text: str) -> int | None:
    """Return the number that a Chinese numeral names, None when it is no well-formed one.

    Args:
        text: characters of ``NUMERAL_CHARACTERS`` only, e.g. 两, 十二, 一百零五, 三千五百, 两万.

    """
    total = group = 0
    digit: int | None = None
    last_scale = 10_000
    for character in text:
        if character in _DIGITS:
            if digit not in {None, 0}:
                return None
            digit = _DIGITS[character]
        elif character in _SCALES:
            scale = _SCALES[character]
            # 百余 and 百分之百 name a hundred without a digit; 十 is one ten.
            if scale >= last_scale or (digit is None and scale != 10 and group):
                return None
            group += (1 if digit is None else digit) * scale
            last_scale, digit = scale, None
        elif character in _GROUPS:
            total = (total + group + (digit or 0)) * _GROUPS[character]
            group, digit, last_scale = 0, None, 10_000
        else:
            return None
    return total + group + (digit or 0) if text else None
