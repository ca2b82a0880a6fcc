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

    """

    rule: str
    severity: Severity
    message: str
    quote: str = ""
    place: str = ""
