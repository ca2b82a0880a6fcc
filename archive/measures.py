"""What the narrative of a report counts: codes, labels and the words that tell them.

The list is our own. Where a measure is a cell of the statutory form as well, ``cells`` says which.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that reports count in their text.

    Args:
        code: English code, e.g. ``posts_website``.
        label: Chinese name.
        units: units it is printed with, e.g. 条 and 篇; 是否 for what is true or not. A number
            without a unit has the unit 无.
        counts: what is counted, one Chinese sentence.
        words: pattern for the words beside the number, which itself is ``#``; a match is enough.
        words_in_context: the same, enough only where ``context`` stands before it.
        context: pattern for words before the number in its paragraph.
        without: pattern for words beside the number that rule it out.
        cells: codes of the statutory cells that should agree with it, added up.
        denied: pattern for what follows 未发生, 没有 and the like in a statement of none.

    """

    code: str
    label: str
    units: tuple[str, ...]
    counts: str
    words: str
    words_in_context: str
    context: str
    without: str
    cells: tuple[str, ...]
    denied: str


@cache
def measures() -> dict[str, Measure]:
    """Return all measures by code; where several fit, the first one of the list holds."""
    source = files("archive").joinpath("data/measures.csv")
    with source.open(encoding="utf-8") as lines:
        return {
            row["code"]: Measure(
                code=row["code"],
                label=row["label"],
                units=tuple(row["units"].split("|")),
                counts=row["counts"],
                words=row["words"],
                words_in_context=row["words_in_context"],
                context=row["context"],
                without=row["without"],
                cells=tuple(cell for cell in row["cells"].split("|") if cell),
                denied=row["denied"],
            )
            for row in csv.DictReader(lines)
        }
