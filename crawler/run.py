"""The run: one walk over one site, from its first request to its outcome.

A Scrapy extension. Every other component finds archive, findings and counts here; it alone says
how a run ended.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.utils.defer import deferred_from_coro

from archive.agencies import Region, identify
from archive.home import Archive
from archive.runs import (
    finish_run,
    forget_findings,
    note_counts,
    note_visit,
    sole_walk,
    start_run,
)
from pipeline.finding import Finding, Severity
from pipeline.store import note_register, settle, store_site_finding

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.profile import Profile

logger = logging.getLogger(__name__)

# Rules that the crawl speaks for: a complete run says again what still holds of them.
RULES: dict[str, Severity] = {
    "E-SITE-BLOCKED": "error",
    "E-SITE-ROBOTS": "error",
    "E-NO-REPORTS": "error",
    "E-STAGE-FAILED": "error",
    "W-FETCH-FAILED": "warning",
    "W-HTTP-ERROR": "warning",
    "W-ATTACHMENT-MISSING": "warning",
    "W-PAGE-BLOCKED": "warning",
    "W-LINK-REFUSED": "warning",
    "W-ROBOTS-DISALLOWED": "warning",
    "W-SOFT-404": "warning",
    "W-LIST-STUB": "warning",
    "W-LIST-EMPTY": "warning",
    "W-LIST-ENDED": "warning",
    "W-LIST-MARKUP": "warning",
    "W-LIST-LIMIT": "warning",
    "W-PAGER-PLACEHOLDER": "warning",
    "W-PAGE-BUDGET": "warning",
    "W-DEPTH-LIMIT": "warning",
    "W-HOST-UNREACHABLE": "warning",
    "W-AGENCY-MISSING": "warning",
    "W-BODY-CODING": "warning",
    "I-SITE-MOVED": "info",
}
FAILURES_IN_A_ROW = 5
_PROGRESS_SECONDS = 1.0


class Run:
    """One walk.

    Attributes:
        archive: where everything goes.
        profile: the site.
        id: row in ``runs``.
        counts: pages, bytes, unchanged, documents, findings, refused, failures.
        outcome: None while nothing has ended the run early.
        reason: why it ended early.
        ended_lists: first pages of the lists that are asked for no further page.

    """

    def __init__(self, crawler: Crawler, profile: Profile, folder: Path) -> None:
        """Take crawler, profile and data folder; nothing is opened yet."""
        self.crawler = crawler
        self.profile = profile
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.said: dict[tuple[str, str, str], None] = {}
        self.outcome: str | None = None
        self.reason: str | None = None
        self.ended_lists: set[str] = set()
        self.id = 0
        self._held = ExitStack()
        self._failures_in_a_row = 0
        self._shown = 0.0
        self._progress: bool = crawler.settings.getbool("NIANBAO_PROGRESS")
        self.archive = Archive(folder, create=True)
        self._held.callback(self.archive.close)
        try:
            self._held.enter_context(sole_walk(self.archive, profile.id))
            self.id = start_run(self.archive, profile.site())
            note_register(self.archive, profile.id)
        except BaseException:
            self._held.close()
            raise

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Open archive and run for a crawler.

        Raises:
            NotConfigured: the spider walks no site (``scrapy shell``).
            archive.runs.SiteBusyError: another process walks the site.

        """
        profile = getattr(crawler.spidercls, "profile", None)
        if profile is None:
            raise NotConfigured("the spider has no site profile")
        run = cls(crawler, profile, Path(crawler.settings["NIANBAO_DATA"]))
        crawler.signals.connect(run.response_received, signals.response_received)
        crawler.signals.connect(run.item_error, signals.item_error)
        crawler.signals.connect(run.spider_error, signals.spider_error)
        crawler.signals.connect(run.spider_closed, signals.spider_closed)
        return run

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[name] += number

    def say(self, rule: str, url: str, message: str, quote: str = "", place: str = "") -> None:
        """Store a finding about an address of the site.

        Args:
            rule: one of ``RULES``.
            url: the address it is about.
            message: one Chinese sentence, the same in every run that meets the same.
            quote: words of the page or link it rests on.
            place: the page that led there.

        """
        key = (rule, url, message)
        if key in self.said:
            return
        self.said[key] = None
        self.count("findings")
        stands = self.archive.db.execute(
            "SELECT 1 FROM findings WHERE site_id = ? AND rule = ? AND url = ? AND message = ?",
            (self.profile.id, *key),
        ).fetchone()
        # An earlier run may have met the same by another link: its quote stands.
        if stands is None:
            finding = Finding(rule, RULES[rule], message, quote, place)
            store_site_finding(self.archive, self.profile.id, url, finding)

    def admit(self) -> None:
        """Count a request that is about to leave.

        Raises:
            IgnoreRequest: the run has ended or has used up its requests.

        """
        most = self.profile.max_pages
        if self.outcome is None and self.counts["requests"] >= most:
            message = f"已达到单次抓取上限（{most} 次请求），本次未抓完。"
            self.say("W-PAGE-BUDGET", self.profile.entries[0], message)
            self.stop("failed", f"max_pages = {most} was reached")
        if self.outcome is not None:
            raise IgnoreRequest("the run has ended")
        self.count("requests")

    def missed(self, url: str, note: str) -> None:
        """Note that an address gave no answer; too many in a row end the run."""
        note_visit(self.archive, self.id, url, 0, None, note=note)
        self.count("failures")
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= FAILURES_IN_A_ROW:
            self.stop("failed", f"{FAILURES_IN_A_ROW} requests in a row had no answer: {note}")

    def answered(self) -> None:
        """Note that the site answers."""
        self._failures_in_a_row = 0

    def stop(self, outcome: str, reason: str) -> None:
        """End the run early; the first reason stands."""
        if self.outcome is not None:
            return
        self._end(outcome, reason)
        if self.crawler.engine is not None:
            deferred_from_coro(self.crawler.engine.close_spider_async(reason=outcome))

    def _end(self, outcome: str, reason: str) -> None:
        self.outcome, self.reason = outcome, reason
        logger.error("%s stopped (%s): %s", self.profile.id, outcome, reason)
        rule = {"blocked": "E-SITE-BLOCKED", "robots": "E-SITE-ROBOTS"}.get(outcome)
        if rule is not None:
            message = "网站拒绝抓取，本次已停止；未采取任何绕过措施。"
            self.say(rule, self.profile.entries[0], message, reason)

    def storage_failed(self, error: OSError | sqlite3.Error) -> None:
        """End the run because disk or database refuse; nothing half-written is referred to."""
        if self.outcome is None:
            self.outcome = "storage"
            self.reason = f"{type(error).__name__}: {error}"
            logger.error("%s stopped: %s", self.profile.id, self.reason)
            if self.crawler.engine is not None:
                deferred_from_coro(self.crawler.engine.close_spider_async(reason="storage"))

    def response_received(self, response: Response) -> None:
        """Show progress."""
        del response
        moment = time.monotonic()
        if self._progress and moment - self._shown >= _PROGRESS_SECONDS:
            self._shown = moment
            self.show()

    def show(self) -> None:
        """Print one line of progress and keep the counts."""
        note_counts(self.archive, self.id, self.counts)
        sys.stderr.write(f"{self.profile.id}: {self.describe()}\n")
        sys.stderr.flush()

    def describe(self) -> str:
        """Return the counts in words."""
        counts = self.counts
        return (
            f"{counts['requests']} requests, {counts['unchanged']} unchanged, "
            f"{counts['documents']} documents, {counts['findings']} findings"
        )

    def item_error(self, item: Any, failure: Failure) -> None:  # noqa: ANN401 - Scrapy's signal
        """Note a document that a stage broke down on: the bytes are kept, the run says so."""
        self.count("stage_errors")
        if isinstance(failure.value, (sqlite3.OperationalError, OSError)):
            self.storage_failed(failure.value)
            return
        message = (
            f"处理该文件时程序出错（{type(failure.value).__name__}），原件已存档，请报告此问题。"
        )
        self.say("E-STAGE-FAILED", item.url, message, str(failure.value)[:200])

    def spider_error(self, failure: Failure, response: Response) -> None:
        """Note a page that the spider broke down on."""
        self.count("stage_errors")
        if isinstance(failure.value, (sqlite3.OperationalError, OSError)):
            self.storage_failed(failure.value)
            return
        message = (
            f"解析该页面时程序出错（{type(failure.value).__name__}），原件已存档，请报告此问题。"
        )
        self.say("E-STAGE-FAILED", response.url, message, str(failure.value)[:200])

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Say how the run ended, settle what only the end of a walk can tell, let go."""
        del spider
        try:
            self._conclude(reason)
        except (OSError, sqlite3.Error) as error:
            self.outcome, self.reason = "storage", f"{type(error).__name__}: {error}"
            logger.exception("%s could not be concluded", self.profile.id)
        finally:
            self._held.close()

    def _conclude(self, reason: str) -> None:
        if self.outcome is None and reason != "finished":
            self.outcome, self.reason = "stopped", f"ended by {reason}"
        if self.outcome is None and self.counts["stage_errors"]:
            number = self.counts["stage_errors"]
            self.outcome = "failed"
            self.reason = f"{number} pages or documents broke a stage; see findings E-STAGE-FAILED"
        if self.outcome is None and not self.counts["pages"]:
            self._look_for_refusal()
        if self.outcome is None and not self.counts["documents"]:
            self.outcome = "no-results" if self.counts["pages"] else "failed"
            self.reason = self._why_nothing()
            message = "本次没有找到任何年报文件，请用 nianbao probe 核对站点配置。"
            self.say("E-NO-REPORTS", self.profile.entries[0], message)
        settle(self.archive)
        complete = self.outcome is None
        if complete:
            self._look_for_expected()
        if complete:
            forget_findings(self.archive, self.profile.id, RULES, self.said)
        note_counts(self.archive, self.id, self.counts)
        self.outcome = self.outcome or "finished"
        finish_run(self.archive, self.id, self.outcome, self.reason)
        if self._progress:
            self.show()

    def _look_for_refusal(self) -> None:
        """Say that the site refused when that is why no page came, however few were asked for."""
        counts = self.counts
        if counts["blocked"]:
            reason = f"{counts['blocked']} block pages and not one other page"
            self._end("blocked", f"{reason}; see findings W-PAGE-BLOCKED")
        elif counts["disallowed"] and not counts["failures"]:
            entries = ", ".join(self.profile.entries)
            self._end("robots", f"robots.txt forbids the entries: {entries}")

    def _look_for_expected(self) -> None:
        """Say which expected agencies had no report at any address that this run visited."""
        place = self.profile.region
        region = Region(place.code, place.name, place.parents)
        for name in self.profile.expected_agencies:
            found = self.archive.db.execute(
                "SELECT 1 FROM agencies a JOIN reports r ON r.agency_id = a.id "
                "JOIN documents d ON d.report_id = r.id JOIN sources s ON s.document_id = d.id "
                "JOIN run_visits v ON v.url = s.url AND v.run_id = ? AND v.status IN (200, 304) "
                "WHERE a.key = ?",
                (self.id, identify(name, region).key),
            ).fetchone()
            if found is None:
                message = f"站点配置中预期的机关“{name}”本次没有找到年报。"
                self.say("W-AGENCY-MISSING", self.profile.entries[0], message)

    def _why_nothing(self) -> str:
        if not self.counts["pages"]:
            hosts = ", ".join(self.profile.all_hosts)
            return f"no page of {hosts} could be fetched; 'nianbao probe' says what was tried"
        return (
            f"{self.counts['pages']} pages were read and none led to a report; "
            "try 'nianbao probe' and change entries or report_text in the profile"
        )


def run_of(crawler: Crawler) -> Run:
    """Return the run of a crawler.

    Raises:
        NotConfigured: it has none, because its spider walks no site.

    """
    run = crawler.get_extension(Run)
    if run is None:
        raise NotConfigured("no run: the spider has no site profile")
    return run
