"""The witness: what a walk says of the answers that it met, beside following them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.adapters import links
from crawler.discovery import Role

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

    from crawler.adapters.trs import Page
    from crawler.discovery import Step
    from crawler.items import ReportItem
    from crawler.run import Run

_GONE = (404, 410)


def _hops(request: Request) -> tuple[str, ...]:
    return tuple(request.meta.get("redirect_urls", ()))


class Witness:
    """Notes what became of addresses and lists; says findings of what was odd."""

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.run = run
        self.sightings = run.sightings

    def move(self, request: Request) -> None:
        """Note where a request was redirected to."""
        self.sightings.led_to(_hops(request), request.url)
        for earlier in _hops(request):
            old, new = urlsplit(earlier).hostname, urlsplit(request.url).hostname
            if old != new and old in self.run.profile.all_hosts:
                message = f"域名 {old} 跳转到 {new}，由 {new} 应答；两个域名视为同一网站。"
                self.run.say("I-SITE-MOVED", f"http://{old}/", message)

    def document(self, request: Request, item: ReportItem) -> None:
        """Note an address that gave a document, and those that led there."""
        at = request.meta["visited_at"]
        self.sightings.lost((url for url in _hops(request) if url != item.url), at, "redirect")
        self.sightings.present(item.url, at)

    def leads_home(self, request: Request, response: Response, step: Step) -> bool:
        """Tell whether an address was redirected to the home page, and say so."""
        asked = [url for url in _hops(request) if not links.is_home(url)]
        if not asked or not links.is_home(response.url) or step.role is Role.ENTRY:
            return False
        message = "该地址跳转到首页，视为页面已不存在。"
        self.run.say("W-SOFT-404", asked[0], message, step.text, step.parent or "")
        self._lost(request, "redirect-home")
        return True

    def soft_404(self, request: Request, step: Step) -> None:
        """Say that a page with status 200 says that it is not there."""
        message = "网页返回 200，但内容是“页面不存在”，已存档，未作为年报读取。"
        self.run.say("W-SOFT-404", request.url, message, step.text, step.parent or "")
        self._lost(request, "soft-404")
        self._cut_short(step)

    def status(self, request: Request, status: int, step: Step) -> None:
        """Say that an address answered with another status than 200."""
        place = step.parent or ""
        if step.role is Role.ATTACHMENT:
            message = f"附件无法取得（HTTP {status}）。"
            self.run.say("W-ATTACHMENT-MISSING", request.url, message, step.text, place)
        else:
            message = f"页面无法取得（HTTP {status}）。"
            self.run.say("W-HTTP-ERROR", request.url, message, step.text, place)
        if status in _GONE:
            self._lost(request, f"http-{status}")
            self._cut_short(step)
        else:
            self.unanswered(request, step)

    def unanswered(self, request: Request, step: Step) -> None:
        """Note that an address did not say what is there."""
        self.sightings.unanswered |= {step.url, request.url}
        self._cut_short(step)

    def stub(self, response: Response, step: Step) -> None:
        """Say that a list page holds nothing."""
        if step.first in self.run.ended_lists:
            return  # it was on its way when the list ended, which has been said
        self.sightings.cut_short(response.url)
        message = f"列表页是空壳（{len(response.body)} 字节，没有任何条目）。"
        self.run.say("W-LIST-STUB", response.url, message, step.text, step.parent or "")

    def column(self, page: Page, step: Step, items: int) -> None:
        """Note a page of a report column and how many lines it has."""
        self.sightings.read_list(page.url)
        if step.role is Role.LIST and step.first is not None:
            self.run.columns.note_further(step.first, page.url, items)
        else:
            name = page.column_name or (step.trail[-1] if step.trail else step.text)
            form = page.pager.form if page.pager is not None else ""
            self.run.columns.note(page.url, name, form, items)

    def _lost(self, request: Request, cause: str) -> None:
        """Note that an address, and those that were redirected to it, give no document."""
        self.sightings.lost((*_hops(request), request.url), request.meta["visited_at"], cause)

    def _cut_short(self, step: Step) -> None:
        """Note that a list is not whole when it was one of its pages that did not come."""
        if links.is_article(step.url) or links.is_file(step.url):
            return
        # Of a pager that may count from 0 or 1 one page more is asked for than there is.
        if step.role is not Role.LIST or step.otherwise is None:
            self.sightings.cut_short(step.first or step.url)
