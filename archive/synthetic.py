"""Synthetic sites: invented ones for tests and benches, never in one archive with real ones."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

PREFIX = "synthetic-"
"""First letters of the ids of invented sites; no profile of a real one begins with them."""


class SyntheticMixedError(ValueError):
    """Invented and real sites meet in one archive."""


def is_synthetic(connection: sqlite3.Connection) -> bool:
    """Tell whether an archive holds an invented country.

    Raises:
        SyntheticMixedError: it holds invented and real sites.

    """
    kinds = {
        bool(kind)
        for (kind,) in connection.execute(
            "SELECT DISTINCT substr(id, 1, ?) = ? FROM sites", (len(PREFIX), PREFIX)
        )
    }
    if len(kinds) > 1:
        raise SyntheticMixedError(
            "the archive holds invented and real sites: nothing of it may be shown; "
            "crawl the real ones into a data folder of their own"
        )
    return kinds == {True}


def refuse_mixing(db: Database, site_id: str) -> None:
    """Refuse a site that is invented where real ones are held, or real among invented ones.

    Raises:
        SyntheticMixedError: it is such a site.

    """
    invented = site_id.startswith(PREFIX)
    other = db.execute(
        "SELECT id FROM sites WHERE (substr(id, 1, ?) = ?) <> ? LIMIT 1",
        (len(PREFIX), PREFIX, invented),
    ).fetchone()
    if other is not None:
        raise SyntheticMixedError(
            f"the archive holds the site {other[0]}, and {site_id} is "
            f"{'an invented' if invented else 'a real'} one: name another --data"
        )
