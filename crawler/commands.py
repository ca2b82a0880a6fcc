"""Commands of the crawler: crawl, probe, demo."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.options import data_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.profile import Profile
    from crawler.walk import Ended

_resolve = click.option(
    "--resolve",
    multiple=True,
    metavar="HOST=ADDRESS:PORT",
    help="Speak to HOST at this address, in plain HTTP whatever the scheme. Repeatable.",
)


def _profiles(names: Sequence[str]) -> list[Profile]:
    from crawler.profile import ProfileError, load

    try:
        profiles = [load(name) for name in names]
    except ProfileError as error:
        raise click.UsageError(str(error)) from error
    ids = [profile.id for profile in profiles]
    if len(set(ids)) < len(ids):
        raise click.UsageError(f"a site was named twice: {', '.join(ids)}")
    return profiles


def _resolved(values: tuple[str, ...]) -> dict[str, str]:
    from crawler.handler import ResolveError, parse_resolve

    try:
        return parse_resolve(values)
    except ResolveError as error:
        raise click.UsageError(f"--resolve {error}") from error


def _exit_code(ends: Sequence[Ended]) -> int:
    if any(end.outcome in {"storage", "busy"} for end in ends):
        return 3
    return int(any(end.outcome != "finished" for end in ends))


@click.command()
@click.argument("sites", nargs=-1)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="FILE",
    help="Profile of a site: a TOML file, or the id of a bundled one. Repeatable.",
)
@_resolve
@data_option
@click.option("--quiet", is_flag=True, help="No lines of progress.")
def crawl(
    sites: tuple[str, ...],
    profiles: tuple[str, ...],
    resolve: tuple[str, ...],
    data: Path,
    quiet: bool,  # noqa: FBT001 - click passes flags
) -> None:
    """Walk SITES (spt, nxzw) or the sites of profile files into the data folder.

    Every answer is archived, every report read and checked. A second walk asks only for what
    changed. Set NIANBAO_CONTACT to an address of yours: it is sent along with each request.

    Exit code: 0 all sites finished, 1 a site failed, blocked or had no results, 2 wrong use,
    3 disk or database trouble, or another process walks the site.
    """
    wanted = (*sites, *profiles)
    if not wanted:
        raise click.UsageError("name a site (spt, nxzw) or give --profile FILE")
    loaded, resolved = _profiles(wanted), _resolved(resolve)

    from crawler.walk import settings_for, spider_for, walk

    if not resolved and not os.environ.get("NIANBAO_CONTACT"):
        click.echo("hint: set NIANBAO_CONTACT, so that the sites can reach you", err=True)
    settings = settings_for(data, resolved, {"NIANBAO_PROGRESS": not quiet})
    ends = walk([spider_for(profile) for profile in loaded], settings)
    for end in ends:
        counts = end.counts
        click.echo(
            f"{end.site_id}: {end.outcome}, {counts.get('requests', 0)} requests, "
            f"{counts.get('unchanged', 0)} unchanged, {counts.get('documents', 0)} documents, "
            f"{counts.get('findings', 0)} findings"
        )
        if end.reason:
            click.echo(f"{end.site_id}: {end.reason}", err=True)
    sys.exit(_exit_code(ends))


@click.command()
@click.argument("site")
@_resolve
def probe(site: str, resolve: tuple[str, ...]) -> None:
    """Fetch at most ten pages of SITE (an id or a profile file) and say what matched the profile.

    Nothing is kept. Exit code: 0 a report was met, 1 something did not match or answer,
    2 wrong use.
    """
    (profile,) = _profiles([site])
    resolved = _resolved(resolve)

    from crawler.probe import probe as run

    found, lines = run(profile, resolved)
    for line in lines:
        click.echo(line)
    sys.exit(0 if found else 1)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--no-serve", is_flag=True, help="Stop before serving the site.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Data folder of the demo.",
)
def demo(port: int, no_serve: bool, data: Path) -> None:  # noqa: FBT001 - click passes flags
    """Walk the bundled copy of both sites on this machine and serve the result.

    Needs a source checkout. Exit code: 0 done, else that of the crawl (see crawl --help).
    """
    from crawler.demo import DemoError, run_demo

    try:
        run_demo(data, port, serve=not no_serve)
    except DemoError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
