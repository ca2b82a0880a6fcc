"""Views that people want first: a row a report, a metric over the years, cells with their words.

A blank, a dash or an unread cell has no value: it is NULL here and never 0, and a sum with such a
part is NULL as well.
"""

from __future__ import annotations

from sqlite_utils import Database

from archive.codebook import metrics, template_metrics

# Where a report, an agency, a figure can be looked at on the public site.
_REPORT_ADDRESS = "'/report/' || replace(a.key, ':', '-') || '/' || r.year"

# What the figures in the columns of report_overview are called.
FIGURE_NAMES = {
    "new_requests": "新收申请",
    "carried_in": "上年结转",
    "granted": "予以公开",
    "partial": "部分公开",
    "denied": "不予公开",
    "unavailable": "无法提供",
    "unprocessed": "不予处理",
    "other": "其他处理",
    "result_total": "办结总计",
    "carried_out": "结转下年",
    "reviews": "行政复议",
    "suits": "行政诉讼",
    "normative_docs_issued": "规范性文件制发",
    "normative_docs_repealed": "规范性文件废止",
    "normative_docs_in_force": "规范性文件现行有效",
}
# Columns of report_overview that are one cell of the form.
KEY_FIGURES = {
    "new_requests": "t3_new__total",
    "carried_in": "t3_carried_in__total",
    "granted": "t3_granted__total",
    "partial": "t3_partial__total",
    "result_total": "t3_result_total__total",
    "carried_out": "t3_carried_out__total",
    "reviews": "t4_review_total",
    "normative_docs_issued": "t2_normative_docs_issued",
    "normative_docs_repealed": "t2_normative_docs_repealed",
    "normative_docs_in_force": "t2_normative_docs_in_force",
}


def _rows_under(prefix: str) -> list[str]:
    return [
        metric.code
        for metric in template_metrics("2021")
        if metric.row_code.startswith(prefix) and metric.column_code == "total"
    ]


# Columns of report_overview that add up cells of the form.
SUMS = {
    "denied": _rows_under("denied_"),
    "unavailable": _rows_under("unavailable_"),
    "unprocessed": _rows_under("unprocessed_"),
    "other": _rows_under("other_"),
    "suits": ["t4_suit_direct_total", "t4_suit_after_review_total"],
}


# The 2019 format, and some reports in the 2021 format, print （六）其他处理 as one row.
OTHER_IN_ONE_ROW = "t3_other_total__total"


def _value(numbers: dict[str, int], code: str) -> str:
    return (
        "(SELECT value FROM cells WHERE document_id = r.document_id"  # noqa: S608 - numbers of our codebook
        f" AND metric_id = {numbers[code]})"
    )


def _report_overview(numbers: dict[str, int]) -> str:
    figures = {name: _value(numbers, code) for name, code in KEY_FIGURES.items()}
    sums = {
        name: " + ".join(_value(numbers, code) for code in codes) for name, codes in SUMS.items()
    }
    one_row = numbers[OTHER_IN_ONE_ROW]
    sums["other"] = (
        "CASE WHEN EXISTS (SELECT 1 FROM cells WHERE document_id = r.document_id"  # noqa: S608 - numbers of our codebook
        f" AND metric_id = {one_row}) THEN {_value(numbers, OTHER_IN_ONE_ROW)}"
        f" ELSE {sums['other']} END"
    )
    expressions = figures | sums
    order = [
        "new_requests", "carried_in", "granted", "partial", "denied", "unavailable",
        "unprocessed", "other", "result_total", "carried_out", "reviews", "suits",
        "normative_docs_issued", "normative_docs_repealed", "normative_docs_in_force",
    ]  # fmt: skip
    columns = ",\n".join(f"{expressions[name]} AS {name}" for name in order)
    counts = ",\n".join(
        "(SELECT count(*) FROM findings f WHERE (f.report_id = r.id"  # noqa: S608 - numbers of our codebook
        f" OR f.document_id = r.document_id) AND f.severity = '{severity}') AS {name}"
        for severity, name in (("error", "errors"), ("warning", "warnings"), ("info", "notes"))
    )
    return f"""
    CREATE VIEW report_overview AS
    SELECT r.id AS report_id, a.key AS agency_key, a.name AS agency, a.region_code, r.year,
    r.title, r.template, r.status,
    {columns},
    {counts},
    r.published,
    (SELECT count(*) FROM documents d JOIN sources s ON s.document_id = d.id
     WHERE d.report_id = r.id) AS sources,
    {_REPORT_ADDRESS} AS address
    FROM reports r JOIN agencies a ON a.id = r.agency_id
    """  # noqa: S608 - numbers of our codebook


_METRIC_BY_AGENCY_YEAR = """
CREATE VIEW metric_by_agency_year AS
SELECT m.code, m."table", m.row_label, m.column_label, m.unit, a.key AS agency_key,
a.name AS agency, a.region_code, r.year, c.value, c.state, r.template, r.status,
{address} AS address
FROM cells c JOIN metrics m ON m.id = c.metric_id JOIN reports r ON r.document_id = c.document_id
JOIN agencies a ON a.id = r.agency_id
"""

_CELL_DETAILS = """
CREATE VIEW cell_details AS
SELECT a.key AS agency_key, a.name AS agency, r.year, m.code, m."table", m.row_group,
m.row_label, m.column_label, c.value, c.raw, c.state, c.note, m.unit, c.place, d.digest, d.format,
d.id = r.document_id AS shown, r.id AS report_id, d.id AS document_id,
{address} || '/cell/' || m.code AS address
FROM cells c JOIN metrics m ON m.id = c.metric_id JOIN documents d ON d.id = c.document_id
JOIN reports r ON r.id = d.report_id JOIN agencies a ON a.id = r.agency_id
"""

_SOURCE_DETAILS = """
CREATE VIEW source_details AS
SELECT a.key AS agency_key, a.name AS agency, r.year, s.url, s.role, d.format,
d.status AS document_status, d.id = r.document_id AS shown, s.is_current, s.site_id,
s.column_path, s.link_text, s.parent_url, s.published, k.captured_at, k.status AS http_status,
k.content_type, k.digest, p.size, r.id AS report_id, d.id AS document_id,
'/original/' || k.digest AS address
FROM sources s JOIN documents d ON d.id = s.document_id JOIN captures k ON k.id = s.capture_id
JOIN payloads p ON p.digest = k.digest LEFT JOIN reports r ON r.id = d.report_id
LEFT JOIN agencies a ON a.id = r.agency_id
"""


def create_views(db: Database) -> None:
    """Create the views (migration 0003).

    Args:
        db: the archive's database, with the codebook in ``metrics``.

    """
    numbers = {code: number for number, code in enumerate(metrics(), start=1)}
    db.execute(_report_overview(numbers))
    for statement in (_METRIC_BY_AGENCY_YEAR, _CELL_DETAILS, _SOURCE_DETAILS):
        db.execute(statement.replace("{address}", _REPORT_ADDRESS))
