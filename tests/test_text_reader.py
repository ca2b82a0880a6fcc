"""Plain text and Markdown: decorations go, words and lines stay."""

from __future__ import annotations

import pytest

from pipeline.read.document import Paragraph, Table, UnreadableError
from pipeline.read.text import read_text


def test_markdown_decorations() -> None:
    text = "# 标题\n\n**（一）**见[网站](http://www.a.cn)，<https://www.spt.gov.cn>，印发<中华人\n"
    document = read_text(text.encode())
    assert [p.text for p in document.paragraphs()] == [
        "标题",
        "（一）见网站，https://www.spt.gov.cn，印发<中华人",
    ]
    assert [p.place for p in document.paragraphs()] == ["line=1", "line=3"]


def test_tabs_and_pipes_become_ragged_tables() -> None:
    document = read_text(
        "前言\n规章\t0\t0\t0\n行政许可\t5\n后记\n| 规章 | 1 |\n|---|---|\n| 许可 | 2 |\n".encode()
    )
    kinds = [type(block) for block in document.blocks]
    assert kinds == [Paragraph, Table, Paragraph, Table]
    first, second = document.tables()
    assert (first.rows, first.columns, first.ragged) == (2, 4, True)
    assert first.cells[0].place == "line=2"
    assert [cell.text for cell in second.cells] == ["规章", "1", "许可", "2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_by_the_bytes(encoding) -> None:
    assert next(read_text("政府信息公开".encode(encoding)).paragraphs()).text == "政府信息公开"


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(UnreadableError, match="UTF-8"):
        read_text(b"\x81\xff\xff\x00\xfe" * 20)


def cells(table: Table) -> list[list[str]]:
    return [[cell.text if cell else "" for cell in row] for row in table.grid()]


@pytest.mark.parametrize(
    "number", ["- 3 -", "— 3 —", "第 3 页", "第 3 页 共 8 页", "第3页/共8页", "3/8"]
)
def test_page_numbers_do_not_come_between(number: str) -> None:
    document = read_text(
        f"总金额\n373.3379 万元\n\n{number}\n\n规章\t0\n{number}\n许可\t1".encode()
    )
    assert [p.text for p in document.paragraphs()] == ["总金额", "373.3379 万元"]
    assert cells(next(document.tables())) == [["规章", "0"], ["许可", "1"]]


@pytest.mark.parametrize("text", ["-3", "13/8", "第 3 项", "3 -"])
def test_what_only_looks_like_a_page_number_stays(text: str) -> None:
    assert [p.text for p in read_text(text.encode()).paragraphs()] == [text]


def pages(numbers: list[str], length: int, more: str = "") -> list[str]:
    page = "正文。\n" * length
    text = "".join(f"{page}{number}\n\n" for number in numbers) + more
    return [p.text for p in read_text(text.encode()).paragraphs() if p.text != "正文。"]


def test_lone_numbers_that_count_the_pages_go() -> None:
    assert pages(["1", "2", "3"], 20) == []
    assert pages(["2", "3", "4", "5"], 20) == []


@pytest.mark.parametrize(
    ("numbers", "length", "more"),
    [
        (["1", "2"], 20, ""),
        (["1", "2", "3"], 8, ""),
        (["1", "2", "4"], 20, ""),
        (["5", "6", "7"], 20, ""),
        (["1", "2", "3"], 20, "规章\n\n0\n\n许可\n\n4\n"),
    ],
)
def test_lone_numbers_that_may_be_cells_stay(numbers: list[str], length: int, more: str) -> None:
    assert pages(numbers, length, more)[: len(numbers)] == numbers


def test_pipes_between_cells_alone_make_rows() -> None:
    (table,) = read_text("规章|0|1|\n||2|3\n |许可| |4\n".encode()).tables()
    assert cells(table) == [["规章", "0", "1", ""], ["", "", "2", "3"], ["", "许可", "", "4"]]


def test_blank_cells_at_the_ends_of_piped_rows_stay() -> None:
    (table,) = read_text("| 规章 | 0 | |\n|  | 1 | 2 |\n".encode()).tables()
    assert cells(table) == [["规章", "0", ""], ["", "1", "2"]]


def test_a_single_line_with_pipes_is_a_paragraph() -> None:
    document = read_text("首页 | 公开 | 年报\n\n正文\n\n甲 | 乙 | 丙\n".encode())
    assert [p.text for p in document.paragraphs()] == ["首页 | 公开 | 年报", "正文", "甲 | 乙 | 丙"]


@pytest.mark.parametrize("rows", [("规章\t0", "许可\t1"), ("甲|0|2", "乙|1|3")])
def test_few_blank_lines_do_not_end_a_table(rows: tuple[str, str]) -> None:
    for breaks in ("\n", "\n\n", "\n\n\n"):
        assert len(list(read_text(breaks.join(rows).encode()).tables())) == 1
    assert len(list(read_text("规章\t0\n\n\n\n许可\t1".encode()).tables())) == 2
    assert len(list(read_text("规章\t0\n\n正文\n\n许可\t1".encode()).tables())) == 2


def test_breaks_and_escapes_inside_markdown_cells() -> None:
    page = "| 商业<br>企业 | 1\\. 属于 | 甲\\|乙 |\n|:---:|---:|---|\n| 1 | 2 | 3 |\n"
    (table,) = read_text(page.encode()).blocks
    assert isinstance(table, Table)
    assert [cell.text for cell in table.cells] == ["商业\n企业", "1. 属于", "甲|乙", "1", "2", "3"]
