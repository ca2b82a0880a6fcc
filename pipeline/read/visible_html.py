"""Text that a page holds but does not show, or shows struck out: no figure is read from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import cast

from lxml import etree

from pipeline.finding import Finding
from pipeline.read.document import path_place
from pipeline.read.html_style import Look, look_of
from pipeline.read.html_text import STRUCK, lines
from pipeline.read.tree import Paths, fold
from pipeline.read.visible import UNSURE, WHITE, Color, alike, color_of, is_figure, say_hidden

_STYLES = etree.XPath("descendant-or-self::*/@style", smart_strings=False)
_COLORS = etree.XPath("descendant::font/@color", smart_strings=False)
_GROUNDS = etree.XPath("(descendant-or-self::*|ancestor::*)/@bgcolor", smart_strings=False)
_HIDING = etree.XPath("boolean(descendant-or-self::*/@hidden)")
_TOLD = etree.XPath(
    "descendant-or-self::*[@style or @color or @hidden or self::s or self::strike or self::del]"
)
_CLASSED = etree.XPath("descendant::*[@class]")
_QUOTED = 60  # characters of a piece that is named even if it holds words beside its figure
_SHEET_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|line-through|font-size\s*:\s*0"
)
_LAST_CLASS = re.compile(r"\.([\w-]+)\s*\Z")

_Element = etree._Element  # noqa: SLF001  lxml gives its element type no public name
_Piece = tuple[_Element, bool]  # an element's words, or those behind it


@dataclass(slots=True)
class Unseen:
    """What is not seen in an article.

    Args:
        findings: what was dropped, where it holds a figure.
        doubts: places of cells whose figures may not be seen, each with a Chinese clause that
            says why.
        styled: whether anything has no place on the page, or stands above or below its line.

    """

    findings: list[Finding] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    styled: bool = False


def _look_of(element: etree._Element) -> Look:
    look = look_of(element.get("style"))
    named = element.get("color")
    return look._replace(color=color_of(named)) if named and look.color is None else look


def drop_unseen(scope: etree._Element, paths: Paths) -> Unseen:
    """Take from an article the words that nobody sees, or that are struck out.

    What has no place on the page (``display:none``) stays in the tree: the reading leaves it out.
    A cell whose words are not seen keeps its place in its row.

    Args:
        scope: element that holds the report; unseen words are taken from it.
        paths: gives the places.

    """
    looks = {look_of(style) for style in set(cast("list[str]", _STYLES(scope)))}
    hiding = bool(_HIDING(scope))
    unseen = Unseen(styled=hiding or any(look.gone or look.raised for look in looks))
    pale = _pale(scope, looks)
    classes = _hiding_classes(scope)
    struck = next(scope.iterdescendants(*STRUCK), None) is not None
    dropped: list[tuple[str, etree._Element]] = []
    doubted: set[etree._Element] = set()
    marked = any(look.unseen or look.struck or look.gone for look in looks)
    if pale or hiding or struck or marked:
        for element in cast("list[_Element]", _TOLD(scope)):
            _judge(element, pale, dropped, doubted)
    for element in cast("list[_Element]", _CLASSED(scope)) if classes else []:
        if not classes.isdisjoint((element.get("class") or "").split()):
            cell = _cell_of(element)
            if cell is not None and is_figure(_words(element)):
                doubted.add(cell)
    if doubted:
        unseen.doubts = {path_place(paths.of(cell)): UNSURE for cell in doubted}
    if dropped:
        named = [(text, path_place(paths.of(owner))) for text, owner in dropped]
        unseen.findings = say_hidden("HTML", named)
    return unseen


def _pale(scope: etree._Element, looks: set[Look]) -> set[Color]:
    """Return the colours of words that could be those of what lies behind them."""
    colors = {look.color for look in looks if look.color}
    if next(scope.iterdescendants("font"), None) is not None:
        named = map(color_of, set(cast("list[str]", _COLORS(scope))))
        colors.update(color for color in named if color)
    if not colors:
        return colors
    grounds = [WHITE, *(look.ground for look in looks if look.ground)]
    grounds += filter(None, map(color_of, cast("list[str]", _GROUNDS(scope))))
    return {color for color in colors if any(alike(color, ground) for ground in grounds)}


def _judge(
    element: etree._Element,
    pale: set[Color],
    dropped: list[tuple[str, etree._Element]],
    doubted: set[etree._Element],
) -> None:
    """Drop the words of an element that are not seen, and note them; or doubt their cell."""
    look = _look_of(element)
    cell = _cell_of(element)
    if look.gone or element.get("hidden") is not None or element.tag in STRUCK:
        text = _words(element)
        if _telling(text, cell):
            dropped.append((text, element))
        return
    if look.unseen or look.struck:
        # Within what is struck out nothing is valid, whatever its size.
        text = _take(list(_pieces(element, attrgetter("struck" if look.struck else "shown"))))
        if _telling(text, cell):
            dropped.append((text, element))
        return
    color = look.color
    if color is None or color not in pale:
        return
    unseen, unsure = [], False
    for piece in _pieces(element, attrgetter("color")):
        owner, is_tail = piece
        if not is_figure((owner.tail if is_tail else owner.text) or ""):
            continue
        parent = owner.getparent() if is_tail else owner
        ground, known = _ground(element if parent is None else parent)
        if known and ground is not None and alike(color, ground):
            unseen.append(piece)
        elif not known:
            unsure = True
    if unsure and cell is not None:
        doubted.add(cell)
    elif text := _take(unseen):
        dropped.append((text, element))


def _telling(text: str, cell: etree._Element | None) -> bool:
    """Tell whether words that are dropped are to be named: they hold a figure of the report."""
    if cell is None or len(text) > _QUOTED:
        return is_figure(text)
    return any(sign.isdecimal() for sign in text)


def _pieces(element: etree._Element, undone: Callable[[Look], object]) -> Iterator[_Piece]:
    """Yield the texts of an element, but not of those inner ones that undo what it says."""
    if element.text:
        yield element, False
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if inner is element:
            continue
        if event == "end":
            if inner.tail:
                yield inner, True
        elif undone(_look_of(inner)):
            walk.skip_subtree()
        elif inner.text:
            yield inner, False


def _take(pieces: list[_Piece]) -> str:
    """Take texts out of the tree and return them."""
    taken = []
    for owner, is_tail in pieces:
        taken.append((owner.tail if is_tail else owner.text) or "")
        if is_tail:
            owner.tail = " "
        else:
            owner.text = " "
    return fold("".join(taken))


def _words(element: etree._Element) -> str:
    return " ".join(text for text, _ in lines(element))


def _cell_of(element: etree._Element) -> etree._Element | None:
    """Return the cell that an element is or stands in."""
    if element.tag in {"td", "th"}:
        return element
    return next(element.iterancestors("td", "th"), None)


def _ground(element: etree._Element) -> tuple[Color | None, bool]:
    """Return the colour behind the words of an element, and whether it is known.

    Where nothing is said, it is white; a class may say otherwise where it can't be seen from here.
    """
    classed = inside = False
    for outer in (element, *element.iterancestors()):
        look = look_of(outer.get("style"))
        written = outer.get("bgcolor")
        ground = look.ground or (color_of(written) if written else None)
        if ground is not None:
            return ground, True
        if look.dim or written or outer.get("background"):
            return None, False
        if not inside:
            names = (outer.get("class") or "").split()
            classed |= outer.tag in {"th", "thead"} or bool(outer.get("id"))
            classed |= any(not name.startswith("Mso") for name in names)
        inside |= outer.tag == "table"
    return WHITE, not classed


def _hiding_classes(scope: etree._Element) -> set[str]:
    """Return the classes that a style sheet in the page hides, or may hide."""
    classes = set()
    for sheet in scope.getroottree().iter("style"):
        text = sheet.text or ""
        for hides in _SHEET_HIDES.finditer(text):
            opened = text.rfind("{", 0, hides.start())
            begins = max(text.rfind("}", 0, max(opened, 0)), text.rfind("{", 0, max(opened, 0)))
            found = map(_LAST_CLASS.search, text[begins + 1 : max(opened, 0)].split(","))
            classes |= {match[1] for match in found if match}
    return classes
