"""Scans of mutated reports: nothing silently wrong, and a floor for what is read."""

from __future__ import annotations

import pytest

pytest.importorskip("onnxruntime")

from tests.mutants.make import SCANS, make
from tests.mutants.measure import Count, judge
from tests.test_mutants import FLOOR


@pytest.mark.parametrize("form", SCANS)
def test_nothing_in_a_scan_is_silently_wrong_and_the_floor_holds(form):
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
        f"Unread: {count.reasons.most_common(3)}"
    )


def test_the_same_seed_gives_the_same_scan():
    one, two = make("again", "scan150"), make("again", "scan150")
    assert (one.data, one.printed, one.kinds) == (two.data, two.printed, two.kinds)
