"""What regions are called."""

from __future__ import annotations

import json
import sqlite3

from archive.regions.divide import UNKNOWN
from archive.site import words

UNKNOWN_NAME = "未归属"


def name_of(connection: sqlite3.Connection, region: str) -> str:
    """Return the name of a region.

    Args:
        connection: to the region's database, whose summaries are filled.
        region: two, four or six digits, or ``UNKNOWN``.

    """
    if region == UNKNOWN:
        return UNKNOWN_NAME
    if len(region) == 2:
        return words.province(region)
    own = connection.execute(
        "SELECT name FROM summary_regions WHERE code = ? AND name NOT LIKE '行政区划代码%'",
        (region.ljust(6, "0"),),
    ).fetchone()
    if own:
        return str(own[0])
    # A city none of whose own bodies is held: the sites of its counties say where they lie.
    for code, parents in connection.execute(
        "SELECT region_code, region_parents FROM sites ORDER BY id"
    ):
        above = json.loads(parents)
        if len(region) == 4 and code.startswith(region) and len(above) > 1:
            return str(above[-1])
    return f"{words.province(region[:2])}（{region}）"
