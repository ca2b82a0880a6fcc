"""Figures of a report, and the many ways to print them."""

from __future__ import annotations

import random
from decimal import Decimal

from archive.codebook import Template, template_metrics
from pipeline.recognise.form import table3_columns, table3_rows
from tests.mutants.model import Printed

PARTS = [column.code for column in table3_columns()][:-1]
OTHER = ("other_not_corrected", "other_fee_unpaid", "other_misc")
Number = int | Decimal
_WIDE = str.maketrans("0123456789.,+-", "０１２３４５６７８９．，＋－")


def row_codes(template: Template, *, collapsed: bool) -> list[str]:
    """Return the rows that table three prints."""
    codes = [row.code for row in table3_rows(template)]
    if collapsed:
        at = codes.index(OTHER[0])
        codes[at : at + 3] = ["other_total"]
    return codes


def figures(rng: random.Random, template: Template, *, collapsed: bool) -> dict[str, Number]:
    """Return the figures of one report: empty town, busy city, or an agency that can't add."""
    mood = rng.choice(("town", "office", "city", "distinct", "errors"))
    share = {"town": 0.03, "office": 0.2, "city": 0.7, "distinct": 1, "errors": 0.5}[mood]
    most = {"town": 30, "office": 99, "city": 4000, "distinct": 9_999_999, "errors": 300}[mood]
    values: dict[str, Number] = {}

    def some() -> int:
        return rng.randint(1, most) if rng.random() < share else 0

    for metric in template_metrics(template):
        if metric.table == "t2":
            values[metric.code] = some()
            if metric.value_type == "signed_int" and rng.random() < 0.4:
                values[metric.code] = -rng.randint(1, 40)
            if metric.value_type.startswith("decimal") and rng.random() < 0.5:
                values[metric.code] = Decimal(rng.randint(1, 10**9)).scaleb(-rng.randint(1, 4))
    rows = row_codes(template, collapsed=collapsed)
    for part in PARTS:
        _column(rng, values, rows, part, some)
    for row in rows:
        values[f"t3_{row}__total"] = sum(values[f"t3_{row}__{part}"] for part in PARTS)
    fourth = [m.code for m in template_metrics(template) if m.table == "t4"]
    for first in (0, 5, 10):
        group = [some() for _ in range(4)]
        values.update(zip(fourth[first : first + 5], [*group, sum(group)], strict=True))
    if mood == "distinct":
        values.update({code: rng.randint(1, most) for code in values if code[:2] != "t2"})
    if mood == "errors":
        for code in rng.sample(sorted(values), 12):
            values[code] = rng.choice((0, 0, 1, rng.randint(0, most)))
    return values


def _column(rng, values, rows, part, some):
    outcomes = [r for r in rows if r not in {"new", "carried_in", "result_total", "carried_out"}]
    total = 0
    for row in outcomes:
        values[f"t3_{row}__{part}"] = value = some()
        total += value
    values[f"t3_result_total__{part}"] = total
    values[f"t3_carried_out__{part}"] = left = some()
    carried = rng.randint(0, total + left)
    values[f"t3_carried_in__{part}"] = carried
    values[f"t3_new__{part}"] = total + left - carried


def print_figures(rng: random.Random, values: dict[str, Number]) -> tuple[dict[str, Printed], str]:
    """Return what each cell prints, and the name of the way zeros are printed."""
    zero = rng.choice(("0", "0", "0", "0", "blank", "some-blank", "slash", "dash", "mixed"))
    odd = rng.choice((0, 0, 0.03, 0.1))
    printed = {}
    for code, value in values.items():
        if value == 0:
            printed[code] = _zero(rng, zero)
        elif rng.random() < odd:
            printed[code] = _odd(rng, code, value)
        else:
            printed[code] = Printed(_sign(rng, code, str(value)), "value", value)
    return printed, f"zero-{zero}" if zero != "0" else ("odd-numbers" if odd else "plain-numbers")


def _sign(rng: random.Random, code: str, text: str) -> str:
    if not code.endswith("_change"):
        return text
    if text[0] == "-":
        return rng.choice(("-", "-", "−", "－")) + text[1:]
    return rng.choice(("", "+", "＋")) + text


def _zero(rng: random.Random, way: str) -> Printed:
    if way == "mixed":
        way = rng.choice(("0", "blank", "slash", "dash", "wide", "unit"))
    if way == "some-blank":
        way = rng.choice(("0", "0", "0", "blank"))
    if way == "blank":
        return Printed("", "blank")
    if way == "slash":
        return Printed("/", "dash")
    if way == "dash":
        return Printed(rng.choice(("—", "-", "——", "－")), "dash")
    if way == "wide":
        return Printed("０", "value", 0)
    if way == "unit":
        return Printed(rng.choice(("0 件", "0件")), "note", 0)
    return Printed("0", "value", 0)


def _odd(rng: random.Random, code: str, value: Number) -> Printed:
    text = str(value)
    way = rng.choice(("wide", "comma", "wide-comma", "unit", "remark", "plus"))
    if way == "wide":
        return Printed(text.translate(_WIDE), "value", value)
    if way == "comma":
        return Printed(f"{value:,}", "value", value)
    if way == "wide-comma":
        return Printed(f"{value:,}".replace(",", "，"), "value", value)
    if way == "plus" and value > 0:
        return Printed(f"+{text}", "value", value)
    money = code.endswith(("amount", "amount_wan"))
    unit = rng.choice(("元", "万元")) if money else rng.choice(("件", "项", " 件"))
    if way == "remark" and not money:
        remark = rng.choice(("（其中修订{}件）", "（含自然失效{}件）", "(上年结转{}件)"))
        return Printed(text + remark.format(rng.randint(1, 29)), "note", value)
    return Printed(text + unit, "note", value)
