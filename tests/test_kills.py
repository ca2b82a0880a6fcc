"""Nights that are killed at random moments end as nights that are left alone."""

from __future__ import annotations

import random

import pytest

from tests.kills import Attack

pytestmark = pytest.mark.proof

KILLS = 3


@pytest.mark.timeout(600)
def test_killed_nights_end_as_one_that_was_left_alone(tmp_path):
    # 'python -m tests.kills 200' is the whole; the moments differ with the speed of the machine.
    attack = Attack(tmp_path, random.Random(6), a_night=3)
    attack.run(KILLS)
    assert attack.kills == KILLS
    assert attack.problems == []
