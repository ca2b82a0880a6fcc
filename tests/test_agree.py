"""Two readings of one file: agreement is kept, a difference is decided by the sums or refused."""

from __future__ import annotations

from dataclasses import replace

from pipeline.agree import agree
from pipeline.check.checker import check
from pipeline.read.document import Document, Paragraph
from pipeline.recognise import recognise
from pipeline.report import CellReading
from tests.forms import fourth, second, third

TITLE = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")
VALUES = {
    f"t3_{row}__{column}": 9
    for row in ("new", "granted", "result_total")
    for column in ("natural_person", "total")
}


def reading(**changed):
    tables = (second("2021", VALUES), third("2021", VALUES), fourth(VALUES))
    report = recognise(Document("pdf", (TITLE, *tables)))
    cells = {
        code: CellReading(str(value), value, "value", place="page=1;box=0,0,1,1")
        if value is not None
        else CellReading(None, None, "unread", "没有找到")
        for code, value in changed.items()
    }
    return replace(report, cells={**report.cells, **cells})


def test_agreement_is_verified():
    assert "E-T3" not in str(check(agree(reading(), reading())).findings)


def test_the_sums_decide_for_the_first_reading():
    report = agree(reading(), reading(t3_new__natural_person=90))
    assert report.cells["t3_new__natural_person"].value == 9
    assert [f.rule for f in report.findings] == ["W-READINGS-DIFFER"]


def test_the_sums_decide_for_the_second_reading():
    report = agree(reading(t3_new__natural_person=90), reading())
    assert report.cells["t3_new__natural_person"].value == 9
    assert "由合计判定" in report.findings[0].message


def test_without_sums_a_difference_is_unread():
    report = agree(reading(), reading(t2_licensing_decisions=44728))
    cell = report.cells["t2_licensing_decisions"]
    assert (cell.value, cell.state) == (None, "unread")
    assert "44728" in cell.note
    assert report.status == "partial"


def test_when_neither_reading_adds_up_the_cell_is_unread():
    report = agree(reading(t3_new__natural_person=8), reading(t3_new__natural_person=7))
    assert report.cells["t3_new__natural_person"].state == "unread"


def test_an_error_of_the_agency_is_kept_as_printed():
    wrong = {"t3_new__natural_person": 8}
    report = check(agree(reading(**wrong), reading(**wrong)))
    assert report.cells["t3_new__natural_person"].value == 8
    assert "E-T3-BALANCE" in {f.rule for f in report.findings}


def test_a_cell_that_one_reading_found_is_taken_from_it():
    report = agree(reading(t2_licensing_decisions=None), reading(t2_licensing_decisions=5))
    assert report.cells["t2_licensing_decisions"].value == 5
    assert report.status == "read"


def test_a_cell_that_only_one_reading_found_is_kept_and_named():
    report = agree(reading(t3_new__natural_person=None), reading())
    assert report.cells["t3_new__natural_person"].value == 9
    (finding,) = report.findings
    assert finding.rule == "W-READ-ONCE"
    assert "t3_new__natural_person：9" in finding.message


def test_a_cell_that_the_other_reading_does_not_know_is_kept_and_named():
    more = {"t3_other_total__total": 3}
    for one, two in ((reading(**more), reading()), (reading(), reading(**more))):
        report = agree(one, two)
        assert report.cells["t3_other_total__total"].value == 3
        (finding,) = [f for f in report.findings if f.rule == "W-READ-ONCE"]
        assert "t3_other_total__total：3" in finding.message


def test_tables_that_only_one_reading_recognised_are_kept_and_named():
    bare = recognise(Document("pdf", (TITLE,)))
    for one, two in ((reading(), bare), (bare, reading())):
        report = agree(one, two)
        assert report.cells["t3_new__natural_person"].value == 9
        assert "W-READ-ONCE" in {f.rule for f in report.findings}
