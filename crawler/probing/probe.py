"""Probe: at most ten requests, the shortest way to a report, and what matched on that way.

What was met is kept in a folder of its own, as an archive and as files to open by hand, because
whoever changes a profile wants to see the page that made it necessary.
"""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

from archive.home import Archive
from crawler import discovery
from crawler.discovery import Role, Step
from crawler.probing.explain import explain
from crawler.probing.met import ending
from crawler.spiders.platform import PlatformSpider
from crawler.walk import settings_for, spider_for, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

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


def probe(profile: Profile, resolve: Mapping[str, str], folder: Path) -> tuple[bool, list[str]]:
    """Look at a site and compare it with its profile.

    Args:
        profile: the site.
        resolve: address and port by host.
        folder: where what is met is kept; an earlier probe there is replaced.

    Returns:
        Whether a report column and an article or file in it were met, and what to print.

    """
    kinds = ("answers", "explored", "columns", "articles")
    notes: dict[str, list[Any]] = {kind: [] for kind in kinds}
    spider = spider_for(profile.model_copy(update={"max_pages": MOST_REQUESTS}), ProbeSpider)
    spider.notes = notes
    shutil.rmtree(folder, ignore_errors=True)
    more = {
        "NIANBAO_PROGRESS": False,
        "NIANBAO_COMPARE": False,
        "LOG_LEVEL": "CRITICAL",
        "RETRY_ENABLED": False,
    }
    (end,) = walk([spider], settings_for(folder, resolve, more))
    documents = end.counts.get("documents", 0)
    found = bool(notes["columns"] and documents)
    lines = [f"{profile.id}: {profile.name}, {end.counts.get('requests', 0)} requests"]
    lines += _describe(notes, documents)
    archive = Archive(folder)
    try:
        lines += _findings(archive)
        if end.outcome in {"blocked", "robots", "storage"}:
            lines.append(f"stopped ({end.outcome}): {end.reason}")
        (run_id,) = archive.db.execute("SELECT max(id) FROM runs").fetchone()
        advice = explain(archive, run_id, profile, _copies(archive, folder / "pages"))
    finally:
        archive.close()
    if advice:
        head = "it works, but not all is as the profile says" if found else "no report was met"
        lines += ["", f"{head} (profile {profile.file})"]
    for one in advice:
        lines += ["", *one.lines(profile)]
    if any((folder / "pages").iterdir()):
        lines += ["", f"what was met is kept in {folder / 'pages'}"]
    return found, lines


def _copies(archive: Archive, folder: Path) -> dict[str, Path]:
    """Write each payload under a name that opens by a click; return the files by digest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = archive.db.execute("SELECT digest, status FROM captures ORDER BY id").fetchall()
    copies: dict[str, Path] = {}
    for number, (digest, status) in enumerate(rows, 1):
        body = archive.blobs.get(digest)
        file = folder / f"{number:02d}-{status}.{ending(body)}"
        file.write_bytes(body)
        copies.setdefault(digest, file)
    return copies


def _findings(archive: Archive) -> list[str]:
    """Return what the walk had to say that is not of its shortness."""
    rows = archive.db.execute(
        "SELECT rule, url, message, quote FROM findings WHERE site_id IS NOT NULL AND rule NOT IN "
        "('W-AGENCY-MISSING', 'W-PAGE-BUDGET', 'E-NO-REPORTS', 'W-HOST-UNREACHABLE') "
        "ORDER BY rule, url"
    ).fetchall()
    return [f"  finding {rule}: {url} {message} {quote}" for rule, url, message, quote in rows]


def _describe(notes: Mapping[str, Any], documents: int) -> list[str]:
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
    return lines
