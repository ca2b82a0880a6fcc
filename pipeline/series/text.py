"""How alike two texts are: shingles of Chinese characters, and sketches that find likely pairs.

Figures, dates and punctuation don't count, so a text that was copied with new numbers is still a
copy. Words of the form itself (labels, headings, names of law and notices) don't count either.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection
from functools import cache
from hashlib import blake2b
from struct import pack

from archive.codebook import metrics
from pipeline.recognise.sections import OFFICIAL_HEADINGS

# Sections whose words are the agency's own.
SECTIONS = (1, 5)
# Two texts with less than this are too short to be told from each other.
FEWEST = 80
_SIZE = 5
# One permutation, BINS minima of it, ROWS of them a band: two texts with 80 % of their shingles in
# common share a band with 99 %, two with 30 % with 9 %.
_BANDS, _ROWS = 12, 4
_BINS = _BANDS * _ROWS
_EMPTY = 0xFFFFFFFF
_NOT_HAN = re.compile(r"[^\u3400-\u9fff]+")
# Sentences that most reports open or close with; law, notices and offices by their full names.
_BOILERPLATE = (
    "中华人民共和国政府信息公开条例",
    "国务院办公厅政府信息与政务公开办公室关于印发中华人民共和国政府信息公开工作年度报告格式的通知",
    "国务院办公厅政府信息与政务公开办公室关于政府信息公开工作年度报告有关事项的通知",
    "以习近平新时代中国特色社会主义思想为指导",
    "深入学习贯彻党的二十大和二十届二中三中全会精神",
    "深入学习贯彻党的十九大和十九届二中三中四中五中六中全会精神",
    "认真贯彻落实中华人民共和国政府信息公开条例",
    "保障人民群众的知情权参与权表达权和监督权",
    "保障公民法人和其他组织依法获取政府信息",
    "以公开为常态不公开为例外",
    "以公开为原则不公开为例外",
    "主动公开依申请公开政府信息管理政府信息公开平台建设监督保障",
    "没有因政府信息公开引起的行政复议和行政诉讼",
    "未收到政府信息公开申请",
    "未收取信息处理费",
)


def _cut(words: str) -> set[str]:
    return {words[n : n + _SIZE] for n in range(len(words) - _SIZE + 1)}


@cache
def stop_shingles() -> frozenset[str]:
    """Return the shingles of the form's own words."""
    found: set[str] = set()
    for metric in metrics().values():
        for label in (metric.row_group, metric.row_label, metric.column_label):
            found |= _cut(_NOT_HAN.sub("", label))
    for words in (*OFFICIAL_HEADINGS, *_BOILERPLATE):
        found |= _cut(_NOT_HAN.sub("", words))
    return frozenset(found)


def shingles(text: str) -> frozenset[str]:
    """Return the runs of five Chinese characters of a text; empty when they are too few."""
    found = _cut(_NOT_HAN.sub("", text)) - stop_shingles()
    return frozenset(found) if len(found) >= FEWEST else frozenset()


def similarity(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of shingles that two texts have in common, 0 to 1 (Jaccard)."""
    if not one or not other:
        return 0.0
    both = len(frozenset(one) & frozenset(other))
    return both / (len(one) + len(other) - both)


def buckets(section: int, found: Collection[str]) -> list[int]:
    """Return the buckets of a text: two texts that share one are worth comparing.

    Args:
        section: 1 or 5; sections are compared with their like only.
        found: its shingles.

    Returns:
        ``_BANDS`` numbers of 63 bits; none for a text without shingles.

    """
    if not found:
        return []
    least = [_EMPTY] * _BINS
    for shingle in found:
        number = zlib.crc32(shingle.encode("utf-16-le"))
        place = number % _BINS
        least[place] = min(least[place], number)
    numbers = []
    for band in range(_BANDS):
        rows = least[band * _ROWS : (band + 1) * _ROWS]
        digest = blake2b(pack(f"<II{_ROWS}I", section, band, *rows), digest_size=8).digest()
        numbers.append(int.from_bytes(digest) >> 1)
    return numbers


def common_passage(text: str, other: Collection[str], longest: int = 120) -> str:
    """Return the longest passage of a text that stands in another one too, as printed.

    Args:
        text: the text, without white space.
        other: shingles of the other text.
        longest: characters after which it is cut off.

    """
    at = [n for n, c in enumerate(text) if "\u3400" <= c <= "\u9fff"]
    words = "".join(text[n] for n in at)
    known = frozenset(other) | stop_shingles()
    best = start = 0
    run = 0
    for n in range(len(words) - _SIZE + 1):
        run = run + 1 if words[n : n + _SIZE] in known else 0
        if run > best:
            best, start = run, n - run + 1
    if not best:
        return ""
    passage = text[at[start] : at[start + best + _SIZE - 2] + 1]
    return passage if len(passage) <= longest else passage[:longest] + "…"
