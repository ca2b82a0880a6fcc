"""The order to walk a site: all that a task needs, wherever it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.store import Store
    from crawler.profile import Profile

DESERTED = 71
"""Exit code of a walk whose worker gave no sign of life."""


@dataclass(frozen=True)
class Order:
    """A site to walk.

    Args:
        profile: of the site.
        store: where captures go; the same for all.
        mark: name of an object that is in this store and in no other.
        known: the newest run of the site that is merged; 0 for none. A walk that ended after it
            need not be walked again the same night.
        earlier: numbers that runs of the site may have had, ascending.
        numbers: those that this walk may have.
        accepted: runs that a person has accepted, and when.
        resolve: address and port by host.
        contact: what NIANBAO_CONTACT says where the crawl was begun.

    """

    profile: Profile
    store: Store
    mark: str
    known: int
    earlier: tuple[range, ...]
    numbers: range
    accepted: tuple[tuple[int, str], ...]
    resolve: Mapping[str, str]
    contact: str
