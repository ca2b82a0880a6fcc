"""What is kept between reports: bounded, of short texts only, and never seen in a result."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.recognise import rows
from pipeline.recognise.memory import LONGEST_KEPT, remembered
from pipeline.recognise.rows import CONSIDER, align, row_scores


def test_a_short_text_is_worked_out_once_and_a_long_one_is_not_kept():
    calls: list[str] = []

    @remembered(2)
    def length(text: str) -> int:
        calls.append(text)
        return len(text)

    long = "长" * (LONGEST_KEPT + 1)
    assert [length("短"), length("短"), length(long), length(long)] == [1, 1, 201, 201]
    assert calls == ["短", long, long]


def test_only_so_many_results_are_kept():
    calls: list[str] = []

    @remembered(2)
    def length(text: str) -> int:
        calls.append(text)
        return len(text)

    for text in ("甲", "乙", "丙", "甲"):
        length(text)
    assert calls == ["甲", "乙", "丙", "甲"]


def test_a_row_scores_the_same_whether_it_was_met_before_or_not():
    labels = ("三、本年度办理结果", "（三）不予公开", "1.属于国家秘密")
    rows._known_scores.cache_clear()  # noqa: SLF001  what a new process starts with
    fresh = row_scores(labels, "2021")
    assert row_scores(labels, "2021") == fresh == rows._row_scores(labels, "2021")  # noqa: SLF001
    assert max(fresh) > 1


FITS = st.sampled_from((0.0, 0.5, 0.6, 0.75, 0.9, 1.0, 1.05))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[FITS] * 4), min_size=1, max_size=5),
    st.lists(st.sampled_from((0.02, 0.2, 0.3)), min_size=5, max_size=5),
)
def test_rows_are_laid_onto_the_form_in_the_best_of_all_ways(scores, costs):
    @cache
    def best(row: int, column: int) -> float:
        if row == len(scores):
            return -0.1 * (4 - column)
        ways = [best(row + 1, column) - costs[row]]
        if column < 4:
            ways.append(best(row, column + 1) - 0.1)
            if scores[row][column] >= CONSIDER:
                ways.append(best(row + 1, column + 1) + scores[row][column])
        return max(ways)

    found = align(tuple(scores), tuple(costs[: len(scores)]))
    assert abs(found.score - best(0, 0)) < 1e-9
    pairs = [(i, j) for i, j, _ in found.matches]
    assert pairs == sorted(pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
