"""Rules on stock and flow within one report, and on cells that few bodies may fill."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.report import Report

DOCUMENTS = {"regulations": "规章", "normative_docs": "行政规范性文件"}
ITEMS = {
    "licensing": "行政许可",
    "other_services": "其他对外管理服务事项",
    "penalty": "行政处罚",
    "coercion": "行政强制",
    "fees": "行政事业性收费",
}
# 立法法: regulations are made by the State Council's bodies, provinces and cities with districts.
_CAN_REGULATE = re.compile(r"省|自治区|国务院|国家|部$|州人民政府|市人民政府|市司法局|自治州")
_CAN_NOT = re.compile(r"县|旗|[镇乡]|街道|(?<!自治)区")


@rule("W-STOCK-MIN", "warning", "现行有效件数不小于制发减废止", "表二标签的含义")
def stock_minimum(report: Report) -> Iterator[Finding | Unjudged]:
    """W-STOCK-MIN: 现行有效 ≥ 本年制发 - 本年废止, so that last year's stock is not negative.

    Source: meaning of the labels of table 二, 2021 format (inference).
    """
    if report.template != "2021":
        yield Unjudged("只有 2021 年格式有现行有效件数")
        return
    for code, label in DOCUMENTS.items():
        cells = [report.cells[f"t2_{code}_{c}"] for c in ("issued", "repealed", "in_force")]
        issued, repealed, in_force = (cell.value for cell in cells)
        if issued is None or repealed is None or in_force is None:
            yield Unjudged(f"“{label}”一行有空白或未识别的单元格")
        elif in_force < issued - repealed:
            before = in_force - issued + repealed
            yield Finding(
                "W-STOCK-MIN",
                "warning",
                f"“{label}”本年制发 {issued} 件、废止 {repealed} 件、现行有效 {in_force} 件，"
                f"推算上年末为 {before} 件，不可能为负数。",
                f"{issued} {repealed} {in_force}",
                cells[2].place,
                f"{code}: {issued} issued, {repealed} repealed, {in_force} in force imply "
                f"{before} in force a year before.",
            )


@rule("W-ITEMS", "warning", "项目数量衔接", "2019年格式表二“上一年项目数量”“本年增/减”的含义")
def items_minimum(report: Report) -> Iterator[Finding | Unjudged]:
    """W-ITEMS: 上一年项目数量 + 本年增/减 ≥ 0.

    Source: meaning of the labels of table 二, 2019 format (inference). The comparison with the
    next year is in ``pipeline.series``.
    """
    if report.template != "2019":
        yield Unjudged("只有 2019 年格式有项目数量")
        return
    for code, label in ITEMS.items():
        previous = report.cells[f"t2_{code}_items_prev"]
        change = report.cells[f"t2_{code}_items_change"]
        if previous.value is None or change.value is None:
            yield Unjudged(f"“{label}”一行有空白或未识别的单元格")
        elif previous.value + change.value < 0:
            yield Finding(
                "W-ITEMS",
                "warning",
                f"“{label}”上一年项目数量 {previous.value}，本年增减 {change.value}，相加为负数。",
                f"{previous.raw} {change.raw}",
                change.place,
                f"{code}: {previous.value} items and a change of {change.value} make less than 0.",
            )


@rule("W-REGULATIONS", "warning", "规章数量与机关的立法权相符", "《立法法》关于规章制定权的规定")
def regulations(report: Report) -> Iterator[Finding | Unjudged]:
    """W-REGULATIONS: 规章 are 0 unless the body is a ministry, a province or a city with districts.

    Source: 立法法 on who makes 规章 (general knowledge, not looked up).
    """
    codes = [code for code in report.cells if code.startswith("t2_regulations_")]
    filled = {code: report.cells[code] for code in codes if report.cells[code].value}
    if not codes:
        yield Unjudged("没有识别出表二")
        return
    name = report.agency_printed or ""
    unread = any(report.cells[code].state == "unread" for code in codes)
    if not filled and not unread:
        return
    if not name or (_CAN_REGULATE.search(name) and not _CAN_NOT.search(name)):
        if not name:
            yield Unjudged("不知道是哪个机关")
        return
    if not _CAN_NOT.search(name):
        yield Unjudged(f"从名称不能判断“{name}”能否制定规章")
        return
    if not filled:
        yield Unjudged("“规章”一行有未识别的单元格")
        return
    figures = " ".join(report.cells[code].raw or "" for code in codes)
    yield Finding(
        "W-REGULATIONS",
        "warning",
        f"{name}没有规章制定权，表二“规章”一行却填了 {figures}。",
        figures,
        next(iter(filled.values())).place,
        f"{name} can't make regulations, but the row 规章 holds {figures}.",
    )
