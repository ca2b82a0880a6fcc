"""Explore: one figure or indicator over agencies, regions and years, with its definition."""

from __future__ import annotations

from dataclasses import asdict, replace

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.codebook import metrics
from archive.indicators import Indicator, terms
from archive.site import downloads, words
from archive.site.answers import LAST_PAGE, number_from, page_of, pager
from archive.site.answers import ask as put
from archive.site.chart import Chart, Plot, Series, spread
from archive.site.ranking import FIRST, Chosen, Explored, explore_data
from archive.summary import explored

PER_PAGE = 50


def chosen_of(request: Request) -> Chosen:
    """Return what is asked for.

    Raises:
        DatasetteError: there is no such indicator, type, region or way to sort (400).

    """
    args = request.args
    chosen = Chosen(
        args.get("code") or FIRST,
        number_from(request, "year", 9999),
        args.get("region") or "",
        args.get("type") or "",
        args.get("by") or "agency",
        args.get("order") or "high",
    )
    if chosen.code not in explored():
        raise DatasetteError("没有这个指标。", status=400)
    if chosen.type and chosen.type not in words.AGENCY_TYPES:
        raise DatasetteError(f"参数 type 应为 {'、'.join(words.AGENCY_TYPES)} 之一。", status=400)
    if chosen.by not in ("agency", "region") or chosen.order not in ("high", "low"):
        raise DatasetteError("参数 by 应为 agency 或 region，order 应为 high 或 low。", status=400)
    if chosen.measure.level == "region":
        chosen = replace(chosen, by="region")
    if chosen.by == "region":
        chosen = replace(chosen, region="", type="")
    return chosen


def _plot(told: Explored) -> Chart:
    years = told.years
    figures = [told.totals.get(year, {}).get("value") for year in years]
    missing = {
        year: "未收录" if year not in told.totals
        else "分母为0" if told.totals[year]["denominator"] == 0 else "无值"
        for year in years
    }  # fmt: skip
    rate = told.chosen.measure.is_rate
    return Plot(years, [Series("", figures)], missing, percent=rate).drawn()


def places(measure: Indicator, address: str) -> tuple[str, str]:
    """Return the addresses where numerator and denominator of a report stand."""
    found = []
    for formula in (measure.numerator, measure.denominator):
        codes = [code for _, code in terms(formula) if code in metrics()]
        base = words.link(address)
        found.append(
            base if not codes
            else f"{base}/cell/{codes[0]}" if len(codes) == 1 else f"{base}#{codes[0]}"
        )  # fmt: skip
    return found[0], found[1]


_COLUMNS = {
    "agency": ("rank", "agency_key", "agency", "region_code", "value", "numerator",
               "denominator", "reason", "template", "status", "address"),
    "region": ("rank", "region_code", "region", "value", "numerator", "denominator",
               "counted", "reason"),
}  # fmt: skip
_TITLES = {
    "code": "指标代码", "year": "年度", "rank": "名次", "agency_key": "机关代码",
    "agency": "机关名称", "region_code": "行政区划代码",
    "value": "数值", "numerator": "分子", "denominator": "分母", "reason": "没有数值的原因",
    "template": "表格格式", "status": "状态", "address": "网址", "region": "地区",
    "counted": "计入的年报",
}  # fmt: skip


async def explore(datasette: Datasette, request: Request) -> Response:
    """Answer ``/explore`` and its ``.json`` and ``.csv``, which have longer pages."""
    chosen = chosen_of(request)
    page = number_from(request, "page", LAST_PAGE) or 1
    suffix = request.url_vars["suffix"]
    most = datasette.setting("max_returned_rows")
    size = most if suffix else PER_PAGE
    told = await put(
        datasette,
        lambda connection: explore_data(connection, chosen, size, (page - 1) * size),
    )
    columns = _COLUMNS[told.chosen.by]
    pages = pager(request, page, told.held, size)
    rows = [
        {"code": told.chosen.code, "year": told.chosen.year, **{n: row.get(n) for n in columns}}
        for row in told.rows
    ]
    onward = {"Link": f'<{pages["after"]}>; rel="next"'} if pages["after"] else {}
    if suffix == ".json":
        return Response.json(
            {
                "ok": True,
                "measure": asdict(told.chosen.measure),
                "chosen": asdict(told.chosen),
                "held": told.held,
                "counted": told.counted,
                "page": page,
                "pages": pages["last"],
                "rows": rows,
                "years": [told.totals[year] for year in sorted(told.totals)],
            },
            headers=onward,
        )
    if suffix == ".csv":
        return Response(
            downloads.rows_csv(
                [_TITLES[name] for name in ("code", "year", *columns)],
                [row.values() for row in rows],
            ),
            content_type="text/csv; charset=utf-8",
            headers=downloads.attachment(f"{told.chosen.code}-{told.chosen.year}.csv") | onward,
        )
    highest = max((abs(row["value"]) for row in told.rows if row["value"] is not None), default=0)
    return await page_of(
        datasette,
        request,
        "explore.html",
        told=told,
        chosen=told.chosen,
        measure=told.chosen.measure,
        measures=explored(),
        chart=_plot(told),
        spread=spread(told.spread),
        highest=highest or 1,
        places=places,
        pager=pages,
        files=range(1, -(-told.held // most) + 1),
    )


ROUTES = [(r"^/explore(?P<suffix>\.json|\.csv)?$", explore)]
