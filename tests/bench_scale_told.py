"""Tells what was measured, and what follows for a whole country if nothing else changes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.bench_scale_measure import Measured
from tests.country.fill import STEPS
from tests.country.grow import FORMS, YEARS
from tests.country.places import BODIES

_TABLES = 12
_WRITER = ("archive", "hand over", "store", "settle")


def _mebibytes(count: float) -> str:
    return f"{count / 2**20:,.0f} MiB"


def of_size(held: Measured) -> Iterator[str]:
    """Yield what was measured at one size."""
    count, cpu = held["reports"], held["cpu"]
    yield f"== {count:,} reports"
    steps = ", ".join(f"{step} {cpu[step]:.2f}" for step in ("read", *_WRITER))
    yield f"  processor ms for one more report: {steps}; (make {cpu['make']:.2f}, not counted)"
    publish = held["publish"]
    yield (
        f"  publishing: {publish['a report']:.2f} processor ms a report,"
        f" {publish['cpu']:.1f} s in all, {publish['wall']:.1f} s by the clock"
    )
    sizes = {name: size for name, size in held["bytes"].items() if isinstance(size, int)}
    yield "  bytes a report: " + ", ".join(f"{n} {s / count:,.0f}" for n, s in sizes.items())
    for name, size in list(held["bytes"]["database by table"].items())[:_TABLES]:
        yield f"    {name:45}{size / count:>9,.0f}"
    memory = held["memory"] | {"serve": held["asked"]["memory"]}
    yield "  most memory: " + ", ".join(f"{n} {_mebibytes(b)}" for n, b in memory.items())
    columns = "".join(f"{name:>9}" for name in ("p50 ms", "p95 ms", "most", "CPU ms", "refused"))
    yield f"    {'asked':27}{'n':>5}{columns}"
    for kind, times in held["asked"].items():
        if isinstance(times, dict):
            row = "".join(f"{times[name]:>9.1f}" for name in ("p50", "p95", "most", "cpu"))
            yield f"    {kind:27}{times['requests']:>5}{row}{times['refused']:>9}"


def _a_report(held: Measured) -> dict[str, float]:
    """Return what grows with the archive, a report of it: milliseconds and bytes."""
    count = held["reports"]
    steps = {f"{step}, ms": held["cpu"][step] for step in ("read", *STEPS) if step != "make"}
    return {
        **steps,
        "publish, ms": held["publish"]["a report"],
        "all processor time, ms": sum(steps.values()) + held["publish"]["a report"],
        **{
            f"{name}, bytes": size / count
            for name, size in held["bytes"].items()
            if isinstance(size, int)
        },
    }


def growth(held: list[Measured]) -> Iterator[str]:
    """Yield how many times the cost a report is that of the smallest size.

    Processor time is compared with that of the smallest archive in the same minutes.
    """
    if len(held) > 1:
        first, *others = held
        sizes = "".join(f"{one['reports']:>12,}" for one in others)
        yield f"cost a report, times that at {first['reports']:,}{'':6}{sizes}"
        bases = [_a_report({**first, **one["smallest"]}) for one in others]
        # Making a document does not depend on the size: what it varies is the machine's doing.
        made = "".join(
            f"{one['cpu']['make'] / one['smallest'].get('cpu', first['cpu'])['make']:>12.2f}"
            for one in others
        )
        yield f"  {'the machine itself (make)':40}{made}"
        for name in _a_report(first):
            row = "".join(
                f"{_a_report(one)[name] / base[name]:>12.2f}" if base[name] else f"{'-':>12}"
                for one, base in zip(others, bases, strict=True)
            )
            yield f"  {name:40}{row}"


def extrapolated(held: list[Measured], country: int) -> Iterator[str]:
    """Yield the cost of a country: if a report costs what it costs now, and if its cost goes on
    growing as between the last two sizes."""
    last = held[-1]
    before = held[-2] if len(held) > 1 else last
    yield f"== {country:,} reports, from {last['reports']:,}: flat / growing on as before"
    old = _a_report(before)
    for name, value in _a_report(last).items():
        grown = value
        if before is not last and value > old[name] > 0:
            step = math.log(last["reports"] / before["reports"])
            grown *= (country / last["reports"]) ** (math.log(value / old[name]) / step)
        if name.endswith("ms"):
            flat, on = (part * country / 3.6e6 for part in (value, grown))
            yield f"  {name.removesuffix(', ms'):24}{flat:>10.1f} / {on:.1f} hours of one core"
        else:
            flat, on = (part * country / 2**30 for part in (value, grown))
            yield f"  {name.removesuffix(', bytes'):24}{flat:>10.1f} / {on:.1f} GiB"


def assumptions() -> Iterator[str]:
    """Yield what the numbers rest on."""
    forms = ", ".join(f"{form} {share:.0%}" for form, share in FORMS)
    yield "assumptions"
    yield f"  formats: {forms}; the shares on real sites are not known: weigh the lines by format"
    yield f"  {len(BODIES)} bodies a county, {YEARS} years a body, the 2021 format in every year"
    yield "  figures: half of the bodies without requests (assumed); some 2,000 Hanzi of text"
    yield "  one capture a report, 1 % edited once; lists, articles of attachments and scanned"
    yield "  reports (two seconds a page) are not in it; nor is the waiting of a polite walk"
    yield "  one SQLite database for all; by region ('nianbao publish --by') each is smaller"
    yield "  times by the clock hold for this machine and what else it does; processor times less"
