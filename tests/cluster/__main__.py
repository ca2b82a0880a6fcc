"""Forty sites on two workers in network namespaces of their own, one killed in the middle.

``python -m tests.cluster`` compares what they give with what one process gives, row by row, and
looks into the log of the server for impolite requests. The exit code is 1 when anything differs.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import click

from tests.cluster.drive import begin, finish, resolve
from tests.cluster.machines import Machines, until
from tests.cluster.namespaces import HERE, NoNamespacesError, namespaces
from tests.cluster.sites import Server, SmallSites
from tests.same_archive import differences

WORKERS = ("nbone", "nbtwo")
_LONGEST = 1800


def _alone(sites: SmallSites, folder: Path, profiles: list[Path]) -> None:
    with Server(sites.answer, HERE) as server:
        named = [part for file in profiles for part in ("--profile", file)]
        hosts = resolve(list(sites.hosts.values()), server.address)
        finish(begin(folder / "alone", *named, *hosts, "--quiet"), seconds=_LONGEST)


def _on_workers(sites: SmallSites, folder: Path, delay: float, threads: int) -> list[str]:
    with (
        Server(sites.answer, HERE) as server,
        Machines(folder / "machines", address=HERE, threads=threads) as machines,
    ):
        for name in WORKERS:
            machines.add(name, namespace=name)
        hosts = resolve(list(sites.hosts.values()), server.address)
        command = ["--sites", folder / "profiles", "--scheduler", machines.scheduler, *hosts]
        walked = begin(folder / "workers", *command)
        pages = len(sites.pages) + len(sites.hosts)
        until(lambda: len(server.asked) > pages // 3, _LONGEST, walked)
        machines.kill_worker(WORKERS[0])
        click.echo(f"killed a worker after {len(server.asked)} requests")
        out, err = finish(walked, seconds=_LONGEST)
        click.echo(err + out)
        problems = differences(folder / "alone", folder / "workers")
        problems += server.rudeness(dict.fromkeys(sites.hosts.values(), delay))
        # What the killed worker had not stored yet may come twice, one body a walk.
        twice = server.bodies_twice()
        click.echo(f"{len(server.asked)} requests, {len(twice)} bodies twice: {twice}")
        if len(twice) > threads + 1:
            problems.append(f"{len(twice)} bodies were sent twice")
    return problems


@click.command()
@click.option("--sites", "number", default=40, show_default=True)
@click.option("--reports", default=3, show_default=True, help="Of each site.")
@click.option("--delay", default=1.0, show_default=True, help="Seconds between two requests.")
@click.option("--threads", default=4, show_default=True, help="Walks at once of each worker.")
def main(number: int, reports: int, delay: float, threads: int) -> None:
    """Crawl, kill, compare."""
    folder = Path(tempfile.mkdtemp(prefix="nianbao-cluster-"))
    sites = SmallSites(number, reports)
    (folder / "profiles").mkdir()
    profiles = sites.profiles(folder / "profiles", delay)
    try:
        with namespaces(WORKERS):
            began = time.monotonic()
            _alone(sites, folder, profiles)
            click.echo(f"one process: {time.monotonic() - began:.0f} s")
            began = time.monotonic()
            problems = _on_workers(sites, folder, delay, threads)
            click.echo(f"two workers: {time.monotonic() - began:.0f} s")
    except NoNamespacesError as error:
        raise click.ClickException(str(error)) from error
    for line in problems:
        click.echo(line)
    click.echo(f"{number} sites, {len(problems)} problems")
    if problems:
        click.echo(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
