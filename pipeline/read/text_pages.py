"""Page numbers that stand as lines of their own in extracted text."""

from __future__ import annotations

import re
from itertools import pairwise

_FRAMED = re.compile(
    r"[-—–―─﹣－]+\s*\d{1,4}\s*[-—–―─﹣－]+"
    r"|第\s*\d{1,4}\s*页(?:\s*[,，/]?\s*共\s*\d{1,4}\s*页)?"
    r"|Page\s*\d{1,4}(?:\s*of\s*\d{1,4})?",
    re.IGNORECASE,
)
_OF_ALL = re.compile(r"(\d{1,3})\s*/\s*(\d{1,3})")
_LONE = re.compile(r"\d{1,3}")
_FIRST = ("1", "2")  # the first page's number is often not printed
_LEAST_PAGES = 3
_LEAST_LINES = 15  # of a page


def page_number_lines(lines: list[str]) -> set[int]:
    """Return the indices of the lines that hold nothing but a page number.

    A lone number may as well be a cell of a table that was extracted cell by cell. Those that
    stand at a blank line, or at the end, count as page numbers only if all of them together
    count the pages.

    Args:
        lines: the lines of the whole text.

    """
    words = [line.strip() for line in lines]
    found = {index for index, line in enumerate(words) if _FRAMED.fullmatch(line)}
    for index, line in enumerate(words):
        part = _OF_ALL.fullmatch(line)
        if part and 0 < int(part[1]) <= int(part[2]):
            found.add(index)
    ends = ["", *words, ""]
    lone = [
        index
        for index, line in enumerate(words)
        if _LONE.fullmatch(line) and not (ends[index] and ends[index + 2])
    ]
    return found | (set(lone) if _count_pages(words, lone) else set())


def _count_pages(words: list[str], lone: list[int]) -> bool:
    if len(lone) < _LEAST_PAGES or words[lone[0]] not in _FIRST:
        return False
    return all(
        after - before >= _LEAST_LINES and int(words[after]) == int(words[before]) + 1
        for before, after in pairwise(lone)
    )
