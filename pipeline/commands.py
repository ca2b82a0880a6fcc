"""Commands of the pipeline: parse files, parse the archive again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from archive.options import data_option
from pipeline.cluster.option import scheduler_option

if TYPE_CHECKING:
    from rich.console import Console

    from archive.home import Archive
    from pipeline.cluster.stored import StoredReaders
    from pipeline.pool import ReaderPool
    from pipeline.report import Report
    from pipeline.reread import Chosen

EXIT_CODES = {"verified": 0, "read": 0, "partial": 3, "not_a_report": 4, "unreadable": 5}
Reading = tuple[Path, "Report"]
_STATUS_WORDS = {
    "verified": "every cell read, every sum holds",
    "read": "every cell read, something to look at",
    "partial": "cells or tables not recognised",
    "not_a_report": "not an annual report",
    "unreadable": "can't be read",
}


def _plain(value: object) -> object:
    # 531.8625 万元 is printed with a fixed number of decimals; a JSON number shows them all.
    return float(value) if isinstance(value, Decimal) else value


def as_json(name: str, report: Report) -> dict[str, Any]:
    """Return a report as the JSON object that ``nianbao parse --json`` prints.

    Args:
        name: the file it was read from.
        report: what was read.

    """
    from archive.agencies import identify

    agency = None
    if report.agency_printed:
        found = identify(report.agency_printed)
        agency = {"key": found.key, "name": found.name, "printed": report.agency_printed}
    contact = report.contact
    return {
        "schema": 1,
        "file": name,
        "format": report.format,
        "status": report.status,
        "agency": agency or {"key": None, "name": None, "printed": None},
        "year": report.year,
        "title": report.title,
        "template": report.template,
        "period": {
            "start": report.period[0] if report.period else None,
            "end": report.period[1] if report.period else None,
        },
        "signed": report.signed,
        "contact": {
            "office": contact.office,
            "address": contact.address,
            "postcode": contact.postcode,
            "phone": contact.phone,
            "fax": contact.fax,
            "email": contact.email,
            "website": contact.website,
        },
        "sections": [
            {"ordinal": s.ordinal, "heading": s.heading, "text": s.text} for s in report.sections
        ],
        "cells": {
            code: {
                "value": _plain(c.value),
                "raw": c.raw,
                "state": c.state,
                "where": c.place,
                **({"note": c.note} if c.note else {}),
            }
            for code, c in report.cells.items()
        },
        "derived": {
            derived.code: {"value": _plain(derived.value), "formula": derived.formula}
            for derived in report.derived
        },
        "figures": [
            {
                "section": f.section,
                "value": _plain(f.value),
                "raw": f.raw,
                "unit": f.unit,
                "kind": f.kind,
                "measure": f.measure,
                "period": f.period,
                "part_of": f.part_of,
                "ratio": asdict(f.ratio) if f.ratio else None,
                "clause": f.clause,
                "where": f.place,
                "offset": f.offset,
                "length": f.length,
            }
            for f in report.figures
        ],
        "statements": [
            {
                "section": s.section,
                "code": s.code,
                "value": s.value,
                "quote": s.quote,
                "period": s.period,
                "where": s.place,
                "offset": s.offset,
                "length": s.length,
            }
            for s in report.statements
        ],
        "rules": [asdict(verdict) for verdict in report.verdicts],
        "findings": [
            {
                "rule": f.rule,
                "severity": f.severity,
                "message": f.message,
                "quote": f.quote,
                "where": f.place,
            }
            for f in report.findings
        ],
    }


def _summary(name: str, report: Report) -> str:
    read = sum(cell.state != "unread" for cell in report.cells.values())
    lines = [f"{name}: {report.status} ({_STATUS_WORDS[report.status]})"]
    if report.title:
        lines.append(f"  {report.title}")
    if report.cells:
        lines.append(
            f"  {report.format}, format of {report.template}, "
            f"{read} of {len(report.cells)} cells read, {len(report.sections)} sections"
        )
    lines.extend(f"  {f.rule}: {f.message}" for f in report.findings)
    return "\n".join(lines)


def _tracked(reports: Iterator[Reading], total: int) -> Iterator[Reading]:
    """Pass reports on; with several and a terminal, show there how many have been read."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    console = Console(stderr=True)
    if total == 1 or not console.is_terminal:
        yield from reports
        return
    # What is printed goes above the bar where both are on a terminal, and else where it went.
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as progress:
        yield from progress.track(reports, total=total, description="reading")


@contextmanager
def _readers(workers: int | None = None) -> Iterator[ReaderPool]:
    """Open a pool of readers; one that does not start ends the command with the reason."""
    from pipeline.pool import ReaderPool, ReaderStartError

    try:
        with ReaderPool(workers) as pool:
            yield pool
    except ReaderStartError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _stored_readers(scheduler: str | None) -> Iterator[StoredReaders]:
    """Open readers of stored documents, of a cluster where there is a scheduler."""
    from archive.store import StoreError
    from pipeline.cluster.scheduler import ClusterError, connect
    from pipeline.cluster.stored import LocalReaders
    from pipeline.pool import ReaderStartError

    try:
        if scheduler is None:
            with LocalReaders() as readers:
                yield readers
            return
        with connect(scheduler) as client:
            from pipeline.cluster.readers import ClusterReaders

            yield ClusterReaders(client)
    except (ReaderStartError, ClusterError, StoreError) as error:
        raise click.ClickException(str(error)) from error


