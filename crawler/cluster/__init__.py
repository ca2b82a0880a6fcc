"""Crawling on a cluster: a task a site on Dask distributed, merged by one writer.

Dask belongs to the extra ``nianbao[cluster]``: modules here import it where they need it.
"""
