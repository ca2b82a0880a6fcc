"""The HTML form: the body of an article as the content system's editor leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tests.replica.grids import Grid, Slot, grids

if TYPE_CHECKING:
    from tests.replica.data import ReportData


@dataclass(frozen=True, slots=True)
class HtmlStyle:
    """What differs between pages.

    Args:
        container: opening tag of the body container.
        word: markup as pasted from Word (spans, MsoNormal, ``&nbsp;``) instead of plain cells.
        head_cells: head cells as ``th``.
        title_in_body: the title stands in the text again.
    """

    container: str = '<div class="view TRS_UEDITOR trs_paper_default trs_word">'
    word: bool = True
    head_cells: bool = False
    title_in_body: bool = True


def _text(text: str) -> str:
    return escape(text, quote=False)


def _cell(slot: Slot, style: HtmlStyle) -> str:
    spans = f' rowspan="{slot.rows}"' if slot.rows > 1 else ""
    spans += f' colspan="{slot.columns}"' if slot.columns > 1 else ""
    tag = "th" if style.head_cells and slot.code is None else "td"
    if not style.word:
        return f"<{tag}{spans}>{_text(slot.text)}</{tag}>"
    inner = _text(slot.text) or "&nbsp;"
    if slot.text.endswith(("处理", "公开")) and len(slot.text) > 6 and slot.rows > 1:
        inner = f"{_text(slot.text[:5])}<br/>{_text(slot.text[5:])}"
    return (
        f'<{tag}{spans} style="border:1px solid #000;padding:0 7px"><p class="MsoNormal" '
        f'align="center"><span style="font-family:宋体;font-size:12px">{inner}</span></p></{tag}>'
    )


def table_html(grid: Grid, style: HtmlStyle) -> str:
    """Write a grid as an HTML table with rowspan and colspan."""
    rows = [
        "<tr>" + "".join(_cell(slot, style) for slot in grid.row(row)) + "</tr>"
        for row in range(grid.row_count)
    ]
    attributes = ' border="1" cellspacing="0" cellpadding="0"' if style.word else ""
    return f"<table{attributes}><tbody>\n" + "\n".join(rows) + "\n</tbody></table>"


def report_body(report: ReportData, style: HtmlStyle) -> str:
    """Write the article body with container; to be put into a page."""
    tables = dict(zip((2, 3, 4), grids(report), strict=True)) if report.cells else {}
    blocks: list[str] = []
    if style.title_in_body:
        blocks.append(
            '<p style="text-align:center"><strong>'
            + "<br/>".join(map(_text, report.title_lines))
            + "</strong></p>",
        )
    blocks += [_paragraph(text, style) for text in report.intro]
    for part in report.sections:
        blocks.append(f"<p><strong>{_text(part.heading)}</strong></p>")
        blocks += [_paragraph(text, style) for text in part.paragraphs]
        if part.ordinal in tables:
            blocks.append(table_html(tables[part.ordinal], style))
    blocks += [f'<p style="text-align:right">{_text(line)}</p>' for line in report.signoff_lines]
    return f"{style.container}\n" + "\n".join(blocks) + "\n</div>"


def _paragraph(text: str, style: HtmlStyle) -> str:
    if style.word:
        return (
            '<p class="MsoNormal" style="text-indent:32px"><span style="font-family:仿宋_GB2312">'
            f"{_text(text)}</span></p>"
        )
    return f"<p>　　{_text(text)}</p>"


def report_page(report: ReportData, style: HtmlStyle) -> bytes:
    """Write a page of its own: the body under title and date, without a site around it."""
    title = escape(report.title)
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="ArticleTitle" content="{title}"></head>\n<body><h1>{title}</h1>\n'
        f"{report_body(report, style)}\n</body></html>\n"
    ).encode()
