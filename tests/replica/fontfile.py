"""The two embedded fonts of the PDF form."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import reportlab
from reportlab.pdfbase.ttfonts import TTFont

HANZI_FILE = Path(__file__).parent / "font" / "DroidSansFallback-subset.ttf"
LATIN_FILE = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


@cache
def fonts() -> tuple[TTFont, TTFont]:
    """Return the hanzi font and the Latin font, each read once a process."""
    return TTFont("Hanzi", str(HANZI_FILE)), TTFont("Latin", str(LATIN_FILE))


@cache
def is_hanzi(character: str) -> bool:
    """Tell whether the hanzi font has a character; all others are set in the Latin font."""
    return ord(character) in fonts()[0].face.charToGlyph


def runs(text: str) -> list[tuple[TTFont, str]]:
    """Cut a text into runs of one font."""
    hanzi, latin = fonts()
    found: list[tuple[TTFont, str]] = []
    for character in text:
        font = hanzi if is_hanzi(character) else latin
        if found and found[-1][0] is font:
            found[-1] = (font, found[-1][1] + character)
        else:
            found.append((font, character))
    return found


@cache
def character_width(character: str) -> float:
    """Return the advance of a character in ems."""
    font = fonts()[0 if is_hanzi(character) else 1]
    return float(font.stringWidth(character, 1))
