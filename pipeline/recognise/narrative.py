"""The text of a section as a narrative: clauses, sentences, and the places of the printed text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from pipeline.recognise.figure_words import not_results
from pipeline.report import Section

NARRATIVE_SECTIONS = (1, 5, 6)
# One character for one, so that positions stay those of the printed text.
_HALF_WIDTH = tuple(
    zip("０１２３４５６７８９％．＋－();:!?", "0123456789%.+-（）；：！？", strict=True)
)
# Space between two Latin words or two numbers divides them; all other space is layout.
_SPACE = re.compile(r"(?<![0-9A-Za-z.])[^\S\n]+|[^\S\n]+(?![0-9A-Za-z.])")
_NEW_PARAGRAPH = re.compile(
    r"[一二三四五六七八九十]{1,2}[、.．是]|[（(][一二三四五六七八九十\d]{1,2}[）)]|\d{1,2}[、.．]"
)
# A line that stops in the middle of a sentence is a printed line, not a paragraph.
_PRINTED_LINE = 16
_END = re.compile(r"[，；。！？：\n,]")
_SENTENCE_ENDS = frozenset("。！？\n")
# Text without punctuation is cut here, so that a page of numbers does not quote itself each time.
LONGEST_CLAUSE = 200
_MARK = re.compile(
    r"(?:（[一二三四五六七八九十\d]{1,2}）|[一二三四五六七八九十]{1,2}(?:是|、)|\d{1,2}[.．、)](?!\d))+(?=.)"
)


class Narrative:
    """A section's text without layout, with its clauses and the places that hold no results.

    Args:
        section: one of the sections 一, 五 and 六.

    Attributes:
        section: the section.
        printed: its text without white space and table rows, a line feed where a paragraph ends.
        text: the same with half-width digits; every index below is one of this text.

    """

    def __init__(self, section: Section) -> None:
        self.section = section
        self.printed, self._starts_here, self._starts_there = _squeeze(section.text)
        self.text = _half_width(self.printed)
        text = self.text
        ends = [end.start() for end in _END.finditer(text)]
        if "," in text:
            ends = [end for end in ends if text[end] != "," or not _is_within_number(text, end)]
        self.clause_starts = [0, *(end + 1 for end in ends)]
        self.clause_stops = [*ends, len(text)]
        self._sentence_starts = [0, *(end + 1 for end in ends if text[end] in _SENTENCE_ENDS)]
        self._masked = not_results(self.text)
        self._mask_starts = [start for start, _ in self._masked]
        self._paragraph_starts = [offset for offset, _ in section.paragraphs]

    def is_masked(self, start: int, end: int) -> bool:
        """Tell whether a stretch of text touches a date, a name or the like."""
        last = bisect_left(self._mask_starts, end) - 1
        return last >= 0 and self._masked[last][1] > start

    def bounds(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the clause around a stretch of text, by punctuation alone."""
        first = bisect_right(self.clause_starts, start) - 1
        stop = self.clause_stops[bisect_left(self.clause_stops, end)]
        return (
            max(self.clause_starts[first], start - LONGEST_CLAUSE),
            min(stop, end + LONGEST_CLAUSE),
        )

    def clause_start(self, index: int) -> int:
        """Return where the clause around a character begins, as ``bounds`` does."""
        first = self.clause_starts[bisect_right(self.clause_starts, index) - 1]
        return max(first, index - LONGEST_CLAUSE)

    def after_mark(self, start: int, end: int) -> int:
        """Return where the words of a clause begin behind its list mark: （二）, 一是, 3."""
        mark = _MARK.match(self.text, start, end)
        return mark.end() if mark else start

    def sentence_start(self, index: int) -> int:
        """Return where the sentence around a character begins."""
        return self._sentence_starts[bisect_right(self._sentence_starts, index) - 1]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return offset and length of a stretch of text in the section's own text."""
        first = self._origin(start)
        return first, self._origin(end - 1) + 1 - first

    def place(self, offset: int) -> str:
        """Return the place of the paragraph around an offset in the section's own text."""
        number = bisect_right(self._paragraph_starts, offset) - 1
        here = self.section.paragraphs[number][1] if number >= 0 else ""
        return here or self.section.place

    def _origin(self, index: int) -> int:
        run = bisect_right(self._starts_here, index) - 1
        return self._starts_there[run] + index - self._starts_here[run]


def _half_width(text: str) -> str:
    # Several times faster than str.translate where most characters are not Latin.
    for wide, narrow in _HALF_WIDTH:
        text = text.replace(wide, narrow)
    return text


def _is_within_number(text: str, comma: int) -> bool:
    return text[comma - 1 : comma].isdecimal() and text[comma + 1 : comma + 2].isdecimal()


def _squeeze(text: str) -> tuple[str, list[int], list[int]]:
    """Return a text without layout, and where each run of it begins here and in the text.

    Line breaks stay where a paragraph ends; printed lines of one sentence are joined.
    """
    pieces: list[str] = []
    here: list[int] = []
    there: list[int] = []
    size = length = position = 0

    def keep(piece: str, origin: int) -> None:
        nonlocal size
        pieces.append(piece)
        here.append(size)
        there.append(origin)
        size += len(piece)

    for printed in text.split("\n"):
        start = position + len(printed) - len(printed.lstrip())
        position += len(printed) + 1
        line = printed.strip()
        if not line or "\t" in line:
            continue
        goes_on = (
            length >= _PRINTED_LINE
            and pieces[-1][-1] not in "。；！？：;!?:"
            and not _NEW_PARAGRAPH.match(line)
        )
        if pieces and not goes_on:
            keep("\n", start - 1)
        length = len(line) + (length if goes_on else 0)
        done = 0
        for space in _SPACE.finditer(line) if len(line.split(None, 1)) > 1 else ():
            keep(line[done : space.start()], start + done)
            done = space.end()
        keep(line[done:], start + done)
    return "".join(pieces), here, there


def narratives_of(sections: tuple[Section, ...]) -> tuple[Narrative, ...]:
    """Return the narratives of the sections 一, 五 and 六; the others are passed over."""
    return tuple(Narrative(part) for part in sections if part.ordinal in NARRATIVE_SECTIONS)
