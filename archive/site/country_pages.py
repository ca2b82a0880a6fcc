"""The pages of a country, made of what the pointers of its regions tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.regions.divide import UNKNOWN, WAYS
from archive.regions.region import Region
from archive.site import country_files, country_found, words
from archive.site.answers import LAST_PAGE, number_from, pager
from archive.site.country_held import PER_PAGE, Held, Route, error_page, page_of, sum_of
from archive.site.health import age, checks_of_runs, worst

# So many regions stand on the front page; of more, their provinces do.
MOST_LISTED = 150
UNITS = {"province": "省、自治区、直辖市", "city": "市、州", "county": "县、区"}


def _line(region: Region) -> dict[str, Any]:
    return {"name": region.name, "path": f"/r/{region.code}/", "code": region.code,
            **region.facts}  # fmt: skip


def _lines(regions: list[Region]) -> list[dict[str, Any]]:
    """Return the lines of a list of regions, what belongs to none at the end."""
    known = [_line(region) for region in regions if region.code != UNKNOWN]
    return [*known, *(_line(region) for region in regions if region.code == UNKNOWN)]


async def home(held: Held, request: Request) -> Response:
    """Answer ``/``: the regions, or where there are many, their provinces."""
    regions = list(held.regions.values())
    if len(regions) <= MOST_LISTED:
        lines = _lines(regions)
    else:
        groups: dict[str, list[Region]] = {}
        for region in regions:
            if region.code != UNKNOWN:
                groups.setdefault(region.code[:2], []).append(region)
        lines = [
            {"name": words.province(code), "path": f"/province/{code}", "code": code,
             "inside": len(of), **sum_of(of)}
            for code, of in groups.items()
        ]  # fmt: skip
        lines += [_line(region) for region in regions if region.code == UNKNOWN]
    return page_of(
        held, request, "home.html", lines=lines, whole=sum_of(regions),
        unit=UNITS[held.country.by], broken=[held.name(code) for code in held.broken],
    )  # fmt: skip


async def province(held: Held, request: Request, code: str) -> Response:
    """Answer ``/province/<two digits>``: its regions."""
    regions = [region for region in held.regions.values() if region.code.startswith(code)]
    if not regions:
        raise DatasetteError("本站没有这个地区的机关。", status=404)
    return page_of(
        held, request, "province.html", lines=_lines(regions), name=words.province(code),
        whole=sum_of(regions),
    )  # fmt: skip


async def about(held: Held, request: Request) -> Response:
    """Answer ``/about``."""
    first = next(iter(held.regions), None)
    return page_of(
        held, request, "about.html", unit=UNITS[held.country.by], digits=WAYS[held.country.by],
        first=first, unknown=held.regions.get(UNKNOWN), whole=sum_of(list(held.regions.values())),
    )  # fmt: skip


def _site_health(site: dict[str, Any], now: datetime) -> dict[str, Any]:
    checks = checks_of_runs(site, now)
    return {
        "id": site["id"],
        "name": site["name"],
        "state": worst([mark for mark, _ in checks]),
        "checks": [{"state": mark, "message": text} for mark, text in checks],
    }


async def health(held: Held, request: Request, suffix: str | None) -> Response:
    """Answer ``/health`` and ``/health.json``: whether each region is kept up."""
    now = datetime.now(UTC)
    told: list[dict[str, Any]] = []
    for region in held.regions.values():
        # A region may live on a site of another one: that site's walks are its own as well.
        sites = [_site_health(site, now) for site in region.facts["sites"]]
        told.append({
            "code": region.code, "name": region.name, "release": region.release.id,
            "published_at": region.release.published_at,
            "age_days": age(region.release.published_at, now), "sites": sites,
            "state": "bad" if region.code in held.broken
            else worst([site["state"] for site in sites]) if sites else "good",
        })  # fmt: skip
    told.sort(key=lambda line: ("bad", "warn", "good").index(line["state"]))
    state = worst([line["state"] for line in told])
    if suffix == ".json":
        answer = Response.json({"ok": True, "state": state, "broken": list(held.broken),
                                "regions": told})  # fmt: skip
    else:
        page = number_from(request, "page", LAST_PAGE) or 1
        answer = page_of(
            held, request, "health.html", lines=told[(page - 1) * PER_PAGE : page * PER_PAGE],
            state=state, broken=[held.name(code) for code in held.broken],
            counts={mark: sum(line["state"] == mark for line in told)
                    for mark in ("good", "warn", "bad")},
            pager=pager(request, page, len(told), PER_PAGE),
        )  # fmt: skip
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


async def moved(held: Held, request: Request, code: str, path: str) -> Response:
    """Send an address of an undivided archive on to the region that it lies in."""
    region = code[: WAYS[held.country.by]]
    if region not in held.regions:
        raise DatasetteError("本站没有这个地区的机关。", status=404)
    return _redirect(request, f"/r/{region}{path}")


async def into(held: Held, request: Request, code: str) -> Response:
    """Answer ``/r/<region>``: its front page has a stroke at the end."""
    if code not in held.regions:
        raise DatasetteError("本站没有这个地区。", status=404)
    return _redirect(request, f"/r/{code}/")


async def dictionary(held: Held, request: Request) -> Response:
    """Answer ``/dictionary``, which is the same in every region."""
    if not held.regions:
        raise DatasetteError("还没有数据。", status=404)
    return _redirect(request, f"/r/{next(iter(held.regions))}/dictionary")


async def elsewhere(held: Held, request: Request) -> Response:
    """Answer for pages that only the regions have."""
    return error_page(held, request, 404, "这个页面在各地区的站内，请先在首页选择地区。")


def _redirect(request: Request, path: str) -> Response:
    query = f"?{request.query_string}" if request.query_string else ""
    return Response.redirect(f"{words.link(path)}{query}", 302)


ROUTES: list[Route] = [
    *country_files.ROUTES,
    *country_found.ROUTES,
    (r"/", home),
    (r"/province/(?P<code>\d{2})", province),
    (r"/about", about),
    (r"/health(?P<suffix>\.json)?", health),
    (r"/dictionary", dictionary),
    (r"/r/(?P<code>[0-9a-z]+)", into),
    (r"(?P<path>/(?:report|agency|feeds/agency)/(?P<code>\d{6})\d*-.+)", moved),
    (r"(?P<path>/region/(?P<code>\d{6}))", moved),
    (r"/(?:explore|compare|findings|changes|feeds)(?:\.json)?", elsewhere),
]
