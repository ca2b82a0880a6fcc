"""Titles, periods, contacts and headings as real reports print them."""

from __future__ import annotations

import pytest

from pipeline.read.document import Document, Paragraph
from pipeline.recognise import recognise
from pipeline.recognise.contact import find_contact
from pipeline.recognise.identity import find_period, parse_title
from pipeline.recognise.sections import as_heading


@pytest.mark.parametrize(
    ("text", "agency", "year"),
    [
        ("沙坡头区柔远镇人民政府2021年政务信息公开工作年度报告", "沙坡头区柔远镇人民政府", 2021),
        ("2022年度螅镇政府信息公开工作年度报告", "螅镇", 2022),
        ("2022年上海市政府信息公开工作年度报告", "上海市", 2022),
        ("上湾乡人民政府2019年度政府信息公开年度工作报告", "上湾乡人民政府", 2019),
        ("宿迁市2017年政府信息公开年度报告", "宿迁市", 2017),
        ("舒兰市市场监督管理局2016年政务信息公开年度报告", "舒兰市市场监督管理局", 2016),
        ("2025年政府信息公开工作年度报告", None, 2025),
        ("2025年度政府信息公开工作年度报告", None, 2025),
        ("宿州市人民政府2019年政府信息公开工作年度报告（图片版）", "宿州市人民政府", 2019),
        ("中卫市信访局二〇二〇年政府信息公开工作年度报告", "中卫市信访局", 2020),
        ("2008年张义镇人民政府信息公开工作年度报告", "张义镇人民政府", 2008),
        (
            "银川经济技术开发区管理委员会２０２１年政府信息公开年度报告",
            "银川经济技术开发区管理委员会",
            2021,
        ),
    ],
)
def test_titles(text, agency, year):
    title = parse_title(text)
    assert title is not None
    assert (title.agency, title.year) == (agency, year)


@pytest.mark.parametrize(
    "text",
    [
        "关于做好2021年政府信息公开工作年度报告编制发布工作的通知",
        "2021年政府信息公开工作要点",
        "一图读懂2021年政府信息公开工作年度报告解读",
        "政府信息公开年报",
        "关于2021年财政预算执行情况的报告",
        "政府信息公开指南",
    ],
)
def test_what_is_no_title(text):
    assert parse_title(text) is None


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("统计数据从 2024年 1月 1日至\n2024年 12月 31日。", ("2024-01-01", "2024-12-31")),
        ("从2021年1月1日起至12月31日止", ("2021-01-01", "2021-12-31")),
        ("期限为2020年1月1日—2020年12月31日", ("2020-01-01", "2020-12-31")),
        ("二〇二二年1月1日到12月31日", ("2022-01-01", "2022-12-31")),
        ("没有期限", None),
    ],
)
def test_periods(text, period):
    assert find_period(text) == period


def test_contact_in_one_bracket():
    contact = find_contact(
        "电子版可在网站（http://www.example-county.test/）下载。如有疑问，请与示例县财政局办公室联系"
        "（地址：示例县和平路 9 号；邮政编码：999000；联系电话：0999-1234567，传真：0999—7654321；"
        "电子邮箱：cz@example.test）。"
    )
    assert contact.office == "示例县财政局办公室"
    assert contact.address == "示例县和平路9号"
    assert contact.postcode == "999000"
    assert contact.phone == "0999-1234567"
    assert contact.fax == "0999—7654321"
    assert contact.email == "cz@example.test"
    assert contact.website == "http://www.example-county.test/"


def test_one_number_for_phone_and_fax():
    contact = find_contact("联系电话（传真）：0999-1234567，邮箱：a@b.test")
    assert (contact.phone, contact.fax) == ("0999-1234567", "0999-1234567")
    assert find_contact("没有联系方式。").phone is None


@pytest.mark.parametrize(
    ("text", "ordinal"),
    [
        ("一、总体情况", 1),
        ("二、行政机关主动公开政府信息情况", 2),
        ("四、因政府信息公开工作被申请行政复议、提起行政诉讼情况", 4),
        ("四、政府信息公开行政复议、行政诉讼情况。", 4),
        ("五、政府信息公开工作存在的主要问题及改进情况", 5),
        ("六、其他需要报告的事项", 6),
        ("一、本年新收政府信息公开申请数量", None),
        ("四、结转下年度继续办理", None),
        ("（一）主动公开政府信息情况。", None),
    ],
)
def test_headings(text, ordinal):
    heading = as_heading(0, Paragraph(text, "line=1"))
    assert (heading.ordinal if heading else None) == ordinal


def test_subtopics_that_use_the_numerals_of_the_parts():
    texts = (
        "示例县财政局2022年政府信息公开工作年度报告",
        "一、总体情况",
        "二、主动公开信息方面的情况",
        "公开信息8条。",
        "三、依申请公开办理情况",
        "没有申请。",
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "六、其他需要报告的事项",
        "无",
        "示例县财政局",
        "2023年1月20日",
        "（此件公开发布）",
    )
    blocks = tuple(Paragraph(text, f"line={n}") for n, text in enumerate(texts, 1))
    report = recognise(Document("html", blocks))
    by_ordinal = {section.ordinal: section for section in report.sections}
    assert by_ordinal[2].place == "line=7"
    assert by_ordinal[3].place == "line=8"
    assert "公开信息8条" in by_ordinal[1].text
    assert by_ordinal[6].text == "无"
    assert report.signed == "2023-01-20"


def test_a_notice_about_reports_is_no_report():
    document = Document(
        "html",
        (Paragraph("各乡镇：请按时报送年度报告。", "line=1"),),
        {"ArticleTitle": "关于报送2022年政府信息公开工作年度报告的通知"},
    )
    report = recognise(document)
    assert report.status == "not_a_report"


def test_a_page_that_only_carries_its_attachment():
    document = Document(
        "html",
        (Paragraph("附件：示例县财政局2022年政府信息公开工作年度报告.pdf", "line=1"),),
        {"ArticleTitle": "示例县财政局2022年政府信息公开工作年度报告"},
    )
    report = recognise(document)
    assert report.status == "not_a_report"
    assert [f.rule for f in report.findings] == ["I-TITLE-ONLY"]


def test_a_report_without_its_tables_says_so_and_has_no_zeros():
    texts = (
        "示例县财政局2022年政府信息公开工作年度报告",
        "一、总体情况",
        "全年公开信息8条。",
        "二、主动公开政府信息情况",
        "见图片。",
    )
    report = recognise(
        Document("html", tuple(Paragraph(t, f"line={n}") for n, t in enumerate(texts, 1)))
    )
    assert report.status == "partial"
    assert report.cells == {}
    assert "W-NO-TABLES" in {f.rule for f in report.findings}
