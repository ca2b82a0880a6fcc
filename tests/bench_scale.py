"""``python -m tests.bench_scale``: prints what a report costs as the archive grows to a country.

The archive of the synthetic country lies in a folder and is grown from size to size; whatever ends
the bench, the next call goes on with the county that was not finished, and measures again only
what was not measured. It runs on Linux, whose /proc tells of time and memory of processes.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from tests.bench_scale_measure import Measured, measure, reading
from tests.bench_scale_told import assumptions, extrapolated, growth, of_size
from tests.country.grow import counties_of, grow, keep_smallest

SIZES = "1000,10000,100000"
COUNTRY = 2_700_000


def _sizes(_context: click.Context, _option: click.Parameter, value: str) -> list[int]:
    try:
        sizes = sorted({int(part) for part in value.split(",")})
    except ValueError as error:
        raise click.BadParameter("numbers with commas, as 1000,10000") from error
    if sizes[0] < 1:
        raise click.BadParameter("a size is at least 1")
    return sizes


@click.command()
@click.option("--sizes", default=SIZES, show_default=True, callback=_sizes, help="Reports.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("bench-scale-data"),
    show_default=True,
    help="Folder of the synthetic archive; 100,000 reports take some 15 GB.",
)
@click.option("--workers", default=1, show_default=True, help="Processes that read.")
@click.option("--sample", default=60, show_default=True, help="Files a format to time reading on.")
@click.option("--requests", default=40, show_default=True, help="Addresses of each kind to ask.")
@click.option("--country", default=COUNTRY, show_default=True, help="Reports to extrapolate to.")
def main(  # noqa: PLR0917
    sizes: list[int], data: Path, workers: int, sample: int, requests: int, country: int
) -> None:
    """Print cost a report, memory, and times of pages and searches at some sizes."""
    held: list[Measured] = []
    for size in sizes:
        kept = data / f"measured-{size}.json"
        if kept.exists():
            click.echo(f"{size} reports: measured before ({kept})")
            held.append(json.loads(kept.read_text()))
        else:
            click.echo(f"{size} reports: {counties_of(size)} counties are stored first")
            costs = grow(data, size, workers, lambda line: click.echo(f"  {line}"))
            if len(costs) > counties_of(size):
                click.echo(f"  passed over: {data} holds more already; name another --data")
                continue
            if size == sizes[0]:
                keep_smallest(data)
            held.append(measure(data, costs, requests, lambda line: click.echo(f"  {line}")))
            kept.write_text(json.dumps(held[-1], indent=1))
        for line in of_size(held[-1]):
            click.echo(line)
    click.echo("reading, by format (one process, milliseconds of processor time a file)")
    for line in reading(sample):
        click.echo(f"  {line}")
    lines = [*growth(held), *extrapolated(held, country), *assumptions()] if held else []
    for line in lines:
        click.echo(line)


if __name__ == "__main__":
    main()
