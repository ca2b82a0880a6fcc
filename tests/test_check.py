"""The rules: what holds is silent, what fails quotes its figures, what is blank can't be judged."""

from __future__ import annotations

from pipeline.check import check
from pipeline.read.document import Document, Paragraph
from pipeline.recognise import recognise
from tests.forms import fourth, second, third

APPLICANTS = (
    "natural_person",
    "business",
    "research",
    "public_interest",
    "legal_service",
    "other_org",
)
HEADINGS = (
    "一、总体情况",
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、政府信息公开行政复议、行政诉讼情况",
    "五、存在的主要问题及改进情况",
    "六、其他需要报告的事项",
)
PERIOD = "本报告统计数据从2022年1月1日至2022年12月31日。"


def requests(natural, business, *, granted, carried_out=0):
    """Return the cells of a consistent table three with requests of two kinds."""
    values = {}
    for row, (a, b) in {
        "new": (natural, business),
        "granted": granted,
        "result_total": granted,
        "carried_out": (carried_out, 0),
    }.items():
        values |= {
            f"t3_{row}__natural_person": a,
            f"t3_{row}__business": b,
            f"t3_{row}__total": a + b,
        }
    return values


def checked(values, *, period=PERIOD, headings=HEADINGS, title_year=2022, tables=None):
    two, three, four = tables or (second("2021", values), third("2021", values), fourth(values))
    blocks = [Paragraph(f"示例县财政局{title_year}年政府信息公开工作年度报告", "line=1")]
    blocks.append(Paragraph(period, "line=2"))
    tables_of = {1: two, 2: three, 3: four}
    for number, heading in enumerate(headings):
        blocks.append(Paragraph(heading, f"line={number + 3}"))
        blocks.append(tables_of.get(number) or Paragraph("正文。", "line=9"))
    return check(recognise(Document("html", tuple(blocks))))


def rules(report):
    return [finding.rule for finding in report.findings]


def test_a_consistent_report_is_verified_without_a_word():
    report = checked(requests(9, 2, granted=(8, 2), carried_out=1))
    assert report.status == "verified"
    assert report.findings == ()


def test_balance_broken_in_one_column():
    values = requests(9, 2, granted=(8, 2))
    report = checked(values)
    assert report.status == "read"
    assert rules(report) == ["E-T3-BALANCE", "E-T3-BALANCE"]
    assert "自然人" in report.findings[0].message
    assert report.findings[0].quote == "9+0 ≠ 8+0"
    assert report.findings[0].place


def test_outcomes_do_not_add_up():
    values = requests(9, 2, granted=(9, 2)) | {
        "t3_partial__natural_person": 1,
        "t3_partial__total": 1,
    }
    assert rules(checked(values)) == ["E-T3-RESULTS", "E-T3-RESULTS"]


def test_a_row_does_not_add_up():
    values = requests(9, 2, granted=(9, 2)) | {
        "t3_carried_in__total": 0,
        "t3_denied_third_party__business": 0,
    }
    values["t3_new__total"] = 12
    assert set(rules(checked(values))) == {"E-T3-ROWSUM", "E-T3-BALANCE"}


def test_table_four_does_not_add_up():
    values = {"t4_review_upheld": 10, "t4_review_corrected": 1, "t4_review_total": 0}
    report = checked(values)
    assert rules(report) == ["E-T4-SUM"]
    assert "10+1+0+0＝11" in report.findings[0].message


def test_a_blank_total_is_a_warning_and_no_error():
    values = requests(9, 2, granted=(9, 2)) | {"t3_new__total": ""}
    report = checked(values)
    assert set(rules(report)) == {"W-BLANK"}
    assert report.status == "read"
    assert report.cells["t3_new__total"].state == "blank"


def test_year_of_title_and_period_must_agree():
    report = checked({}, title_year=2023)
    assert rules(report) == ["E-YEAR"]
    assert "2023" in report.findings[0].message


def test_the_name_that_the_report_gives_itself_must_agree():
    period = "现公布《示例县财政局2021年政府信息公开工作年度报告》。" + PERIOD
    assert rules(checked({}, period=period)) == ["E-YEAR"]


def test_a_missing_part_is_named():
    report = checked({}, headings=HEADINGS[:5])
    assert rules(report) == ["E-SECTIONS"]
    assert "其他需要报告的事项" in report.findings[0].message


def test_parts_out_of_order():
    headings = (*HEADINGS[:4], HEADINGS[5], HEADINGS[4])
    assert rules(checked({}, headings=headings)) == ["E-SECTIONS"]


def test_a_negative_count_is_an_error():
    assert "E-NONNEG" in rules(checked({"t2_normative_docs_issued": -3}))
