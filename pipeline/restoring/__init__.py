"""Restoring: an archive made again from its WARC files alone."""
