"""Mutated reports of every format: nothing silently wrong, and a floor for what is read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.report import CellReading
from tests.mutants.elsewhere import ELSEWHERE, OVERFLOW
from tests.mutants.make import FORMATS, make
from tests.mutants.measure import Count, judge, right
from tests.mutants.model import Printed
from tests.mutants.traps import TRAPS

FLOOR_FILE = Path(__file__).parent / "mutants" / "floor.toml"
FLOOR = tomllib.loads(FLOOR_FILE.read_text("utf-8"))


def share_over_floor(form):
    """Judge the floor's documents of a form; returns what is read of them and the floor."""
    count = Count()
    wrong = []
    for number in range(FLOOR["documents"][form]):
        judged = judge(make(f"suite-{number}", form))
        count.add(judged.count)
        wrong += [(judged.mutant.seed, *cell) for cell in judged.wrong]
    assert not wrong, f"{len(wrong)} cells silently wrong, the first: {wrong[0]}"
    share, floor = round(count.share, 5), FLOOR["share_read"][form]
    assert share >= floor, (
        f"{form}: {share} of the printed cells read, the floor is {floor}. "
        f"Unread: {count.reasons.most_common(3)}. See which documents: "
        f"python -m tests.mutants measure --format {form} --seed suite"
    )
    return share, floor


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_silently_wrong_and_the_floor_holds(form):
    share, floor = share_over_floor(form)
    assert share < floor + 0.0005 or floor >= 0.9995, (
        f"{form} now reads {share}: raise its floor in {FLOOR_FILE.name} so that it can't fall back"
    )


@pytest.mark.parametrize("layout", TRAPS)
def test_further_layouts_are_read_right_or_refused(layout):
    count = Count()
    for form in ("html", "docx", "tabs"):
        judged = judge(make("layout-1", form, layout=layout))
        assert not judged.wrong, (form, judged.wrong[:2])
        count.add(judged.count)
    assert count.share > 0.95, count.reasons


@pytest.mark.parametrize("layout", ELSEWHERE)
def test_layouts_of_converters_are_read_right_or_refused(layout):
    for form in ("pdf",) if layout == OVERFLOW else FORMATS:
        for number in range(2):
            judged = judge(make(f"elsewhere-{number}", form, layout=layout))
            assert not judged.wrong, (form, judged.wrong[:2])


def test_the_same_seed_gives_the_same_bytes():
    for form in FORMATS:
        one, two = make("again", form), make("again", form)
        assert (one.data, one.printed, one.kinds) == (two.data, two.printed, two.kinds)


def test_the_judge_sees_each_kind_of_lie():
    place = "line=1"
    seven, blank = Printed("7", "value", 7), Printed("", "blank")
    assert right(seven, CellReading("7", 7, "value", place=place))
    assert not right(seven, CellReading("71", 71, "value", place=place))
    assert not right(seven, CellReading("", None, "blank", place=place))
    assert not right(seven, CellReading("7", 7, "value", place=""))
    assert not right(blank, CellReading("0", 0, "value", place=place))
    assert not right(blank, CellReading("/", None, "dash", place=place))
    remark = Printed("22（其中修订16件）", "note", 22)
    assert not right(remark, CellReading("22", 22, "note", "件", place))
