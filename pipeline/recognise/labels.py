"""Labels: how printed words are compared with the words of the official form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz

_BRACKETED_NUMERAL = re.compile(r"\([一二三四五六七八九十]{1,2}\)")
_LEADING_NUMERAL = re.compile(
    r"^(?:[一二三四五六七八九十]{1,2}[、.,:]|\d{1,2}[、.,:)](?!\d)|\d{1,2}(?=[^\d.]))"
)
_BRACKETS = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]")
_NOT_WORD = re.compile(r"[\W_]+")
HAN = re.compile(r"[\u3400-\u9fff]")


def plain(text: str) -> str:
    """Return text NFKC-folded and without any white space."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """Return the words of a label without numbering, punctuation and white space.

    "（三）不予 公开" and "不予公开" have one key, "其他处理（六）" and "（六）其他处理" too:
    extraction swaps and drops the numbers, so they can't carry meaning.
    """
    folded = _BRACKETED_NUMERAL.sub("", plain(text))
    folded = _LEADING_NUMERAL.sub("", folded)
    return _NOT_WORD.sub("", folded).lower()


@lru_cache(maxsize=20_000)
def short_key(text: str) -> str:
    """Return the key without what stands in brackets (local explanations, remarks)."""
    folded = _BRACKETED_NUMERAL.sub("", plain(text))
    folded = _LEADING_NUMERAL.sub("", folded)
    return _NOT_WORD.sub("", _BRACKETS.sub("", folded)).lower()


@lru_cache(maxsize=200_000)
def _ratio(a: str, b: str) -> float:
    return fuzz.ratio(a, b) / 100


def similarity(printed: str, official: str) -> float:
    """Return how well a printed label fits an official one, 0 to 1.

    1 is equal after folding. A label cut by a page break or a stray rule, of which at least four
    characters are left at its beginning or end, fits with 0.8.
    """
    a, b = key(printed), key(official)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    short_a, short_b = short_key(printed), short_key(official)
    if short_a and short_a == short_b:
        return 0.99
    best = max(_ratio(a, b), _ratio(short_a, short_b) if short_a and short_b else 0.0)
    if len(a) >= 4 and (b.startswith(a) or b.endswith(a)):
        best = max(best, 0.8)
    return best


def best_similarity(printed: str, officials: Sequence[str]) -> float:
    """Return the best fit of a printed label over a label and its aliases."""
    return max((similarity(printed, official) for official in officials), default=0.0)


def has_han(text: str) -> bool:
    """Tell whether a text holds Chinese characters."""
    return HAN.search(text) is not None
