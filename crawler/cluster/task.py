"""The task of a site: it holds the site's hosts for the whole cluster while a child walks them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import dask
from dask.utils import parse_timedelta
from distributed import Reschedule, Semaphore, get_worker, rejoin, secede

from crawler.cluster.order import DESERTED
from crawler.outcome import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.cluster.order import Order

TOPIC = "nianbao-crawl"
"""Topic of the scheduler's events under which walks tell that they begin."""

_ROOT = Path(__file__).resolve().parents[2]
_SIGNS = 5  # of life, in the time after which a walk gives its worker up


def crawl_site(order: Order) -> Ended:
    """Walk a site; return how that ended.

    A walk of a worker that dies is begun again by another worker and goes on where it was.
    """
    worker = get_worker()
    with _held(order.profile.all_hosts) as leases:
        worker.log_event(TOPIC, order.profile.id)
        with tempfile.TemporaryDirectory(dir=worker.local_directory) as scratch:
            ended = _in_child(order, scratch, leases)
        # The next one to ask the hosts must find their pause over.
        time.sleep(max(ended.pause, 0.0))
    return ended


def patience() -> float:
    """Return the seconds without a sign of life after which a walk ends itself.

    The scheduler gives a host to somebody else when its lease was not renewed for so long: the
    walk has to be over before that.
    """
    return _lease_seconds() / 2


def _lease_seconds() -> float:
    return float(parse_timedelta(dask.config.get("distributed.scheduler.locks.lease-timeout"), "s"))


@contextmanager
def _held(hosts: Sequence[str]) -> Iterator[Sequence[Semaphore]]:
    """Hold hosts, so that no other task of the cluster asks them anything.

    In the order of their names: two sites that share hosts can't wait for each other.
    """
    with ExitStack() as held:
        leases = []
        for host in sorted(hosts):
            lease = Semaphore(max_leases=1, name=f"nianbao {host}")  # type: ignore[no-untyped-call]
            lease.register()  # type: ignore[no-untyped-call]
            if not lease.acquire(timeout=0):  # type: ignore[no-untyped-call]
                # Waiting takes no thread of the worker from other sites.
                secede()  # type: ignore[no-untyped-call]
                lease.acquire()  # type: ignore[no-untyped-call]
                rejoin()  # type: ignore[no-untyped-call]
            held.callback(lease.release)
            leases.append(lease)
        yield leases


def _in_child(order: Order, scratch: str, leases: Sequence[Semaphore]) -> Ended:
    """Walk in a child process, which ends when this one does, frozen or cut off included."""
    ours, theirs = multiprocessing.Pipe()
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with ours, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "crawler.cluster.site_walk", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        theirs.close()
        try:
            ours.send((order, scratch, patience()))
            while not ours.poll(patience() / _SIGNS):
                if _are_known(leases):
                    ours.send_bytes(b".")
            ended: Ended = ours.recv()
        except (EOFError, ConnectionError) as error:
            if child.wait() == DESERTED:
                raise Reschedule from error  # this worker was frozen or cut off for a while
            return _broken(order.profile.id, child.returncode, errors)
        finally:
            child.kill()
            child.wait()
        return ended


def _are_known(leases: Sequence[Semaphore]) -> bool:
    """Tell whether the scheduler answers: it knows of us, and nobody else has got the hosts."""
    try:
        return all(lease.get_value() for lease in leases)  # type: ignore[no-untyped-call]
    except OSError:
        return False


def _broken(site_id: str, code: int, errors: IO[bytes]) -> Ended:
    errors.seek(0)
    printed = errors.read().decode("utf-8", "replace")
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    where = os.uname().nodename
    last = lines[-1] if lines else "it printed nothing"
    return Ended(site_id, "failed", f"the walk on {where} broke off ({how}): {last}")
