"""Text that a Word file holds but does not show, or shows struck out: no figure is read from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from pipeline.read.docx_names import WORD, child, local, switched_on, value
from pipeline.read.visible import WHITE, Color, alike, color_of

_COLORS = re.compile(rb'<w:color [^>]*?w:val="([0-9A-Fa-f]{6})"')
_FILLS = re.compile(rb'w:fill="([0-9A-Fa-f]{6})"')
_THEME_WHITE = re.compile(rb'w:themeColor="(?:background1|light1)"')
_TINY_SIZE = re.compile(rb'<w:sz w:val="[12]"')
_MARKS = (b"vanish", b"strike")
_TOGGLES = ("vanish", "strike", "dstrike")
_TINY = 2  # half points: what is no larger is not seen
_STYLES = f"{{{WORD}}}style"

Sight = Literal["shown", "gone", "pale", "unsure"]


def hiding_runs(part: bytes) -> bool:
    """Tell whether colour or size may hide words of a part."""
    return pale_colors(part) or _TINY_SIZE.search(part) is not None


def pale_colors(part: bytes) -> bool:
    """Tell whether words of a part may have the colour of what lies behind them."""
    if b"<w:color " not in part:
        return False
    if _THEME_WHITE.search(part):
        return True
    colors = {color_of(code.decode()) for code in set(_COLORS.findall(part))}
    grounds = [WHITE, *(color_of(code.decode()) for code in set(_FILLS.findall(part)))]
    return any(color and ground and alike(color, ground) for color in colors for ground in grounds)


def hiding_styles(styles: bytes) -> bool:
    """Tell whether a style for paragraphs or characters may hide its words, or strike them out."""
    if not any(mark in styles for mark in _MARKS) and not pale_colors(styles):
        return False
    _, *pieces = styles.split(b"<w:style ")
    return any(
        any(mark in piece for mark in _MARKS) or pale_colors(piece)
        for piece in pieces
        if b'w:type="table"' not in piece[:200]
    )


@dataclass(slots=True)
class Properties:
    """What a run says of its sight; None where it says nothing.

    Args:
        gone: it is hidden or struck out; by the name of the property.
        color: colour of its words.
        fill: colour behind them.

    """

    gone: dict[str, bool] = field(default_factory=dict)
    color: Color | None = None
    fill: Color | None = None

    def under(self, other: Properties) -> Properties:
        """Return what holds where another's properties go before these."""
        color, fill = other.color or self.color, other.fill or self.fill
        return Properties({**self.gone, **other.gone}, color, fill)


class Sights:
    """Tells which runs of a document are seen.

    Args:
        styles: root of ``styles.xml``; None where no style can hide anything.
        colored: whether colours can hide anything.

    """

    def __init__(self, styles: etree._Element | None, *, colored: bool) -> None:
        """Note what the styles say."""
        self._colored = colored
        self._styles: dict[str, tuple[str, Properties]] = {}
        self._shaded: set[str] = set()
        for style in styles.iter(_STYLES) if styles is not None else ():
            name = value(style, "styleId")
            base = child(style, "basedOn")
            self._styles[name] = ("" if base is None else value(base), _said(child(style, "rPr")))
            if any(_fill(shading) for shading in style.iter(f"{{{WORD}}}shd")):
                self._shaded.add(name)

    def of(self, run: etree._Element) -> Sight:
        """Tell whether the words of a run are seen, have the colour behind them, or may have."""
        own = child(run, "rPr")
        paragraph = next(run.iterancestors(f"{{{WORD}}}p"), None)
        said = self._named(None if paragraph is None else child(paragraph, "pPr"), "pStyle")
        said = said.under(self._named(own, "rStyle")).under(_said(own))
        if any(said.gone.values()):
            return "gone"
        if said.color is None or not self._colored:
            return "shown"
        if said.fill:
            return "pale" if alike(said.color, said.fill) else "shown"
        return self._against(said.color, run)

    def _named(self, properties: etree._Element | None, kind: str) -> Properties:
        style = None if properties is None else child(properties, kind)
        chain: list[Properties] = []
        name = "" if style is None else value(style)
        while name in self._styles and len(chain) < len(self._styles):
            name, said = self._styles[name]
            chain.append(said)
        found = Properties()
        for said in reversed(chain):
            found = found.under(said)
        return found

    def _against(self, color: Color, run: etree._Element) -> Sight:
        """Compare the colour of a run with what its paragraph, cell and tables put behind it."""
        for outer in run.iterancestors():
            name = local(outer)
            if name == "txbxContent":
                return "unsure" if alike(color, WHITE) else "shown"
            properties = child(outer, {"p": "pPr", "tc": "tcPr", "tbl": "tblPr"}.get(name, "-"))
            if properties is None:
                continue
            shading = child(properties, "shd")
            fill = None if shading is None else _fill(shading)
            if fill:
                return "pale" if alike(color, fill) else "shown"
            style = child(properties, "tblStyle")
            if style is not None and self._is_shaded(value(style)):
                return "unsure"
        if not alike(color, WHITE):
            return "shown"
        page = run.getroottree().getroot().find(f"{{{WORD}}}background")
        return "pale" if page is None else "unsure"

    def _is_shaded(self, name: str) -> bool:
        """Tell whether a table's style may put a colour behind its cells."""
        return not self._styles or name in self._shaded


def _said(properties: etree._Element | None) -> Properties:
    said = Properties()
    if properties is None:
        return said
    for name in _TOGGLES:
        mark = child(properties, name)
        if mark is not None:
            said.gone[name] = switched_on(mark)
    size = child(properties, "sz")
    if size is not None and value(size).isdecimal():
        said.gone["sz"] = int(value(size)) <= _TINY
    color = child(properties, "color")
    if color is not None:
        said.color = color_of(value(color))
        theme = value(color, "themeColor")
        shaded = value(color, "themeShade") or value(color, "themeTint")
        if said.color is None and theme in {"background1", "light1"} and not shaded:
            said.color = WHITE
    shading = child(properties, "shd")
    highlight = child(properties, "highlight")
    if shading is not None:
        said.fill = _fill(shading)
    if highlight is not None and value(highlight) != "none":
        # Only of white and black is the exact colour asked; another one shows white words.
        said.fill = color_of(value(highlight)) or (128, 128, 128)
    return said


def _fill(shading: etree._Element) -> Color | None:
    """Return the colour of a shading; None where it has none of its own."""
    if value(shading) == "solid":
        return color_of(value(shading, "color")) or (0, 0, 0)
    return color_of(value(shading, "fill"))
