"""Check: the rules that a report must keep."""
