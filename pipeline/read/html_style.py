"""HTML styles: what the style of an element says of whether and where its words are seen."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.read.visible import Color, color_of

_LONG_STYLE = 500
# What a style has to hold for any of the questions below to have an answer.
_ASKED = re.compile(
    r"display|visibility|line-through|font-size|opacity|indent|left|top|color|background|vertical",
    re.IGNORECASE,
)
_GONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_OFF_LINE = re.compile(r"vertical-align\s*:\s*su(?:per|b)\b", re.IGNORECASE)
_STRUCK = re.compile(r"\bline-through\b", re.IGNORECASE)
_VISIBILITY = re.compile(r"visibility\s*:\s*(\w+)", re.IGNORECASE)
_SIZE = re.compile(r"font-size\s*:\s*([0-9.]+)(?=[\s;%a-z!]|$)", re.IGNORECASE)
_FAR_AWAY = re.compile(
    r"(?<![-\w])(?:opacity\s*:\s*0?(?:\.0+)?(?=[\s;!]|$)|color\s*:\s*transparent"
    r"|(?:text-indent|left|top)\s*:\s*-(?:9\d\d|\d{4,}))",
    re.IGNORECASE,
)
_COLOR = re.compile(r"(?<![-\w])color\s*:\s*([^;!]+)", re.IGNORECASE)
_GROUND = re.compile(r"(?<![-\w])background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_NO_GROUND = re.compile(r"none|transparent|inherit|initial|unset|auto", re.IGNORECASE)


class Look(NamedTuple):
    """What a style says of its element.

    Args:
        unseen: its words are not seen, though they take their place.
        struck: its words are struck out.
        shown: it undoes what an element around it says of size or visibility.
        color: colour of its words; None where it says nothing that is understood.
        ground: colour behind them; None where it says nothing.
        dim: something lies behind them whose colour is not known, as a picture.
        gone: it takes no place at all.
        raised: its words stand above or below their line.

    """

    unseen: bool = False
    struck: bool = False
    shown: bool = False
    color: Color | None = None
    ground: Color | None = None
    dim: bool = False
    gone: bool = False
    raised: bool = False


_PLAIN = Look()


def _read_look(style: str) -> Look:
    if not _ASKED.search(style):
        return _PLAIN
    visibility = _VISIBILITY.search(style)
    size = _SIZE.search(style)
    color, ground = _COLOR.search(style), _GROUND.search(style)
    nothing = size is not None and not size[1].strip("0.")
    invisible = visibility is not None and visibility[1].lower() in {"hidden", "collapse"}
    behind = ground[1].strip() if ground and not _NO_GROUND.match(ground[1].strip()) else ""
    tint = None if "(" in behind and "rgb" not in behind else color_of(behind)
    return Look(
        unseen=nothing or invisible or _FAR_AWAY.search(style) is not None,
        struck=_STRUCK.search(style) is not None,
        shown=not (nothing or invisible) and (size is not None or visibility is not None),
        color=color_of(color[1]) if color else None,
        ground=tint,
        dim=bool(behind) and tint is None,
        gone=_GONE.search(style) is not None,
        raised=_OFF_LINE.search(style) is not None,
    )


_known_look = lru_cache(maxsize=2_000)(_read_look)


def look_of(style: str | None) -> Look:
    """Return what a style says; of none, nothing."""
    if style is None:
        return _PLAIN
    # An editor writes the same few styles into every cell; a style of any length is not kept.
    return _known_look(style) if len(style) <= _LONG_STYLE else _read_look(style)
