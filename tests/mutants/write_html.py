"""HTML as content systems keep it: plain, or pasted from WPS and Word."""

from __future__ import annotations

import random
from html import escape

from tests.mutants.model import Draft, Sheet
from tests.replica.grids import Slot


class HtmlWriter:
    """Writes one page; the constructor draws its style."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.soup = rng.choice(("plain", "plain", "word", "wps", "nested"))
        self.heads = rng.choice(("td", "td", "th", "mixed"))
        self.sections = rng.choice(("none", "tbody", "thead", "bodies"))
        self.blank = rng.choice(("", "&nbsp;", " ", "　", "<br/>"))
        self.break_tag = rng.choice(("<br>", "<br/>", "</p><p>"))
        self.unclosed = rng.random() < 0.1

    def cell(self, slot: Slot, sheet: Sheet, *, head: bool) -> str:
        rows, columns = sheet.written.get((slot.row, slot.column), (slot.rows, slot.columns))
        spans = f' rowspan="{rows}"' if rows > 1 else ""
        spans += f' colspan="{columns}"' if columns > 1 else ""
        tag = "td"
        if not slot.code and (
            self.heads == "th" or (self.heads == "mixed" and (head or self.rng.random() < 0.3))
        ):
            tag = "th"
        close = "" if self.unclosed else f"</{tag}>"
        return f"<{tag}{spans}{self._style()}>{self._inner(slot.text)}{close}"

    def _style(self) -> str:
        if self.soup in {"word", "wps"}:
            return (
                ' width="66" valign="center" style="border:1.0pt solid windowtext;'
                'mso-border-alt:solid windowtext .5pt;padding:0cm 5.4pt"'
            )
        return ""

    def _inner(self, text: str) -> str:
        if not text:
            inner = self.blank
            return f"<p>{inner}<o:p></o:p></p>" if self.soup == "word" else inner
        words = escape(text, quote=False)
        if self.soup == "plain":
            return words.replace("\n", "<br/>")
        if self.soup == "wps" and len(text) > 1:
            cut = self.rng.randint(1, len(text) - 1)
            words = (
                f"<span>{escape(text[:cut], quote=False)}</span>"
                f'<span style="font-family:宋体">{escape(text[cut:], quote=False)}</span>'
            )
        words = words.replace("\n", self.break_tag if self.soup == "nested" else "<br>")
        if self.soup == "nested":
            return f"<div><p>{words}</p></div>"
        return (
            '<p class="MsoNormal" align="center" style="mso-line-height-rule:exactly">'
            f'<span lang="EN-US" style="font-size:10.5pt"><font face="宋体">{words}</font>'
            "<o:p></o:p></span></p>"
        )

    def table(self, sheet: Sheet) -> str:
        rows = []
        for row in range(sheet.rows):
            head = row < sheet.head_rows
            cells = [self.cell(slot, sheet, head=head) for slot in sheet.beginning(row)]
            rows.append("<tr>" + "".join(cells) + ("" if self.unclosed else "</tr>"))
        written = "\n".join(rows)
        cut = sheet.head_rows
        if self.sections == "tbody":
            written = f"<tbody>{written}</tbody>"
        elif self.sections == "thead" and 0 < cut < len(rows):
            written = f"<thead>{''.join(rows[:cut])}</thead><tbody>{''.join(rows[cut:])}</tbody>"
        return f'<table border="1" cellspacing="0" cellpadding="0">{written}</table>'


_METADATA = (
    "<table><tr><td>索引号</td><td>640502/2022-00012</td><td>发布日期</td><td>2022-01-12</td></tr>"
    "<tr><td>发布机构</td><td>示例局</td><td>责任部门</td><td>示例局</td></tr>"
    "<tr><td>公开方式</td><td>主动公开</td><td>总计</td><td>3</td></tr></table>"
)


def write_html(draft: Draft, blocks: list[str | Sheet]) -> bytes:
    """Write a page and encode it, sometimes against its own declaration."""
    rng = draft.rng
    writer = HtmlWriter(rng)
    parts = []
    layout = rng.random() < 0.12
    for block in blocks:
        if isinstance(block, str):
            parts.append(f"<p>{escape(block, quote=False)}</p>")
        else:
            table = writer.table(block)
            parts.append(f"<table><tr><td>{table}</td></tr></table>" if layout else table)
    body = "\n".join(parts)
    if rng.random() < 0.15:
        draft.kinds.append("metadata-table")
        body = _METADATA + body
    if rng.random() < 0.12:
        draft.kinds.append("layout-table")
        body = f'<table width="900"><tr><td>{body}</td></tr></table>'
    if layout:
        draft.kinds.append("nested-table")
    draft.kinds.append(f"soup-{writer.soup}")
    if writer.sections == "thead":
        draft.kinds.append("thead")
    declared, real = rng.choice(
        (
            ("utf-8", "utf-8"),
            ("utf-8", "utf-8"),
            ("gb2312", "gb18030"),
            ("utf-8", "gb18030"),
            ("gb2312", "utf-8"),
            ("", "gb18030"),
            ("gbk", "utf-8-sig"),
        )
    )
    draft.kinds.append(f"charset-{declared or 'none'}-{real}")
    meta = f'<meta charset="{declared}">' if declared else ""
    title = escape(str(blocks[0]))
    page = (
        f"<!DOCTYPE html>\n<html><head>{meta}<title>{title}</title></head>\n"
        f'<body><div class="content">{body}</div></body></html>\n'
    )
    return page.encode(real)
