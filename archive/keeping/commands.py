"""Commands that keep an archive for the long run: verify, backup, store and export."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.commands import open_archive
from archive.options import data_option
from archive.store import StoreError

if TYPE_CHECKING:
    from archive.keeping.verify import Verdict

_SHOWN = 20
_TITLES = {
    "database": "Database",
    "reference": "References between tables",
    "blob": "Stored files",
    "warc": "WARC files",
    "release": "Published release",
}


def _progress(what: str, number: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"{number} {what} …", err=True)


def _existing(data: Path) -> Path:
    if not (data / "nianbao.db").exists():
        raise click.UsageError(
            f"no archive in {data}: name another --data, or rebuild its database from WARC files "
            "with 'nianbao restore'"
        )
    return data


def _in_words(verdict: Verdict) -> str:
    checked = verdict.checked
    read = (
        f"read again: {checked.get('blobs', 0)} stored files ({checked.get('blob_bytes', 0)} bytes)"
        f", {checked.get('records', 0)} records in {checked.get('warc_files', 0)} WARC files"
        f", {checked.get('releases', 0)} published releases"
    )
    lines = [read]
    kinds = Counter(problem.kind for problem in verdict.problems)
    for kind, number in kinds.items():
        lines.append(f"{_TITLES[kind]}: {number} damaged")
        for problem in [p for p in verdict.problems if p.kind == kind][:_SHOWN]:
            lines.append(f"  {problem.place}: {problem.message}")
            lines.append(f"    what to do: {problem.advice}")
        if number > _SHOWN:
            lines.append(f"  … and {number - _SHOWN} more; --json lists them all")
    lines.extend(f"note: {note}" for note in verdict.notes)
    lines.append("damaged" if verdict.problems else "clean")
    return "\n".join(lines)


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(data: Path, *, as_json: bool) -> None:
    """Read the whole archive again and say what is damaged, and what to do about it.

    Stored files are compared with the digests they are filed under, WARC records with theirs and
    with the rows that name them, the database with its own rules, the published release with what
    was published. Nothing is changed; a crawl may go on meanwhile.
    Exit code: 0 clean, 2 no archive there, 3 damaged.
    """
    from archive.keeping.verify import verify as run

    verdict = run(_existing(data), _progress)
    if as_json:
        whole = {
            "schema": 1,
            "clean": not verdict.problems,
            "checked": verdict.checked,
            "problems": [asdict(problem) for problem in verdict.problems],
            "notes": verdict.notes,
        }
        click.echo(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        click.echo(_in_words(verdict))
    sys.exit(3 if verdict.problems else 0)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@data_option
def backup(folder: Path, data: Path) -> None:
    """Copy the archive into FOLDER, also while a crawl goes on; again, and only what is new.

    FOLDER is a data folder like the archive's own: to restore, copy it back, or name it as --data.
    Bytes that are in object storage are copied into FOLDER as files, so that the backup needs none.
    What can be made anew (public/, cache/) is left out. A backup that was cut off leaves the one
    before usable.
    Exit code: 0 done, 1 FOLDER can't be used, 2 no archive there, 3 the archive is damaged or the
    disk refuses.
    """
    from archive.keeping.backup import BackupError
    from archive.keeping.backup import backup as run

    try:
        copied = run(_existing(data), folder, _progress)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    except StoreError:
        raise
    except OSError as error:
        click.echo(f"error: {error}; the backup before, if any, stays usable", err=True)
        sys.exit(3)
    for line in copied.missing:
        click.echo(f"error: {line}; run 'nianbao verify'", err=True)
    click.echo(f"{folder}: {copied.files} files copied, {copied.bytes} bytes with the database")
    sys.exit(3 if copied.missing else 0)


@click.command()
@click.argument("url", required=False)
@click.option("--endpoint-url", metavar="URL", help="Address of the server, where not Amazon's.")
@data_option
def store(url: str | None, endpoint_url: str | None, data: Path) -> None:
    """Move the archive's bytes to URL, s3://BUCKET/PREFIX, or back with 'folder'.

    Stored files and WARC files are copied, every copy is read again, then the archive switches:
    the file store.toml in the data folder says where its bytes are. The database stays in the data
    folder. Nothing is deleted where the bytes were. Cut off, it goes on when it is run again.
    Credentials come from the environment, as for all AWS tools. Without URL it says where the
    bytes are.
    Exit code: 0 done, 1 the bytes can't be moved, 3 the disk refuses.
    """
    from archive.keeping.moving import MoveError, move
    from archive.runs import SiteBusyError
    from archive.store import FolderStore
    from archive.store_setting import object_store, open_store

    if url is None:
        click.echo(open_store(data).url)
        return
    target = FolderStore(data) if url == "folder" else object_store(url, endpoint_url)
    try:
        moved = move(data, target, _progress)
    except (MoveError, SiteBusyError) as error:
        raise click.ClickException(str(error)) from error
    except StoreError:
        raise
    except OSError as error:
        click.echo(f"error: {error}; the archive is where it was", err=True)
        sys.exit(3)
    click.echo(
        f"{target.url}: {moved.objects} objects, {moved.bytes} bytes, {moved.new} copied just now"
    )
    if moved.objects:
        click.echo(f"they are still in {moved.source} as well, where nothing reads them any more")
        click.echo("programs that had the archive open, such as 'nianbao serve', need a new start")


@click.group()
def export() -> None:
    """Write parts of the archive as files for other tools.

    Exit code: that of the command.
    """


@export.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write.",
)
@click.option("--site", metavar="ID", help="Only what was fetched for this site.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only what was fetched by runs that ended on or after this day (UTC).",
)
@data_option
def wacz(output: Path, site: str | None, since: datetime | None, data: Path) -> None:
    """Write one WACZ package: WARC files, index and a list of the reports.

    Replay tools (ReplayWeb.page, pywb) show it. Needs pip install nianbao[wacz]. Exit code: 0 done,
    1 nothing to pack, a WARC file is damaged or the extra is missing, 2 no archive there, 3 the
    disk refuses.
    """
    if find_spec("cdxj_indexer") is None:
        raise click.ClickException("the index needs cdxj-indexer: pip install nianbao[wacz]")

    from warcio.exceptions import ArchiveLoadFailed

    from archive.keeping.wacz import Choice, NothingToPackError, write_wacz

    archive = open_archive(data)
    try:
        day = since.date().isoformat() if since else None
        packed = write_wacz(archive, output, Choice(site, day))
    except (NothingToPackError, ArchiveLoadFailed) as error:
        hint = "" if isinstance(error, NothingToPackError) else "; run 'nianbao verify'"
        raise click.ClickException(f"{error}{hint}") from error
    except StoreError:
        raise
    except OSError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(3)
    finally:
        archive.close()
    click.echo(
        f"{output}: {packed.files} WARC files, {packed.pages} reports listed, {packed.size} bytes"
    )
