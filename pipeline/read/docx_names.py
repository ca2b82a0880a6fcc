"""DOCX names: elements of WordprocessingML by local name, in both of its namespaces."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PREFIX = f"{{{WORD}}}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def transitional(part: bytes) -> bytes:
    """Return a part with the strict namespace of Word replaced by the usual one."""
    return part.replace(_STRICT, WORD.encode()) if _STRICT in part else part


@lru_cache(maxsize=2000)
def short_name(tag: str) -> str:
    """Return the local name of a Word element, ``mc:`` and the name for markup compatibility.

    Elements of other namespaces (drawings, VML) give ``-`` and the name, so that none of them
    is taken for a Word element.
    """
    space, _, name = tag.rpartition("}")
    space = space.removeprefix("{")
    if space == WORD:
        return name
    return f"mc:{name}" if space == _COMPATIBILITY else f"-{name}"


def local(element: etree._Element) -> str:
    """Return the short name of an element."""
    return short_name(element.tag)


@lru_cache(maxsize=2000)
def step_name(tag: str) -> str:
    """Return the node test of an element in a place: ``w:p``, or ``*`` outside of Word's names."""
    name = short_name(tag)
    return f"w:{name}" if tag.startswith(_PREFIX) else "*"


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child with a Word name, None when there is none."""
    tag = _PREFIX + name
    for inner in element:  # properties come first; asking for a tag costs more than looking
        if inner.tag == tag:
            return inner
    return None


def value(element: etree._Element, name: str = "val") -> str:
    """Return an attribute in Word's namespace, empty when it is not set."""
    return element.get(_PREFIX + name) or ""


def switched_on(element: etree._Element | None) -> bool:
    """Tell whether an on/off property is there and not switched off."""
    return element is not None and value(element).lower() not in {"0", "false", "off"}
