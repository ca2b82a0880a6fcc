"""Text as search compares it, and passages cut from the original around what was found."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

_SPACE = "␣"
_AROUND = 36
_WINDOWS = 3
_LONGEST = 300
_STRETCH, _AT_MOST = 20_000, 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of original text, marked when it is a word that was asked for."""

    text: str
    marked: bool


@cache
def _characters() -> dict[int, str | None]:
    """Map white space to a space and characters without a shape to nothing."""
    table: dict[int, str | None] = {}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isspace():
            table[code] = " "
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs"):
            table[code] = None
    return table


_SPACE_IN_LATIN = re.compile(r"(?<=[0-9a-z]) +(?=[0-9a-z])")


def plain(text: str) -> str:
    """Return a text as search compares it.

    Compatibility forms are folded (NFKC), case is folded, characters without a shape are left
    out. White space does not count, as it comes and goes between Hanzi with the way a page was
    set; only between two Latin letters or digits it stays, as one ``␣``: the cells "1" and "0"
    of a table are not the number 10.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_characters())).casefold()
    folded = unicodedata.normalize("NFKC", folded).translate(_characters())
    return _SPACE_IN_LATIN.sub(_SPACE, folded).replace(" ", "")


def _joins(character: str) -> bool:
    return (
        unicodedata.category(character).startswith("M")
        or character in "ﾞﾟ"
        or "\u1160" <= character <= "\u11ff"
    )


@lru_cache(maxsize=1 << 16)
def _folded(cluster: str) -> str:
    folded = unicodedata.normalize("NFKC", cluster.translate(_characters())).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_characters())


def _clusters(text: str) -> Iterable[str]:
    """Cut a text into characters with the marks that join them."""
    joining = {character for character in set(text) if _joins(character)}
    if not joining:
        return text
    clusters: list[str] = []
    for character in text:
        if character in joining and clusters:
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def plain_with_origins(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the plain form, and for each of its characters the span of text it came from.

    NFKC joins a letter and the marks after it, so text is folded one such cluster at a time.
    """
    pieces: list[str] = []
    origins: list[tuple[int, int]] = []
    start = 0
    for cluster in _clusters(text):
        end = start + len(cluster)
        folded = _folded(cluster)
        pieces.append(folded)
        origins += [(start, end)] * len(folded)
        start = end
    spaced = "".join(pieces)
    if " " not in spaced:
        return spaced, origins
    inner = {match.start() for match in _SPACE_IN_LATIN.finditer(spaced)}
    kept = [at for at, character in enumerate(spaced) if character != " " or at in inner]
    return (
        "".join([_SPACE if at in inner else spaced[at] for at in kept]),
        [origins[at] for at in kept],
    )


def spans(text: str, asked: Iterable[str]) -> list[tuple[int, int]]:
    """Return where the words stand in the original text: sorted, overlaps joined."""
    whole = plain(text)
    if not any(word in whole for word in asked):
        return []
    folded, origins = plain_with_origins(text)
    found = []
    for word in asked:
        at = folded.find(word)
        while at >= 0:
            found.append((origins[at][0], origins[at + len(word) - 1][1]))
            at = folded.find(word, at + 1)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def first_spans(text: str, asked: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return where the words stand in the first stretch of a text that has one of them.

    Sections are shorter than a stretch; to go through a megabyte takes seconds.
    """
    for at in range(0, max(len(text), 1), _STRETCH):
        # A word may begin in one stretch and end in the next.
        if found := spans(text[at : at + _STRETCH + _AT_MOST], asked):
            return [(at + first, at + last) for first, last in found]
    return []


def cut(text: str, found: list[tuple[int, int]], start: int = 0) -> Iterator[Piece]:
    """Cut a text from ``start`` on into pieces in and between the spans of words."""
    at = start
    for first, last in found:
        if first > at:
            yield Piece(text[at:first], marked=False)
        yield Piece(text[first:last], marked=True)
        at = last
    if at < len(text):
        yield Piece(text[at:], marked=False)


def excerpt(text: str, found: list[tuple[int, int]]) -> Iterator[Piece]:
    """Cut the surroundings of the first few words from a text, "…" where text is left out.

    Words that stand close to each other share their surroundings, up to ``_LONGEST`` characters.
    """
    windows: list[tuple[int, int]] = []
    for first, last in found:
        start, end = max(0, first - _AROUND), min(len(text), last + _AROUND)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    shown = [(start, min(end, start + _LONGEST)) for start, end in windows[:_WINDOWS]]
    for number, (start, end) in enumerate(shown):
        if start > 0:
            yield Piece("…" if number == 0 else " … ", marked=False)
        inside = [(first, min(last, end)) for first, last in found if start <= first < end]
        yield from cut(text[:end], inside, start)
    if shown and (shown[-1][1] < len(text) or len(windows) > _WINDOWS):
        yield Piece("…", marked=False)
