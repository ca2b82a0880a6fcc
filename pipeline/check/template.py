"""Rule on the format: tables, notice cited and year belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.codebook import Template
from pipeline.check.places import place_in_preamble
from pipeline.check.rule import NOTICES, Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.identity import compatible, squeeze
from pipeline.report import Report

_NUMBER = re.compile(r"国办公开办函[\[〔(（【]?(20(?:19|21))[\]〕)）】]?第?(\d{1,3})号")
_BY_NUMBER: dict[tuple[str, str], Template] = {("2019", "60"): "2019", ("2021", "30"): "2021"}
_NAMES = {"2019": "国办公开办函〔2019〕60号", "2021": "国办公开办函〔2021〕30号"}


@rule(
    "W-TEMPLATE",
    "warning",
    "表格格式、所引通知与年度相符",
    NOTICES,
)
def template(report: Report) -> Iterator[Finding | Unjudged]:
    """W-TEMPLATE: 2019 and 2020 use the format of 2019-60, later years 2021-30, and cite it.

    Source: 国办公开办函〔2019〕60号 and 〔2021〕30号. Which format the tables have is told by their
    structure.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格")
        return
    used = report.template
    due: Template | None = None
    if report.year is not None and report.year >= 2019:
        due = "2019" if report.year < 2021 else "2021"
    if due is not None and used != due:
        yield Finding(
            "W-TEMPLATE",
            "warning",
            f"{report.year} 年度应使用 {_NAMES[due]} 的格式，表格却是 {_NAMES[used]} 的格式。",
            report.title or "",
            report.title_place,
            f"Reports on {report.year} use the {due} format; the tables are those of {used}.",
        )
    match = _NUMBER.search(compatible(squeeze(report.preamble)))
    if match is None:
        if due is None or used == due:
            yield Unjudged("正文没有写明所依据通知的文号")
        return
    cites = _BY_NUMBER.get((match[1], match[2]))
    quote = f"国办公开办函〔{match[1]}〕{match[2]}号"
    if cites is None:
        yield Finding(
            "W-TEMPLATE",
            "warning",
            f"所引“{quote}”不是规定格式的通知（{_NAMES['2019']}或{_NAMES['2021']}）。",
            quote,
            place_in_preamble(report, match.start()),
            f"{quote} is neither of the notices that set the format.",
        )
    elif cites != used:
        yield Finding(
            "W-TEMPLATE",
            "warning",
            f"正文引用 {quote}，表格却是 {_NAMES[used]} 的格式。",
            quote,
            place_in_preamble(report, match.start()),
            f"The text cites the notice of {cites}, the tables are those of {used}.",
        )
