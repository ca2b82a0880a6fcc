"""Mutants that were once read wrong or not at all, each with its cause."""

from __future__ import annotations

import pytest

from tests.mutants.make import make
from tests.mutants.measure import judge


@pytest.mark.parametrize(
    ("seed", "form", "kind"),
    [
        ("cl1-497", "spaces", "row-foreign"),  # words beside figures below a row of blanks
        ("cl3-275", "spaces", "row-foreign"),
        ("cl2-123", "tabs", "cell-too-few"),  # a row of blanks one cell short
        ("cl2-1100", "pdf", "row-twice"),  # first printed blank, then with figures
        ("cl2-1169", "spaces", "table-twice"),  # a row of table two blank in one of two tables
        ("cl3-1225", "docx", "labels-blank"),  # a group label beside a row without its own
        ("cm3-263", "spaces", "row-twice"),  # once with a misprint in its label
        ("cm3-1343", "spaces", "rows-swapped"),  # first row and second change places
        ("cm3-2354", "pdf", "cut-rows"),  # a row goes on overleaf beside the end of a group label
        ("fx1-34", "pipes", "note-row"),  # a note below a blank table four
        ("d2a-791", "spaces", "table-twice"),  # the second table four lacks its blank cells
        ("d2a-1043", "spaces", "cell-too-many"),  # a stray figure stands in for a lost blank
        ("s6a-276", "html", "last-cell-missing"),  # behind an empty cell a figure with a remark
        ("s6d-525", "tabs", "column-missing"),  # most rows have six cells, some an empty one more
        ("s6d-856", "pipes", "cell-too-few"),  # the same with a remark in the row of totals
        ("z10-380", "pdf", "labels-blank"),  # a row without its label on top of a page
    ],
)
def test_what_was_once_silently_wrong_is_right_or_refused(seed, form, kind):
    mutant = make(seed, form)
    assert kind in mutant.kinds
    assert not judge(mutant).wrong


def test_the_label_of_a_group_names_none_of_its_rows():
    assert not judge(make("lay1-185", "spaces", layout="figures-overflow")).wrong


def test_a_row_of_figures_in_a_table_of_its_own_belongs_to_the_label_above():
    assert not judge(make("la17", "html", layout="label-apart")).wrong


@pytest.mark.parametrize(
    ("seed", "form", "kind"),
    [
        ("close-366", "html", "column-missing"),  # heads known, spans wrong
        ("last-html-40", "html", "columns-swapped"),
        ("y7-200", "pdf", "columns-swapped"),  # of another width on the next page
        ("cl1-290", "pdf", "cut-rows"),  # seven digits in narrow cells, labels upright
        ("y7-86", "pdf", "cut-rows"),  # figures that wrap at their separators
        ("close-296", "pdf", "borders-no-sides"),
        ("cl1-230", "pdf", "empty-column"),  # rules of two tables nearly on one line
        ("cl1-320", "pdf", "borders-no-sides"),  # a lone row whose first cell is blank
        ("close-950", "pdf", "split-head"),  # a head of table four cut by the end of the page
        ("cm1-884", "pdf", "cut-rows"),  # a head of table three cut by it
        ("cm2-86", "pdf", "head-again"),  # a head alone at the end of a page
        ("cm1-36", "html", "rowspan-too-short"),
        ("cm1-81", "tabs", "short-rows"),
        ("cm2-128", "pdf", "empty-column"),  # a blank last column on paper
        ("d2a-1112", "pdf", "cut-rows"),  # the end of a label of table two alone on a page
        ("d2a-410", "pdf", "cut-rows"),  # a head cut by the page, below a row that is whole
    ],
)
def test_what_was_once_refused_is_read(seed, form, kind):
    mutant = make(seed, form)
    assert kind in mutant.kinds
    judged = judge(mutant)
    assert not judged.missed
    assert not judged.wrong


@pytest.mark.parametrize(
    ("seed", "form", "layout"),
    [
        ("d1a-216", "html", "remarks"),  # 备注 has slid under 申请人情况, which lost its colspan
        ("d1a-119", "spaces", "two-in-one"),  # two figures in a cell beside a lost blank
    ],
)
def test_layouts_that_were_once_silently_wrong(seed, form, layout):
    mutant = make(seed, form, layout=layout)
    assert layout in mutant.kinds
    assert not judge(mutant).wrong
