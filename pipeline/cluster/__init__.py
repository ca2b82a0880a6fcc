"""Cluster: the engine, Dask distributed, and reading of stored documents on it or on this machine.

Dask belongs to the extra ``nianbao[cluster]``: modules here import it where they need it.
"""
