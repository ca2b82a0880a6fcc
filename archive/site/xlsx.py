"""A report as a workbook: the three tables as the form prints them, all cells, the sources.

A blank stays an empty cell and 0 is the number 0. Text is always written as text, whatever it
begins with, so that no program takes it for a formula.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

import xlsxwriter
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from archive.site import lookup, words
from archive.site.answers import ask
from archive.site.downloads import attachment
from archive.site.layout import Box, Grid
from archive.site.lookup import Figure, ReportData

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel holds no longer text in a cell.
_LONGEST = 32_767
_CUT = "……（过长，余下部分见原件）"
# Above a table stand the titles of report and table, and an empty row.
_ABOVE = 3
_WIDTHS = {"t2": (36, 18, 18, 18), "t3": (10, 14, 46, *(10,) * 7), "t4": (8,) * 15}
_CELL_HEADS = ("代码", "表", "行组", "行", "列", "数值", "状态", "原文", "备注", "单位", "位置",
               "本站网址")  # fmt: skip
_SOURCE_HEADS = ("原网址", "角色", "文件格式", "所示", "现存", "网页载明的发布时间",
                 "存档时间（UTC）", "栏目", "所在网页", "SHA-256")  # fmt: skip

_Value = str | float | None


@dataclass(frozen=True, slots=True)
class _Styles:
    title: Format
    head: Format
    figure: Format
    printed: Format
    unread: Format
    listed: Format


def _styles(workbook: xlsxwriter.Workbook) -> _Styles:
    box = {"border": 1, "valign": "vcenter", "text_wrap": True}
    return _Styles(
        title=workbook.add_format({"bold": True, "font_size": 13}),
        head=workbook.add_format({**box, "align": "center", "bg_color": "#F3EFE5"}),
        figure=workbook.add_format({**box, "align": "right"}),
        printed=workbook.add_format({**box, "align": "right", "italic": True}),
        unread=workbook.add_format({**box, "align": "right", "font_color": "#7D5600",
                                    "bg_color": "#FBF1D9"}),
        listed=workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#F3EFE5"}),
    )  # fmt: skip


def _put(sheet: Worksheet, row: int, column: int, value: _Value, style: Format | None) -> None:
    """Write a number as a number, a text as a text, nothing as an empty cell."""
    if value is None or value == "":
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        if len(value) > _LONGEST:
            value = value[: _LONGEST - len(_CUT)] + _CUT
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


def _shown(figure: Figure | None, styles: _Styles) -> tuple[_Value, Format]:
    if figure is None or figure.state == "unread":
        return words.STATES["unread"].name, styles.unread
    if figure.state == "value":
        return figure.value, styles.figure
    if figure.state == "blank":
        return None, styles.figure
    return figure.raw, styles.printed


def _table(
    sheet: Worksheet, grid: Grid, figures: dict[str, Figure], title: str, styles: _Styles
) -> None:
    _put(sheet, 0, 0, title, styles.title)
    name = f"{words.TABLE_NUMERALS[grid.table]}、{words.TABLES[grid.table]}"
    _put(sheet, 1, 0, name, styles.title)
    taken: set[tuple[int, int]] = set()

    def place(box: Box, row: int, column: int) -> None:
        value: _Value = box.text
        style = styles.head
        if box.code:
            value, style = _shown(figures.get(box.code), styles)
        if box.rows > 1 or box.columns > 1:
            last = (row + box.rows - 1, column + box.columns - 1)
            # It would write a text that begins with "=" as a formula.
            sheet.merge_range(row, column, *last, "", style)
        _put(sheet, row, column, value, style)

    for row, boxes in enumerate((*grid.head, *grid.body), start=_ABOVE):
        column = 0
        for box in boxes:
            while (row, column) in taken:
                column += 1
            place(box, row, column)
            taken |= {
                (row + down, column + right)
                for down in range(box.rows)
                for right in range(box.columns)
            }
    for column, width in enumerate(_WIDTHS[grid.table]):
        sheet.set_column(column, column, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _list(
    sheet: Worksheet, heads: Sequence[str], rows: Sequence[Sequence[_Value]], styles: _Styles
) -> None:
    for column, head in enumerate(heads):
        _put(sheet, 0, column, head, styles.listed)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            _put(sheet, number, column, value, None)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(rows)), len(heads) - 1)
    sheet.set_column(0, len(heads) - 1, 18)


def _cells(data: ReportData, address: str) -> list[list[_Value]]:
    return [
        [code, words.TABLE_NUMERALS[f.metric.table], f.metric.row_group, f.metric.row_label,
         f.metric.column_label, f.value, words.STATES[f.state].name, f.raw, f.note,
         words.unit(f.metric.unit), f.place, f"{address}/cell/{code}"]
        for code, f in data.figures.items()
    ]  # fmt: skip


def _sources(data: ReportData) -> list[list[_Value]]:
    return [
        [source["url"], words.ROLES.get(source["role"], source["role"]),
         words.FORMATS.get(source["format"], source["format"]), "是" if form.is_shown else "否",
         "是" if source["is_current"] else "否", source["published"], source["captured_at"],
         source["column_path"], source["parent_url"], source["digest"]]
        for form in data.forms
        for source in form.sources
    ]  # fmt: skip


def workbook(data: ReportData, address: str, made: datetime) -> bytes:
    """Return a report as an Office Open XML workbook.

    Args:
        data: the report.
        address: of its page.
        made: moment to note in the file; the same report then gives the same bytes.

    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": data.report["title"][:255],
                "comments": f"{address}；{words.LICENSE}"[:255],
                "created": made.replace(tzinfo=None),
            }
        )
        styles = _styles(book)
        for grid in data.grids:
            sheet = book.add_worksheet(
                f"表{words.TABLE_NUMERALS[grid.table]} {words.TABLES[grid.table]}"
            )
            _table(sheet, grid, data.figures, data.report["title"], styles)
        _list(book.add_worksheet("单元格"), _CELL_HEADS, _cells(data, address), styles)
        _list(book.add_worksheet("来源"), _SOURCE_HEADS, _sources(data), styles)
    return out.getvalue()


async def report_workbook(datasette: Datasette, request: Request) -> Response:
    """Answer ``/report/<agency>/<year>.xlsx``."""
    slug, year = unquote(request.url_vars["slug"]), int(request.url_vars["year"])
    data = await ask(datasette, lambda connection: lookup.report(connection, slug, year))
    name = f"{words.slug(data.report['agency_key'])}-{year}.xlsx"
    path = words.link(f"/report/{words.slug(data.report['agency_key'])}/{year}")
    body = await asyncio.to_thread(
        workbook,
        data,
        datasette.absolute_url(request, path),
        datetime.fromisoformat(datasette.release.published_at),
    )
    return Response(body, content_type=_MEDIA_TYPE, headers=attachment(name))


ROUTES = [(r"^/report/(?P<slug>[^/]+)/(?P<year>\d{4})\.xlsx$", report_workbook)]
