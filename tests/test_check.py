"""The rules: what holds is silent, what fails quotes its figures, what is blank can't be judged."""

from __future__ import annotations

from pipeline.check.checker import check
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
PERIOD = (
    "本报告统计数据从2022年1月1日至2022年12月31日。如有疑问，请与示例县财政局联系"
    "（地址：示例县示例路1号；电话：0999-1234567；传真：0999-1234568）。"
)


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


def verdict(report, rule):
    return next((v.outcome, v.reason) for v in report.verdicts if v.rule == rule)


def test_a_blank_total_gets_a_derived_value_beside_it():
    values = requests(9, 2, granted=(9, 2)) | {"t3_new__total": "", "t4_review_total": "/"}
    report = checked(values)
    assert {d.code: d.value for d in report.derived} == {
        "t3_new__total": 11,
        "t4_review_total": 0,
    }
    assert report.derived[0].formula.startswith("t3_new__natural_person + t3_new__business")
    assert report.cells["t3_new__total"].value is None
    assert verdict(report, "E-T3-BALANCE")[0] == "not_judged"
    assert "空白" in verdict(report, "E-T3-BALANCE")[1]


def test_a_total_that_may_hide_in_a_blank_part_is_not_derived():
    values = requests(9, 2, granted=(9, 2)) | {"t3_new__total": "", "t3_new__research": ""}
    assert checked(values).derived == ()


def test_a_sum_that_no_blank_can_mend_is_an_error():
    values = {"t4_review_upheld": 10, "t4_review_corrected": "", "t4_review_total": 5}
    report = checked(values)
    assert [f.quote for f in report.findings if f.rule == "E-T4-SUM"] == ["10+空+0+0 ≠ 5"]


def test_a_sum_that_a_blank_can_mend_is_no_error():
    values = {"t4_review_upheld": 3, "t4_review_corrected": "", "t4_review_total": 5}
    report = checked(values)
    assert rules(report) == ["W-BLANK"]
    assert verdict(report, "E-T4-SUM")[0] == "not_judged"


def test_one_row_of_other_outcomes_is_summed_as_printed():
    values = requests(9, 2, granted=(8, 2)) | {
        "t3_other_total__natural_person": 1,
        "t3_other_total__total": 1,
        "t3_result_total__natural_person": 9,
        "t3_result_total__total": 11,
    }
    tables = second("2021", values), third("2021", values, collapse=True), fourth(values)
    report = checked(values, tables=tables)
    assert [f.rule for f in report.findings if f.severity == "error"] == []
    values["t3_other_total__natural_person"] = 2
    tables = second("2021", values), third("2021", values, collapse=True), fourth(values)
    broken = {f.rule for f in checked(values, tables=tables).findings if f.severity == "error"}
    assert broken == {"E-T3-RESULTS", "E-T3-ROWSUM"}


def test_remarks_and_decimals_in_table_two_are_no_errors():
    values = {
        "t2_normative_docs_issued": "22（其中修订16件）",
        "t2_normative_docs_repealed": "55（含自然失效29件）",
        "t2_normative_docs_in_force": 200,
        "t2_fees_amount_wan": "59237.2449",
    }
    assert rules(checked(values)) == []


def test_more_repealed_than_there_ever_were():
    values = {"t2_normative_docs_issued": 9, "t2_normative_docs_in_force": 4}
    report = checked(values)
    assert rules(report) == ["W-STOCK-MIN"]
    assert "推算上年末为 -5 件" in report.findings[0].message


def test_a_county_body_makes_no_regulations():
    values = {"t2_regulations_in_force": 6}
    report = checked(values)
    assert rules(report) == ["W-REGULATIONS"]
    assert "0 0 6" in report.findings[0].message


def test_unread_regulations_are_not_called_in_order():
    verdicts = {v.rule: v for v in checked({"t2_regulations_in_force": "6；8"}).verdicts}
    assert verdicts["W-REGULATIONS"].outcome == "not_judged"


def test_the_format_of_another_year():
    values = {}
    tables = second("2019", values), third("2019", values), fourth(values)
    assert rules(checked(values, tables=tables)) == ["W-TEMPLATE"]


def narrated(text, values=None):
    """Return the rules broken by a report whose part one is the given text."""
    two, three, four = second("2021", values or {}), third("2021", values or {}), fourth({})
    body = {0: Paragraph(text, "line=10"), 1: two, 2: three, 3: four}
    blocks = [Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")]
    blocks.append(Paragraph(PERIOD, "line=2"))
    for number, heading in enumerate(HEADINGS):
        blocks.append(Paragraph(heading, f"line={number + 3}"))
        blocks.append(body.get(number) or Paragraph("正文。", "line=9"))
    return check(recognise(Document("html", tuple(blocks))))


def test_requests_of_the_text_may_count_those_carried_over():
    values = {
        "t3_new__natural_person": 9,
        "t3_new__total": 9,
        "t3_carried_in__natural_person": 2,
        "t3_carried_in__total": 2,
        "t3_granted__natural_person": 11,
        "t3_granted__total": 11,
        "t3_result_total__natural_person": 11,
        "t3_result_total__total": 11,
    }
    assert rules(narrated("2022年收到政府信息公开申请9件。", values)) == []
    assert rules(narrated("2022年收到政府信息公开申请11件。", values)) == []
    report = narrated("2022年收到政府信息公开申请10件。", values)
    assert rules(report) == ["W-NARR-TABLE"]
    assert report.findings[0].quote == "2022年收到政府信息公开申请10件"
    assert report.findings[0].place == "line=10"


def test_a_sentence_of_none_against_the_table():
    values = {
        f"t3_{row}__{column}": 1
        for row in ("new", "granted", "result_total")
        for column in ("natural_person", "total")
    }
    assert rules(narrated("本年度未收到政府信息公开申请。", values)) == ["W-NARR-TABLE"]
    assert rules(narrated("本年度未收到政府信息公开申请。")) == []


def test_a_rate_is_held_against_its_numerator_and_denominator():
    text = "收到群众来电100件，按时办结67件，按时办结率{}。"
    assert rules(narrated(text.format("67%"))) == []
    assert rules(narrated(text.format("76%"))) == ["W-RATE"]


def test_parts_that_exceed_their_whole():
    text = "主动公开信息{}条，其中网站公开60条，微信公开40条。"
    assert rules(narrated(text.format(100))) == []
    assert rules(narrated(text.format(90))) == ["W-NARR-SUM"]


def test_a_sign_off_within_the_period():
    two, three, four = second("2021", {}), third("2021", {}), fourth({})
    body = {1: two, 2: three, 3: four}
    blocks = [Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")]
    blocks.append(Paragraph(PERIOD, "line=2"))
    for number, heading in enumerate(HEADINGS):
        blocks.append(Paragraph(heading, f"line={number + 3}"))
        blocks.append(body.get(number) or Paragraph("正文。", "line=9"))
    blocks.append(Paragraph("2022年12月30日", "line=20"))
    assert rules(check(recognise(Document("html", tuple(blocks))))) == ["W-SIGNOFF"]


def test_contact_details_that_are_missing_or_of_another_place():
    bare = "本报告统计数据从2022年1月1日至2022年12月31日。"
    assert rules(checked({}, period=bare)) == ["W-CONTACT"]
    mail = bare + "（地址：示例路1号；电话：0999-1234567；邮箱：office@136.com）"
    assert rules(checked({}, period=mail)) == ["W-CONTACT"]
    gov = PERIOD + "网址：http://www.example.gov.cm/"
    assert rules(checked({}, period=gov)) == ["W-URL"]
