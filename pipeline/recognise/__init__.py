"""Recognise: a neutral document becomes a report."""
