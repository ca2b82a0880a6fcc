"""Keeps and publishes: schema, stored bytes, WARC files, the Datasette site."""
