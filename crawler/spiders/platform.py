"""The walk: what all sites of the platform have in common. A site's own spider is its profile."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest

from crawler import discovery
from crawler.adapters import links
from crawler.adapters.trs import Page, PageTooLargeError
from crawler.discovery import Role, Step, names_directory
from crawler.items import ReportItem
from crawler.lists import ListEnds
from crawler.network.handler import NETWORK_ERRORS
from crawler.profile import Profile, is_loopback
from crawler.run import Run, run_of
from crawler.witness import Witness
from pipeline.read.document import UnreadableError
from pipeline.read.sniff import sniff
from pipeline.store import note_agency

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from pipeline.download import Capture

_EXPLORED = {Role.ENTRY, Role.PLATFORM, Role.TREE, Role.BODY}
_LISTS = {Role.COLUMN, Role.LIST}
_PRIORITY = {Role.ATTACHMENT: 30, Role.REPORT: 20, Role.LIST: 20, Role.COLUMN: 10}
_STUB_BYTES = 1024
_MANY_WORDS = 800


def site_settings(settings: BaseSettings, profile: Profile) -> dict[str, Any]:
    """Return the settings that a profile decides.

    A host that is resolved to this machine is asked without delay, as nobody else is in the way,
    unless the profile itself sets one.
    """
    set_by_profile = "delay" in profile.model_fields_set
    resolved = settings.getdict("NIANBAO_RESOLVE")
    slots = {}
    for host in profile.all_hosts:
        hurried = host in resolved and is_loopback(resolved[host]) and not set_by_profile
        slots[host] = {"concurrency": 1, "delay": 0.0 if hurried else profile.delay}
    return {
        "DOWNLOAD_SLOTS": slots,
        "DOWNLOAD_DELAY": profile.delay,
        "DOWNLOAD_VERIFY_CERTIFICATES": profile.verify_certificates,
    }


def request_capture(response: Response) -> Capture:
    """Return the capture that holds an answer's payload."""
    assert response.request is not None
    capture: Capture = response.request.meta["capture"]
    return capture


