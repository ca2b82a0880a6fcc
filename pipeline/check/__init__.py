"""Check: the rules that a report must keep."""

from pipeline.check.checker import check

__all__ = ["check"]
