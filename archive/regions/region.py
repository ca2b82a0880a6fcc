"""A region of the country, as it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archive.publish import Release


@dataclass(frozen=True, slots=True)
class Region:
    """A region as it is published.

    Args:
        code: two, four or six digits, or ``unknown``.
        release: its database.
        facts: name, counts, newest report and sites, as ``archive.regions.build`` gives them.
        content: digest of the rows that the release was made of.
        parts: its files of the Parquet data set.

    """

    code: str
    release: Release
    facts: dict[str, Any]
    content: str
    parts: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])
