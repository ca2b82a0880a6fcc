"""Command line of the replica: build a tree, serve it, write sample documents."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import click

from tests.replica.county import build_county
from tests.replica.documents import write_documents
from tests.replica.server import ReplicaServer
from tests.replica.sites import build_sites

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def main() -> None:
    """Make and serve the replica of the two sites."""


@main.command()
@click.argument("folder", type=FOLDER)
@click.option("--site", type=click.Choice(["both", "county"]), default="both", show_default=True)
def build(folder: Path, site: str) -> None:
    """Write the tree into FOLDER; a tree built there before is replaced."""
    if (folder / "manifest.json").exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        msg = f"{folder} holds other files; name an empty folder"
        raise click.ClickException(msg)
    manifest = build_county(folder) if site == "county" else build_sites(folder)
    click.echo(f"{manifest['pages']} pages, {len(manifest['reports'])} reports in {folder}")


def _pairs(values: tuple[str, ...]) -> list[tuple[str, int]]:
    pairs = []
    for value in values:
        host, _, status = value.partition("=")
        if not status.isdigit():
            msg = f"{value}: write HOST=STATUS, e.g. www.spt.gov.cn=412"
            raise click.BadParameter(msg)
        pairs.append((host, int(status)))
    return pairs


@main.command()
@click.argument("folder", type=FOLDER)
@click.option("--port", type=int, default=8780, show_default=True)
@click.option("--no-validators", is_flag=True, help="Leave out ETag and Last-Modified.")
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="Request log.")
@click.option("--block", multiple=True, metavar="HOST=STATUS", help="Send block pages.")
@click.option("--robots", multiple=True, metavar="HOST=STATUS", help="Status of robots.txt.")
def serve(
    folder: Path,
    port: int,
    *,
    no_validators: bool,
    log: Path | None,
    block: tuple[str, ...],
    robots: tuple[str, ...],
) -> None:
    """Serve the tree in FOLDER on 127.0.0.1 until interrupted."""
    if not (folder / "_server.json").exists():
        msg = f"no tree in {folder}; build one first"
        raise click.ClickException(msg)
    server = ReplicaServer(folder, port, validators=not no_validators, log=log)
    for host, status in _pairs(block):
        server.block(host, status)
    for host, status in _pairs(robots):
        server.robots(host, status)
    with server:
        click.echo(f"listening on 127.0.0.1:{server.port}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("stopped")


@main.command()
@click.argument("folder", type=FOLDER)
def documents(folder: Path) -> None:
    """Write all reports in all forms, with what a reader must find, into FOLDER."""
    click.echo(f"{write_documents(folder)} files")


if __name__ == "__main__":
    main()
