"""Indicators: what studies and agencies compute from the reports, as views over the cells.

A blank or unread cell has no value, so neither has an indicator that needs it; a rate whose
denominator is 0 is NULL, never 0. Cells that only one format has give no value for the other.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlite_utils import Database

from archive.codebook import metrics, template_metrics

_ADDRESS = "'/report/' || replace(a.key, ':', '-') || '/' || r.year"
_OTHER_PARTS = ("other_not_corrected", "other_fee_unpaid", "other_misc")


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator, or a figure of the form that is explored like one.

    Args:
        code: English code.
        name: Chinese name.
        definition: what it says, one Chinese sentence.
        numerator: cell codes joined by + and -; ``*`` stands for the rows of a group. Empty for an
            indicator that is not made of cells.
        denominator: the same; empty for a plain count.
        level: report (each agency and year), text (from the text of two years) or region.
        unit: unit of a count; empty for a rate.
        basis: who publishes it this way, or 推定 (inference).

    """

    code: str
    name: str
    definition: str
    numerator: str
    denominator: str
    level: str
    unit: str
    basis: str

    @property
    def is_rate(self) -> bool:
        """Tell whether it is a ratio of two figures, or a degree from 0 to 1."""
        return not self.unit

    @property
    def formula(self) -> str:
        """The indicator as numerator / denominator."""
        if not self.denominator:
            return self.numerator
        parts = (self.numerator, self.denominator)
        return " / ".join(f"({part})" if " " in part else part for part in parts)


@cache
def indicators() -> dict[str, Indicator]:
    """Return all indicators by code."""
    with files("archive").joinpath("data/indicators.csv").open(encoding="utf-8") as lines:
        return {row["code"]: Indicator(**row) for row in csv.DictReader(lines)}


def terms(formula: str) -> list[tuple[str, str]]:
    """Return sign and cell code of each term, groups spelled out."""
    found: list[tuple[str, str]] = []
    for sign, name in re.findall(r"([+-]?)\s*([a-z0-9_*]+)", formula):
        if "*" in name:
            pattern = re.compile(name.replace("*", "[a-z_]+"))
            codes = [m.code for m in template_metrics("2021") if pattern.fullmatch(m.code)]
        else:
            codes = [name]
        found.extend((sign or "+", code) for code in codes)
    return found


def _sql(formula: str, numbers: dict[str, int]) -> str:
    """Return a formula as SQL over the cells of the report ``r``; NULL for what is no cell."""
    parts = []
    for sign, code in terms(formula):
        if code not in numbers:
            return "NULL"
        parts.append(
            f"{sign} (SELECT value FROM cells WHERE document_id = r.document_id"  # noqa: S608 - numbers of our codebook
            f" AND metric_id = {numbers[code]})"
        )
    return " ".join(parts).removeprefix("+ ") or "NULL"


def _by_report(indicator: Indicator, numbers: dict[str, int]) -> str:
    return (
        f"SELECT r.id AS report_id, '{indicator.code}' AS indicator,"  # noqa: S608 - our own codes
        f" {_sql(indicator.numerator, numbers)} AS numerator,"
        f" {_sql(indicator.denominator, numbers)} AS denominator FROM reports r"
    )


_SIMILARITY = """
SELECT report_id, 'text_similarity' AS indicator, max(value) AS numerator, 1 AS denominator
FROM similarities GROUP BY report_id
"""

_BY_AGENCY_YEAR = f"""
CREATE VIEW indicator_by_agency_year AS
SELECT i.code, i.name AS indicator, a.key AS agency_key, a.name AS agency, a.region_code, r.year,
CASE WHEN i.level = 'report' AND i.denominator = '' THEN v.numerator
ELSE 1.0 * v.numerator / nullif(v.denominator, 0) END AS value,
v.numerator, v.denominator, i.unit, i.formula, r.template, r.status, {_ADDRESS} AS address
FROM indicator_parts v JOIN indicators i ON i.code = v.indicator
JOIN reports r ON r.id = v.report_id JOIN agencies a ON a.id = r.agency_id
"""  # noqa: S608 - a constant of ours

# Only reports with both parts count, so that numerator and denominator speak of the same bodies.
_REGION_RATES = """
SELECT i.code, a.region_code, r.year, sum(v.numerator) AS numerator,
CASE WHEN i.denominator <> '' THEN sum(v.denominator) END AS denominator, count(*) AS reports
FROM indicator_parts v JOIN indicators i ON i.code = v.indicator
JOIN reports r ON r.id = v.report_id JOIN agencies a ON a.id = r.agency_id
WHERE i.level = 'report' AND v.numerator IS NOT NULL
AND (i.denominator = '' OR v.denominator IS NOT NULL)
GROUP BY i.code, a.region_code, r.year
"""
# 条例 article 49; before report year 2019 everybody had until 31 March.
_DUE = """CASE WHEN r.year <= 2018 OR a.type = 'government' THEN (r.year + 1) || '-03-31'
WHEN a.type IN ('department', 'government_office') THEN (r.year + 1) || '-01-31' END"""
_TIMELY = f"""
SELECT 'timely_rate', region_code, year, sum(day <= due), count(*), count(*) FROM (
SELECT a.region_code, r.year, substr(r.published, 1, 10) AS day, {_DUE} AS due
FROM reports r JOIN agencies a ON a.id = r.agency_id)
WHERE due IS NOT NULL AND day GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'
GROUP BY region_code, year
"""  # noqa: S608 - a constant of ours
_COVERAGE = """
SELECT 'coverage', a.region_code, r.year, count(*),
(SELECT count(*) FROM agencies b WHERE b.region_code = a.region_code), count(*)
FROM reports r JOIN agencies a ON a.id = r.agency_id GROUP BY a.region_code, r.year
"""
_ZERO = """
SELECT 'zero_share', a.region_code, r.year, sum(c.value = 0), count(*), count(*)
FROM reports r JOIN agencies a ON a.id = r.agency_id
JOIN cells c ON c.document_id = r.document_id AND c.metric_id = {new}
WHERE c.value IS NOT NULL GROUP BY a.region_code, r.year
"""


