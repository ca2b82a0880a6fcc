"""Commands of the crawler: crawl, nightly, accept, probe, demo."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from archive.options import data_option
from crawler.cluster.commands import crawl_many, listed
from pipeline.cluster.option import scheduler_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.outcome import Ended
    from crawler.profile import Profile

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
    from crawler.network.handler import ResolveError, parse_resolve

    try:
        return parse_resolve(values)
    except ResolveError as error:
        raise click.UsageError(f"--resolve {error}") from error


def _remind_of_contact(resolved: Mapping[str, str]) -> None:
    if not resolved and not os.environ.get("NIANBAO_CONTACT"):
        click.echo("hint: set NIANBAO_CONTACT, so that the sites can reach you", err=True)


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
@click.option(
    "--sites",
    "many",
    multiple=True,
    metavar="WHAT",
    help="Profile files, folders of them, or ids of bundled ones: many sites, each walked in a "
    "process of its own, several at once, then merged.",
)
@scheduler_option
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Sites walked at once with --sites and without --scheduler.  [default: 4 a core]",
)
@_resolve
@data_option
@click.option("--quiet", is_flag=True, help="No lines of progress.")
def crawl(  # noqa: PLR0913 - click passes options
    sites: tuple[str, ...],
    profiles: tuple[str, ...],
    many: tuple[str, ...],
    resolve: tuple[str, ...],
    data: Path,
    *,
    scheduler: str | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Walk SITES (spt, nxzw) or the sites of profile files into the data folder.

    Every answer is archived, every report read and checked. A second walk asks for the lists, for
    what they list anew and for what is due; one that follows a walk that was killed or paused goes
    on where it ended. Set NIANBAO_CONTACT to an address of yours: it is sent along with each
    request.

    With --sites, many sites are walked at once, by processes of this machine or, with --scheduler,
    by the workers of a Dask cluster; a host is asked by one of them at a time. Whatever is killed
    meanwhile, the same command goes on where it was.

    Exit code: 0 all sites finished, 1 a site failed, blocked, paused or had no results, 2 wrong
    use, 3 trouble with disk, database or store, no scheduler, or another process walks the site.
    """
    wanted = (*sites, *profiles, *listed(many))
    if not wanted:
        raise click.UsageError("name a site (spt, nxzw), or give --profile FILE or --sites FOLDER")
    if not many:
        for name in ("scheduler", "workers"):
            given = click.get_current_context().get_parameter_source(name)
            if given is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name} goes with --sites")
    loaded, resolved = _profiles(wanted), _resolved(resolve)
    _remind_of_contact(resolved)
    if many:
        ends = crawl_many(loaded, data, resolved, (scheduler, workers), quiet=quiet)
    else:
        from crawler.walk import settings_for, spider_for, walk

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
    _explain(loaded, data)
    sys.exit(_exit_code(ends))


def _explain(profiles: Sequence[Profile], data: Path) -> None:
    """Say why sites that never gave a report did not: what was met, what to change."""
    from archive.home import Archive, ArchiveMissingError
    from crawler.probing.explain import why

    try:
        archive = Archive(data)
    except (ArchiveMissingError, OSError, sqlite3.Error):
        return  # the disk or the database refused, which has been said
    try:
        for profile in profiles:
            for line in why(archive, profile):
                click.echo(line, err=True)
    finally:
        archive.close()


