"""Where printed words stand: from a quote without white space back to its paragraph."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report import Report, Section


def _raw_offset(text: str, squeezed: int) -> int:
    """Return the index in a text of the character with a given index among the non-white ones."""
    seen = 0
    for position, character in enumerate(text):
        if not character.isspace():
            if seen == squeezed:
                return position
            seen += 1
    return len(text)


def _at(text: str, paragraphs: Sequence[tuple[int, str]], squeezed: int) -> str:
    offset = _raw_offset(text, squeezed)
    found = ""
    for start, place in paragraphs:
        if start > offset:
            break
        found = place
    return found


def place_in_section(section: Section, squeezed: int) -> str:
    """Return the place of the paragraph that holds a character of a section.

    Args:
        section: the section.
        squeezed: index of the character among those of its text that are not white space.

    """
    return _at(section.text, section.paragraphs, squeezed) or section.place


def place_in_preamble(report: Report, squeezed: int) -> str:
    """Return the place of the paragraph that holds a character of the preamble, as above."""
    return _at(report.preamble, report.preamble_paragraphs, squeezed)
