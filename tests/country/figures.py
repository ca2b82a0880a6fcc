"""Figures of one body over the years: they follow from each other, but for the known flaws.

The spread is an assumption, not a measurement: half of the bodies hear from nobody in a year, a
tenth from dozens, a few from hundreds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from archive.codebook import template_metrics
from pipeline.recognise.form import table3_columns, table3_rows

PARTS = tuple(column.code for column in table3_columns())[:-1]
_MINOR = (
    "partial", "denied_third_party", "unavailable_not_held", "unavailable_needs_creation",
    "unprocessed_repeat", "unprocessed_complaint", "denied_internal_affairs", "denied_state_secret",
)  # fmt: skip
# What can be wrong with a report: in which share of them, and what the rules say of it then.
FLAWS = {
    "row-sum": (0.02, {"E-T3-ROWSUM", "E-T3-RESULTS"}),
    "balance": (0.01, {"E-T3-BALANCE"}),
    "court-sum": (0.01, {"E-T4-SUM"}),
    "carry": (0.015, {"E-CARRY"}),
    "stock": (0.01, {"W-STOCK"}),
    "blank": (0.03, {"W-BLANK"}),
}


@dataclass(frozen=True, slots=True)
class Year:
    """What a body prints of one year.

    Args:
        cells: printed characters by code; what is not there prints "0".
        flaws: what is wrong with it, names of ``FLAWS``.

    """

    cells: dict[str, str]
    flaws: tuple[str, ...]


def _received(dice: random.Random, busy: float) -> int:
    if dice.random() < 0.55 - 0.4 * busy:
        return 0
    return min(9000, int(dice.lognormvariate(0.6 + 3.2 * busy, 1.1)) + 1)


def _spread(dice: random.Random, number: int) -> dict[str, int]:
    """Share requests among the kinds of applicants; nine of ten are natural persons."""
    rest = sum(dice.random() < 0.1 for _ in range(min(number, 400)))
    shares = dict.fromkeys(PARTS, 0)
    shares["natural_person"] = number - rest
    for _ in range(rest):
        shares[dice.choice(PARTS[1:])] += 1
    return shares


def _third(
    dice: random.Random, busy: float, carried: dict[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return table three by code, and what is carried out of the year by applicant."""
    new = _spread(dice, _received(dice, busy))
    rows = {row.code: dict.fromkeys(PARTS, 0) for row in table3_rows("2021")}
    out = {}
    for part in PARTS:
        due = new[part] + carried[part]
        out[part] = sum(dice.random() < 0.04 for _ in range(min(due, 200)))
        handled = due - out[part]
        minor = [dice.choice(_MINOR) for _ in range(min(handled, 60)) if dice.random() < 0.3]
        for code in minor:
            rows[code][part] += 1
        rows["granted"][part] = handled - len(minor)
        rows["new"][part], rows["carried_in"][part] = new[part], carried[part]
        rows["result_total"][part], rows["carried_out"][part] = handled, out[part]
    cells = {
        f"t3_{code}__{part}": value for code, row in rows.items() for part, value in row.items()
    }
    cells |= {f"t3_{code}__total": sum(row.values()) for code, row in rows.items()}
    return cells, out


def _fourth(dice: random.Random, busy: float) -> dict[str, int]:
    cells = {}
    for kind in ("review", "suit_direct", "suit_after_review"):
        values = [int(dice.random() < 0.06 * busy) * dice.randint(1, 9) for _ in range(4)]
        names = ("upheld", "corrected", "other", "pending")
        cells |= {f"t4_{kind}_{n}": v for n, v in zip(names, values, strict=True)}
        cells[f"t4_{kind}_total"] = sum(values)
    return cells


def series(seed: str, first: int, last: int) -> dict[int, Year]:
    """Return the figures of a body by year.

    Args:
        seed: names the body.
        first: first year, 2021 or later.
        last: last year.

    """
    dice = random.Random(seed)
    busy = dice.random() ** 3
    carried = dict.fromkeys(PARTS, 0)
    stock = dice.randint(0, 60)
    found = {}
    for year in range(first, last + 1):
        third, out = _third(dice, busy, carried)
        issued = int(dice.random() < 0.3) * dice.randint(1, 6)
        repealed = int(dice.random() < 0.2) * dice.randint(0, min(4, stock))
        stock += issued - repealed
        cells = {
            "t2_normative_docs_issued": issued,
            "t2_normative_docs_repealed": repealed,
            "t2_normative_docs_in_force": stock,
            "t2_licensing_decisions": int(dice.lognormvariate(2, 2)),
            "t2_penalty_decisions": int(dice.lognormvariate(1, 2)),
            **third,
            **_fourth(dice, busy),
        }
        carried = out
        flaws = [name for name, (share, _) in FLAWS.items() if dice.random() < share]
        if year == first:
            flaws = [name for name in flaws if name not in {"carry", "stock"}]
        printed = {code: str(value) for code, value in cells.items()}
        for flaw in flaws:
            _spoil(flaw, printed, cells)
        if "stock" in flaws:
            stock = int(printed["t2_normative_docs_in_force"])
        found[year] = Year(printed, tuple(flaws))
    return found


def _spoil(flaw: str, printed: dict[str, str], cells: dict[str, int]) -> None:
    """Print one thing wrong, so that just the named rule has something to say."""
    if flaw == "row-sum":
        code = "t3_unprocessed_excessive__total"
        printed[code] = str(cells[code] + 3)
    elif flaw == "balance":
        for part in ("natural_person", "total"):
            printed[f"t3_new__{part}"] = str(cells[f"t3_new__{part}"] + 7)
    elif flaw == "court-sum":
        printed["t4_review_total"] = str(cells["t4_review_total"] + 2)
    elif flaw == "carry":
        for row in ("carried_in", "granted", "result_total"):
            for part in ("business", "total"):
                code = f"t3_{row}__{part}"
                printed[code] = str(int(printed[code]) + 5)
    elif flaw == "stock":
        code = "t2_normative_docs_in_force"
        printed[code] = str(cells[code] + 11)
    else:
        for metric in template_metrics("2021"):
            if metric.code.startswith("t3_unprocessed_repeat__"):
                printed[metric.code] = ""