@click.command()
@click.argument("sites", nargs=-1)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Plan of the night, a TOML file.  [default: nightly.toml in the data folder, if there]",
)
@click.option(
    "--window",
    metavar="HH:MM-HH:MM",
    help="When sites may be asked, Beijing time; all day is 00:00-24:00.  [default: 00:30-06:30]",
)
@_resolve
@data_option
@click.option(
    "--trust-clock", is_flag=True, help="Go on though the clock does not fit the newest visit."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def nightly(  # noqa: PLR0913 - click passes options
    sites: tuple[str, ...],
    config: Path | None,
    window: str | None,
    resolve: tuple[str, ...],
    data: Path,
    *,
    trust_clock: bool,
    as_json: bool,
) -> None:
    """Do a night's work: walk SITES or those of the plan, read what is new, publish, report.

    Made for cron and timers: one at a time, within the night window, and whatever moment it is
    killed at, the next one goes on. What it came to is printed, kept as nightly.json in the data
    folder, and told by the hooks of the plan (program, webhook, mail).

    Exit code: 0 all well; 3 trouble with disk, database or clock, or another process is at work;
    else 1 a site failed or was not finished; else 4 something new needs a person, or a hook
    failed; 2 wrong use, or outside of the night window.
    """
    from datetime import UTC, datetime

    from crawler.night.plan import PlanError, find_plan, opening, opens_next

    try:
        plan = find_plan(sites, config, window, data)
    except PlanError as error:
        raise click.UsageError(str(error)) from error
    profiles, resolved = _profiles(plan.sites), _resolved(resolve)
    moment = datetime.now(UTC)
    if opening(plan.window, moment) is None:
        opens = opens_next(plan.window, moment)
        click.echo(
            f"the night window {plan.window} (Beijing time) opens at {opens:%Y-%m-%d %H:%M}; "
            "to run now, add --window 00:00-24:00",
            err=True,
        )
        sys.exit(2)

    from crawler.night.nightly import run_night

    _remind_of_contact(resolved)
    night = run_night(plan, profiles, data, resolved, trust_clock=trust_clock)
    if as_json:
        click.echo(json.dumps(night.as_json(), ensure_ascii=False, indent=2))
    else:
        click.echo(night.words())
    if not night.troubles:  # a database in trouble can't tell what a walk met
        _explain(profiles, data)
    sys.exit(night.exit_code)


@click.command()
@click.argument("site")
@data_option
def accept(site: str, data: Path) -> None:
    """Say that the last walk of SITE saw what is there, though it was judged a failed one.

    The next walk is compared with it, and publishes what it finds.

    Exit code: 0 accepted, 1 the last walk is none to accept, 2 no archive there.
    """
    from archive.home import Archive, ArchiveMissingError
    from crawler.health import NothingToAcceptError
    from crawler.health import accept as note

    try:
        archive = Archive(data)
    except ArchiveMissingError as error:
        raise click.UsageError(str(error)) from error
    try:
        run_id = note(archive, site)
    except NothingToAcceptError as error:
        raise click.ClickException(str(error)) from error
    finally:
        archive.close()
    click.echo(f"accepted run {run_id} of {site}; the next walk is compared with it")


@click.command()
@click.argument("site")
@_resolve
@data_option
def probe(site: str, resolve: tuple[str, ...], data: Path) -> None:
    """Fetch at most ten pages of SITE (an id or a profile file) and say what matched the profile.

    What does not match is explained: the page that was met, what was expected, and which line of
    the profile to change to what. The pages are kept in DATA/probe/SITE, beside the archive.

    Exit code: 0 a report was met, 1 something did not match or answer, 2 wrong use.
    """
    (profile,) = _profiles([site])
    resolved = _resolved(resolve)

    from crawler.probing.probe import probe as run

    found, lines = run(profile, resolved, data / "probe" / profile.id)
    for line in lines:
        click.echo(line)
    sys.exit(0 if found else 1)


@click.command("new-site")
@click.argument("url")
@click.option("--id", "identity", default="", help="Short name; guessed from the host.")
@click.option("--name", default="", help="What the site is called; guessed from its pages.")
@click.option("--region-code", default="", help="Six digits of GB/T 2260; guessed likewise.")
@click.option("--region-name", default="", help="Short name of the region; guessed likewise.")
@click.option("--parent", "parents", multiple=True, help="Region above it, outermost first.")
@click.option("--column", "columns", multiple=True, metavar="URL", help="A report list you know.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sites"),
    show_default=True,
    help="Folder that gets a folder of the site's id.",
)
@_resolve
def new_site(
    url: str, identity: str, into: Path, resolve: tuple[str, ...], **known: str | tuple[str, ...]
) -> None:
    """Write a profile for the site at URL, with the report list met and a test that reads it.

    Probes the site (at most ten pages each time, four times), takes name and region from its
    pages, and decides the keys in which it differs from the platform, each with its reason. An
    existing folder is never overwritten.

    Exit code: 0 written, 1 no report list was met or something can't be guessed, 2 wrong use,
    3 disk trouble.
    """
    _resolved(resolve)

    from crawler.probing.new_site import NewSiteError, Wish
    from crawler.probing.new_site import new_site as write

    try:
        lines = write(Wish(url=url, id=identity, **known), into, resolve)  # type: ignore[arg-type]
    except NewSiteError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"error: {into} can't be written: {error}", err=True)
        sys.exit(3)
    for line in lines:
        click.echo(line)


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
