"""Probe: at most ten requests, the shortest way to a report, and what matched on that way."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.home import Archive
from crawler import discovery
from crawler.discovery import Role, Step
from crawler.spiders.platform import PlatformSpider
from crawler.walk import settings_for, spider_for, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scrapy import Request
    from scrapy.http import Response

    from crawler.adapters.trs import Page
    from crawler.items import ReportItem
    from crawler.profile import Profile
    from pipeline.download import Capture

MOST_REQUESTS = 10
# Nearer to a report comes first; a page gives at most one link of each kind.
_NEARNESS = {
    Role.ATTACHMENT: 90,
    Role.REPORT: 80,
    Role.COLUMN: 70,
    Role.BODY: 50,
    Role.TREE: 40,
    Role.PLATFORM: 30,
    Role.ENTRY: 10,
}


class ProbeSpider(PlatformSpider):
    """Follows one link of each kind and notes what it meets.

    Attributes:
        notes: what was met, by kind.

    """

    notes: dict[str, list[Any]]

    def follow(self, steps: Iterable[Step]) -> Iterator[Request]:
        """Yield a request for the first step of each kind, nearest to a report first."""
        taken: Counter[Role] = Counter()
        for step in steps:
            if step.role is Role.LIST or taken[step.role]:
                continue
            for request in super().follow([step]):
                taken[step.role] += 1
                yield request.replace(priority=_NEARNESS.get(step.role, 0))

    def parse(self, response: Response, step: Step) -> Iterator[Request | ReportItem]:
        """Note what a page matched, then go on as the walk does."""
        self.notes["answers"].append((response.status, response.url))
        yield from super().parse(response, step)

    def explore(self, page: Page, step: Step) -> Iterator[Request]:
        """Note the tree."""
        ways = (*discovery.report_links(page, step), *discovery.tree_links(page, step))
        kinds = Counter(str(way.role) for way in ways)
        self.notes["explored"].append((step.role, page.url, kinds))
        yield from super().explore(page, step)

    def parse_column(
        self, page: Page, response: Response, step: Step
    ) -> Iterator[Request | ReportItem]:
        """Note list markup and pager."""
        form = page.pager.form if page.pager else "no pager"
        selector = page.list_selector if page.rows else "none of list_selectors"
        self.notes["columns"].append((page.url, len(page.rows), selector, form))
        yield from super().parse_column(page, response, step)

    def parse_article(
        self, page: Page, step: Step, capture: Capture
    ) -> Iterator[Request | ReportItem]:
        """Note article markup."""
        files = len(page.attachments())
        scope = page.article_selector if page.article_scopes else "none of article_selectors"
        crumbs = " > ".join(page.breadcrumb) or "no breadcrumb"
        self.notes["articles"].append((page.url, scope, crumbs, page.published, files))
        yield from super().parse_article(page, step, capture)


def probe(profile: Profile, resolve: Mapping[str, str]) -> tuple[bool, list[str]]:
    """Look at a site and compare it with its profile.

    Args:
        profile: the site.
        resolve: address and port by host.

    Returns:
        Whether a report column and an article or file in it were met, and what to print.

    """
    kinds = ("answers", "explored", "columns", "articles")
    notes: dict[str, list[Any]] = {kind: [] for kind in kinds}
    spider = spider_for(profile.model_copy(update={"max_pages": MOST_REQUESTS}), ProbeSpider)
    spider.notes = notes
    with tempfile.TemporaryDirectory(prefix="nianbao-probe-") as folder:
        more = {"NIANBAO_PROGRESS": False, "LOG_LEVEL": "CRITICAL", "RETRY_ENABLED": False}
        (end,) = walk([spider], settings_for(Path(folder), resolve, more))
        tried, findings = _archived(Path(folder))
    documents = end.counts.get("documents", 0)
    lines = [f"{profile.id}: {profile.name}, {end.counts.get('requests', 0)} requests"]
    lines += _describe(profile, notes, documents)
    lines += [
        f"  finding {rule}: {url} {message} {quote}" for rule, url, message, quote in findings
    ]
    if end.outcome in {"blocked", "robots", "storage"}:
        lines.append(f"stopped ({end.outcome}): {end.reason}")
    if not notes["answers"]:
        lines += _no_answer(profile, tried)
    return bool(notes["columns"] and documents), lines


def _archived(folder: Path) -> tuple[list[str], list[tuple[str, str, str, str]]]:
    """Return the addresses tried, and what the walk had to say that is not of its shortness."""
    archive = Archive(folder)
    tried = archive.db.execute("SELECT url, note FROM run_visits ORDER BY rowid").fetchall()
    findings = archive.db.execute(
        "SELECT rule, url, message, quote FROM findings WHERE site_id IS NOT NULL "
        "AND rule NOT IN ('W-AGENCY-MISSING', 'W-PAGE-BUDGET', 'E-NO-REPORTS') ORDER BY rule, url"
    ).fetchall()
    archive.close()
    return [f"{url} {note or ''}".strip() for url, note in tried], findings


def _describe(profile: Profile, notes: Mapping[str, Any], documents: int) -> list[str]:
    lines = [f"  {status} {url}" for status, url in notes["answers"]]
    for role, url, kinds in notes["explored"]:
        ways = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        lines.append(f"  {role} page {url}: leads to {ways or 'nothing that the profile names'}")
    for url, rows, selector, form in notes["columns"]:
        lines.append(f"  report column {url}: {rows} lines by {selector}; pager: {form}")
    for url, scope, crumbs, published, files in notes["articles"]:
        lines.append(
            f"  article {url}: body {scope}; {crumbs}; published {published}; {files} files"
        )
    lines.append(f"  documents handed to the readers: {documents}")
    if notes["answers"] and not notes["columns"]:
        lines.append(
            "no report column met: change report_text, disclosure_text or entries "
            f"(now {', '.join(profile.entries)})"
        )
    elif notes["columns"] and not any(rows for _, rows, _, _ in notes["columns"]):
        lines.append("the report column's list was not recognised: change list_selectors")
    return lines


def _no_answer(profile: Profile, tried: list[str]) -> list[str]:
    lines = ["no page answered. Tried:", *(f"  {line}" for line in tried)]
    lines.append(
        f"check the network, then in the profile: hosts = {list(profile.hosts)}, "
        f"former_hosts = {list(profile.former_hosts)}, entries = {list(profile.entries)}"
    )
    return lines
