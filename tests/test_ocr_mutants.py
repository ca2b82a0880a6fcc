"""Scans of mutated reports: nothing silently wrong, and a floor for what is read."""

from __future__ import annotations

import pytest

pytest.importorskip("onnxruntime")

from tests.mutants.make import SCANS, make
from tests.test_mutants import share_over_floor


@pytest.mark.parametrize("form", SCANS)
def test_nothing_in_a_scan_is_silently_wrong_and_the_floor_holds(form):
    share_over_floor(form)


def test_the_same_seed_gives_the_same_scan():
    one, two = make("again-0", "scan150"), make("again-0", "scan150")
    assert "noise" in one.kinds
    assert (one.data, one.printed, one.kinds) == (two.data, two.printed, two.kinds)
