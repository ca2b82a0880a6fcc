"""One short file a site; what walks them is in ``platform``."""
