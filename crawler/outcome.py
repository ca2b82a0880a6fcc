"""How the walk of a site ended; apart from what walks, which takes long to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ended:
    """How the run of a site ended.

    Args:
        site_id: the site.
        outcome: finished, blocked, robots, failed, no-results, stopped, paused, storage or
            busy.
        reason: one sentence when it is not finished.
        counts: requests, bytes, documents, …
        pause: seconds between two requests to a host at least, as profile and robots.txt want it.

    """

    site_id: str
    outcome: str
    reason: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
    pause: float = 0.0
