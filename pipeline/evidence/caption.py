"""Caption: the words under a picture that say what it shows and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.evidence import ink
from pipeline.evidence.font import load_font

_NARROWEST = 900  # pixels; a narrow table gets white paper beside it


@dataclass(frozen=True, slots=True)
class Caption:
    """Words under a picture.

    Args:
        title: of the report.
        lines: what there is to say about the cell and its source, one fact a line.

    """

    title: str
    lines: tuple[str, ...]


def with_caption(picture: Image.Image, caption: Caption, font_file: Path) -> Image.Image:
    """Return a picture with its caption below.

    Args:
        picture: what is shown.
        caption: the words.
        font_file: the font they are set in.

    """
    width = max(picture.width, _NARROWEST)
    words = [(caption.title, load_font(font_file, 26), ink.BLACK)]
    words += [(line, load_font(font_file, 20), ink.BLACK) for line in caption.lines]
    strip = ink.words_strip(words, width)
    rule = Image.new("RGB", (width, 3), ink.GREY)
    return ink.stack([picture, rule, strip])
