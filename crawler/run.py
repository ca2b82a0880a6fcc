"""The run: one walk over one site, from its first request to its outcome.

A Scrapy extension. Every other component finds archive, findings and counts here; it alone says
how a run ended.
"""

from __future__ import annotations

import asyncio
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

from archive.home import Archive
from archive.runs import note_counts, note_visit, same_night, sole_walk, spent, start_run, was_good
from archive.trouble import told
from crawler.columns import Columns
from crawler.ending import conclude
from crawler.rules import RULES
from crawler.schedule import Schedule
from crawler.sightings import Sightings
from pipeline.finding import Finding
from pipeline.restoring.adopt import adopt
from pipeline.restoring.merge import take_home
from pipeline.store import note_register, store_site_finding

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.profile import Profile

logger = logging.getLogger(__name__)

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
        columns: what was read of each report column.
        sightings: what was seen of each address.
        tonight: this run and those of the same night that it continues.
        schedule: what is asked for.
        waits_for: this run, where new documents count only after its good end; None where the
            site never had one, so that there is nothing yet to spoil.

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
        self.columns = Columns()
        self.sightings = Sightings()
        self.id = 0
        self._held = ExitStack()
        self._failures_in_a_row = 0
        self._shown = 0.0
        self._progress: bool = crawler.settings.getbool("NIANBAO_PROGRESS")
        self.archive = Archive(folder, create=True, store=crawler.settings.get("NIANBAO_STORE"))
        self._held.callback(self.archive.close)
        self._deadline: float | None = crawler.settings.get("NIANBAO_DEADLINE")
        try:
            self._held.enter_context(sole_walk(self.archive, profile.id))
            take_home(self.archive, profile.id)
            self.id = start_run(self.archive, profile.site(), crawler.settings.get("NIANBAO_RUN"))
            adopt(self.archive, profile.id, self.id)
            note_register(self.archive, profile.id)
            self.tonight = same_night(self.archive, profile.id, self.id)
            self.schedule = Schedule(self.archive, profile, self.tonight)
            self.waits_for = self.id if was_good(self.archive, profile.id) else None
            self._spent = spent(self.archive, self.tonight)
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
        crawler.signals.connect(run.spider_opened, signals.spider_opened)
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
        if self.outcome is None and self._spent + self.counts["requests"] >= most:
            message = f"已达到每晚请求上限（{most} 次），本次未抓完，下一晚继续。"
            self.say("W-PAGE-BUDGET", self.profile.entries[0], message)
            # A site without end would be gone on with every night.
            outcome = "failed" if self.counts["left_out"] else "paused"
            self.stop(outcome, f"max_pages = {most} was reached; the next night goes on")
        if self.outcome is None and self._deadline is not None and time.time() >= self._deadline:
            self.pause()
        if self.outcome is not None:
            raise IgnoreRequest("the run has ended")
        self.count("requests")

    def pause(self) -> None:
        """End a run whose time is over."""
        self.stop("paused", "the time for tonight is over; the next night goes on")

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
        self.end(outcome, reason)
        if self.crawler.engine is not None:
            # What is queued is refused, each after the pause between two requests.
            for slot in self.crawler.engine.downloader.slots.values():
                slot.delay = 0.0
            deferred_from_coro(self.crawler.engine.close_spider_async(reason=outcome))

    def end(self, outcome: str, reason: str) -> None:
        """Note how a run ends, and say so where the site refused."""
        self.outcome, self.reason = outcome, reason
        level = logging.INFO if outcome == "paused" else logging.ERROR
        logger.log(level, "%s stopped (%s): %s", self.profile.id, outcome, reason)
        rule = {"blocked": "E-SITE-BLOCKED", "robots": "E-SITE-ROBOTS"}.get(outcome)
        if rule is not None:
            message = "网站拒绝抓取，本次已停止；未采取任何绕过措施。"
            self.say(rule, self.profile.entries[0], message, reason)

    def storage_failed(self, error: OSError | sqlite3.Error) -> None:
        """End the run because disk or database refuse; nothing half-written is referred to."""
        if self.outcome is None:
            self.outcome = "storage"
            self.reason = told(error, self.folder)
            logger.error("%s stopped: %s", self.profile.id, self.reason)
            if self.crawler.engine is not None:
                deferred_from_coro(self.crawler.engine.close_spider_async(reason="storage"))

    def spider_opened(self) -> None:
        """Set the clock for the end of the night, which may find the walk waiting."""
        if self._deadline is not None:
            left = max(0.0, self._deadline - time.time())
            timer = asyncio.get_running_loop().call_later(left, self.pause)
            self._held.callback(timer.cancel)

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
        # For a request without an answer Scrapy hands over its failure; both name their request.
        assert response.request is not None
        self.say("E-STAGE-FAILED", response.request.url, message, str(failure.value)[:200])

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Say how the run ended, settle what only the end of a walk can tell, let go."""
        del spider
        try:
            conclude(self, reason)
            if self._progress:
                self.show()
        except (OSError, sqlite3.Error) as error:
            self.outcome, self.reason = "storage", told(error, self.folder)
            logger.error("%s could not be concluded: %s", self.profile.id, self.reason)  # noqa: TRY400 - named
        finally:
            self._held.close()


def run_of(crawler: Crawler) -> Run:
    """Return the run of a crawler.

    Raises:
        NotConfigured: it has none, because its spider walks no site.

    """
    run = crawler.get_extension(Run)
    if run is None:
        raise NotConfigured("no run: the spider has no site profile")
    return run
