"""Finds and fetches. Knows addresses, lists and pagers; nothing of what a report contains."""
