"""What 'nianbao crawl --sites' does, apart from its options."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.outcome import Ended
    from crawler.profile import Profile


def listed(many: Sequence[str]) -> list[str]:
    """Return what --sites names, a folder as the profile files in it and below.

    Raises:
        click.UsageError: there are none in a folder.

    """
    found: list[str] = []
    for name in many:
        folder = Path(name)
        if not folder.is_dir():
            found.append(name)
            continue
        files = sorted(str(file) for file in folder.rglob("*.toml"))
        if not files:
            raise click.UsageError(f"--sites {name}: no profile files (*.toml) in this folder")
        found += files
    return found


def crawl_many(
    profiles: Sequence[Profile],
    data: Path,
    resolved: Mapping[str, str],
    cluster: tuple[str | None, int | None],
    *,
    quiet: bool,
) -> list[Ended]:
    """Walk sites as ``crawler.cluster.crawl.crawl_sites`` does; end with 3 where it can't."""
    from archive.runs import SiteBusyError
    from archive.trouble import told
    from pipeline.cluster.scheduler import ClusterError, EngineMissingError
    from pipeline.pool import ReaderStartError

    def say(line: str) -> None:
        if not quiet:
            click.echo(line, err=True)

    try:
        try:
            from crawler.cluster.crawl import crawl_sites
        except ModuleNotFoundError as error:
            raise EngineMissingError(
                f"{error.name} is not installed: run pip install 'nianbao[cluster]'"
            ) from error
        return crawl_sites(profiles, data, resolved, cluster, say)
    except (SiteBusyError, ClusterError, ReaderStartError) as error:
        click.echo(f"error: {type(error).__name__}: {error}", err=True)
    except (OSError, sqlite3.Error) as error:
        click.echo(f"error: {told(error, data)}", err=True)
    sys.exit(3)
