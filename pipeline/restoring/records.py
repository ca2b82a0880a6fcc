"""Records in the order of their dates: what several walks left in their WARC files, as one story.

Within a site the order of the files and their records stands, whatever a clock did meanwhile; the
sites, which are walked at the same time, are joined by date.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from archive.records import Damage, Record, read_records
from archive.store import Store
from archive.warc_files import named


@dataclass(frozen=True, slots=True)
class Told:
    """A record, and whose it is.

    Args:
        at: date that it is sorted by, no earlier than that of the record before it.
        site_id: site of the walk.
        run_id: the walk.
        record: the record.
        referrer: of a response or revisit: the page that led there, by the request behind it.

    """

    at: str
    site_id: str
    run_id: int
    record: Record
    referrer: str | None = None


def in_order(store: Store, files: Iterable[str], damages: list[Damage]) -> Iterator[Told]:
    """Yield the records of all walks in the order in which they were written.

    Args:
        store: where WARC files are.
        files: names of those of an archive, as ``archive.warc_files.files_of`` sorts them.
        damages: what is damaged is added to it.

    Raises:
        OSError: a file can't be read.

    """
    sites = groupby(files, key=lambda name: (named(name) or ("",))[0])
    streams = [_site(store, site, list(group), damages) for site, group in sites]
    return heapq.merge(*streams, key=lambda told: told.at)


def _site(store: Store, site_id: str, files: list[str], damages: list[Damage]) -> Iterator[Told]:
    at = ""
    for file in files:
        _, run_id, _ = named(file) or ("", 0, 0)
        for record, referrer in with_referrers(store, file, damages):
            at = max(at, record.date)
            yield Told(at, site_id, run_id, record, referrer)


def with_referrers(
    store: Store, file: str, damages: list[Damage], start: int = 0
) -> Iterator[tuple[Record, str | None]]:
    """Yield all records but the requests, which say where a response was found.

    Args:
        store: where WARC files are.
        file: name of the WARC file.
        damages: what is damaged is added to it.
        start: where the first record begins.

    """
    waiting: Record | None = None
    for found in read_records(store, file, bodies=True, start=start):
        if isinstance(found, Damage):
            damages.append(found)
            continue
        if found.kind == "request":
            if waiting is not None and _belongs(found, waiting):
                yield waiting, _referrer(found)
                waiting = None
            continue
        if waiting is not None:
            yield waiting, None
        waiting = found
    if waiting is not None:
        yield waiting, None


def _belongs(request: Record, answer: Record) -> bool:
    return request.headers.get("warc-concurrent-to") == answer.headers.get("warc-record-id")


def _referrer(request: Record) -> str | None:
    return next((v for name, v in request.http_headers if name.lower() == "referer"), None)