def _head(file: Path) -> bytes:
    """Return a file's bytes, of one that is too large no more than shows that it is."""
    from pipeline.pool import MOST_BYTES

    with file.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_output", is_flag=True, help="Print one JSON object a file.")
@data_option
@scheduler_option
def parse(
    files: tuple[Path, ...],
    json_output: bool,  # noqa: FBT001 - click passes flags
    data: Path,
    scheduler: str | None,
) -> None:
    """Read FILES (HTML, PDF, Word, WPS, RTF or text) and say what they report.

    Each file is read in a process of its own with limits on size, time and memory; several files
    on all cores, printed in the order given. DOC, WPS and RTF are converted by LibreOffice, which
    must be installed.

    Without FILES, documents of the archive that an earlier version of the reader has read are read
    again, as by 'nianbao reparse'; cut off, it goes on where it was.

    Exit code: 0 verified or read, 3 partial, 4 not a report, 5 unreadable, 2 wrong use; of several
    files the highest. Without FILES as of 'nianbao reparse'.
    """
    from pipeline.reread import outdated

    if not files:
        if json_output:
            raise click.UsageError("--json is for FILES: name some")
        _read_again(data, scheduler, outdated)
    if scheduler is not None:
        raise click.UsageError("--scheduler is for stored documents: name no FILES")
    _read_files(files, json_output=json_output)


def _read_files(files: Sequence[Path], *, json_output: bool) -> NoReturn:
    from pipeline.pool import available_cores

    worst = 0
    with _readers(min(len(files), available_cores())) as pool:
        reports = pool.parse_many((file, _head(file)) for file in files)
        for file, report in _tracked(reports, len(files)):
            worst = max(worst, EXIT_CODES[report.status])
            if json_output:
                click.echo(json.dumps(as_json(str(file), report), ensure_ascii=False))
            else:
                click.echo(_summary(str(file), report))
    sys.exit(worst)


@click.command()
@data_option
@scheduler_option
def reparse(data: Path, scheduler: str | None) -> None:
    """Read every archived document again on all cores, without a request to any site.

    With --scheduler the workers of a Dask cluster read; they need the same version of nianbao and
    the same store: the data folder at the same path, or object storage. This process stores.

    A document whose reading had to be stopped (time, memory, crash, workers lost) keeps what was
    read of it before. What can't be read is listed at the end.

    Exit code: 0 done, 1 the cluster can't be used (what was read is stored), 2 no archive there,
    3 stored bytes are missing or damaged.
    """
    from pipeline.reread import documents

    _read_again(data, scheduler, documents)


def _read_again(data: Path, scheduler: str | None, which: Callable[[Archive], Chosen]) -> NoReturn:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from archive.home import Archive, ArchiveMissingError
    from pipeline.reread import reread
    from pipeline.store import settle

    console = Console(stderr=True)
    try:
        archive = Archive(data)
    except ArchiveMissingError as error:
        raise click.UsageError(str(error)) from error
    with closing(archive):
        chosen = which(archive)
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        with (
            _stored_readers(scheduler) as readers,
            Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        ):
            task = progress.add_task("reading", total=chosen.count)
            done = reread(archive, chosen.digests, readers, told=lambda: progress.advance(task))
        settle(archive)
    for line in done.unreadable:
        click.echo(f"unreadable: {line}", err=True)
    for line in done.damaged:
        click.echo(f"error: {line}", err=True)
    click.echo(
        f"{chosen.count - len(done.damaged)} documents read again, "
        f"{len({line.partition(':')[0] for line in done.unreadable})} of them unreadable, "
        f"{len(done.damaged)} damaged"
    )
    sys.exit(3 if done.damaged else 0)


def _tracked_in(console: Console) -> Callable[[Iterable[Any], str, int | None], Iterable[Any]]:
    """Return what passes items on and shows on a terminal how far it is."""
    from rich.progress import track

    def tracked(items: Iterable[Any], what: str, total: int | None) -> Iterable[Any]:
        return track(items, what, total, console=console, disable=not console.is_terminal)

    return tracked


@click.command()
@click.option(
    "--warc",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the WARC files, which are copied; without it, those in the object storage that "
    "store.toml in the new data folder names.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="New data folder; it must be empty but for store.toml.",
)
def restore(warc: Path | None, data: Path) -> None:
    """Rebuild an archive from its WARC files alone: stored files, database and all.

    Documents are read again, on all cores. The archive is in its place when it is complete; run
    the command again when it was cut off. What can't be known is said at the end.

    Exit code: 0 done, 1 the folders can't be used, 3 records are damaged (all others are restored)
    or the disk refuses.
    """
    from rich.console import Console

    from pipeline.restoring.restore import RestoreError
    from pipeline.restoring.restore import restore as run

    try:
        with _readers() as pool:
            done = run(warc, data, pool, _tracked_in(Console(stderr=True)))
    except RestoreError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        click.echo(f"error: {error}; nothing is restored yet, run it again", err=True)
        sys.exit(3)
    for line in done.untold:
        click.echo(f"not in the WARC files: {line}", err=True)
    for line in done.lost:
        click.echo(f"error: {line}", err=True)
    told = ", ".join(f"{number} {what}" for what, number in done.counts.items())
    click.echo(f"{data}: restored from {told}; {len(done.lost)} damaged")
    sys.exit(3 if done.lost else 0)
