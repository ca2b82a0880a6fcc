"""A neutral document becomes a report."""

from __future__ import annotations

from archive.codebook import TABLES, Template, template_metrics
from pipeline.finding import Finding
from pipeline.read.document import Block, Document, Paragraph, Table
from pipeline.recognise.contact import find_contact
from pipeline.recognise.figures import narrative_figures
from pipeline.recognise.grids import TableReadings
from pipeline.recognise.identity import Title, find_period, find_title, self_names
from pipeline.recognise.lines import read_lines
from pipeline.recognise.lines_twice import refuse_other_printings, refuse_unsure_heads
from pipeline.recognise.narrative import narratives_of
from pipeline.recognise.plans import read_tables
from pipeline.recognise.sections import Parts, cut, join_text, join_with_places
from pipeline.recognise.statements import narrative_statements
from pipeline.recognise.text_lines import split_lines
from pipeline.report import CellReading, Report, Status

TABLE_NAMES = {"t2": "表二（主动公开）", "t3": "表三（申请办理）", "t4": "表四（复议诉讼）"}
# The form of 国办公开办函〔2019〕60号 was first used for report year 2019.
FIRST_YEAR_WITH_TABLES = 2019
# Some reports of the 2021 format print （六）其他处理 in one row, as the 2019 format does.
COLLAPSED_ROWS = frozenset({"other_not_corrected", "other_fee_unpaid", "other_misc"})


def recognise(document: Document) -> Report:
    """Recognise a report in a document.

    Args:
        document: paragraphs and tables of one file.

    Returns:
        A report; with status not_a_report when neither a title nor a statutory table says that it
        is one. The checks decide later between read and verified.

    """
    readings = _read_tables(document)
    parts = cut(document, readings.owners)
    meta_title = document.meta.get("ArticleTitle") or document.meta.get("title")
    lines = [block.text for block in parts.before if isinstance(block, Paragraph)]
    title = find_title(lines[:12], meta_title)
    findings = list(document.findings)
    named = title
    if named is None and _is_blank_form(readings):
        message = "这是空白的年度报告格式，没有填写任何数字，不是年度报告。"
        return Report(
            format=document.format,
            status="not_a_report",
            title=meta_title,
            findings=(*findings, Finding("I-BLANK-FORM", "info", message)),
        )
    if named is None and not readings.templates:
        return Report(
            format=document.format,
            status="not_a_report",
            title=meta_title,
            published=document.meta.get("PubDate"),
            findings=(
                *findings,
                Finding(
                    "I-NOT-A-REPORT", "info", "没有年度报告的标题，也没有法定表格，不是年度报告。"
                ),
            ),
        )
    if not parts.sections and not readings.templates and _is_bare(document):
        return Report(
            format=document.format,
            status="not_a_report",
            title=named.text if named else meta_title,
            agency_printed=named.agency if named else None,
            year=named.year if named else None,
            published=document.meta.get("PubDate"),
            findings=(
                *findings,
                Finding(
                    "I-TITLE-ONLY", "info", "页面只有年度报告的标题而没有正文，正文可能在附件中。"
                ),
            ),
        )
    return _report(document, readings, parts, named, findings)


def _is_bare(document: Document) -> bool:
    words = sum(len(paragraph.text) for paragraph in document.paragraphs())
    return words < 300 and not any(table.rows > 3 for table in document.tables())


def _is_blank_form(readings: TableReadings) -> bool:
    return {cell.state for cell in readings.cells.values()} == {"blank"}


def _read_tables(document: Document) -> TableReadings:
    tables = [(n, block) for n, block in enumerate(document.blocks) if isinstance(block, Table)]
    readings = read_tables(tables)
    missing = [table for table in TABLES if table not in readings.templates]
    paragraphs = [
        (n, block) for n, block in enumerate(document.blocks) if isinstance(block, Paragraph)
    ]
    lines = split_lines(paragraphs)
    refuse_other_printings(lines, readings)
    refuse_unsure_heads(lines, readings)
    if missing:
        found = read_lines(lines, missing)
        readings.cells.update(found.cells)
        readings.templates.update(found.templates)
        readings.findings.extend(found.findings)
        readings.owners.update(found.owners)
    return readings


def _template(readings: TableReadings) -> Template | None:
    return readings.templates.get("t2") or readings.templates.get("t3")


