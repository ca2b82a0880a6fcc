"""Compare: what the site's sitemap and its search know of and the walk did not reach.

Both are asked for once a week, after the walk, and read from the archive on the nights between, so
that what only they name stays listed. It is walked like any other report: nothing is lost by a
column that no page links to.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider, IgnoreRequest, NotConfigured
from scrapy.utils.sitemap import sitemap_urls_from_robots

from archive.blobs import BlobDamagedError, BlobMissingError
from archive.runs import night, now
from crawler.adapters import links
from crawler.adapters.trs import Page
from crawler.comparing.elsewhere import (
    Found,
    NotReadableError,
    is_report_address,
    read_search,
    read_sitemap,
    tenant_of,
)
from crawler.comparing.posted import json_body, posted_url
from crawler.discovery import Role, Step, names_report, squeeze
from crawler.network.handler import NETWORK_ERRORS
from crawler.run import run_of
from pipeline.download import latest_capture
from pipeline.read.document import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.run import Run
    from crawler.spiders.platform import PlatformSpider
    from pipeline.store import Source

EVERY_NIGHTS = 7
MOST_FOLLOWED = 1000
_MOST_SITEMAPS = 100
_MOST_SEARCH_PAGES = 40
_RESULTS_PER_PAGE = 50
_MOST_HOPS = 5
_ABOUT_REPORTS = re.compile(r"通知|通报|方案|解读|培训|会议|要求|编制")
_NAMES = {"SITEMAP": "站点地图", "SEARCH": "站内搜索"}


@dataclass(slots=True)
class Witness:
    """What one of the two, sitemap or search, says.

    Args:
        kind: SITEMAP or SEARCH; part of the names of rules.
        url: its address, the first of them.
        found: what it names that looks like a report, by address, with the page that names it.
        answered: it gave something readable.
        failed: why something of it could not be read, by address.
        capped: it names more than is read.

    """

    kind: str
    url: str
    found: dict[str, tuple[Found, str]] = field(default_factory=dict)
    answered: bool = False
    failed: dict[str, str] = field(default_factory=dict)
    capped: bool = False


class Compare:
    """Asks sitemap and search after the walk and follows what they have more; an extension.

    Attributes:
        stage: "walk", then "ask", then "done".

    """

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler."""
        self.crawler = crawler
        self.sitemap: Witness | None = None
        self.search: Witness | None = None
        self.stage = "walk"
        self._asked: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the extension for a crawler.

        Raises:
            NotConfigured: the walk is not to be compared, as a probe's.

        """
        if not crawler.settings.getbool("NIANBAO_COMPARE"):
            raise NotConfigured("NIANBAO_COMPARE is off")
        compare = cls(crawler)
        crawler.signals.connect(compare.spider_idle, signals.spider_idle)
        return compare

    @property
    def run(self) -> Run:
        """The run."""
        return run_of(self.crawler)

    def spider_idle(self, spider: PlatformSpider) -> None:
        """Ask once the walk has nothing else to do; compare once all has been answered.

        Raises:
            DontCloseSpider: there is something to ask for.

        """
        # A walk that read nothing has nothing to compare; why it failed is said elsewhere.
        if self.run.outcome is not None or not self.run.counts["pages"]:
            self.stage = "done"
            return
        requests: list[Request] = []
        if self.stage == "walk":
            self.stage = "ask"
            requests = [*self._ask_sitemaps(), *self._ask_search()]
        if self.stage == "ask" and not requests:
            self.stage = "done"
            for witness in (self.sitemap, self.search):
                if witness is not None:
                    requests += self._judge(witness, spider)
        for request in requests:
            assert self.crawler.engine is not None
            self.crawler.engine.crawl(request)
        if requests:
            raise DontCloseSpider

    # Asking

    def _ask_sitemaps(self) -> Iterator[Request]:
        urls = self.run.profile.sitemaps
        if urls is None:
            parts = urlsplit(self.run.profile.entries[0])
            origin = f"{parts.scheme}://{parts.netloc}"
            robots = latest_capture(self.run.archive, f"{origin}/robots.txt")
            text = self.run.archive.blobs.get(robots.digest) if robots else b""
            named = sitemap_urls_from_robots(text, base_url=origin)
            urls = tuple(dict.fromkeys(named)) or (f"{origin}/sitemap.xml",)
        if not urls:
            return
        self.sitemap = Witness("SITEMAP", urls[0])
        for url in urls:
            yield from self._sitemap(url)

    def _sitemap(self, first: str) -> Iterator[Request]:
        """Read a sitemap, and those it names, from the archive as far as they are fresh."""
        assert self.sitemap is not None
        waiting = deque([first])
        while waiting:
            url = waiting.popleft()
            if url in self._asked or len(self._asked) >= _MOST_SITEMAPS:
                self.sitemap.capped |= url not in self._asked
                continue
            self._asked.add(url)
            kept = self._kept(url)
            if kept is None:
                yield self._request(url, self.sitemap, callback=self.sitemap_answered)
            else:
                waiting += self._read_sitemap(url, *kept)

    def _ask_search(self) -> Iterator[Request]:
        search = self.run.profile.search
        if search is None:
            return
        self.search = Witness("SEARCH", search.url)
        tenant = (search.tenant_id, "") if search.tenant_id else tenant_of(list(self._entries()))
        if tenant is None:
            self.search.failed[search.url] = "首页没有带 tenantId 的搜索链接，配置中也没有"
            return
        for words in search.words:
            yield from self._search(words, 1, *tenant)

    def _search(self, words: str, number: int, tenant: str, code: str) -> Iterator[Request]:
        """Read the pages of one search, from the archive as far as they are fresh."""
        search = self.run.profile.search
        assert search is not None
        assert self.search is not None
        while number:
            fields: dict[str, str | int] = {
                "tenantId": tenant, "code": code, "searchWord": words, "searchBy": "title",
                "pageNo": number, "pageSize": _RESULTS_PER_PAGE, "orderBy": "time",
                "beginDateTime": "", "endDateTime": "",
            }  # fmt: skip
            url = posted_url(search.url, fields)
            kept = self._kept(url)
            if kept is None:
                asked = {"words": words, "number": number, "tenant": tenant, "code": code}
                yield self._request(
                    url,
                    self.search,
                    callback=self.search_answered,
                    method="POST",
                    body=json_body(fields),
                    headers={"Content-Type": "application/json", "Accept": "application/json"},
                    cb_kwargs={"asked": asked},
                )
                return
            number = self._read_search(url, number, *kept)

    def _entries(self) -> Iterator[Page]:
        for url in self.run.profile.entries:
            capture = latest_capture(self.run.archive, url)
            if capture is not None:
                try:
                    body = self.run.archive.blobs.get(capture.digest)
                    yield Page(url, body, self.run.profile)
                except UnreadableError:
                    continue  # the walk has said what it thinks of it

    def _kept(self, url: str) -> tuple[int, bytes] | None:
        """Return status and payload of an answer of the last week, None without one."""
        for _ in range(_MOST_HOPS):
            row = self.run.archive.db.execute(
                "SELECT v.visited_at, c.status, c.digest, c.location FROM run_visits v "
                "JOIN captures c ON c.id = v.capture_id WHERE v.url = ? "
                "ORDER BY v.visited_at DESC, v.rowid DESC LIMIT 1",
                (url,),
            ).fetchone()
            if row is None or not 0 <= (night(now()) - night(row[0])).days < EVERY_NIGHTS:
                return None
            if not row[3]:
                break
            url = urljoin(url, row[3])
        try:
            return int(row[1]), self.run.archive.blobs.get(row[2])
        except (BlobMissingError, BlobDamagedError):
            return None  # the site may still have it

    def _request(self, url: str, witness: Witness, **more: object) -> Request:
        return Request(
            url,
            errback=self.failed,
            meta={"witness": witness, "link_text": "", "parent": None},
            dont_filter=True,
            **more,  # type: ignore[arg-type]
        )

    # Answers

    def sitemap_answered(self, response: Response) -> Iterator[Request]:
        """Read a sitemap that was asked for; ask for those that it names."""
        assert response.request is not None
        for url in self._read_sitemap(response.request.url, response.status, response.body):
            yield from self._sitemap(url)

    def search_answered(self, response: Response, asked: dict[str, str | int]) -> Iterator[Request]:
        """Read a page of results; ask for the next one."""
        assert response.request is not None
        number = int(asked["number"])
        onward = self._read_search(response.request.url, number, response.status, response.body)
        if onward:
            yield from self._search(
                str(asked["words"]), onward, str(asked["tenant"]), str(asked["code"])
            )

    def failed(self, failure: Failure) -> None:
        """Note what gave no answer; the walk itself is none the worse."""
        request: Request = failure.request  # type: ignore[attr-defined]
        witness: Witness = request.meta["witness"]
        if isinstance(failure.value, NETWORK_ERRORS):
            self.run.missed(request.url, f"{type(failure.value).__name__}: {failure.value}")
            witness.failed[request.url] = "没有得到完整应答"
        elif isinstance(failure.value, IgnoreRequest):
            witness.failed[request.url] = "被拒绝，或 robots.txt 不允许"
        else:
            failure.raiseException()

    def _read_sitemap(self, url: str, status: int, body: bytes) -> list[str]:
        assert self.sitemap is not None
        if status != 200:
            self.sitemap.failed[url] = f"HTTP {status}"
            return []
        try:
            found, further = read_sitemap(body)
        except NotReadableError as error:
            self.sitemap.failed[url] = str(error)
            return []
        self.sitemap.answered = True
        self.run.sightings.read_list(url)
        columns = self._columns()
        for one in found:
            at = links.repair(one.url, url)
            if at is not None and self._is_ours(at) and is_report_address(at, columns):
                self.sitemap.found.setdefault(at, (one, url))
        return [at for one in further if (at := links.repair(one, url)) and self._is_ours(at)]

    def _read_search(self, url: str, number: int, status: int, body: bytes) -> int:
        """Take in a page of results; return the number of the next one, 0 after the last."""
        assert self.search is not None
        if status != 200:
            self.search.failed[url] = f"HTTP {status}"
            return 0
        try:
            page = read_search(body, self.search.url)
        except NotReadableError as error:
            self.search.failed[url] = str(error)
            return 0
        self.search.answered = True
        self.run.sightings.read_list(url)
        profile, before = self.run.profile, len(self.search.found)
        for one in page.found:
            words = squeeze(one.words)
            named = names_report(profile, words) and not _ABOUT_REPORTS.search(words)
            if named and self._is_ours(one.url):
                self.search.found.setdefault(one.url, (one, url))
        if number >= _MOST_SEARCH_PAGES:
            self.search.capped = True
            return 0
        # Without a number of pages, a page that brings nothing new is the last one.
        goes_on = number < page.pages if page.pages else len(self.search.found) > before
        return number + 1 if page.found and goes_on else 0

    def _columns(self) -> set[str]:
        """Return the folders of the report columns walked, without those that hold all sorts."""
        entries = {links.folder(url) for url in self.run.profile.entries}
        folders = {links.folder(url) for url in self.run.columns.by_url}
        return {one for one in folders if not any(entry.startswith(one) for entry in entries)}

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url).hostname in self.run.profile.all_hosts

    # Comparing

    def _judge(self, witness: Witness, spider: PlatformSpider) -> Iterator[Request]:
        """Say what differs, and yield requests for what the walk did not reach."""
        for source in self.run.schedule.known_sources():
            if source.parent_url in witness.failed:
                # What it would have listed is not gone for that.
                self.run.sightings.cut_short(source.parent_url)
        name = _NAMES[witness.kind]
        if not witness.answered:
            reason = next(iter(witness.failed.values()), "没有")
            message = f"没有可用的{name}，未与之对照。"
            self.run.say(f"I-{witness.kind}-NONE", witness.url, message, reason)
            return
        walked = {self._key(source.url) for source in self._walked(witness)}
        more = {
            url: found for url, found in witness.found.items() if not self._is_reached(url, spider)
        }
        self._count(witness, walked, more)
        for number, (url, (found, place)) in enumerate(more.items()):
            if number >= MOST_FOLLOWED:
                continue  # their number has been said
            message = f"{name}里有这个像年报的地址，各栏目都没有链接到它；已按年报抓取。"
            self.run.say(f"W-{witness.kind}-MORE", url, message, found.words, place)
            step = Step(
                Role.REPORT, url, text=found.words, parent=place, date=found.date, listed=True
            )
            yield from spider.follow([step])

    def _walked(self, witness: Witness) -> Iterator[Source]:
        for source in self.run.schedule.known_sources():
            # A search finds pages; the files beside them are theirs.
            counts = witness.kind == "SITEMAP" or source.role == "article"
            if counts and self.run.sightings.is_listed(source.url):
                yield source

    def _count(
        self, witness: Witness, walked: set[str], more: dict[str, tuple[Found, str]]
    ) -> None:
        named = {self._key(url) for url in witness.found}
        message = (
            f"与{_NAMES[witness.kind]}对照：其中像年报的地址 {len(named)} 个，抓取未到的 "
            f"{len(more)} 个；抓取到的年报地址 {len(walked)} 个，不在其中的 "
            f"{len(walked - named)} 个。"
        )
        notes = [f"{url} {reason}" for url, reason in witness.failed.items()]
        if witness.capped or len(more) > MOST_FOLLOWED:
            notes.insert(0, "数量超过上限，未全部读取")
        quote = "；".join(notes)[:500]
        self.run.say(f"I-{witness.kind}-COMPARED", witness.url, message, quote)

    def _key(self, url: str) -> str:
        """Return what addresses of one page share on all hosts of the site."""
        return links.key(url).partition("/")[2]

    def _is_reached(self, url: str, spider: PlatformSpider) -> bool:
        path = self._key(url)
        for host in self.run.profile.all_hosts:
            if f"{host}/{path}" in spider.seen or self.run.sightings.is_listed(
                f"https://{host}/{path}"
            ):
                return True
        return False
