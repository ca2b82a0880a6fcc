"""Recognise: a neutral document becomes a report."""

from pipeline.recognise.recogniser import recognise

__all__ = ["recognise"]
