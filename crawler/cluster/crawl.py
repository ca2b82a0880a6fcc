"""The crawl of many sites: orders to the workers, what comes back, and the merge.

Whatever moment it is killed at, the next crawl goes on: walks that have ended are merged and not
walked again the same night, the others go on where they were.
"""

from __future__ import annotations

import os
import time
import uuid
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from distributed import KilledWorker, wait

from archive.home import Archive
from archive.run_blocks import blocks_of, give_blocks, sites_with_blocks
from archive.runs import close_killed, sole_crawl
from crawler.cluster.order import Order
from crawler.cluster.task import TOPIC, crawl_site
from crawler.outcome import Ended
from pipeline.cluster.readers import ClusterReaders
from pipeline.cluster.scheduler import connect, threads
from pipeline.cluster.stored import NotRead
from pipeline.pool import available_cores
from pipeline.restoring.merge import LateReaders, merge
from pipeline.store import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from distributed import Client, Future

    from archive.blobs import BlobStore
    from crawler.profile import Profile
    from pipeline.cluster.scheduler import Say
    from pipeline.cluster.stored import Answer, StoredReaders

_MARKS = "state/.crawl/"
_WALKS_A_CORE = 4  # a polite walk waits most of its time
_LOOK_AGAIN = 5  # seconds
_ALONE = 300  # seconds without any worker


def crawl_sites(
    profiles: Sequence[Profile],
    data: Path,
    resolve: Mapping[str, str],
    cluster: tuple[str | None, int | None],
    say: Say,
) -> list[Ended]:
    """Walk sites on a cluster and merge what they brought.

    Args:
        profiles: of the sites.
        data: data folder; made when missing.
        resolve: address and port by host.
        cluster: address of the scheduler, None for processes of this machine; how many of them,
            None for four a core.
        say: is told how far it is.

    Returns:
        How the walk of each site ended, in the order given.

    Raises:
        archive.runs.SiteBusyError: another process walks sites into the folder.
        pipeline.cluster.scheduler.ClusterError: the cluster can't be used, or was lost; what has
            ended by then is merged.
        OSError: disk or store refuse; run it again.
        sqlite3.Error: the database refuses; likewise.

    """
    data = data.absolute()  # workers have folders of their own that they begin in
    scheduler = cluster[0]
    workers = min(len(profiles), cluster[1] or _WALKS_A_CORE * available_cores())
    data.mkdir(parents=True, exist_ok=True)
    with (
        sole_crawl(data),
        closing(Archive(data, create=True)) as archive,
        connect(scheduler, workers, say) as client,
    ):
        with _marked(archive) as mark, client.as_current():
            ends = _walk(client, _orders(archive, profiles, resolve, mark), say)
        with LateReaders() as here:
            far = scheduler is not None and client.status == "running"
            _merge(archive, _Readers(ClusterReaders(client), here) if far else here, say)
    return ends


@contextmanager
def _marked(archive: Archive) -> Iterator[str]:
    """Put an object into the store by which workers know that theirs is the same.

    Those of crawls that were killed go: what still waits of them is not begun any more.
    """
    for left in list(archive.store.names(_MARKS)):
        archive.store.delete(left)
    name = f"{_MARKS}{uuid.uuid4().hex}"
    archive.store.put(name, b"")
    try:
        yield name
    finally:
        archive.store.delete(name)


def _orders(
    archive: Archive, profiles: Sequence[Profile], resolve: Mapping[str, str], mark: str
) -> list[Order]:
    earlier = {}
    for profile in profiles:
        close_killed(archive, profile.id)  # of this machine: it has ended, as we hold all sites
        rows = archive.db.execute(
            "SELECT id FROM runs WHERE site_id = ? ORDER BY id", (profile.id,)
        ).fetchall()
        runs = [range(number, number + 1) for (number,) in rows]
        earlier[profile.id] = (runs, blocks_of(archive, profile.id))
    given = give_blocks(archive, [profile.id for profile in profiles])
    return [
        Order(
            profile=profile,
            store=archive.store,
            mark=mark,
            known=max((block[-1] for block in earlier[profile.id][0]), default=0),
            earlier=tuple(one for part in earlier[profile.id] for one in part),
            numbers=given[profile.id],
            accepted=tuple(
                archive.db.execute(
                    "SELECT a.run_id, a.accepted_at FROM run_acceptances a"
                    " JOIN runs r ON r.id = a.run_id WHERE r.site_id = ?",
                    (profile.id,),
                ).fetchall()
            ),
            resolve=dict(resolve),
            contact=os.environ.get("NIANBAO_CONTACT", ""),
        )
        for profile in profiles
    ]


