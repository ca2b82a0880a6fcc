"""PDF text outside tables: paragraphs, headings, page numbers."""

from __future__ import annotations

import re

import pytest

from pipeline.read.pdf import Engine, read_pdf
from pipeline.read.pdf_page import RawPage, upright
from pipeline.read.pdf_text import lines_of, runs_of
from tests.pdf_sheet import Sheet

PER_LINE = 28
BODY = (
    "本年度示例单位按照公开条例的要求做好各项工作，全年主动公开政府信息一百二十条，其中通过"
    "网站公开九十八条，通过公众号公开二十二条，没有收到政府信息公开申请，也没有因此引起的"
    "行政复议和行政诉讼。下一步将继续完善公开目录，细化分类，方便群众查询。"
)


@pytest.fixture(params=["pdfium", "pdfminer"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


class Writer:
    """Sets lines of 16 points from margin to margin like an office program."""

    def __init__(self, last: float = 740) -> None:
        self.sheet = Sheet()
        self.top = 72.0
        self.last = last
        self.page = 1

    def line(self, words: str, x: float = 72) -> None:
        if self.top > self.last:
            self.number()
            self.sheet.next_page()
            self.top, self.page = 72.0, self.page + 1
        self.sheet.text(x, self.top, words, 16)
        self.top += 28

    def number(self) -> None:
        self.sheet.text(285, 790, f"— {self.page} —", 10)

    def paragraph(self, words: str, indent: int = 2) -> None:
        first = PER_LINE - indent
        self.line(words[:first], 72 + 16 * indent)
        for start in range(first, len(words), PER_LINE):
            self.line(words[start : start + PER_LINE])

    def data(self) -> bytes:
        self.number()
        return self.sheet.data()


def read(writer: Writer, engine: Engine) -> list[str]:
    document = read_pdf(writer.data(), engine=engine)
    return [re.sub(r"\s", "", paragraph.text) for paragraph in document.paragraphs()]


def test_wrapped_lines_become_paragraphs_and_headings_stay_alone(engine: Engine) -> None:
    writer = Writer()
    writer.sheet.text(180, 30, "示例单位年度报告", 24)
    writer.line("一、总体情况", 104)
    writer.paragraph(BODY)
    writer.paragraph(BODY)
    writer.line("二、其他需要报告的事项", 104)
    writer.line("无", 104)
    writer.line("示例单位", 400)
    writer.line("2022年1月26日", 390)
    assert read(writer, engine) == [
        "示例单位年度报告",
        "一、总体情况",
        BODY,
        BODY,
        "二、其他需要报告的事项",
        "无",
        "示例单位",
        "2022年1月26日",
    ]


def test_paragraphs_go_on_over_a_page_and_page_numbers_do_not_cut_in(engine: Engine) -> None:
    writer = Writer(last=120)
    writer.paragraph(BODY * 2)
    writer.paragraph(BODY)
    assert writer.page > 2
    assert read(writer, engine) == [BODY * 2, BODY]


def test_headings_without_indents_stay_alone(engine: Engine) -> None:
    writer = Writer()
    writer.line("一、总体情况")
    writer.paragraph(BODY, indent=0)
    writer.line("二、存在的主要问题及改进情况")
    writer.paragraph(BODY, indent=0)
    expected = ["一、总体情况", BODY, "二、存在的主要问题及改进情况", BODY]
    assert read(writer, engine) == expected


def test_a_wrapped_list_of_ordinals_is_no_heading(engine: Engine) -> None:
    words = "示" * (PER_LINE - 5) + "第一、二、三、四季度各公开十条，全年共四十条，均已按时完成。"
    writer = Writer()
    writer.paragraph(BODY)
    writer.paragraph(words)
    assert read(writer, engine) == [BODY, words]


@pytest.mark.parametrize("number", ["- 7 -", "— 7 —", "1", "第7页", "第 7 页 共 9 页", "7/9"])
@pytest.mark.parametrize("top", [30, 800])
def test_page_numbers_of_all_kinds_are_left_out(engine: Engine, number: str, top: float) -> None:
    writer = Writer()
    writer.paragraph(BODY)
    writer.sheet.text(290, top, number, 10)
    document = read_pdf(writer.sheet.data(), engine=engine)
    assert [paragraph.text for paragraph in document.paragraphs()] == [BODY]


def test_bare_numbers_that_count_the_pages_are_left_out_others_are_figures(engine: Engine) -> None:
    sheet = Sheet()
    for page, figure in enumerate(["0", "12", "0", "0"]):
        sheet.text(72, 700, "行政许可")
        sheet.text(72, 760, figure)
        if page < 3:  # the last page has no number: its figure must not pass for one
            sheet.text(290, 800, str(page + 5), 10)
        sheet.next_page()
    document = read_pdf(sheet.data(), engine=engine)
    assert [p.text for p in document.paragraphs() if p.text.isdigit()] == ["0", "12", "0", "0"]


def test_a_running_head_is_kept_once(engine: Engine) -> None:
    writer = Writer(last=120)
    for _ in range(4):
        writer.sheet.text(200, 30, "示例单位年度报告", 9)
        writer.line("公" * PER_LINE)
        writer.line("公" * PER_LINE)
        writer.top = 999
    assert read(writer, engine) == ["示例单位年度报告", "公" * PER_LINE * 8]


def test_words_far_apart_are_parted_by_one_space_and_latin_words_stay_apart(
    engine: Engine,
) -> None:
    sheet = Sheet()
    sheet.text(72, 72, "电话：0955-7679476")
    sheet.text(320, 72, "邮编：755000")
    sheet.text(72, 100, "Annual report 2021 of abc-def@163.com")
    document = read_pdf(sheet.data(), engine=engine)
    assert [paragraph.text for paragraph in document.paragraphs()] == [
        "电话：0955-7679476 邮编：755000",
        "Annual report 2021 of abc-def@163.com",
    ]


def test_no_character_of_a_page_is_lost_or_doubled(engine: Engine) -> None:
    writer = Writer()
    writer.paragraph(BODY)
    writer.paragraph(BODY, indent=0)
    assert sorted("".join(read(writer, engine))) == sorted(BODY * 2)


def test_radicals_become_the_characters_they_look_like() -> None:
    texts = "⼀、主动公开⻚⻓\xad"
    count = len(texts)
    page = upright(
        RawPage(
            number=1,
            box=(0, 0, 595, 842),
            rotation=0,
            texts=texts,
            lefts=[10.0 * n for n in range(count)],
            bottoms=[700.0] * count,
            rights=[10.0 * n + 10 for n in range(count)],
            tops=[710.0] * count,
            angles=[0] * count,
        )
    )
    runs, slanted = runs_of(page)
    assert [line.text for line in lines_of(runs)] == ["一、主动公开页长-"]
    assert slanted == []
