"""Turns bytes into a checked report: download, dedupe, read, recognise, check, store."""
