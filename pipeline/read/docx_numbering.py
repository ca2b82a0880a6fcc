"""DOCX numbering: the numerals that Word prints before a paragraph but does not store in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from pipeline.read.docx_names import child, local, value

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_CHINESE = frozenset(
    {
        "chineseCounting",
        "chineseCountingThousand",
        "japaneseCounting",
        "taiwaneseCounting",
        "taiwaneseCountingThousand",
        "ideographDigital",
        "chineseLegalSimplified",
    }
)
_CIRCLED = frozenset({"decimalEnclosedCircle", "decimalEnclosedCircleChinese"})
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_HEAVENLY = "甲乙丙丁戊己庚辛壬癸"
_LEVEL = re.compile(r"%([1-9])")


@dataclass(slots=True)
class _Level:
    start: int
    form: str
    text: str


@dataclass(slots=True)
class Numbering:
    """The lists of a document and how far each has counted.

    Args:
        levels: levels of each list definition, by its id.
        lists: (definition, overridden levels) of each list, by its id.
        styles: (list, level) of each paragraph style, by its id.

    """

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    lists: dict[str, tuple[str, dict[int, _Level]]] = field(default_factory=dict)
    styles: dict[str, tuple[str, int]] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _restarted: set[tuple[str, int]] = field(default_factory=set)

    def label(self, paragraph: etree._Element) -> str:
        """Count a paragraph and return the numeral printed before it, empty when none.

        Args:
            paragraph: its w:p.

        Source: ECMA-376 part 1, 17.9 numbering.

        """
        properties = child(paragraph, "pPr")
        if properties is None:
            return ""
        number, level = self._list_of(properties)
        if number not in self.lists:
            return ""
        definition, overrides = self.lists[number]
        levels = {**self.levels.get(definition, {}), **overrides}
        if level not in levels:
            return ""
        counts = self._counts.setdefault(definition, {})
        if level in overrides and (number, level) not in self._restarted:
            self._restarted.add((number, level))
            counts.pop(level, None)
        counts[level] = counts.get(level, levels[level].start - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]

        def numeral(match: re.Match[str]) -> str:
            other = int(match[1]) - 1
            if other not in levels:
                return ""
            return format_number(counts.get(other, levels[other].start), levels[other].form)

        if levels[level].form in {"bullet", "none"}:
            return ""
        return _LEVEL.sub(numeral, levels[level].text)

    def _list_of(self, properties: etree._Element) -> tuple[str, int]:
        number, level = "", 0
        style = child(properties, "pStyle")
        if style is not None:
            number, level = self.styles.get(value(style), ("", 0))
        own = child(properties, "numPr")
        if own is not None:
            ident, depth = child(own, "numId"), child(own, "ilvl")
            if ident is not None:
                number, level = value(ident), 0
            if depth is not None:
                level = _integer(value(depth), 0)
        return number, level


def read_numbering(root: etree._Element | None, styles: etree._Element | None) -> Numbering:
    """Return the lists that numbering.xml and styles.xml define.

    Args:
        root: root of numbering.xml, None when the document has none.
        styles: root of styles.xml, None when the document has none.

    """
    numbering = Numbering()
    if root is None:
        return numbering
    for element in root.iterchildren(etree.Element):
        name = local(element)
        if name == "abstractNum":
            ident = value(element, "abstractNumId")
            numbering.levels[ident] = dict(
                _level(level) for level in element.iterchildren(etree.Element) if _is_level(level)
            )
        elif name == "num":
            definition = child(element, "abstractNumId")
            if definition is None:
                continue
            base = numbering.levels.get(value(definition), {})
            numbering.lists[value(element, "numId")] = (
                value(definition),
                _overrides(element, base),
            )
    if styles is not None:
        _read_styles(numbering, styles)
    return numbering


def _overrides(element: etree._Element, base: dict[int, _Level]) -> dict[int, _Level]:
    overrides: dict[int, _Level] = {}
    for override in element.iterchildren(etree.Element):
        if local(override) != "lvlOverride":
            continue
        depth = _integer(value(override, "ilvl"), 0)
        level = child(override, "lvl")
        start = child(override, "startOverride")
        if level is not None:
            overrides[depth] = _level(level)[1]
        if start is not None:
            known = overrides.get(depth) or base.get(depth)
            if known is not None:
                overrides[depth] = _Level(_integer(value(start), 1), known.form, known.text)
    return overrides


def _read_styles(numbering: Numbering, styles: etree._Element) -> None:
    parents: dict[str, str] = {}
    for style in styles.iterchildren(etree.Element):
        if local(style) != "style":
            continue
        ident = value(style, "styleId")
        based = child(style, "basedOn")
        if based is not None:
            parents[ident] = value(based)
        properties = child(style, "pPr")
        listed = child(properties, "numPr") if properties is not None else None
        if listed is not None:
            number, depth = child(listed, "numId"), child(listed, "ilvl")
            if number is not None:
                level = _integer(value(depth), 0) if depth is not None else 0
                numbering.styles[ident] = (value(number), level)
    for ident in parents:
        ancestor, steps = ident, 0
        while ancestor not in numbering.styles and ancestor in parents and steps < 20:
            ancestor, steps = parents[ancestor], steps + 1
        if ancestor in numbering.styles:
            numbering.styles.setdefault(ident, numbering.styles[ancestor])


def _is_level(element: etree._Element) -> bool:
    return local(element) == "lvl"


def _level(element: etree._Element) -> tuple[int, _Level]:
    start, form, text = (child(element, name) for name in ("start", "numFmt", "lvlText"))
    return _integer(value(element, "ilvl"), 0), _Level(
        _integer(value(start), 1) if start is not None else 1,
        value(form) if form is not None else "decimal",
        value(text) if text is not None else "",
    )


def _integer(written: str, fallback: int) -> int:
    return (
        int(written) if written.isascii() and written.isdigit() and len(written) < 7 else fallback
    )


def format_number(number: int, form: str) -> str:
    """Return a list number as Word prints it.

    Args:
        number: 0 or more.
        form: w:numFmt; an unknown one is printed in Arabic digits.

    """
    if form in _CHINESE:
        return chinese_number(number)
    if form in _CIRCLED and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if form == "decimalFullWidth":
        return str(number).translate(_FULL_WIDTH)
    if form == "decimalZero":
        return f"{number:02d}"
    if form in {"lowerLetter", "upperLetter"} and number >= 1:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in {"lowerRoman", "upperRoman"} and 1 <= number < 4000:
        roman = _roman(number)
        return roman if form == "upperRoman" else roman.lower()
    if form == "ideographTraditional" and 1 <= number <= 10:
        return _HEAVENLY[number - 1]
    return str(number)


def chinese_number(number: int) -> str:
    """Return a number below 10,000 in Chinese numerals (十一, 二十, 一百零三)."""
    if not 0 < number < 10_000:
        return "零" if number == 0 else str(number)
    digits = str(number)
    text = ""
    for position, digit in enumerate(digits):
        place = _PLACES[len(digits) - 1 - position]
        text += _DIGITS[int(digit)] + (place if digit != "0" else "")
    text = re.sub("零+", "零", text).removesuffix("零")
    return text.removeprefix("一") if text.startswith("一十") else text


def _roman(number: int) -> str:
    text = ""
    for size, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    ):
        text += sign * (number // size)
        number %= size
    return text
