"""Runs the rules over a report and settles its status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from archive.codebook import template_metrics
from pipeline.check import arithmetic, completeness, identity
from pipeline.finding import Finding
from pipeline.report import Report

Rule = Callable[[Report], Iterator[Finding]]

ARITHMETIC: tuple[Rule, ...] = (
    arithmetic.table3_balance,
    arithmetic.table3_results,
    arithmetic.table3_row_sums,
    arithmetic.table4_sums,
    arithmetic.non_negative,
)
OTHERS: tuple[Rule, ...] = (
    completeness.unread_cells,
    arithmetic.blank_cells,
    identity.is_named,
    identity.year_agrees,
    identity.six_sections,
)


def arithmetic_findings(report: Report) -> list[Finding]:
    """Return what the rules of arithmetic say."""
    return [finding for rule in ARITHMETIC for finding in rule(report)]


def check(report: Report) -> Report:
    """Apply all rules.

    Args:
        report: as recognised.

    Returns:
        The report with their findings; it becomes verified when every cell of its template holds
        a figure and no rule of arithmetic has anything to say. A blank holds none: that it stands
        for 0 is an assumption. A row of figures that was left over keeps it from being verified.

    """
    if report.status in {"not_a_report", "unreadable"}:
        return report
    sums = arithmetic_findings(report)
    others = [finding for rule in OTHERS for finding in rule(report)]
    status = report.status
    left_over = any(f.rule.startswith(("W-T2", "W-T3", "W-T4")) for f in report.findings)
    if status == "read" and not sums and not left_over and _all_figures(report):
        status = "verified"
    return replace(report, status=status, findings=(*report.findings, *sums, *others))


def _all_figures(report: Report) -> bool:
    return report.template is not None and all(
        report.cells[metric.code].value is not None for metric in template_metrics(report.template)
    )
