"""Command ``evidence``: show where in the archived original a figure was read."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive.options import data_option


@click.command()
@click.argument("report")
@click.argument("code")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="PNG file to write.",
)
@click.option(
    "--document",
    default="",
    metavar="DIGEST",
    help="Another form of the report (PDF, web page, …), by the beginning of its SHA-256.",
)
@click.option(
    "--font",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="NIANBAO_FONT",
    help="Font file with Chinese characters.  [default: one of the system's]",
)
@data_option
def evidence(  # noqa: PLR0913, PLR0917 - click passes each option
    report: str, code: str, output: Path, document: str, font: Path | None, data: Path
) -> None:
    """Draw the place in the archived original that a cell was read from, marked.

    REPORT is AGENCY/YEAR as in the report's address on the site, or that address itself; CODE is
    the cell's code in archive/data/codebook.csv.

    \b
      nianbao evidence 640502103-township/2021 t3_granted__total -o cell.png

    Pages of PDF files and scans are cut out; tables of web pages and Word files are drawn from
    their structure, plain text line by line. The words under the picture name the source.

    Exit code: 0 written, 1 no picture can be made of this cell, 2 wrong use (also: no such
    archive, report, form or cell), 3 stored bytes are missing or damaged.
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    from archive.blobs import BlobDamagedError, BlobMissingError
    from archive.home import Archive, ArchiveMissingError
    from pipeline.evidence.archived import UnknownNameError
    from pipeline.evidence.archived import evidence as find
    from pipeline.evidence.place import EvidenceError

    try:
        archive = Archive(data)
    except ArchiveMissingError as error:
        raise click.UsageError(str(error)) from error
    try:
        found = find(archive, report, code, document=document, font=font)
    except UnknownNameError as error:
        raise click.UsageError(str(error)) from error
    except EvidenceError as error:
        raise click.ClickException(str(error)) from error
    except (BlobMissingError, BlobDamagedError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(3)
    finally:
        archive.close()
    try:
        output.write_bytes(found.png)
    except OSError as error:
        raise click.UsageError(f"{output} can't be written: {error}") from error
    click.echo(f"{output}: {code} of {found.digest[:12]} at {found.place}")