def _walk(client: Client, orders: Sequence[Order], say: Say) -> list[Ended]:
    """Have all sites walked; a site whose task is lost is told of as a failed one."""
    walking: set[str] = set()
    ends: dict[str, Ended] = {}
    sites: dict[Future[Ended], str] = {}

    def begun(event: tuple[float, str]) -> None:
        if event[1] in sites.values() and event[1] not in ends:
            walking.add(event[1])

    client.subscribe_topic(TOPIC, begun)  # type: ignore[no-untyped-call]
    for order in orders:
        # The number makes it a task of its own: a result of an earlier crawl is none of this one.
        key = f"nianbao-crawl-{order.profile.id}-{order.numbers[0]}"
        future = client.submit(crawl_site, order, key=key, pure=False)
        sites[future] = order.profile.id
    for future in _as_they_end(client, list(sites)):
        end = _result(future, sites[future])
        ends[end.site_id] = end
        walking.discard(end.site_id)
        say(
            f"{len(ends)} of {len(orders)} sites: {end.site_id} {end.outcome}; "
            f"{len(walking)} being walked"
        )
    return [ends[order.profile.id] for order in orders]


def _as_they_end(client: Client, futures: list[Future[Ended]]) -> Iterator[Future[Ended]]:
    """Yield futures as they end; all that are left when there has been no worker for long."""
    since = time.monotonic()
    while futures:
        try:
            done = wait(futures, timeout=_LOOK_AGAIN, return_when="FIRST_COMPLETED").done  # type: ignore[no-untyped-call]
        except TimeoutError:
            done = set()
        except CancelledError:
            done = set(futures)
        if _has_workers(client):
            since = time.monotonic()
        elif time.monotonic() > since + _ALONE:
            client.cancel(futures)  # type: ignore[no-untyped-call]
            done = set(futures)
        yield from (future for future in futures if future in done)
        futures = [future for future in futures if future not in done]


def _has_workers(client: Client) -> bool:
    """Tell whether the scheduler has workers, as far as it can be asked."""
    try:
        return client.status != "running" or threads(client) > 0
    except OSError:
        return True  # it is being lost, which the futures will tell


def _result(future: Future[Ended], site_id: str) -> Ended:
    try:
        return future.result()
    except KilledWorker as error:
        reason = (
            f"{error.allowed_failures + 1} workers died one after the other while they walked it; "
            "see their logs, then crawl it again, which goes on where it was"
        )
    except CancelledError:
        reason = (
            f"the scheduler was lost, or had no worker for {_ALONE} seconds; crawl it again, which "
            "goes on where it was"
        )
    return Ended(site_id, "failed", reason)


class _Readers:
    """Readers on a cluster; what workers were lost with is read here."""

    def __init__(self, there: StoredReaders, here: StoredReaders) -> None:
        self._there, self._here = there, here

    def parse_stored(self, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Answer]:
        """Read stored documents, as ``StoredReaders`` says."""
        for digest, answer in self._there.parse_stored(blobs, digests):
            if isinstance(answer, NotRead) and not answer.damaged:
                yield from self._here.parse_stored(blobs, [digest])
            else:
                yield digest, answer


def _merge(archive: Archive, readers: StoredReaders, say: Say) -> None:
    sites = sites_with_blocks(archive)
    for number, site_id in enumerate(sites, start=1):
        merged = merge(archive, site_id, readers)
        for line in merged.lost:
            say(f"damaged: {line}")
        if merged.runs:
            say(f"merged {number} of {len(sites)} sites: {site_id}, {len(merged.runs)} runs")
    settle(archive)
