"""Read mutants and count what was read, refused, and silently wrong."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from pipeline.parse import parse
from pipeline.report import CellReading
from tests.mutants.model import Mutant, Printed


@dataclass(slots=True)
class Count:
    """Cells of some documents.

    ``told`` are those that the document still tells; ``wrong`` must stay 0.
    """

    documents: int = 0
    cells: int = 0
    told: int = 0
    read: int = 0
    read_told: int = 0
    wrong: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Count) -> None:
        self.documents += other.documents
        self.cells += other.cells
        self.told += other.told
        self.read += other.read
        self.read_told += other.read_told
        self.wrong += other.wrong
        self.reasons.update(other.reasons)

    @property
    def share(self) -> float:
        """Share of the told cells that were read."""
        return self.read_told / self.told if self.told else 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One mutant read: its count and what was wrong or missed, as (code, printed, reading)."""

    mutant: Mutant
    count: Count
    wrong: tuple[tuple[str, str, CellReading], ...]
    missed: tuple[tuple[str, str, CellReading], ...]


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def right(printed: Printed, reading: CellReading) -> bool:
    """Tell whether a reading says what is printed: state, figure, characters, a place."""
    return (
        reading.state == printed.state
        and reading.value == printed.value
        and _bare(reading.raw or "") == _bare(printed.text)
        and bool(reading.place)
    )


def judge(mutant: Mutant) -> Judged:
    """Read a mutant and compare each cell with what it prints."""
    report = parse(mutant.data)
    count = Count(documents=1, cells=len(mutant.printed))
    wrong, missed = [], []
    nothing = CellReading(None, None, "unread", "未识别")
    for code, printed in mutant.printed.items():
        told = code not in mutant.untold
        count.told += told
        reading = report.cells.get(code, nothing)
        if reading.state == "unread":
            if told:
                missed.append((code, printed.text, reading))
                count.reasons[reading.note] += 1
        elif right(printed, reading):
            count.read += 1
            count.read_told += told
        else:
            wrong.append((code, printed.text, reading))
    # A figure, or a blank, in a cell that the document does not have.
    wrong += [
        (code, "（没有这一格）", reading)
        for code, reading in report.cells.items()
        if code not in mutant.printed and reading.state != "unread"
    ]
    count.wrong = len(wrong)
    return Judged(mutant, count, tuple(wrong), tuple(missed))
