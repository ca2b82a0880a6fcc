"""History: what became of the addresses of documents, told at the good end of a walk.

An address that no longer gives its document is missing first; only a later night that finds it
so as well calls it removed. Nothing here touches the document: the last good copy stays.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archive.runs import night

GONE = ("missing", "removed", "moved")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a walk saw of an address.

    Args:
        at: when it was asked, ISO 8601 in UTC.
        cause: why it is gone: http-404, http-410, soft-404, redirect-home, redirect, not-listed;
            empty when it is there.

    """

    at: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    url: str
    document_id: int
    content_digest: str | None
    first_seen: str


def fates(db: Database, site_id: str, kinds: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return kind and time of the last event of each address of a site, where of one of the kinds.

    Args:
        db: the database.
        site_id: the site.
        kinds: of events; ``GONE`` for addresses that gave a document once and do not now.

    """
    rows = db.execute(
        "SELECT url, kind, happened_at FROM events WHERE site_id = ? ORDER BY happened_at, id",
        (site_id,),
    )
    last = {url: (kind, at) for url, kind, at in rows}
    return {url: fate for url, fate in last.items() if fate[0] in kinds}


def tell(db: Database, site_id: str, sightings: Mapping[str, Sighting], began: str) -> None:
    """Write the events that a good walk is the witness of.

    Args:
        db: the database, inside a transaction; the sources that waited for the walk count already.
        site_id: the site.
        sightings: by address; an address that the walk can't speak for is left out.
        began: when the walk began, ISO 8601 in UTC; of several runs in one night the first.

    """
    known = _known(db, site_id)
    earlier = fates(db, site_id, GONE)
    there = [
        one
        for one in known
        if not (one.url in sightings and sightings[one.url].cause)
        and (one.url in sightings or one.url not in earlier)
    ]
    numbers: Counter[str] = Counter(
        url for (url,) in db.execute("SELECT url FROM events WHERE site_id = ?", (site_id,))
    )
    for one in known:
        sighting = sightings.get(one.url)
        if sighting is None:
            continue
        kind, happened_at = earlier.get(one.url, ("", ""))
        moved_to = None
        if not sighting.cause:
            told = "restored" if kind else None
        elif kind == "moved":
            told = None
        elif moved_to := _moved_to(db, one, there, began):
            told = "moved"
        elif kind == "missing":
            told = "removed" if night(sighting.at) > night(happened_at) else None
        else:
            told = "missing" if kind != "removed" else None
        if told is not None:
            db.table("events").insert(
                {
                    "id": _identity(one.url, numbers[one.url]),
                    "site_id": site_id,
                    "url": one.url,
                    "document_id": one.document_id,
                    "kind": told,
                    "happened_at": sighting.at,
                    "cause": sighting.cause,
                    "other_url": moved_to,
                }
            )


def _identity(url: str, number: int) -> str:
    """Return an id that does not depend on the time, so that a walk done again gives the same."""
    return hashlib.sha256(f"{url}\x1f{number}".encode()).hexdigest()[:16]


def _known(db: Database, site_id: str) -> list[_Known]:
    rows = db.execute(
        "SELECT s.url, s.document_id, d.content_digest, k.captured_at FROM sources s"
        " JOIN documents d ON d.id = s.document_id JOIN captures k ON k.id = s.capture_id"
        " WHERE s.site_id = ? AND s.is_current = 1 ORDER BY s.url",
        (site_id,),
    )
    return [_Known(*row) for row in rows]


def _moved_to(db: Database, lost: _Known, there: list[_Known], began: str) -> str | None:
    """Return the address that the same content turned up at after the lost one was last good."""
    last_good: Any = db.execute(
        "SELECT max(v.visited_at) FROM run_visits v JOIN captures k ON k.id = v.capture_id"
        " JOIN documents d ON d.digest = k.digest"
        " WHERE v.url = ? AND v.status IN (200, 304) AND d.id = ? AND v.visited_at < ?",
        (lost.url, lost.document_id, began),
    ).fetchone()[0]
    copies = [
        (one.first_seen, one.url)
        for one in there
        if one.url != lost.url
        and (
            one.document_id == lost.document_id
            or (one.content_digest is not None and one.content_digest == lost.content_digest)
        )
        and one.first_seen > (last_good or "")
    ]
    return min(copies)[1] if copies else None