def _by_region_year(numbers: dict[str, int]) -> str:
    zero = _ZERO.format(new=numbers["t3_new__total"])
    parts = f"{_REGION_RATES} UNION ALL {_TIMELY} UNION ALL {_COVERAGE} UNION ALL {zero}"
    return f"""
    CREATE VIEW indicator_by_region_year AS
    SELECT i.code, i.name AS indicator, x.region_code, x.year,
    CASE WHEN i.level = 'report' AND i.denominator = '' THEN x.numerator
    ELSE 1.0 * x.numerator / nullif(x.denominator, 0) END AS value,
    x.numerator, x.denominator, x.reports, i.unit, i.formula
    FROM ({parts}) x JOIN indicators i ON i.code = x.code
    """  # noqa: S608 - constants of ours


def _comparable(numbers: dict[str, int]) -> str:
    """Return the view that lines up both formats, with a word on how far they can be compared."""
    same = [m.code for m in metrics().values() if m.mapping in ("same", "part", "none")]
    rows = ", ".join(str(numbers[code]) for code in same)
    first = (
        "SELECT c.document_id, c.metric_id, c.value, 'same' AS comparability FROM cells c"  # noqa: S608 - numbers of our codebook
        f" WHERE c.metric_id IN ({rows})"
    )
    selects = [first]
    for metric in metrics().values():
        number = numbers[metric.code]
        if metric.mapping == "approximate" and metric.order_2021 is not None:
            older = numbers[metric.maps_to]
            selects.append(
                f"SELECT document_id, {number}, value, CASE metric_id WHEN {number} THEN 'same'"  # noqa: S608 - numbers of our codebook
                f" ELSE 'approximate' END FROM cells WHERE metric_id IN ({number}, {older})"
            )
        if metric.mapping == "derived":
            parts = [numbers[metric.code.replace("other_total", part)] for part in _OTHER_PARTS]
            # A 2021 report that prints （六） in one row has the cell itself and no parts.
            selects.append(
                f"SELECT document_id, {number}, value, 'same' FROM cells"  # noqa: S608 - numbers of our codebook
                f" WHERE metric_id = {number} UNION ALL SELECT x.document_id, {number},"
                " x.value + y.value + z.value, 'derived' FROM cells x JOIN cells y ON"
                f" y.document_id = x.document_id AND y.metric_id = {parts[1]} JOIN cells z ON"
                f" z.document_id = x.document_id AND z.metric_id = {parts[2]}"
                f" WHERE x.metric_id = {parts[0]} AND NOT EXISTS (SELECT 1 FROM cells w"
                f" WHERE w.document_id = x.document_id AND w.metric_id = {number})"
            )
    union = " UNION ALL ".join(selects)
    return f"""
    CREATE VIEW metric_comparable AS
    SELECT m.code, m."table", m.row_label, m.column_label, m.unit, a.key AS agency_key,
    a.name AS agency, a.region_code, r.year, v.value, v.comparability, r.template,
    {_ADDRESS} || '/cell/' || m.code AS address
    FROM ({union}) v JOIN metrics m ON m.id = v.metric_id
    JOIN reports r ON r.document_id = v.document_id JOIN agencies a ON a.id = r.agency_id
    """  # noqa: S608 - numbers of our codebook


def create_indicators(db: Database) -> None:
    """Create table and views of the indicators (migration 0005).

    Args:
        db: the archive's database, with the codebook in ``metrics``.

    """
    numbers = {code: number for number, code in enumerate(metrics(), start=1)}
    db.table("indicators").insert_all(
        {
            "code": i.code,
            "name": i.name,
            "definition": i.definition,
            "formula": i.formula,
            "numerator": i.numerator,
            "denominator": i.denominator,
            "level": i.level,
            "unit": i.unit,
            "basis": i.basis,
        }
        for i in indicators().values()
    )
    parts = [_by_report(i, numbers) for i in indicators().values() if i.level == "report"]
    db.execute(f"CREATE VIEW indicator_parts AS {' UNION ALL '.join([*parts, _SIMILARITY])}")
    db.execute(_BY_AGENCY_YEAR)
    db.execute(_by_region_year(numbers))
    db.execute(_comparable(numbers))
