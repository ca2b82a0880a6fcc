"""Health: for the operator, whether the archive is kept up and what stands in the way.

What is told rests on the release that is served; only ages are reckoned at the time of asking.
"""

from __future__ import annotations

import asyncio
import json
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
# Of each site's newest year the report that was found last: all sites at once, as sources have no
# index by site.
_NEWEST = """
SELECT site_id, year, title, published, agency_key, captured_at FROM (
    SELECT s.site_id, r.year, r.title, r.published, a.key AS agency_key, k.captured_at,
        row_number() OVER (
            PARTITION BY s.site_id ORDER BY r.year DESC, k.captured_at DESC, r.id
        ) AS place
    FROM reports r JOIN documents d ON d.report_id = r.id
    JOIN sources s ON s.document_id = d.id
    JOIN captures k ON k.id = s.capture_id JOIN agencies a ON a.id = r.agency_id
) WHERE place = 1
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
    newest = {row.pop("site_id"): row for row in rows_of(connection, _NEWEST)}
    unreadable = defaultdict(list)
    for row in rows_of(connection, _UNREADABLE):
        unreadable[row["site_id"]].append(row)
    found = []
    for site in rows_of(connection, "SELECT * FROM sites ORDER BY id"):
        key = site["id"]
        held = years[key]
        expected = elsewhere.get(key, 0) + _count(
            connection,
            "SELECT count(*) AS n FROM agencies WHERE region_code = ?",
            site["region_code"],
        )
        span = range(max(held), min(held) - 1, -1) if held else ()
        found.append(
            {
                "id": key,
                "name": site["name"],
                "home": site["home"],
                "last_run": _run(connection, key, "1"),
                "last_good_run": _run(connection, key, "outcome = 'finished'"),
                "newest_report": newest.get(key),
                "years": [
                    {"year": year, "reports": held.get(year, 0), "expected": expected}
                    for year in span
                ],
                "findings": rows_of(connection, _FINDINGS, key),
                "partial_reports": partial.get(key, 0),
                "unreadable_documents": len(unreadable[key]),
                "unreadable": unreadable[key][:_SHOWN],
                "waiting_documents": _count(
                    connection,
                    "SELECT count(DISTINCT document_id) AS n FROM pending_sources"
                    " WHERE site_id = ?",
                    key,
                ),
                "columns": _columns(connection, key),
            }
        )
    return found


def _run(connection: sqlite3.Connection, site: str, condition: str) -> Row | None:
    found = ask_one(
        connection,
        "SELECT id, started_at, finished_at, outcome, reason, counts FROM runs"  # noqa: S608 - our own conditions
        f" WHERE site_id = ? AND {condition} ORDER BY id DESC LIMIT 1",
        site,
    )
    return found and {**found, "counts": json.loads(found["counts"] or "{}")}


def _count(connection: sqlite3.Connection, sql: str, *values: str) -> int:
    return int(rows_of(connection, sql, *values)[0]["n"])


# The newest run that saw columns, and the last good one before it.
_COLUMNS = """
WITH newest AS (
    SELECT max(c.run_id) AS id FROM run_columns c JOIN runs r ON r.id = c.run_id
    WHERE r.site_id = :site
), before AS (
    SELECT max(r.id) AS id FROM runs r JOIN newest ON r.id < newest.id
    WHERE r.site_id = :site AND (r.outcome = 'finished'
        OR r.id IN (SELECT run_id FROM run_acceptances))
), named AS (
    SELECT c.url FROM run_columns c, newest, before WHERE c.run_id IN (newest.id, before.id)
)
SELECT n.url, coalesce(a.name, b.name) AS name, a.items AS items, b.items AS items_before,
    a.pages AS pages, b.pages AS pages_before
FROM (SELECT DISTINCT url FROM named) n
LEFT JOIN run_columns a ON a.url = n.url AND a.run_id = (SELECT id FROM newest)
LEFT JOIN run_columns b ON b.url = n.url AND b.run_id = (SELECT id FROM before)
ORDER BY coalesce(a.items, 0) >= coalesce(b.items, 0), n.url
"""


def _columns(connection: sqlite3.Connection, site: str) -> list[Row]:
    """Return each column's items in the newest run and the good one before, losses first."""
    return rows_of(connection, _COLUMNS, site=site)


