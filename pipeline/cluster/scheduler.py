"""Scheduler: how a command finds its workers, and what they must have in common with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import click

from pipeline.cluster.program import Program, differences, this_program
from pipeline.pool import available_cores

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 6
_WORKER_SECONDS = 30

# Measured: without this, the engine's looking after itself takes a fifteenth of two cores.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
}
"""Settings of the engine for scheduler and workers; as variables, DASK_DISTRIBUTED__WORKER__…"""

Say = Callable[[str], None]


class ClusterError(RuntimeError):
    """The cluster can't be used; says why and what to do."""


class EngineMissingError(ClusterError):
    """Dask distributed is not installed."""


class SchedulerMissingError(ClusterError):
    """No scheduler answers at the address, or it has gone away."""


class WorkersMissingError(ClusterError):
    """The scheduler has no workers."""


class ProgramDiffersError(ClusterError):
    """A machine of the cluster runs something else than this one."""


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def connect(scheduler: str | None, workers: int | None = None, say: Say = _say) -> Iterator[Client]:
    """Connect to a scheduler whose workers run the same program as this process.

    Args:
        scheduler: its address; None for a cluster of processes on this machine.
        workers: number of these processes, None for one a core; each does one thing at a time.
        say: is told when there is something to wait for.

    Yields:
        The client; closed at the end, and with it what it has not finished.

    Raises:
        EngineMissingError: Dask distributed is not installed.
        SchedulerMissingError: nobody answers at the address.
        WorkersMissingError: it has no workers, and none comes within half a minute.
        ProgramDiffersError: scheduler or a worker has other versions, or not this package.

    """
    try:
        from dask import config  # noqa: PLC0415
        from distributed import Client, LocalCluster  # noqa: PLC0415  an extra, loaded on demand
    except ModuleNotFoundError as error:
        raise EngineMissingError(
            f"{error.name} is not installed: run pip install 'nianbao[cluster]'"
        ) from error
    # What it logs as an error, with a traceback, is said by an error of ours.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    if scheduler is None:
        count = workers or available_cores()
        with (
            config.set(QUIET),
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            Client(cluster, set_as_default=False) as client,  # type: ignore[no-untyped-call]
        ):
            yield client
        return
    try:
        client = Client(  # type: ignore[no-untyped-call]
            scheduler, timeout=_CONNECT_SECONDS, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise SchedulerMissingError(
            f"no Dask scheduler answers at {scheduler}; start one with 'dask scheduler', or name "
            f"another --scheduler ({type(error).__name__}: {error})"
        ) from error
    with client:
        _check_scheduler(client, scheduler)
        _await_workers(client, scheduler, say)
        check_workers(client)
        yield client


def _check_scheduler(client: Client, scheduler: str) -> None:
    """Refuse a scheduler with another version of the engine: it may lose or mix up messages."""
    versions = cast("dict[str, Any]", client.get_versions())
    there, here = versions["scheduler"], versions["client"]
    names = ("python", "dask", "distributed", "msgpack", "cloudpickle", "tornado")
    both = [{**side["host"], **side["packages"]} for side in (there, here)]
    told = [
        f"{name}: {both[0].get(name)} there, {both[1].get(name)} here"
        for name in names
        if both[0].get(name) != both[1].get(name)
    ]
    if told:
        raise ProgramDiffersError(
            f"the scheduler {scheduler} has other versions than this machine; install the same "
            f"everywhere: {'; '.join(told)}"
        )


def _await_workers(client: Client, scheduler: str, say: Say) -> None:
    if threads(client):
        return
    say(f"{scheduler} has no workers yet; waiting {_WORKER_SECONDS} seconds for one")
    try:
        client.wait_for_workers(1, timeout=_WORKER_SECONDS)
    except TimeoutError as error:
        raise WorkersMissingError(
            f"the scheduler {scheduler} has no workers; start some with 'dask worker {scheduler}'"
        ) from error


def threads(client: Client) -> int:
    """Return how many things the workers can do at once, 0 without workers.

    Raises:
        SchedulerMissingError: the scheduler is lost.

    """
    try:
        return sum(client.nthreads().values())  # type: ignore[no-untyped-call]
    except OSError as error:
        raise lost_scheduler() from error


def lost_scheduler() -> SchedulerMissingError:
    """Return the error for a connection that was there and is no more."""
    return SchedulerMissingError(
        "the connection to the scheduler is lost; run this again, which goes on from here"
    )


def check_workers(client: Client) -> None:
    """Refuse workers that run something else than this process.

    Raises:
        ProgramDiffersError: names the worker and what is different.

    """
    answers = client.run(this_program, on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, OSError):
            continue  # it has gone meanwhile
        if isinstance(answer, Exception):  # the engine hands on only the words of most errors
            raise ProgramDiffersError(
                f"the worker {worker} has no nianbao like this one ({answer}); install the same "
                "version there as here"
            ) from answer
        check_program(worker, answer)


def check_program(worker: str, there: Program) -> None:
    """Refuse a worker that runs something else than this process.

    Raises:
        ProgramDiffersError: names the worker and what is different.

    """
    told = differences(this_program(), there)
    if told:
        raise ProgramDiffersError(
            f"the worker {worker} runs something else than this machine, so that its results could "
            f"differ; install the same everywhere: {'; '.join(told)}"
        )
