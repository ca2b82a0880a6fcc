"""What a rule is: a function with an id, a severity, a title and a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.finding import Finding, Scope, Severity, Verdict

# The notices that set the two formats of the report.
NOTICES = "国办公开办函〔2019〕60号、〔2021〕30号"

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A rule's word that it could not judge, or not all of what it looks at.

    Args:
        reason: Chinese clause that goes on from 无法判断，因为.

    """

    reason: str


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """One rule that reports must keep.

    Args:
        id: stable id; E- error, W- warning, I- information.
        severity: of its findings, unless its docstring says otherwise.
        scope: report (judged on one document) or series (on several).
        title: Chinese title.
        source: article, notice or note on the form that it rests on, in Chinese.
        judge: yields findings and what could not be judged; nothing means passed.

    """

    id: str
    severity: Severity
    scope: Scope
    title: str
    source: str
    judge: Callable[[Subject], Iterator[Finding | Unjudged]]

    def apply(self, subject: Subject) -> tuple[list[Finding], Verdict]:
        """Return the findings and the verdict of the rule."""
        findings: list[Finding] = []
        reasons: list[str] = []
        for said in self.judge(subject):
            if isinstance(said, Unjudged):
                reasons.append(said.reason)
            else:
                findings.append(said)
        mine = [finding for finding in findings if finding.rule == self.id]
        # A note beside what could not be judged breaks nothing.
        if mine and not (reasons and all(finding.severity == "info" for finding in mine)):
            return findings, Verdict(self.id, "failed")
        if reasons:
            return findings, Verdict(self.id, "not_judged", "；".join(dict.fromkeys(reasons)))
        return findings, Verdict(self.id, "passed")


def rule(
    identity: str, severity: Severity, title: str, source: str, scope: Scope = "report"
) -> Callable[[Callable[[Subject], Iterator[Finding | Unjudged]]], Rule[Subject]]:
    """Make a rule of the function below it; the arguments are those of ``Rule``."""

    def made(judge: Callable[[Subject], Iterator[Finding | Unjudged]]) -> Rule[Subject]:
        return Rule(identity, severity, scope, title, source, judge)

    return made
