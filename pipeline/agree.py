"""Two independent readings of one file are held against each other.

Where they agree a figure is certain; where they differ the arithmetic of the form decides, and the
record says so; where it can't decide, the cell is unread.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pipeline.check.checker import arithmetic_findings
from pipeline.finding import Finding
from pipeline.recognise.recogniser import reading_status
from pipeline.report import CellReading, Report

_SHOWN = 5  # cells that a finding names


def _same(one: CellReading, other: CellReading) -> bool:
    return (one.value, one.state) == (other.value, other.state)


def _is_read(reading: CellReading | None) -> bool:
    return reading is not None and reading.state != "unread"


def _broken(report: Report, codes: Collection[str], other: Report) -> int:
    """Return how many sums fail when the cells in question are taken from the other reading."""
    cells = {**report.cells, **{code: other.cells[code] for code in codes}}
    return len(arithmetic_findings(replace(report, cells=cells)))


def _unread(reading: CellReading, other: CellReading) -> CellReading:
    note = f"两种读法不同：“{reading.raw}”与“{other.raw}”，合计无法判断哪一个对"
    return CellReading(reading.raw, None, "unread", note, reading.place)


def agree(first: Report, second: Report) -> Report:
    """Return one report of two readings of the same file.

    Args:
        first: the reading that is kept where both agree.
        second: an independent reading, recognised but not checked.

    Returns:
        The first reading; cells that differ are taken from the reading with which the sums hold,
        or are unread. A cell that only one reading found is taken from that one; a finding says
        which.

    """
    if first.template != second.template:
        if second.template is None or first.template is None:
            only = first if second.template is None else second
            read = [code for code, reading in only.cells.items() if reading.state != "unread"]
            return replace(only, findings=(*only.findings, *_found_once(only.cells, read)))
        message = "两种读法认出的表格格式不同，按第一种读法显示，请对照原件核实。"
        finding = Finding("W-READINGS-DIFFER", "warning", message)
        return replace(first, findings=(*first.findings, finding), status="partial")
    cells = dict(first.cells)
    single = []
    for code in dict.fromkeys((*first.cells, *second.cells)):
        mine, other = first.cells.get(code), second.cells.get(code)
        if _is_read(mine) != _is_read(other):
            single.append(code)
        if other is not None and _is_read(other) and not _is_read(mine):
            cells[code] = other
    status = reading_status(first.template, cells, first.year)
    findings = (*first.findings, *_found_once(cells, single))
    found = replace(first, cells=cells, status=status, findings=findings)
    both = {code: second.cells[code] for code in cells if code in second.cells}
    differing = [
        code
        for code, reading in both.items()
        if reading.state != "unread" and not _same(cells[code], reading)
    ]
    if not differing:
        return found
    return _decide(found, second, differing)


def _found_once(cells: dict[str, CellReading], codes: list[str]) -> tuple[Finding, ...]:
    """Say which cells only one of two readings could read."""
    if not codes:
        return ()
    shown = "；".join(f"{code}：{cells[code].raw}" for code in codes[:_SHOWN])
    message = (
        f"有 {len(codes)} 个单元格只有一种读法读出，没有第二种可以对照，请对照原件核实：{shown}"
    )
    place = cells[codes[0]].place
    return (Finding("W-READ-ONCE", "warning", message, shown, place),)


def _decide(first: Report, second: Report, differing: list[str]) -> Report:
    cells = dict(first.cells)
    decided: list[str] = []
    # Table two has no sums, so nothing can speak for either reading there.
    for table in ("t3", "t4"):
        codes = [code for code in differing if code.startswith(table)]
        if not codes:
            continue
        mine, theirs = _broken(first, (), second), _broken(first, codes, second)
        if mine == 0 < theirs:
            decided.extend(codes)
        elif theirs == 0 < mine:
            decided.extend(codes)
            cells.update({code: second.cells[code] for code in codes})
    for code in differing:
        if code not in decided:
            cells[code] = _unread(first.cells[code], second.cells[code])
    shown = "；".join(
        f"{code}：{first.cells[code].raw} 与 {second.cells[code].raw}"
        for code in differing[:_SHOWN]
    )
    message = (
        f"两种读法有 {len(differing)} 个单元格不同，其中 {len(decided)} 个由合计判定，"
        f"其余按未识别处理。不同之处：{shown}"
    )
    finding = Finding(
        "W-READINGS-DIFFER", "warning", message, shown, first.cells[differing[0]].place
    )
    status = reading_status(first.template, cells, first.year)
    return replace(first, cells=cells, status=status, findings=(*first.findings, finding))
