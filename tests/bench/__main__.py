"""``python -m tests.bench``: prints how long reading takes, and how many cells are right."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from statistics import median

import click

from pipeline.worker import settle
from tests.bench.measure import Row, one_core, others, pool_ratio, rows_of
from tests.bench.samples import REAL, samples

_MEASURED = """\
processor time on one core, the least of {runs} runs, each way in turn; readers have read before
floor: pypdfium2 opens the file and gives its text; lxml.html parses; unzip and parse document.xml
fast reading: from bytes to checked cells, shapes of tables known; first sight: shapes not known
both readings: as archived, a PDF by pdfminer.six too; others: the tables they extract, unchecked
right: printed cells that come out as printed; pool: both readings of all files, by the clock"""


@click.command()
@click.option("--runs", default=50, show_default=True, help="Runs of which the least is taken.")
@click.option("--files", "most", type=int, help="Measure only so many reports.")
@click.option("--rounds", default=8, show_default=True, help="How often the pool reads all files.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the rows here too.")
def main(runs: int, most: int | None, rounds: int, target: Path | None) -> None:
    """Measure reading as multiples of the least that any reader of the format must do.

    The floors: pypdfium2 opens the file and gives its plain text; lxml parses the page; unzip and
    parse of document.xml. Ours: from bytes to checked cells. Others: their table extraction only.

    As in a worker that has read documents: modules are loaded, what is met often is remembered, and
    tables are of a shape that was met before, as in an archive of one form; "first sight" is the
    fast reading of tables of a shape that was never met. Nothing of a document itself is kept.
    """
    measured = samples(most)
    ratio = pool_ratio(measured, rounds)  # first: it needs both cores
    one_core()
    for name in others():
        import_module(name)
    settle()  # as a worker does
    rows: list[Row] = []
    click.echo(_MEASURED.format(runs=runs))
    click.echo(f"{'file':52}{'way':16}{'ms':>8}{'floors':>8}{'right':>7}{'cells':>7}")
    for sample in measured:
        for row in rows_of(sample, runs):
            rows.append(row)
            right = "" if row["right"] is None else row["right"]
            click.echo(
                f"{row['file']:52}{row['way']:16}{row['milliseconds']:8.1f}{row['floors']:8.2f}"
                f"{right:>7}{row['cells']:>7}"
            )
    summary = _summary(rows, ratio)
    for name, value in summary.items():
        click.echo(f"{name}: {value:.2f}")
    missing = sorted({"pdfplumber", "camelot"} - set(others()))
    if missing:
        click.echo(
            f"not installed, not measured: {', '.join(missing)} (pip install nianbao[bench])"
        )
    if target:
        target.write_text(json.dumps({"rows": rows, "summary": summary}, indent=1))


def _is_real(file: str) -> bool:
    return (REAL / file).is_file()


def _summary(rows: list[Row], pool: float) -> dict[str, float]:
    """Return the medians of the ratios: of files as offices publish them, and of lean ones."""
    times = {(str(row["file"]), row["way"]): row["milliseconds"] for row in rows}
    found = {}
    for form in ("pdf", "html", "docx"):
        files = [file for file, way in times if way == "floor" and str(file).endswith("." + form)]
        published = [file for file in files if ".published." in file or _is_real(file)]
        lean = [file for file in files if file not in published]
        for kind, group in (("as published", published), ("lean", lean)):
            for way in ("fast reading", "first sight", "both readings"):
                ratios = [times[f, way] / times[f, "floor"] for f in group if (f, way) in times]
                if ratios:
                    found[f"{form} {kind}: {way} / floor"] = median(ratios)
    for other in ("pdfplumber", "camelot"):
        files = [file for file, way in times if way == other]
        if files:
            ratios = [times[file, other] / times[file, "fast reading"] for file in files]
            found[f"pdf: {other} / fast reading"] = median(ratios)
    found["pool: one worker / two workers"] = pool
    return found


if __name__ == "__main__":
    main()
