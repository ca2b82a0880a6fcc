"""Commands of the archive: ``publish``, ``serve`` and ``status``."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.options import data_option

if TYPE_CHECKING:
    from archive.home import Archive
    from archive.site.evidence import Maker


_COUNTS = {
    "runs": "SELECT count(*) FROM runs",
    "captures": "SELECT count(*) FROM captures",
    "payloads": "SELECT count(*) FROM payloads",
    "payload_bytes": "SELECT coalesce(sum(size), 0) FROM payloads",
    "agencies": "SELECT count(*) FROM agencies",
    "agencies_with_reports": "SELECT count(DISTINCT agency_id) FROM reports",
    "documents": "SELECT count(*) FROM documents",
    "reports": "SELECT count(*) FROM reports",
    "sources": "SELECT count(*) FROM sources",
    "cells": "SELECT count(*) FROM cells",
    "findings": "SELECT count(*) FROM findings",
}
_GROUPS = {
    "documents_by_status": ("documents", "status"),
    "reports_by_status": ("reports", "status"),
    "cells_by_state": ("cells", "state"),
    "findings_by_severity": ("findings", "severity"),
}


def open_archive(data: Path) -> Archive:
    """Open an archive for a command; where there is none, the command was used wrongly."""
    # Imported here, as in the other commands, so that --help is quick.
    from archive.home import Archive, ArchiveMissingError

    try:
        return Archive(data)
    except ArchiveMissingError as error:
        raise click.UsageError(str(error)) from error


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen at; 0 takes any free one.",
)
@click.option(
    "--address",
    metavar="URL",
    help="Address that visitors know the site by, when a proxy passes on their requests, as "
    "https://example.org/nianbao/. Links carry its path, whole addresses its scheme and host.",
)
@click.option("--sql", is_flag=True, help="Let visitors ask in SQL, for 2 seconds and 1000 rows.")
@click.pass_obj
def serve(  # noqa: PLR0913
    maker: Maker | None, data: Path, host: str, port: int, address: str | None, *, sql: bool
) -> None:
    """Serve what is published of an archive until interrupted.

    What has never been published, or only by an earlier version, is published first, in the way in
    which it was published last; a later 'nianbao publish' is shown without a restart. Of an archive
    that is published region by region the front page lists the regions, the search goes over all
    of them, and each has its site below /r/<code>/. Prints the address once pages are answered.
    Pictures of figures in their originals are drawn when first asked for and kept in the folder
    cache/evidence of the data folder, which may be deleted at any time.
    Exit codes: 0 after an interrupt, 1 when the port is taken or regions could not be published, 2
    when the folder holds no archive or the address is none.
    """
    from archive.site.address import AddressError, PublicAddress
    from archive.site.server import Options, PortTakenError, listen
    from archive.site.server import serve as run

    try:
        options = Options(PublicAddress.parse(address) if address else None, sql)
    except AddressError as error:
        raise click.UsageError(str(error)) from error
    archive = open_archive(data)
    try:
        shown_there = _servable(archive)
    finally:
        archive.close()
    try:
        listening = listen(host, port)
    except PortTakenError as error:
        raise click.ClickException(str(error)) from error
    shown = f"[{host}]" if ":" in host else host
    own_address = f"http://{shown}:{listening.getsockname()[1]}/"
    try:
        with suppress(KeyboardInterrupt):
            run(
                data,
                listening,
                lambda: click.echo(f"serving {shown_there} at {own_address}"),
                maker,
                options,
            )
    finally:
        listening.close()


def _servable(archive: Archive) -> Path:
    """Return what is published of an archive, published anew where it is damaged or outdated."""
    from archive.publish import Release, ReleaseDamagedError, is_outdated
    from archive.publish import publish as make
    from archive.regions.country import (
        Country,
        NoRoomError,
        RegionsFailedError,
        division,
        publish_regions,
        published,
    )

    by = division(archive.folder)
    with suppress(ReleaseDamagedError):  # built anew below
        found = published(archive.folder)
        if isinstance(found, Country) and not found.is_outdated():
            return found.folder
        if isinstance(found, Release) and not is_outdated(found):
            return found.path
    if by is None:
        return make(archive).path
    try:
        return publish_regions(archive, by).country.folder
    except (NoRoomError, RegionsFailedError) as error:
        raise click.ClickException(str(error)) from error


@click.command()
@data_option
@click.option(
    "--by",
    type=click.Choice(["province", "city", "county"]),
    help="Publish one database for each region instead of one for all, and a Parquet data set of "
    "all regions. For archives that are too large for one database.",
)
def publish(data: Path, by: str | None) -> None:
    """Publish the archive as it is now; a running 'nianbao serve' shows it within seconds.

    With --by, regions are built by one process a core and switched one by one; those whose rows
    are as they were stay. What was published last, by regions or as a whole, is served.
    Exit codes: 0; 1 when a region could not be built or the disk has no room; 2 when the folder
    holds no archive.
    """
    from archive.publish import publish as make
    from archive.regions.country import NoRoomError, RegionsFailedError, publish_regions

    archive = open_archive(data)
    try:
        if by is None:
            release = make(archive)
            click.echo(f"published {release.path} ({release.size} bytes, {release.published_at})")
            return
        done = publish_regions(archive, by, tell=click.echo)
    except (NoRoomError, RegionsFailedError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        archive.close()
    click.echo(
        f"published {done.country.folder}: {len(done.switched)} regions switched, "
        f"{len(done.unchanged)} unchanged; Parquet in {done.country.dataset}"
    )


def counts(archive: Archive) -> dict[str, Any]:
    """Return all counts of an archive and the last run of each site.

    Args:
        archive: an ``archive.home.Archive``.

    """
    db = archive.db
    found: dict[str, Any] = {name: db.execute(sql).fetchone()[0] for name, sql in _COUNTS.items()}
    for name, (table, column) in _GROUPS.items():
        found[name] = dict(
            db.execute(
                f"SELECT {column}, count(*) FROM {table} GROUP BY {column} ORDER BY {column}"  # noqa: S608 - our own names
            ).fetchall()
        )
    return found


def last_runs(archive: Archive) -> list[dict[str, Any]]:
    """Return the last run of each site, without one for a site that was never walked."""
    return list(
        archive.db.query(
            "SELECT s.id AS site, r.id AS run, r.started_at, r.finished_at, r.outcome, r.reason"
            " FROM sites s LEFT JOIN runs r ON r.id ="
            " (SELECT max(id) FROM runs WHERE site_id = s.id) ORDER BY s.id"
        )
    )


def _published(data: Path) -> dict[str, Any] | None:
    """Return what is served of a data folder, in short; None when nothing is."""
    from archive.publish import ReleaseDamagedError
    from archive.regions.country import Country, published

    try:
        found = published(data)
    except ReleaseDamagedError as error:
        return {"damaged": str(error)}
    if found is None:
        return None
    if isinstance(found, Country):
        return {"by": found.by, "regions": len(found.codes()), "at": found.published_at}
    return {"release": found.id, "at": found.published_at}


def _readable(
    database: Path,
    found: dict[str, Any],
    runs: list[dict[str, Any]],
    released: dict[str, Any] | None,
) -> str:
    lines = [f"database  {database}"]
    told = ", ".join(f"{name} {value}" for name, value in (released or {}).items())
    lines.append(f"published {told or 'nothing yet'}")
    for name, value in found.items():
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
        else:
            shown = str(value)
        lines.append(f"{name.replace('_', ' '):<22} {shown}")
    lines.append("last run of each site")
    for run in runs:
        if run["run"] is None:
            lines.append(f"  {run['site']}: never walked")
            continue
        ended = run["finished_at"] or "not finished"
        reason = f" ({run['reason']})" if run["reason"] else ""
        lines.append(
            f"  {run['site']}: run {run['run']}, {run['started_at']} to {ended}, "
            f"{run['outcome'] or 'no outcome'}{reason}"
        )
    if not runs:
        lines.append("  none")
    return "\n".join(lines)


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(data: Path, *, as_json: bool) -> None:
    """Tell where the database is and how much it holds.

    Exit codes: 0, or 2 when the folder holds no archive.
    """
    archive = open_archive(data)
    try:
        found, runs = counts(archive), last_runs(archive)
    finally:
        archive.close()
    database = archive.database_path.resolve()
    if as_json:
        whole = {"schema": 1, "database": str(database), "counts": found, "last_runs": runs,
                 "published": _published(data)}  # fmt: skip
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        click.echo(_readable(database, found, runs, _published(data)))
