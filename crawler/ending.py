"""The end of a walk: how it ended, and what only its good end can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.agencies import Region, identify
from archive.runs import began, finish_run, forget_findings, note_counts
from crawler.health import judge
from crawler.probing.explain import explain
from crawler.rules import RULES
from pipeline.group import waiting_agencies
from pipeline.history import GONE, fates, tell
from pipeline.store import promote_sources, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.run import Run
    from pipeline.history import Sighting


def conclude(run: Run, reason: str) -> None:
    """Say how a run ended, and settle what only the end of a walk can tell.

    Args:
        run: the run.
        reason: why Scrapy ended it; "finished" when nothing was left to do.

    """
    if run.outcome == "storage":
        # Each further word would wait as long for a locked database as the first.
        finish_run(run.archive, run.id, run.outcome, run.reason)
        return
    if run.outcome is None and reason != "finished":
        run.outcome, run.reason = "stopped", f"ended by {reason}"
    _look_for_failure(run)
    run.columns.store(run.archive, run.id)
    told = run.sightings.told(
        {source.url: source.parent_url for source in run.schedule.known_sources()}
    )
    if run.outcome is None:
        _look_for_expected(run, told)
        run.reason = judge(run)
        run.outcome = "failed" if run.reason else None
    if run.outcome is None:
        _let_it_count(run, told)
    settle(run.archive)
    if run.outcome is None:
        forget_findings(run.archive, run.profile.id, RULES, run.said)
    note_counts(run.archive, run.id, run.counts)
    run.outcome = run.outcome or "finished"
    finish_run(run.archive, run.id, run.outcome, run.reason)


def _let_it_count(run: Run, told: Mapping[str, Sighting]) -> None:
    """Let count what waited for a good end: new documents, events, how addresses are listed."""
    with run.archive.transaction() as db:
        promote_sources(db, run.profile.id)
        tell(db, run.profile.id, told, began(run.archive, run.tonight))
        run.sightings.store_lines(db, run.profile.id)


def _look_for_failure(run: Run) -> None:
    if run.outcome is None and run.counts["stage_errors"]:
        number = run.counts["stage_errors"]
        run.outcome = "failed"
        run.reason = f"{number} pages or documents broke a stage; see findings E-STAGE-FAILED"
    if run.outcome is None and not run.counts["pages"]:
        _look_for_refusal(run)
    if run.outcome is None and not run.counts["documents"]:
        run.outcome = "no-results" if run.counts["pages"] else "failed"
        run.reason = _why_nothing(run)
        message = "本次没有找到任何年报文件，请用 nianbao probe 核对站点配置。"
        run.say("E-NO-REPORTS", run.profile.entries[0], message)


def _look_for_refusal(run: Run) -> None:
    """Say that the site refused when that is why no page came, however few were asked for."""
    counts = run.counts
    if counts["blocked"]:
        reason = f"{counts['blocked']} block pages and not one other page"
        run.end("blocked", f"{reason}; see findings W-PAGE-BLOCKED")
    elif counts["disallowed"] and not counts["failures"]:
        entries = ", ".join(run.profile.entries)
        run.end("robots", f"robots.txt forbids the entries: {entries}")


def _look_for_expected(run: Run, told: Mapping[str, Sighting]) -> None:
    """Say which expected agencies have no report at any address of the site that still holds it."""
    site = run.profile.id
    back = {url for url, sighting in told.items() if not sighting.cause}
    lost = (fates(run.archive.db, site, GONE).keys() - back) | (told.keys() - back)
    rows = run.archive.db.execute(
        "SELECT a.key, s.url FROM agencies a JOIN reports r ON r.agency_id = a.id"
        " JOIN documents d ON d.report_id = r.id JOIN sources s ON s.document_id = d.id"
        " WHERE s.site_id = ? AND s.is_current = 1",
        (site,),
    )
    found = {key for key, url in rows if url not in lost}
    found |= {agency.key for agency in waiting_agencies(run.archive.db, site)}
    place = run.profile.region
    region = Region(place.code, place.name, place.parents)
    for name in run.profile.expected_agencies:
        if identify(name, region).key not in found:
            message = f"站点配置中预期的机关“{name}”没有找到现存的年报。"
            run.say("W-AGENCY-MISSING", run.profile.entries[0], message)


def _why_nothing(run: Run) -> str:
    advice = explain(run.archive, run.id, run.profile)
    if advice:
        return f"{advice[0].sentence(run.profile)}; 'nianbao probe' shows it"
    return f"{run.counts['pages']} pages were read and none led to a report"
