"""Runs the rules over a report and settles its status."""

from __future__ import annotations

from dataclasses import replace

from archive.codebook import template_metrics
from pipeline.check import (
    arithmetic,
    completeness,
    contact,
    dates,
    identity,
    labels,
    narrative,
    reading,
    stock,
    template,
)
from pipeline.check.rule import Rule
from pipeline.finding import Finding, Verdict
from pipeline.report import Report

ARITHMETIC: tuple[Rule[Report], ...] = (
    arithmetic.table3_balance,
    arithmetic.table3_results,
    arithmetic.table3_row_sums,
    arithmetic.table4_sums,
    arithmetic.non_negative,
)
OTHERS: tuple[Rule[Report], ...] = (
    completeness.unread_cells,
    arithmetic.blank_cells,
    identity.is_named,
    identity.period_is_stated,
    identity.year_agrees,
    identity.six_sections,
    labels.title,
    labels.headings,
    labels.labels,
    labels.citation,
    template.template,
    stock.stock_minimum,
    stock.items_minimum,
    stock.regulations,
    narrative.against_tables,
    narrative.parts,
    narrative.rates,
    contact.contact,
    contact.web_addresses,
    dates.sign_off,
    reading.codefendant,
)
RULES: tuple[Rule[Report], ...] = (*ARITHMETIC, *OTHERS)


def arithmetic_findings(report: Report) -> list[Finding]:
    """Return what the rules of arithmetic say."""
    return [finding for rule in ARITHMETIC for finding in rule.apply(report)[0]]


def check(report: Report) -> Report:
    """Apply all rules on a single report.

    Args:
        report: as recognised.

    Returns:
        The report with their findings and verdicts and with derived values; it becomes verified
        when every cell of its template holds a figure and every rule of arithmetic passed. A blank
        holds none: that it stands for 0 is an assumption. A row of figures that was left over
        keeps it from being verified.

    """
    if report.status in {"not_a_report", "unreadable"}:
        return report
    findings: list[Finding] = []
    verdicts: list[Verdict] = []
    for one in RULES:
        found, verdict = one.apply(report)
        findings.extend(found)
        verdicts.append(verdict)
    status = report.status
    left_over = any(f.rule.startswith(("W-T2", "W-T3", "W-T4")) for f in report.findings)
    sums = all(verdict.outcome == "passed" for verdict in verdicts[: len(ARITHMETIC)])
    # What OCR reads may be wrong where no sum can tell, in table two above all.
    by_ocr = any(f.rule == "I-OCR" for f in report.findings)
    if status == "read" and sums and not left_over and not by_ocr and _all_figures(report):
        status = "verified"
    return replace(
        report,
        status=status,
        findings=(*report.findings, *findings),
        verdicts=tuple(verdicts),
        derived=arithmetic.derive(report),
    )


def _all_figures(report: Report) -> bool:
    return report.template is not None and all(
        report.cells[metric.code].value is not None for metric in template_metrics(report.template)
    )
