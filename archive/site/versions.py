"""What another form or an earlier version of a report says otherwise, sentence by sentence."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from archive.site.lookup import TABLE_SECTIONS, ReportData, Row, ask

Kind = Literal["same", "added", "removed", "gap"]

_SENTENCE = re.compile(r"[^。！？；]+[。！？；]?|[。！？；]")
# A number that changed is shown whole, not digit by digit.
_TOKEN = re.compile(r"\d[\d.,]*|[A-Za-z]+|.")
_CLOSE = 0.6
# Beyond these a comparison would take longer than a visitor waits.
_MOST_CHARACTERS = 20_000
_MOST_SENTENCES = 600
_MOST_CLOSE = 300
_MOST_FORMS = 6


@dataclass(frozen=True, slots=True)
class Change:
    """Some text: in both versions, only in the shown one, only in the other, or left out."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class SectionChange:
    """How a section differs.

    Args:
        ordinal: of the section.
        heading: as one of the two prints it.
        changes: what is added, removed and the same; empty where the texts are too long.

    """

    ordinal: int
    heading: str
    changes: tuple[Change, ...]


def text_changes(
    connection: sqlite3.Connection, data: ReportData
) -> dict[int, tuple[SectionChange, ...]]:
    """Return by document how the sections of each other form differ from the shown ones.

    White space counts for nothing, as forms break their lines differently. Forms without any
    section are left out, and so is everything after the first few forms.
    """
    shown = {section["ordinal"]: section for section in data.sections}
    found = {}
    for form in [form for form in data.forms if not form.is_shown][:_MOST_FORMS]:
        rows = ask(
            connection,
            "SELECT * FROM sections WHERE document_id = ? ORDER BY ordinal",
            form.document["id"],
        )
        other = {row["ordinal"]: row for row in rows}
        if other and shown:
            found[form.document["id"]] = tuple(_sections(other, shown))
    return found


def _sections(before: dict[int, Row], after: dict[int, Row]) -> Iterator[SectionChange]:
    for ordinal in sorted({*before, *after} - {*TABLE_SECTIONS}):
        old, new = before.get(ordinal), after.get(ordinal)
        texts = ["".join(row["text"].split()) if row else "" for row in (old, new)]
        if texts[0] != texts[1]:
            heading = (new or old or {})["heading"]
            yield SectionChange(ordinal, heading, tuple(compared(*texts)))


def compared(before: str, after: str) -> list[Change]:
    """Return two texts without white space as one, with what was removed and what was added.

    Args:
        before: the other version.
        after: the version that is shown.

    Returns:
        Changes in order; a removal stands before what takes its place. Empty when a text is too
        long to be compared.

    """
    old, new = _SENTENCE.findall(before), _SENTENCE.findall(after)
    if max(len(before), len(after)) > _MOST_CHARACTERS or max(len(old), len(new)) > _MOST_SENTENCES:
        return []
    changes: list[Change] = []
    for name, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if name == "equal":
            changes.extend(_around(new[c:d], first=not changes, last=d == len(new)))
        else:
            changes.extend(_close("".join(old[a:b]), "".join(new[c:d])))
    return changes


def _around(sentences: Sequence[str], *, first: bool, last: bool) -> Iterator[Change]:
    """Give sentences that did not change: those beside a change, and a gap for the others."""
    kept = (0 if first else 1) + (0 if last else 1)
    if len(sentences) <= kept:
        yield Change("same", "".join(sentences))
        return
    if not first:
        yield Change("same", sentences[0])
    yield Change("gap", "……")
    if not last:
        yield Change("same", sentences[-1])


def _close(before: str, after: str) -> Iterator[Change]:
    """Give the characters and numbers that differ where most are the same, else both whole."""
    if before and after and max(len(before), len(after)) <= _MOST_CLOSE:
        old, new = _TOKEN.findall(before), _TOKEN.findall(after)
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        if matcher.ratio() > _CLOSE:
            for name, a, b, c, d in matcher.get_opcodes():
                if name == "equal":
                    yield Change("same", "".join(new[c:d]))
                    continue
                if a < b:
                    yield Change("removed", "".join(old[a:b]))
                if c < d:
                    yield Change("added", "".join(new[c:d]))
            return
    if before:
        yield Change("removed", before)
    if after:
        yield Change("added", after)