class PlatformSpider(Spider):
    """Walks one site from its entry pages to every report.

    Attributes:
        profile: the site.

    """

    profile: ClassVar[Profile]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Scrapy's arguments
        """Begin with nothing seen."""
        super().__init__(*args, **kwargs)
        self.seen: dict[str, Role] = {}
        self.asked: set[str] = set()
        self.listed_anew: set[str] = set()

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Add what the profile decides."""
        super().update_settings(settings)
        settings.setdict(site_settings(settings, cls.profile), priority="spider")

    @cached_property
    def lists(self) -> ListEnds:
        """What came of the further pages of lists."""
        return ListEnds(self.run)

    @cached_property
    def witness(self) -> Witness:
        """What is said of the answers."""
        return Witness(self.run)

    @property
    def run(self) -> Run:
        """The run, which holds archive and findings."""
        return run_of(self.crawler)

    async def start(self) -> AsyncIterator[Request]:
        """Yield the entry pages and the report columns known by address."""
        for url in self.profile.entries:
            # Some sites answer in one of the two schemes only.
            scheme, _, rest = url.partition("://")
            other = f"{'http' if scheme == 'https' else 'https'}://{rest}"
            for request in self.follow([Step(Role.ENTRY, url, otherwise=other)]):
                yield request
        for url in self.profile.report_columns:
            for request in self.follow([Step(Role.COLUMN, url, text="profile")]):
                yield request

    def follow(self, steps: Iterable[Step]) -> Iterator[Request]:
        """Yield requests for steps to pages not seen yet, within the depth of the profile."""
        for step in steps:
            self.run.sightings.listed(step)
            if step.depth > self.profile.max_depth and step.role in {*_EXPLORED, Role.COLUMN}:
                message = f"超过最大层数（{self.profile.max_depth}），未继续进入该栏目。"
                self.run.say("W-DEPTH-LIMIT", step.url, message, step.text, step.parent or "")
                continue
            host = urlsplit(step.url).hostname
            if step.role in _EXPLORED and host not in self.profile.all_hosts:
                continue  # a navigation link to another site; links to reports reach the guard
            key = links.key(step.url)
            earlier = self.seen.get(key)
            anew = self.run.schedule.is_listed_anew(step)
            if earlier is not None and not (
                (earlier in _EXPLORED and step.role not in _EXPLORED)
                or (anew and step.url not in self.listed_anew)
            ):
                continue
            if anew:
                self.listed_anew.add(step.url)
            if step.url in self.asked and earlier is None:
                continue  # it failed before; the same page by another address is worth a try
            self.seen[key] = step.role
            self.asked.add(step.url)
            yield self.request(step, ask=anew)

    def request(self, step: Step, *, ask: bool) -> Request:
        """Return the request of a step; ``ask``: though the archive may have a fresh answer."""
        return Request(
            step.url,
            callback=self.parse,
            errback=self.failed,
            cb_kwargs={"step": step},
            meta={
                "link_text": step.text,
                "parent": step.parent,
                "list": step.first,
                "role": step.role,
                "ask": ask,
            },
            priority=_PRIORITY.get(step.role, 0),
            # What was seen is judged before: a redirect to a known page must not vanish.
            dont_filter=True,
        )

    def parse(self, response: Response, step: Step) -> Iterator[Request | ReportItem]:
        """Read an answer: look for further links, hand over what may be a report."""
        assert response.request is not None
        for found in self._read(response, step):
            if isinstance(found, ReportItem):
                self.witness.document(response.request, found)
            yield found

    def _read(self, response: Response, step: Step) -> Iterator[Request | ReportItem]:
        request, capture = response.request, request_capture(response)
        assert request is not None
        self.witness.move(request)
        self.seen.setdefault(links.key(response.url), step.role)
        if response.status != 200:
            self.seen.pop(links.key(step.url), None)
            self.witness.status(request, response.status, step)
            if step.first is not None and step.otherwise is None:
                self.lists.note(step.first, empty=True)
            yield from self._otherwise(step)
            return
        if self.witness.leads_home(request, response, step):
            return
        if sniff(response.body) not in {"html", "text", "empty", "unknown"}:
            yield self._item(step, response.url, capture, Role.ATTACHMENT)
            return
        self.run.count("pages")
        try:
            page = Page(response.url, response.body, self.profile)
        except UnreadableError as error:
            # Not even a page: the reader says why, with the bytes at hand.
            if step.role in {Role.REPORT, Role.ATTACHMENT}:
                yield self._item(step, response.url, capture, step.role)
            elif isinstance(error, PageTooLargeError):
                self.run.say(
                    "W-LIST-LIMIT", response.url, error.message, step.text, step.parent or ""
                )
            else:
                self.witness.stub(response, step)
                if step.first is not None:
                    self.lists.note(step.first, empty=True)
            return
        if page.is_gone:
            self.witness.soft_404(request, step)
            yield from self._otherwise(step)
            return
        yield from self._read_page(page, response, step)

    def _read_page(
        self, page: Page, response: Response, step: Step
    ) -> Iterator[Request | ReportItem]:
        capture = request_capture(response)
        if step.role is Role.ATTACHMENT:
            yield self._item(step, response.url, capture, step.role)
        elif step.role is Role.REPORT and (page.is_article or self._is_leaf(page, step)):
            yield from self.parse_article(page, step, capture)
        elif step.role in {Role.REPORT, *_LISTS} or (
            step.role is not Role.ENTRY and discovery.is_report_list(page)
        ):
            yield from self.parse_column(page, response, step)
        else:
            yield from self.explore(page, step)

    def explore(self, page: Page, step: Step) -> Iterator[Request]:
        """Look for report columns and for the way to them."""
        self.run.sightings.read_list(page.url)
        name = discovery.squeeze(step.text)
        is_agency = discovery.names_agency(self.profile, name)
        if step.role is Role.BODY and is_agency and not names_directory(self.profile, name):
            note_agency(self.run.archive, self.profile.id, name)
        yield from self.follow(discovery.report_links(page, step))
        yield from self.follow(discovery.tree_links(page, step))
        yield from self.follow(self._frames(page, step))
        if step.role is not Role.ENTRY and discovery.is_directory(page):
            yield from self._further_pages(page, step, step.role)

    def parse_column(
        self, page: Page, response: Response, step: Step
    ) -> Iterator[Request | ReportItem]:
        """Read a report column or one of its list pages."""
        if page.breadcrumb:
            step = replace(step, trail=page.breadcrumb)
        for link in discovery.dead_links(page):
            message = "链接是脚本，里面没有可以抓取的地址。"
            self.run.say("W-LINK-REFUSED", link.written[:500], message, link.text, page.url)
        steps = list(discovery.column_links(page, step))
        frames = list(self._frames(page, step))
        if not page.rows:
            unmarked = list(discovery.unmarked_lines(page, step))
            if unmarked:
                message = "列表的标记不在站点配置的 list_selectors 之中，已按地址形式取出链接。"
                self.run.say("W-LIST-MARKUP", page.url, message)
                steps += unmarked
            elif not steps and len(page.text) >= _MANY_WORDS and step.role is Role.REPORT:
                # No list at all but much text: an article in a markup that nobody told us of.
                yield from self.parse_article(page, step, request_capture(response))
                return
            elif not steps and not frames and len(response.body) < _STUB_BYTES:
                self.witness.stub(response, step)
        is_empty = not steps and not frames
        self.witness.column(page, step, sum(found.role is Role.REPORT for found in steps))
        if step.role is Role.LIST and step.first is not None:
            self.lists.note(step.first, empty=is_empty)
        elif is_empty and len(response.body) >= _STUB_BYTES:
            self.run.sightings.cut_short(page.url)
            message = "栏目页里没有找到任何可以跟进的链接，该栏目未取得内容，请人工核对。"
            self.run.say("W-LIST-EMPTY", page.url, message, step.text, step.parent or "")
        yield from self.follow((*steps, *frames))
        if step.role is not Role.LIST:
            yield from self._further_pages(page, step, Role.LIST)
        elif step.depth < self.profile.max_depth + self.profile.max_list_pages:
            # Pages that link only to the next one; those of a script have all been asked for.
            for url in page.next_pages():
                onward = replace(step, url=url, parent=page.url, otherwise=None)
                yield from self.follow([replace(onward, depth=step.depth + 1)])

    def parse_article(
        self, page: Page, step: Step, capture: Capture
    ) -> Iterator[Request | ReportItem]:
        """Hand over an article; follow its files and its mobile copy."""
        trail = page.breadcrumb or step.trail
        published = page.published or step.date
        step = replace(step, trail=trail, date=published)
        yield self._item(step, page.url, capture, Role.ARTICLE)
        for link in page.attachments():
            assert link.url is not None
            yield from self.follow([self._attached(page, link, Role.ATTACHMENT, trail, published)])
        for link in (*page.mobile_copies(), *discovery.collected_reports(page)):
            yield from self.follow([self._attached(page, link, Role.REPORT, trail, published)])

    def failed(self, failure: Failure) -> Iterator[Request]:
        """Note a request without an answer; refusals have been noted where they were made."""
        error = failure.value
        request: Request = failure.request  # type: ignore[attr-defined]
        step: Step = request.cb_kwargs["step"]
        if isinstance(error, DownloadCancelledError):
            reason = "超过大小或时间上限"
        elif isinstance(error, NETWORK_ERRORS):
            reason = f"没有得到完整应答（{type(error).__name__}）"
            self.run.missed(request.url, f"{type(error).__name__}: {error}")
        elif type(error) is IgnoreRequest and "redirections" in str(error):
            reason = "跳转次数过多"
        elif isinstance(error, IgnoreRequest):
            reason = None
        else:
            failure.raiseException()
        if reason is not None:
            message = f"未取得该地址的内容：{reason}。"
            self.run.say("W-FETCH-FAILED", request.url, message, step.text, step.parent or "")
        self.seen.pop(links.key(step.url), None)
        self.witness.unanswered(request, step)
        yield from self._otherwise(step)

    def _otherwise(self, step: Step) -> Iterator[Request]:
        """Yield the other address of a page that was not there."""
        if step.otherwise is not None and self.run.outcome is None:
            yield from self.follow([replace(step, url=step.otherwise, otherwise=None)])

    def _attached(
        self, page: Page, link: links.Link, role: Role, trail: tuple[str, ...], date: str | None
    ) -> Step:
        assert link.url is not None
        return Step(
            role=role, url=link.url, trail=trail, text=link.text, parent=page.url, date=date,
            listed=True,
        )  # fmt: skip

    def _frames(self, page: Page, step: Step) -> Iterator[Step]:
        """Yield the pages within a page, or sent on to: they are the same step of the walk."""
        for url in page.frames:
            if urlsplit(url).hostname in self.profile.all_hosts:
                yield replace(step, url=url, parent=page.url, depth=step.depth + 1)

    def _further_pages(self, page: Page, step: Step, role: Role) -> Iterator[Request]:
        pager, most = page.pager, self.profile.max_list_pages
        otherwise: dict[str, str] = {}
        urls = page.next_pages()
        if pager is not None and pager.is_placeholder:
            self.run.sightings.cut_short(page.url)
            message = "翻页脚本里留有模板占位符，无法得知页数，只读了第一页。"
            self.run.say("W-PAGER-PLACEHOLDER", page.url, message, pager.form)
        elif pager is not None:
            urls += pager.pages(page.url, most)
            otherwise = pager.otherwise(page.url)
            if pager.count > most:
                self.run.sightings.cut_short(page.url)
                message = f"列表共 {pager.count} 页，超过上限（{most} 页），未读完。"
                self.run.say("W-LIST-LIMIT", page.url, message, pager.form)
        urls = list(dict.fromkeys(urls))
        first = page.url if role is Role.LIST else None
        if first is not None:
            self.lists.name(first, len(urls))
        for url in urls:
            further = replace(
                step, role=role, url=url, parent=page.url, otherwise=otherwise.get(url), first=first
            )
            yield from self.follow([further])

    def _item(self, step: Step, url: str, capture: Capture, role: Role) -> ReportItem:
        return ReportItem(
            digest=capture.digest,
            capture_id=capture.id,
            url=url,
            site_id=self.profile.id,
            role="attachment" if role is Role.ATTACHMENT else "article",
            parent_url=step.parent,
            link_text=step.text or None,
            column_path=" > ".join(step.trail) or None,
            published=step.date,
        )

    @staticmethod
    def _is_leaf(page: Page, step: Step) -> bool:
        """Tell whether a page without an article's marks is looked at as one all the same."""
        if page.pager is not None or page.sent_on:
            return False
        if links.is_article(page.url):
            return True  # a list on it stands beside the article
        return not page.rows and (step.listed or discovery.names_year(step.text))
