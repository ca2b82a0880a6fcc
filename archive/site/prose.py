"""The sections of a report as paragraphs, with figures and the words that findings quote marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from archive.site.lookup import Row

MOST = 40_000
"""Characters of a section that a page shows; the longest real one has a quarter of that."""
# Shorter quotes, as a single figure of a table, stand in many places.
_SHORTEST_QUOTE = 6


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a section that are a figure or a statement: a row of one of these tables."""

    start: int
    end: int
    row: Row


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters of a section that a finding quotes."""

    start: int
    end: int
    finding: Row


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, and the figure that it is, if it is one."""

    text: str
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces that the same findings quote; ``begins`` are those whose quote begins here."""

    pieces: tuple[Piece, ...]
    findings: tuple[Row, ...] = ()
    begins: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """A text as a page shows it.

    Args:
        paragraphs: each as runs.
        left_out: number of characters at the end that are not shown.

    """

    paragraphs: tuple[tuple[Run, ...], ...]
    left_out: int


def _spans(text: str, rows: Sequence[Row]) -> list[Span]:
    """Return where the figures stand; one that the text does not have there is not marked."""
    spans: list[Span] = []
    for row in sorted(rows, key=lambda row: row["offset"] or 0):
        if row["offset"] is None or not row["length"]:
            continue
        start, end = row["offset"], row["offset"] + row["length"]
        printed = text[start:end]
        if "\n" in printed or "".join(printed.split()) != "".join(row["printed"].split()):
            continue
        if start >= (spans[-1].end if spans else 0):
            spans.append(Span(start, end, row))
    return spans


def _quotes(text: str, findings: Sequence[Row], rows: Sequence[Row]) -> list[Quote]:
    """Return where the quotes of findings stand; spaces and line ends do not count."""
    at = [index for index, character in enumerate(text) if not character.isspace()]
    squeezed = "".join(text[index] for index in at)
    quotes = []
    for finding in findings:
        wanted = "".join(finding["quote"].split())
        if len(wanted) < _SHORTEST_QUOTE:
            continue
        # Words that stand twice: those in the paragraph of the figures that the finding is about.
        offsets = [row["offset"] for row in rows if row["offset"] is not None
                   and row["place"] == finding["place"]]  # fmt: skip
        begin = text.rfind("\n", 0, min(offsets)) + 1 if offsets else 0
        first = squeezed.find(wanted, sum(index < begin for index in at) if begin else 0)
        if first < 0:
            first = squeezed.find(wanted)
        if first >= 0:
            quotes.append(Quote(at[first], at[first + len(wanted) - 1] + 1, finding))
    return quotes


def prose(text: str, rows: Sequence[Row] = (), findings: Sequence[Row] = ()) -> Prose:
    """Return a text with its figures and quotes marked.

    Args:
        text: of a section; paragraphs joined by line feeds.
        rows: figures and statements of this section, each with ``offset``, ``length``, ``place``
            and ``printed``, the characters that should stand there.
        findings: findings of the report; those whose quote is not in the text mark nothing.

    """
    shown = text[:MOST]
    spans = _spans(shown, rows)
    quotes = [_snapped(quote, spans) for quote in _quotes(shown, findings, rows)]
    paragraphs = []
    start = 0
    for line in shown.split("\n"):
        if line.strip():
            paragraphs.append(tuple(_runs(shown, start, start + len(line), spans, quotes)))
        start += len(line) + 1
    return Prose(tuple(paragraphs), len(text) - len(shown))


def found_in(*texts: Prose) -> set[str]:
    """Return the ids of the findings whose quote is marked in one of the texts."""
    return {
        str(finding["id"])
        for text in texts
        for paragraph in text.paragraphs
        for run in paragraph
        for finding in run.begins
    }


def _snapped(quote: Quote, spans: Sequence[Span]) -> Quote:
    """Return a quote whose ends do not cut a figure in two."""
    start, end = quote.start, quote.end
    for span in spans:
        if span.start < start < span.end:
            start = span.start
        if span.start < end < span.end:
            end = span.end
    return Quote(start, end, quote.finding)


def _runs(
    text: str, start: int, end: int, spans: Sequence[Span], quotes: Sequence[Quote]
) -> Iterator[Run]:
    here = [quote for quote in quotes if quote.start < end and quote.end > start]
    cuts = {start, end}
    for quote in here:
        cuts |= {max(quote.start, start), min(quote.end, end)}
    for left, right in pairwise(sorted(cuts)):
        inside = [quote for quote in here if quote.start <= left and quote.end >= right]
        yield Run(
            tuple(_pieces(text, left, right, spans)),
            tuple(quote.finding for quote in inside),
            tuple(quote.finding for quote in inside if quote.start == left),
        )


def _pieces(text: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[Piece]:
    for span in spans:
        if start <= span.start and span.end <= end:
            if span.start > start:
                yield Piece(text[start : span.start])
            yield Piece(text[span.start : span.end], span.row)
            start = span.end
    if start < end:
        yield Piece(text[start:end])