def _report(
    document: Document,
    readings: TableReadings,
    parts: Parts,
    title: Title | None,
    findings: list[Finding],
) -> Report:
    texts = {section.ordinal: section.text for section in parts.sections}
    before = join_text(parts.before)
    whole = "\n".join([before, *texts.values()])
    names = self_names(whole)
    period = find_period(before) or find_period(whole)
    year = title.year if title else None
    if year is None:
        year = next((name.year for name in names if name.year), None)
    if year is None and period:
        year = int(period[0][:4])
    agency = title.agency if title else None
    if agency is None:
        agency = next((name.agency for name in names if name.agency), None)
    narratives = narratives_of(parts.sections)
    preamble, preamble_paragraphs = _preamble(parts, title)
    template = _template(readings)
    cells = _complete(readings, template)
    findings.extend(readings.findings)
    if template is None and (year is None or year >= FIRST_YEAR_WITH_TABLES):
        findings.append(
            Finding("W-NO-TABLES", "warning", "三张法定表格均未识别，没有任何单元格的数字。")
        )
    elif template is None:
        findings.append(
            Finding("I-FREE-FORM", "info", "2019 年度以前的报告没有统一格式，只保留正文。")
        )
    else:
        findings.extend(_missing_tables(readings))
        findings.extend(_collapsed(template, cells))
    return Report(
        format=document.format,
        status=reading_status(template, cells, year),
        agency_printed=agency,
        year=year,
        title=title.text if title else None,
        template=template,
        period=period,
        signed=parts.signed,
        contact=find_contact("\n".join([before, texts.get(6, ""), texts.get(5, "")])),
        title_place=_title_place(parts, title),
        preamble=preamble,
        preamble_paragraphs=preamble_paragraphs,
        sections=parts.sections,
        cells=cells,
        figures=narrative_figures(narratives, year),
        statements=narrative_statements(narratives, year),
        findings=tuple(findings),
        published=document.meta.get("PubDate"),
    )


def _missing_tables(readings: TableReadings) -> list[Finding]:
    return [
        Finding("W-TABLE", "warning", f"{TABLE_NAMES[table]}未识别，其单元格均为未读。")
        for table in TABLES
        if table not in readings.templates
    ]


def _collapsed(template: Template, cells: dict[str, CellReading]) -> list[Finding]:
    total = cells.get("t3_other_total__total")
    if template != "2021" or total is None:
        return []
    message = "表三把（六）其他处理印成一行，没有按 2021 年格式分列三项，只记录该行的数字。"
    return [Finding("I-COLLAPSED", "info", message, "（六）其他处理", total.place)]


def _title_place(parts: Parts, title: Title | None) -> str:
    """Return the place of the first line of a title that is printed in the text."""
    if title is None or not title.blocks:
        return ""
    lines = [block for block in parts.before if isinstance(block, Paragraph)]
    return lines[title.first].place


def _preamble(parts: Parts, title: Title | None) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Return what stands between title and first heading, with offset and place of each block."""
    if title is None or not title.blocks:
        return join_with_places(parts.before)
    kept: list[Block] = []
    number = -1
    for block in parts.before:
        number += isinstance(block, Paragraph)
        in_title = title.first <= number < title.first + title.blocks
        if number >= title.first and not (isinstance(block, Paragraph) and in_title):
            kept.append(block)
    return join_with_places(kept)


def _complete(readings: TableReadings, template: Template | None) -> dict[str, CellReading]:
    """Return a reading for every cell of the template; what was not found is unread."""
    if template is None:
        return dict(readings.cells)
    collapsed = any(code.startswith("t3_other_total__") for code in readings.cells)
    cells: dict[str, CellReading] = {}
    for metric in template_metrics(template):
        reading = readings.cells.get(metric.code)
        if reading is None:
            if metric.table not in readings.templates:
                reason = f"{TABLE_NAMES[metric.table]}未识别"
            elif collapsed and metric.row_code in COLLAPSED_ROWS:
                reason = "报告把（六）其他处理印成一行，没有分列三项"
            else:
                reason = "没有找到这一行或这一列"
            reading = CellReading(None, None, "unread", reason)
        cells[metric.code] = reading
    cells.update({code: r for code, r in readings.cells.items() if code not in cells})
    return cells


def reading_status(
    template: Template | None, cells: dict[str, CellReading], year: int | None
) -> Status:
    """Return partial when a printed cell may be missing, else read.

    The three rows of a collapsed （六） are not printed, so nothing of them was missed.
    """
    if template is None:
        free_form = year is not None and year < FIRST_YEAR_WITH_TABLES
        return "read" if free_form else "partial"
    collapsed = "t3_other_total__total" in cells and template == "2021"
    missed = any(
        cells[metric.code].state == "unread"
        for metric in template_metrics(template)
        if not (collapsed and metric.row_code in COLLAPSED_ROWS)
    )
    return "partial" if missed else "read"
