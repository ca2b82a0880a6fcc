"""Make the committed hanzi subset again: ``python -m tests.replica.subset_font SOURCE.ttf``."""

from __future__ import annotations

from pathlib import Path

import click
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from archive.codebook import metrics
from tests.replica.data import REPORT_FOLDER
from tests.replica.fontfile import HANZI_FILE

PUNCTUATION = "　、。＜＞《》「」『』【】〔〕！（），：；？％～－／＋①②③④⑤⑥⑦⑧⑨⑩○●★"


def needed_characters() -> set[str]:
    """Return GB2312 level 1, punctuation, and the characters of codebook and report texts."""
    level_1 = {
        bytes((high, low)).decode("gb2312")
        for high in range(0xB0, 0xD8)
        for low in range(0xA1, 0xFF)
        if (high, low) <= (0xD7, 0xF9)
    }
    labels = {
        character
        for metric in metrics().values()
        for label in (metric.row_group, metric.row_label, metric.column_label)
        for character in label
    }
    texts = {
        character
        for path in REPORT_FOLDER.glob("*.toml")
        for character in path.read_text(encoding="utf-8")
    }
    return level_1 | labels | texts | set(PUNCTUATION)


def make_subset(source: Path) -> int:
    """Write the committed subset from the full font; return the size in bytes."""
    font = TTFont(source, recalcTimestamp=False)
    options = Options(
        hinting=False,
        layout_features=[],
        drop_tables=["GDEF", "GPOS", "GSUB", "vhea", "vmtx"],
    )
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(sorted(needed_characters())))
    subsetter.subset(font)
    font.save(HANZI_FILE)
    return HANZI_FILE.stat().st_size


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
def main(source: Path) -> None:
    """Write the subset of the full SOURCE font (Droid Sans Fallback)."""
    click.echo(f"{make_subset(source)} bytes")


if __name__ == "__main__":
    main()
