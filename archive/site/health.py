"""Health: for the operator, whether the archive is kept up and what stands in the way.

What is told rests on the release that is served; only ages are reckoned at the time of asking.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any, Literal

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.site import words
from archive.site.answers import DATABASE, page_of
from archive.site.lookup import Row, ask_one
from archive.site.lookup import ask as rows_of

Mark = Literal["good", "warn", "bad"]

# Reports come once a year; a walk a month finds late and changed ones soon enough.
FRESH_DAYS = 35
STALE_DAYS = 100
_SHOWN = 20
# How long one answer may be kept: ages are told in days.
_KEPT = {"Cache-Control": "public, max-age=300"}


# Each of these goes over all reports once, for all sites together.
_YEARS = """
SELECT s.site_id, r.year, count(DISTINCT r.id) AS n FROM sources s
JOIN documents d ON d.id = s.document_id JOIN reports r ON r.id = d.report_id
GROUP BY s.site_id, r.year
"""
_ELSEWHERE = """
SELECT s.site_id, count(DISTINCT a.id) AS n FROM sources s
JOIN documents d ON d.id = s.document_id JOIN reports r ON r.id = d.report_id
JOIN agencies a ON a.id = r.agency_id JOIN sites t ON t.id = s.site_id
WHERE a.region_code <> t.region_code GROUP BY s.site_id
"""
_PARTIAL = """
SELECT s.site_id, count(DISTINCT r.id) AS n FROM reports r
JOIN sources s ON s.document_id = r.document_id WHERE r.status = 'partial' GROUP BY s.site_id
"""
_UNREADABLE = """
SELECT s.site_id, d.digest, d.format, d.title, d.year, min(s.url) AS url FROM documents d
JOIN sources s ON s.document_id = d.id WHERE d.status = 'unreadable' AND s.is_current = 1
GROUP BY s.site_id, d.id ORDER BY d.year DESC, d.id
"""
# Of the newest year the report that was found last.
_NEWEST = """
SELECT r.year, r.title, r.published, a.key AS agency_key, k.captured_at FROM reports r
JOIN documents d ON d.report_id = r.id JOIN sources s ON s.document_id = d.id
JOIN captures k ON k.id = s.capture_id JOIN agencies a ON a.id = r.agency_id
WHERE s.site_id = ? AND r.year = ? ORDER BY k.captured_at DESC, r.id LIMIT 1
"""
# With one min() the other columns are those of the row that has it (SQLite, lang_select 2.5).
_FINDINGS = """
SELECT rule, severity, count(*) AS count, message, min(url) AS url
FROM findings WHERE site_id = ? AND document_id IS NULL AND report_id IS NULL
GROUP BY rule, severity
ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule
"""


def facts(connection: sqlite3.Connection) -> list[Row]:
    """Return, site by site, runs, reports by year against agencies, and what failed."""
    years: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows_of(connection, _YEARS):
        years[row["site_id"]][row["year"]] = row["n"]
    elsewhere = {row["site_id"]: row["n"] for row in rows_of(connection, _ELSEWHERE)}
    partial = {row["site_id"]: row["n"] for row in rows_of(connection, _PARTIAL)}
    unreadable = defaultdict(list)
    for row in rows_of(connection, _UNREADABLE):
        unreadable[row["site_id"]].append(row)
    found = []
    for site in rows_of(connection, "SELECT * FROM sites ORDER BY id"):
        key = site["id"]
        held = years[key]
        expected = elsewhere.get(key, 0) + rows_of(
            connection,
            "SELECT count(*) AS n FROM agencies WHERE region_code = ?",
            site["region_code"],
        )[0]["n"]  # fmt: skip
        span = range(max(held), min(held) - 1, -1) if held else ()
        found.append(
            {
                "id": key,
                "name": site["name"],
                "home": site["home"],
                "last_run": _run(connection, key, "1"),
                "last_good_run": _run(connection, key, "outcome = 'finished'"),
                "newest_report": ask_one(connection, _NEWEST, key, max(held)) if held else None,
                "years": [
                    {"year": year, "reports": held.get(year, 0), "expected": expected}
                    for year in span
                ],
                "findings": rows_of(connection, _FINDINGS, key),
                "partial_reports": partial.get(key, 0),
                "unreadable_documents": len(unreadable[key]),
                "unreadable": unreadable[key][:_SHOWN],
            }
        )
    return found


def _run(connection: sqlite3.Connection, site: str, condition: str) -> Row | None:
    return ask_one(
        connection,
        "SELECT id, started_at, finished_at, outcome, reason FROM runs"  # noqa: S608 - our own conditions
        f" WHERE site_id = ? AND {condition} ORDER BY id DESC LIMIT 1",
        site,
    )


def age(moment: str | None, now: datetime) -> int | None:
    """Return how many whole days ago a moment was; None when it is not known."""
    if not moment:
        return None
    then = datetime.fromisoformat(moment)
    return max(0, (now - then.astimezone(UTC)).days)


def _ago(days: int) -> str:
    return f"{days} 天前" if days else "今天"


def due_year(today: date) -> int:
    """Return the newest report year whose reports are all due.

    Source: 政府信息公开条例, article 49: governments publish before 31 March of the next year.
    """
    return today.year - 1 if (today.month, today.day) > (3, 31) else today.year - 2


def checks(site: Row, now: datetime) -> list[tuple[Mark, str]]:
    """Return what is well and what is not, each with a mark, in plain words.

    Args:
        site: from ``facts``.
        now: the present moment, with its time zone.

    """
    return [_of_last_run(site), _of_last_good(site, now), _of_newest(site, now),
            _of_findings(site), _of_documents(site)]  # fmt: skip


def _of_last_run(site: Row) -> tuple[Mark, str]:
    run = site["last_run"]
    if run is None:
        return "bad", "从未采集过这个网站。"
    began = words.moment(run["started_at"])
    if run["finished_at"] is None:
        return "warn", f"最近一次采集始于 {began}，发布时尚未结束。"
    if run["outcome"] == "finished":
        return "good", f"最近一次采集（{began}）正常完成。"
    outcome = words.OUTCOMES.get(run["outcome"], run["outcome"])
    reason = f"：{run['reason']}" if run["reason"] else ""
    return "bad", f"最近一次采集（{began}）没有完成，{outcome}{reason}。"


def _of_last_good(site: Row, now: datetime) -> tuple[Mark, str]:
    run = site["last_good_run"]
    days = age(run["finished_at"], now) if run else None
    if days is None:
        return "bad", "还没有一次正常完成的采集。"
    mark: Mark = "good" if days <= FRESH_DAYS else "warn" if days <= STALE_DAYS else "bad"
    return mark, f"最近一次正常完成的采集在{_ago(days)}（{words.moment(run['finished_at'])}）。"


def _of_newest(site: Row, now: datetime) -> tuple[Mark, str]:
    newest = site["newest_report"]
    if newest is None:
        return "bad", "还没有收录这个网站的年报。"
    due = due_year(now.date())
    if newest["year"] < due:
        return "warn", f"最新的年报是 {newest['year']} 年度的；{due} 年度的应已公布，本站还没有。"
    return "good", f"最新的年报是 {newest['year']} 年度的。"


def _of_findings(site: Row) -> tuple[Mark, str]:
    count = {
        severity: sum(row["count"] for row in site["findings"] if row["severity"] == severity)
        for severity in words.SEVERITIES
    }
    if count["error"]:
        return "bad", f"采集中有 {count['error']} 处错误、{count['warning']} 处值得注意，见下表。"
    if count["warning"]:
        return "warn", f"采集中有 {count['warning']} 处值得注意，见下表。"
    return "good", "采集中没有遇到问题。"


def _of_documents(site: Row) -> tuple[Mark, str]:
    unreadable, partial = site["unreadable_documents"], site["partial_reports"]
    if unreadable or partial:
        return "warn", f"{unreadable} 个文件无法读取，{partial} 份年报有未识别的格。"
    return "good", "所有文件都已读取。"


def worst(marks: list[Mark]) -> Mark:
    """Return the gravest of some marks; ``bad`` when there is none, as nothing is known then."""
    return max(marks, key=("good", "warn", "bad").index, default="bad")


async def _known(datasette: Datasette) -> list[Row]:
    """Return the facts of the release; they are asked for once, as a release does not change."""
    known: asyncio.Task[list[Row]] | None = getattr(datasette, "health_facts", None)
    if known is None or (known.done() and known.exception()):
        # No time limit: no visitor has a say in what is asked, and going over all reports of a
        # large archive takes a few seconds.
        database = datasette.get_database(DATABASE)
        known = asyncio.ensure_future(database.execute_fn(facts))
        datasette.health_facts = known
    return await asyncio.shield(known)


async def health(datasette: Datasette, request: Request) -> Response:
    """Answer ``/health`` and ``/health.json``."""
    known = await _known(datasette)
    now = datetime.now(UTC)
    release = datasette.release
    days = age(release.published_at, now) or 0
    said = f"本站所示数据发布于{_ago(days)}（{words.moment(release.published_at)}）"
    published: tuple[Mark, str] = (
        "good" if days <= FRESH_DAYS else "warn",
        f"{said}；此后的采集要再次发布才会显示。",
    )
    sites = []
    for site in known:
        found = checks(site, now)
        sites.append({**site, "state": worst([mark for mark, _ in found]), "checks": found})
    state = worst([published[0], *(site["state"] for site in sites)]) if sites else "bad"
    if request.url_vars["suffix"] == ".json":
        answer: dict[str, Any] = {
            "ok": True,
            "state": state,
            "release": {"id": release.id, "published_at": release.published_at, "age_days": days},
            "sites": [_as_json(site, now) for site in sites],
        }
        return Response.json(answer, headers=_KEPT)
    page = await page_of(
        datasette, request, "health.html", sites=sites, published=published, state=state
    )
    page.headers.update(_KEPT)
    return page


def _as_json(site: Row, now: datetime) -> Row:
    told = {**site, "checks": [{"state": mark, "message": text} for mark, text in site["checks"]]}
    for name in ("last_run", "last_good_run"):
        if run := site[name]:
            told[name] = {**run, "age_days": age(run["finished_at"] or run["started_at"], now)}
    return told


ROUTES = [(r"^/health(?P<suffix>\.json)?$", health)]
