"""The walk of a site in a process of its own, which does not outlive who began it.

``python -m crawler.cluster.site_walk FD`` takes the order from a connection. A sign of life has to
come over it every few seconds: one means that the worker is there and the scheduler knows of it,
so that nobody else has got the host meanwhile.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import threading
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from archive.home import Archive
from archive.run_blocks import BlockUsedUpError
from archive.runs import concluded
from archive.trouble import told
from crawler.cluster.order import DESERTED
from crawler.outcome import Ended
from crawler.spiders.platform import site_settings
from crawler.walk import settings_for, spider_for, walk
from pipeline.restoring.merge import LateReaders, bring_in
from pipeline.restoring.snapshot import load, save
from pipeline.store import settle

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from crawler.cluster.order import Order

logger = logging.getLogger(__name__)


def walk_site(order: Order, scratch: Path) -> Ended:
    """Walk a site as an order says, unless that has been done; return how the walk ended.

    Args:
        order: to walk a site.
        scratch: an empty folder of this machine; what is to last goes to the store.

    """
    site_id = order.profile.id
    try:
        if not order.store.exists(order.mark):
            return Ended(
                site_id,
                "storage",
                f"{order.store.place(order.mark)} is not there on {os.uname().nodename}: mount the "
                "same data folder at the same path there, or keep the bytes in object storage "
                "('nianbao store'); nothing was asked of the site",
            )
        return _walk(order, scratch)
    except (OSError, sqlite3.Error) as error:
        return Ended(site_id, "storage", told(error, scratch))
    except BlockUsedUpError as error:
        return Ended(site_id, "failed", str(error))


def _walk(order: Order, scratch: Path) -> Ended:
    site_id = order.profile.id
    load(order.store, site_id, scratch / "nianbao.db")
    with closing(Archive(scratch, create=True, store=order.store)) as archive:
        _catch_up(archive, order)
        done = concluded(archive, site_id, after=order.known)
        if done is not None:
            save(archive, site_id, done.run_id)
            return Ended(site_id, done.outcome, done.reason, done.counts)
        number = _number(archive, order)
    settings = settings_for(
        scratch,
        order.resolve,
        {"NIANBAO_PROGRESS": False, "NIANBAO_STORE": order.store, "NIANBAO_RUN": number},
    )
    # Whoever asked the host before may have been cut off a moment ago.
    time.sleep(pause(order, settings))
    (ended,) = walk([spider_for(order.profile)], settings)
    if ended.outcome != "storage":
        with closing(Archive(scratch, store=order.store)) as archive:
            save(archive, site_id, number)
    return ended


def pause(order: Order, settings: Settings) -> float:
    """Return the seconds between two requests to a host of the site, by its profile."""
    slots = site_settings(settings, order.profile)["DOWNLOAD_SLOTS"]
    return max(float(slot["delay"]) for slot in slots.values())


def _catch_up(archive: Archive, order: Order) -> None:
    """Bring in the runs that the snapshot does not know: of workers that died, of one machine."""
    site_id = order.profile.id
    with LateReaders(workers=1) as readers:
        blocks = (*order.earlier, order.numbers)
        merged = bring_in(archive, site_id, blocks, readers, cut_off=True)
    for line in merged.lost:  # whoever merges tells the operator
        logger.warning("%s: %s", site_id, line)
    if merged.runs:
        settle(archive)
    with archive.transaction() as db:
        db.conn.executemany(
            "INSERT OR IGNORE INTO run_acceptances (run_id, accepted_at)"
            " SELECT id, ?2 FROM runs WHERE id = ?1",
            order.accepted,
        )


def _number(archive: Archive, order: Order) -> int:
    row = archive.db.execute(
        "SELECT max(id) FROM runs WHERE id BETWEEN ? AND ?", (order.numbers[0], order.numbers[-1])
    ).fetchone()
    number = order.numbers[0] if row[0] is None else int(row[0]) + 1
    if number not in order.numbers:
        raise BlockUsedUpError(
            f"the walk was begun {len(order.numbers)} times and cut off each time; see why its "
            "workers end, then crawl it again"
        )
    return number


def _watch(connection: Connection, patience: float) -> None:
    """End this process when the other side is gone or has not given a sign of life for too long."""
    while True:
        try:
            heard = connection.poll(patience)
            if heard:
                connection.recv_bytes()
        except (EOFError, OSError):
            heard = False
        if not heard:
            os._exit(DESERTED)  # at once: no further request may leave


def main() -> None:
    """Take an order, walk, send back how it ended."""
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    with Connection(int(sys.argv[1])) as connection:
        order, scratch, patience = connection.recv()
        os.environ["NIANBAO_CONTACT"] = order.contact
        threading.Thread(target=_watch, args=(connection, patience), daemon=True).start()
        connection.send(walk_site(order, Path(scratch)))


if __name__ == "__main__":
    main()
