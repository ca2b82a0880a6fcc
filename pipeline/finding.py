"""Findings: what a stage has to say about a document, for people to act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a reader, the recogniser or a check noticed.

    Args:
        rule: stable id, e.g. ``E-T3-BALANCE``; E- error, W- warning, I- information.
        severity: error, warning or info.
        message: one Chinese sentence that names the figures and, where there is one, the way out.
        quote: the words or figures of the report it rests on, as printed; may be empty.
        place: where the quote stands, in the form of ``pipeline.read.document``; may be empty.
        message_en: the same sentence in English; rules of ``pipeline.check`` and
            ``pipeline.series`` always have one.

    """

    rule: str
    severity: Severity
    message: str
    quote: str = ""
    place: str = ""
    message_en: str = ""


# Whether a rule judges one document or several reports.
Scope = Literal["report", "series"]
Outcome = Literal["passed", "failed", "not_judged"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one document.

    Args:
        rule: id of the rule.
        outcome: passed, failed (there is a finding of the rule) or not_judged.
        reason: why it could not be judged, in Chinese; empty otherwise.

    """

    rule: str
    outcome: Outcome
    reason: str = ""
