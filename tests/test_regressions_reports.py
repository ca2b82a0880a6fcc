"""Reports around their tables that were once read wrong."""

from __future__ import annotations

import pytest

from pipeline.check.checker import check
from pipeline.read.document import Document, Paragraph
from pipeline.recognise import recognise
from tests.forms import distinct_values, fourth, second, third
from tests.read_forms import (
    report_of,
)


@pytest.mark.parametrize(
    ("lines", "signed"),
    [
        (("示例县财政局 2023年1月20日",), "2023-01-20"),
        (("示例县财政局", "二〇二三年一月二十日"), "2023-01-20"),
        (("示例县财政局", "2023.1.20"), "2023-01-20"),
        (("示例县财政局", "2023-01-20", "附件：1.统计表.xlsx"), "2023-01-20"),
        (("示例县财政局", "2023年1月20日", "附件", "1.年报.pdf", "2.统计表"), "2023-01-20"),
        (("附件1：年报.pdf", "主办：示例县人民政府 邮编：999999", "某ICP备1号"), None),
    ],
)
def test_what_follows_section_six_is_no_part_of_it(lines, signed):
    texts = ("示例县财政局2022年政府信息公开工作年度报告", "六、其他需要报告的事项", "无", *lines)
    blocks = tuple(Paragraph(text, f"line={n}") for n, text in enumerate(texts, 1))
    report = recognise(Document("html", blocks))
    assert report.sections[-1].text == "无"
    assert report.signed == signed
    assert report.contact.postcode is None


def test_a_page_title_with_the_name_of_the_site():
    meta = {"title": "示例县林业局2022年政府信息公开工作年度报告-示例县人民政府"}
    blocks = (Paragraph("一、总体情况", "line=1"), Paragraph("公开信息8条。" * 60, "line=2"))
    report = recognise(Document("html", blocks, meta))
    assert (report.agency_printed, report.year) == ("示例县林业局", 2022)


def test_a_report_that_does_not_say_whose_it_is_says_so():
    values = {}
    tables = (second("2021", values), third("2021", values), fourth(values))
    report = check(recognise(Document("html", tables)))
    assert {"W-AGENCY", "W-TITLE", "I-PERIOD"} <= {f.rule for f in report.findings}


def test_digits_without_unicode_are_no_blank_form():
    values = dict.fromkeys(distinct_values("2021"), "\ufffd")
    tables = (second("2021", values), third("2021", values), fourth(values))
    report = recognise(Document("pdf", tables))
    assert report.status == "partial"
    assert {cell.state for cell in report.cells.values()} == {"unread"}


def test_two_different_tables_three_are_not_verified():
    one, other = distinct_values("2021"), {}
    tables = (second("2021", other), third("2021", one), third("2021", other), fourth(other))
    report = check(report_of(*tables))
    assert report.status != "verified"


def test_a_sentence_about_a_web_site_is_no_page_foot():
    texts = (
        "示例县财政局2022年政府信息公开工作年度报告",
        "六、其他需要报告的事项",
        "网站已完成ICP备案和公网安备登记。",
        "本年度未收取信息处理费。",
    )
    blocks = tuple(Paragraph(text, f"line={n}") for n, text in enumerate(texts, 1))
    report = recognise(Document("html", blocks))
    assert report.sections[-1].text == "\n".join(texts[2:])
