"""HTML text: lines of words as a browser would show them, each with the block it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from pipeline.read.html_style import look_of
from pipeline.read.tree import LEVEL, RAISED, children_of, fold, notes_apart

STRUCK = frozenset({"del", "s", "strike"})
"""What the author took back."""
DROPPED = STRUCK | frozenset(
    {"script", "style", "link", "meta", "title", "template", "noscript", "nav", "select"}
    | {"textarea", "button", "iframe", "object", "svg", "video", "audio", "canvas", "map"}
    | {"input", "datalist"}
)
CHROME = frozenset({"header", "footer", "aside"})
_BLOCKS = frozenset(
    {"html", "body", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt"}
    | {"dd", "section", "article", "main", "blockquote", "pre", "hr", "center", "form", "legend"}
    | {"fieldset", "address", "figure", "figcaption", "header", "footer", "aside", "details"}
    | {"summary", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"}
)
LINE_BREAKS = ("br", *sorted(_BLOCKS))
_ALONE = frozenset({"br", "img"})  # the parser takes a wbr for one that holds what follows
_RAISING = frozenset({"sup", "sub"})
_NEVER_SIMPLE = DROPPED | {"pre"}
# What has words of its own beside a table's cells, or none, or others than it holds.
_CHANGING = (*sorted(_NEVER_SIMPLE | _RAISING), "table")


def hidden(element: etree._Element) -> bool:
    """Tell whether an element itself is marked as having no place on the page."""
    return look_of(element.get("style")).gone or element.get("hidden") is not None


def changes_words(table: etree._Element) -> bool:
    """Tell whether a table holds words that are struck out or raised, or a table of its own."""
    return next(table.iterdescendants(*_CHANGING), None) is not None


def words(cell: etree._Element) -> str:
    """Return the words of a cell, its lines joined by line breaks.

    Most cells hold one piece of text in a chain of formatting elements: no line can end in it,
    so the walk is spared.
    """
    only = cell.text or ""
    for element in cell.iterdescendants(etree.Element):
        piece = element.text
        if element.tag in _NEVER_SIMPLE:
            break
        # What has neither words nor children can't hide any; editors leave many of these.
        if piece or len(element):
            style = element.get("style")
            if (style is not None and look_of(style).gone) or element.get("hidden") is not None:
                break
        if piece and not piece.isspace():
            if only and not only.isspace():
                break
            only = piece
        piece = element.tail
        if piece and not piece.isspace():
            if only and not only.isspace():
                break
            only = piece
    else:
        return fold(only)
    return "\n".join(text for text, _ in lines(cell))


def lines(
    scope: etree._Element,
    *,
    dropped: frozenset[str] = DROPPED,
    apart: Callable[[etree._Element], bool] | None = None,
) -> Iterator[tuple[str, etree._Element]]:
    """Yield the lines of an element in reading order.

    The walk keeps its own stack: pages nest deeper than Python may recurse.

    Args:
        scope: element whose content is read.
        dropped: tags that are left out with all they hold.
        apart: asked for each table; when it says yes the table is yielded as ("", table) and
            not entered. Without it tables are read as lines.

    Yields:
        The words of a line, folded and never empty, with the innermost block around them; or an
        empty string with a table.

    """
    buffer: list[str] = [scope.text] if scope.text else []
    owners = [scope]
    preformatted = 0
    stack = [(scope, iter(children_of(scope)), "")]
    while stack:
        element, children, raised = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if element is owners[-1]:
                yield from _line(buffer, element)
                owners.pop()
                preformatted -= element.tag == "pre"
            elif raised:
                buffer.append(LEVEL)
            left = element if stack else None
        elif (mark := _opening(child, dropped)) is None:
            if child.tag == "br":
                yield from _line(buffer, owners[-1])
            elif child.tag == "input":
                buffer.append(_typed(child))
            left = child
        elif child.tag == "table" and apart is not None and apart(child):
            yield from _line(buffer, owners[-1])
            yield "", child
            left = child
        else:
            left = None
            if child.tag in _BLOCKS:
                yield from _line(buffer, owners[-1])
                owners.append(child)
                preformatted += child.tag == "pre"
            buffer.append(mark)
            if child.text:
                yield from _add(buffer, child.text, owners[-1], preformatted)
            stack.append((child, iter(children_of(child)), mark))
        if left is not None and left.tail:
            yield from _add(buffer, left.tail, owners[-1], preformatted)


def _opening(element: etree._Element, dropped: frozenset[str]) -> str | None:
    """Return what an element puts before its words: RAISED or nothing; None if it is not entered.

    Words that stand above or below their line are marks of notes.
    """
    tag = element.tag
    look = look_of(element.get("style"))
    if tag in _ALONE or tag in dropped or look.gone or element.get("hidden") is not None:
        return None
    return RAISED if tag in _RAISING or (look.raised and tag not in _BLOCKS) else ""


def _typed(field: etree._Element) -> str:
    """Return what a text field shows; some systems print the figures of a form in fields."""
    kind = (field.get("type") or "text").lower()
    return field.get("value") or "" if kind in {"text", "number"} and not hidden(field) else ""


def _add(
    buffer: list[str], text: str, owner: etree._Element, preformatted: int
) -> Iterator[tuple[str, etree._Element]]:
    if preformatted and "\n" in text:
        *full, text = text.split("\n")
        for line in full:
            buffer.append(line)
            yield from _line(buffer, owner)
    buffer.append(text)


def _line(buffer: list[str], owner: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    if buffer:
        text = fold(notes_apart("".join(buffer)))
        buffer.clear()
        if text:
            yield text, owner
