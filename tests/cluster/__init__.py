"""Crawls on a cluster: sites with a log of who asked when, scheduler and workers as processes."""
