"""Plain text and Markdown: decorations go, words and lines stay."""

from __future__ import annotations

import pytest

from pipeline.read.document import Paragraph, Table, UnreadableError
from pipeline.read.text import read_text


def test_markdown_decorations():
    text = "# 标题\n\n**（一）**见[网站](http://www.a.cn)，<https://www.spt.gov.cn>，印发<中华人\n"
    document = read_text(text.encode())
    assert [p.text for p in document.paragraphs()] == [
        "标题",
        "（一）见网站，https://www.spt.gov.cn，印发<中华人",
    ]
    assert [p.place for p in document.paragraphs()] == ["line=1", "line=3"]


def test_tabs_and_pipes_become_ragged_tables():
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
def test_encodings_by_the_bytes(encoding):
    assert next(read_text("政府信息公开".encode(encoding)).paragraphs()).text == "政府信息公开"


def test_bytes_of_no_encoding_are_refused():
    with pytest.raises(UnreadableError, match="UTF-8"):
        read_text(b"\x81\xff\xff\x00\xfe" * 20)