def last_runs(connection: sqlite3.Connection) -> list[Row]:
    """Return each site of a region of a release with its newest walk and the last good one."""
    sites = rows_of(connection, "SELECT id, name, region_code FROM sites ORDER BY id")
    return [
        {
            **site,
            "last_run": _run(connection, site["id"], "1"),
            "last_good_run": _run(connection, site["id"], "outcome = 'finished'"),
        }
        for site in sites
    ]


def stale_sites(connection: sqlite3.Connection) -> list[Row]:
    """Return the sites whose last walk did not succeed, and since when their data stand still."""
    sites = rows_of(connection, "SELECT id, name FROM sites ORDER BY id")
    found = []
    for site in sites:
        since = stale_since(
            _run(connection, site["id"], "1"), _run(connection, site["id"], "outcome = 'finished'")
        )
        if since:
            found.append({**site, "stale_since": since})
    return found


def stale_since(last_run: Row | None, last_good_run: Row | None) -> str | None:
    """Return when the data of a site were last right, if its newest walk did not succeed.

    Args:
        last_run: the newest run, None when there is none.
        last_good_run: the newest that finished, None when there is none.

    """
    if last_run is None or last_good_run is None or last_run["finished_at"] is None:
        return None
    if last_run["outcome"] == "finished":
        return None
    return str(last_good_run["finished_at"])


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
    return [_of_last_run(site), *_of_blocks(site), _of_last_good(site, now), *_of_columns(site),
            _of_newest(site, now), _of_findings(site), *_of_waiting(site),
            _of_documents(site)]  # fmt: skip


def checks_of_runs(site: Row, now: datetime) -> list[tuple[Mark, str]]:
    """Return how the walks of a site went, from ``last_runs``."""
    return [_of_last_run({**site, "findings": []}), _of_last_good(site, now)]


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
    # A walk that was judged a failed one is told by its finding, which is Chinese.
    rule = (run["reason"] or "").partition(":")[0]
    found = [row["message"].rstrip("。") for row in site["findings"] if row.get("rule") == rule]
    reason = f"：{(*found, run['reason'])[0]}" if run["reason"] else ""
    since = stale_since(run, site["last_good_run"])
    stands = f"数据截至 {words.moment(since)}。" if since else ""
    return "bad", f"最近一次采集（{began}）没有完成，{outcome}{reason}。{stands}"


def _of_blocks(site: Row) -> list[tuple[Mark, str]]:
    run = site["last_run"]
    blocked = run["counts"].get("blocked", 0) if run else 0
    return [("warn", f"最近一次采集中有 {blocked} 次请求被网站拦截。")] if blocked else []


def _of_columns(site: Row) -> list[tuple[Mark, str]]:
    columns = site["columns"]
    if not columns:
        return []
    items = sum(row["items"] or 0 for row in columns)
    seen = f"{sum(row['items'] is not None for row in columns)} 个栏目共 {items} 条"
    known = [row for row in columns if row["items_before"] is not None]
    if not known:
        return [("good", f"采集到 {seen}。")]
    before = f"上次 {len(known)} 个栏目共 {sum(row['items_before'] for row in known)} 条"
    fewer = sum((row["items"] or 0) < row["items_before"] for row in known)
    if fewer:
        return [("warn", f"采集到 {seen}（{before}），其中 {fewer} 个栏目比上次少，见下表。")]
    return [("good", f"采集到 {seen}（{before}），没有栏目比上次少。")]


def _of_waiting(site: Row) -> list[tuple[Mark, str]]:
    waiting = site["waiting_documents"]
    return [("warn", f"有 {waiting} 个新文件等待下一次正常完成的采集。")] if waiting else []


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
        since = stale_since(site["last_run"], site["last_good_run"])
        state = worst([mark for mark, _ in found])
        sites.append({**site, "state": state, "stale_since": since, "checks": found})
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
