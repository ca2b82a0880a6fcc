"""Comparing: the walk held against the site's own sitemaps and search."""
