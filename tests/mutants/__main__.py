"""``python -m tests.mutants make DIR`` and ``python -m tests.mutants measure``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from tests.mutants.make import FORMATS, LAYOUTS, SCANS, make
from tests.mutants.measure import Count, Judged, judge

_ENDINGS = {"html": "html", "docx": "docx", "pdf": "pdf"} | dict.fromkeys(SCANS, "scan")


def _task(job: tuple[str, str, str | None]) -> Judged:
    seed, form, layout = job
    return judge(make(seed, form, layout=layout))


def _jobs(count: int, seed: str, formats: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(f"{seed}-{n}", formats[n % len(formats)]) for n in range(count)]


def _with_layouts(jobs: list[tuple[str, str]]) -> list[tuple[str, str, str | None]]:
    names = sorted(LAYOUTS)
    return [(*job, names[n // len(FORMATS) % len(names)]) for n, job in enumerate(jobs)]


def _judged(jobs: list[tuple[str, str, str | None]], workers: int) -> Iterator[Judged]:
    if workers == 1:
        yield from map(_task, jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_task, jobs, chunksize=20)


@click.group()
def main() -> None:
    """Mutated reports with known answers."""


@main.command("make")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--count", default=60, show_default=True)
@click.option("--seed", default="1", show_default=True)
@click.option("--format", "formats", type=click.Choice((*FORMATS, *SCANS)), multiple=True)
def make_command(folder: Path, count: int, seed: str, formats: tuple[str, ...]) -> None:
    """Write mutants into FOLDER, each with its answers as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for job in _jobs(count, seed, formats or FORMATS):
        mutant = make(*job)
        stem = folder / f"{mutant.seed}-{mutant.format}"
        stem.with_suffix("." + _ENDINGS.get(mutant.format, "txt")).write_bytes(mutant.data)
        answers = {
            "kinds": mutant.kinds,
            "untold": sorted(mutant.untold),
            "printed": {
                code: [p.text, p.state, None if p.value is None else str(p.value)]
                for code, p in mutant.printed.items()
            },
        }
        stem.with_suffix(".json").write_text(json.dumps(answers, ensure_ascii=False, indent=1))
    click.echo(f"{count} documents in {folder}")


@main.command("measure")
@click.option("--count", default=600, show_default=True)
@click.option("--seed", default="1", show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.option("--format", "formats", type=click.Choice((*FORMATS, *SCANS)), multiple=True)
@click.option("--layouts", is_flag=True, help="Give each document a further layout or cell.")
@click.option("--show", default=20, show_default=True, help="Documents to name that fell short.")
def measure_command(
    count: int, seed: str, workers: int, formats: tuple[str, ...], show: int, *, layouts: bool
) -> None:
    """Make mutants, read them, print what was read and what was wrong."""
    by_format: dict[str, Count] = defaultdict(Count)
    by_kind: dict[str, Count] = defaultdict(Count)
    whole = Count()
    pairs = _jobs(count, seed, formats or FORMATS)
    jobs = _with_layouts(pairs) if layouts else [(*pair, None) for pair in pairs]
    for judged in _judged(jobs, workers):
        whole.add(judged.count)
        by_format[judged.mutant.format].add(judged.count)
        for kind in set(judged.mutant.kinds):
            by_kind[kind].add(judged.count)
        if (judged.wrong or judged.missed) and show > 0:
            show -= 1
            _name(judged)
    click.echo(f"{'':28}documents   cells    told    read  wrong  read of told")
    for name, part in [*sorted(by_format.items()), *sorted(by_kind.items()), ("all", whole)]:
        click.echo(
            f"{name:28}{part.documents:9}{part.cells:8}{part.told:8}{part.read:8}"
            f"{part.wrong:7}{part.share:14.5%}"
        )
    for reason, times in whole.reasons.most_common():
        click.echo(f"unread {times:7}  {reason}")


def _name(judged: Judged) -> None:
    mutant = judged.mutant
    click.echo(f"{mutant.seed} {mutant.format}: {', '.join(mutant.kinds)}")
    for what, cells in (("wrong", judged.wrong), ("unread", judged.missed)):
        for code, text, reading in cells[:3]:
            click.echo(
                f"    {what} {code}: printed {text!r}, {reading.state} {reading.raw!r} "
                f"{reading.value} {reading.note}"
            )
        if len(cells) > 3:
            click.echo(f"    … {len(cells)} {what}")


if __name__ == "__main__":
    main()
