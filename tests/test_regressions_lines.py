"""Lines of text that were once read wrong or not at all."""

from __future__ import annotations

from tests.mutants.make import make
from tests.mutants.measure import judge
from tests.read_forms import (
    HEAD,
    THIRD,
    TITLE,
    lines,
    read_states,
)


def test_a_page_number_is_not_the_figure_of_a_blank_row():
    report = lines(HEAD + "行政处罚\n12\n行政强制 5\n")
    assert report.cells["t2_penalty_decisions"].state == "unread"
    assert report.cells["t2_coercion_decisions"].value == 5


def test_words_below_a_row_of_figures_belong_to_the_next_row():
    report = lines(
        THIRD
        + "一、本年新收政府信息公开申请数量\n1 2 3 4 5 6 21\n"
        + "二、上年结转政府信息公开申请数量\n943 70 12 3 5 1033\n"
        + "（一）予以公开 0 0 7 0 0 0 7\n"
    )
    assert report.cells["t3_new__total"].value == 21
    assert report.cells["t3_carried_in__total"].state == "unread"
    assert report.cells["t3_granted__research"].value == 7


def test_seven_figures_of_a_half_blank_table_four_are_no_row_of_table_three():
    report = lines(
        THIRD
        + "一、本年新收政府信息公开申请数量 1 2 3 4 5 6 21\n（七）总计 9 9 9 9 9 9 54\n"
        + "四、政府信息公开行政复议、行政诉讼情况\n行政复议 行政诉讼\n结果维持 结果纠正 总计\n"
        + "95 77 6 178 1 2 3\n"
    )
    assert report.cells["t3_result_total__total"].value == 54


def test_fourteen_figures_and_a_page_number_are_not_fifteen():
    head = "行政复议 行政诉讼\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n"
    head += "未经复议直接起诉 复议后起诉\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n" * 2
    report = lines(f"{TITLE.text}\n{head}1 2 3 4 5 6 7 8 9 10 11 12 13 14\n7\n五、存在的主要问题\n")
    assert not [c for c, cell in report.cells.items() if c[:2] == "t4" and cell.state == "value"]


def test_a_page_number_behind_fifteen_figures():
    head = "行政复议 行政诉讼\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n"
    head += "未经复议直接起诉 复议后起诉\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n" * 2
    figures = " ".join(map(str, range(1, 16)))
    report = lines(f"{HEAD}行政处罚 3\n{head}{figures}\n7\n五、存在的主要问题及改进情况\n")
    cells = [cell.value for c, cell in report.cells.items() if c[:2] == "t4"]
    assert cells == list(range(1, 16))


def test_spaced_letters_in_a_head_without_a_grid():
    report = lines(
        HEAD.replace("信息内容 本年处理决定数量", "信 息 内 容 本 年 处 理 决 定 数 量")
        + "行政处罚 3\n"
    )
    assert report.cells["t2_penalty_decisions"].value == 3


def test_remarks_and_full_width_signs_without_a_grid():
    report = lines(
        THIRD + "一、本年新收政府信息公开申请数量 １２ 3件 —— ＋5 0件 22（含撤回2件） 1，042\n"
    )
    row = [cell.value for code, cell in report.cells.items() if code.startswith("t3_new__")]
    assert row == [12, 3, None, 5, 0, 22, 1042]


def test_two_tables_three_without_grids_leave_table_two_alone():
    mutant = make("fin-spaces-97", "spaces")
    assert "table-twice" in mutant.kinds
    assert "unread" not in read_states(mutant, "t2")
    assert read_states(mutant, "t3") == {"unread"}


def test_the_outermost_group_before_the_first_label_of_its_rows():
    report = lines(
        THIRD + "三、本年度办理结果 （一）予以公开 1 0 0 0 0 2 3\n（七）总计 1 0 0 0 0 2 3\n"
    )
    assert report.cells["t3_granted__total"].value == 3


def test_rows_with_one_pipe_belong_to_the_table_around_them():
    report = lines(
        HEAD.replace("信息内容 ", "信息内容|")
        + "行政处罚|12\n行政强制|5\n"
        + THIRD.replace(" ", "|")
        + "".join(f"{label}|1|0|0|0|0|2|3\n" for label in ROWS)
    )
    assert report.cells["t2_penalty_decisions"].value == 12
    assert report.cells["t3_new__total"].value == 3


ROWS = (
    "一、本年新收政府信息公开申请数量",
    "二、上年结转政府信息公开申请数量",
    "三、本年度办理结果|（一）予以公开",
    "四、结转下年度继续办理",
)


def test_two_rows_on_one_line_are_two_rows():
    report = lines(
        THIRD
        + "2.重复申请 1 2 3 4 5 6 21 3.要求提供公开出版物 0 0 0 0 0 9 9\n"
        + "（七）总计 9 9 9 9 9 9 54\n"
    )
    assert report.cells["t3_unprocessed_repeat__total"].value == 21
    assert report.cells["t3_unprocessed_publication__total"].value == 9


def test_figures_behind_a_row_that_has_lost_blanks_are_not_its_own():
    report = lines(
        THIRD
        + "1.信访举报投诉类申请 0 7 7 2.重复申请 0 0 3 0 1 6 10\n"
        + "（七）总计 9 9 9 9 9 9 54\n"
    )
    assert report.cells["t3_unprocessed_complaint__total"].state == "unread"


def test_a_bracket_that_a_wrapped_label_leaves_open_tears_no_table():
    report = lines(
        THIRD
        + "一、本年新收政府信息公开申请数量      1      2      3      4      5      6      21\n"
        + "（二）部分公开（区分处理\n"
        + "的，只计这一情形，不计其      0      0      7      0      0      0      7\n"
        + "他情形）\n"
        + "（七）总计      9      9      9      9      9      9      54\n"
    )
    assert report.cells["t3_new__total"].value == 21
    assert report.cells["t3_partial__research"].value == 7


def test_a_total_that_only_adds_up_with_the_line_below_is_cut():
    report = lines(
        THIRD
        + "一、本年新收政府信息公开申请数量 1 2 3 4 5 6 2\n1\n"
        + "（一）予以公开 0 0 7 0 0 0 7\n（七）总计 9 9 9 9 9 9 54\n"
    )
    assert report.cells["t3_new__total"].state == "unread"
    assert report.cells["t3_granted__total"].value == 7


def test_figures_one_a_line_below_a_label_are_nobody_s():
    report = lines(HEAD + "行政处罚\n0\n0\n行政强制 5\n")
    assert report.cells["t2_penalty_decisions"].state == "unread"
    assert report.cells["t2_coercion_decisions"].value == 5


def test_a_row_whose_last_pipe_is_missing_is_cut():
    head = "| 第二十条第（六）项 | |\n| 信息内容 | 本年处理决定数量 |\n"
    report = lines(f"{TITLE.text}\n{head}| 行政处罚 | 1\n\n3 |\n| 行政强制 | 5 |\n")
    assert report.cells["t2_penalty_decisions"].state == "unread"
    assert report.cells["t2_coercion_decisions"].value == 5


def test_heads_of_two_years_one_character_a_line():
    mutant = make("hsq215", "spaces", layout="two-years")
    assert "vertical-heads" in mutant.kinds
    assert not judge(mutant).wrong


def test_figures_below_an_empty_row_beside_a_repeated_group_may_be_its_own():
    mutant = make("hsq39", "docx", layout="label-apart")
    assert "group-unmerged" in mutant.kinds
    assert not judge(mutant).wrong
