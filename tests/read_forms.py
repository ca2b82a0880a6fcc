"""Forms of tests read as reports, and what they say."""

from __future__ import annotations

import random

from pipeline.parse import parse
from pipeline.read.document import Document, Paragraph
from pipeline.read.html import read_html
from pipeline.read.text import read_text
from pipeline.recognise import recognise
from tests.mutants.make import _sheets
from tests.mutants.model import Printed
from tests.mutants.write_html import HtmlWriter

TITLE = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")


PAGE = "page=1;box=0.0,0.0,1.0,1.0"


def report_of(*tables):
    return recognise(Document("html", (TITLE, *tables)))


def read(report):
    return {code: cell.value for code, cell in report.cells.items()}


def wrong(report, values):
    """Return cells that say something else than is printed; unread ones say nothing."""
    return {
        code: cell
        for code, cell in report.cells.items()
        if cell.state != "unread" and (cell.raw or "") != str(values[code])
    }


def as_html(*sheets):
    writer = HtmlWriter(random.Random(1))
    tables = "".join(writer.table(sheet) for sheet in sheets)
    return read_html(f"<html><body><p>{TITLE.text}</p>{tables}</body></html>".encode())


def sheets(values):
    printed = {
        code: Printed("", "blank") if value == "" else Printed(str(value), "value", value)
        for code, value in values.items()
    }
    return _sheets("2021", printed, collapsed=False)


def lines(text):
    return recognise(read_text(text.encode()))


HEAD = f"""{TITLE.text}
二、主动公开政府信息情况
第二十条第（六）项
信息内容 本年处理决定数量
"""


THIRD = """三、收到和处理政府信息公开申请情况
申请人情况
自然人 法人或其他组织 总计
商业企业 科研机构 社会公益组织 法律服务机构 其他
"""


def read_states(mutant, table):
    cells = parse(mutant.data).cells
    return {cell.state for code, cell in cells.items() if code.startswith(table)}


def span(cell):
    return cell.row_span, cell.column_span
