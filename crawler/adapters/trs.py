"""The content system of the platform (TRS and its kin): what a page says about itself.

Markup is told by the profile's selectors, in order; meta names are those of the national
specification for government sites.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cssselect import GenericTranslator
from lxml import etree

from crawler.adapters import links
from crawler.adapters.links import Link
from crawler.adapters.pager import Pager, find_pager
from pipeline.read.document import UnreadableError
from pipeline.read.html import parse_html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.profile import Profile

_SPACE = re.compile(r"\s+")
_DATE = re.compile(r"(20\d{2}|19\d{2})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})")
_HERE = re.compile(r"(?:当前|您的?|所在|现在)?(?:所在)?位置\s*(?:是)?\s*[:：]?")
_STEP = re.compile(r"\s*(?:[>＞»›→]+|-{2,}|>>)\s*")
_NO_STEP = re.compile(r"^(?:首页|网站首页|主页|正文|内容|详情|浏览|返回.*|)$")
_CUT_OFF = ("...", "…", "..")
_GONE = re.compile(
    r"页面不存在|页面未找到|页面找不到|找不到(?:该|您|此|页)|不存在或已(?:被)?删除|已被?删除|"
    r"无法找到|没有找到您|访问的?(?:页面|内容)不存在|404\s*(?:not\s*found|错误|页面)|not\s*found|"
    r"^\s*404\s*$|信息不存在|文章不存在",
    re.IGNORECASE,
)
_SHORT_PAGE = 400
_FEW_WORDS = 300
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
_SENT_ON = re.compile(
    r"\blocation(?:\.href)?\s*(?:=|\.(?:replace|assign)\s*\()\s*(['\"])([^'\"]+)\1\s*(?![\s+])"
)
_SENT_ON_WORDS = 50
_DOWNLOAD = re.compile(r"下载|附件|全文|原文")
_BEFORE_HERE = 6
_LONGEST_TRAIL = 300
_LONGEST_STEP = 24
_XPATHS: dict[str, str] = {}
# The longest lists of ministries have some 20,000; looking for links takes time for each.
_MOST_TAGS = 100_000
_MOST_BYTES = 16 << 20
# A page names its position once or twice; looking around each place that does takes time.
_MOST_POSITIONS = 10


class PageTooLargeError(UnreadableError):
    """A page is too large to look for links in it; it may still be read as a report."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: its link and the date beside it (ISO), None without one."""

    link: Link
    date: str | None


def _squeeze(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _words(element: etree._Element) -> str:
    return _squeeze("".join(str(piece) for piece in element.itertext()))


def _xpath(selector: str) -> str:
    if selector not in _XPATHS:
        _XPATHS[selector] = GenericTranslator().css_to_xpath(selector)
    return _XPATHS[selector]


class Page:
    """An HTML page.

    Args:
        url: its address.
        data: decoded payload.
        profile: selectors.

    Raises:
        UnreadableError: there is no element in it, or it nests too deep.
        PageTooLargeError: it is too large to look for links in it.

    """

    def __init__(self, url: str, data: bytes, profile: Profile) -> None:
        """Parse the page."""
        self.url = url
        self.profile = profile
        if len(data) > _MOST_BYTES or data.count(b"<") > _MOST_TAGS:
            limits = f"{_MOST_BYTES >> 20} MB 或 {_MOST_TAGS} 个标记"
            message = f"页面超过 {limits}，未在其中寻找链接，请人工核对。"
            raise PageTooLargeError("E-TOO-LARGE", message)
        self.root, _ = parse_html(data)
        self._groups: dict[etree._Element, int] = {}
        base = next((e.get("href") for e in self.root.iter("base") if e.get("href")), None)
        self.base = (links.repair(base, url) if base else None) or url

    def _select(self, selector: str) -> list[etree._Element]:
        found = self.root.xpath(_xpath(selector))
        assert isinstance(found, list)
        return [element for element in found if isinstance(element, etree._Element)]  # noqa: SLF001

    def _link(self, element: etree._Element, written: str) -> Link:
        text = _words(element)
        title = _squeeze(element.get("title") or "")
        if title and (not text or text.endswith(_CUT_OFF)):
            text = title
        if not text:
            text = next((_squeeze(i.get("alt") or "") for i in element.iter("img", "area")), "")
        return Link(links.repair(written, self.base), text, written, self._group(element))

    def _group(self, element: etree._Element) -> int:
        """Return the number of the list that a link stands in: the nearest one around it."""
        around = next(element.iterancestors("ul", "ol", "dl", "table", "select"), None)
        if around is None:
            parent = element.getparent()
            around = parent if parent is not None else element
        return self._groups.setdefault(around, len(self._groups) + 1)

    def _links_of(self, scope: etree._Element) -> Iterator[Link]:
        for element in scope.iter("a", "area", "option", "embed", "object", "iframe", "frame"):
            written = element.get("href") or element.get("src") or element.get("data") or ""
            if element.tag == "option":
                written = element.get("value") or ""
                if "/" not in written and not links.is_file(written):
                    continue
            link = self._link(element, written)
            if link.url is None and (action := element.get("onclick")):
                link = self._link(element, f"javascript:{action}")
            if written or link.url:
                yield link

    @cached_property
    def links(self) -> list[Link]:
        """All links in the order of the page."""
        return list(self._links_of(self.root))

    @cached_property
    def frames(self) -> list[str]:
        """The pages that are shown within this one, or instead of it after a refresh."""
        found = [
            links.repair(element.get("src") or "", self.base)
            for element in self.root.iter("iframe", "frame")
        ]
        for element in self.root.iter("meta"):
            if (element.get("http-equiv") or "").lower() == "refresh":
                target = _REFRESH.search(element.get("content") or "")
                found.append(links.repair(target[1], self.base) if target else None)
        found += self.sent_on
        return [url for url in dict.fromkeys(found) if url and not links.is_file(url)]

    @cached_property
    def sent_on(self) -> list[str]:
        """Where the script of a page that says nothing itself sends the reader."""
        has_body = bool(self.article_scopes) or next(self.root.iter("img"), None) is not None
        if has_body or len(self.text) > _SENT_ON_WORDS:
            return []
        scripts = "\n".join(element.text or "" for element in self.root.iter("script"))
        found = [links.repair(target[2], self.base) for target in _SENT_ON.finditer(scripts)]
        return [url for url in dict.fromkeys(found) if url]

    @cached_property
    def meta(self) -> dict[str, str]:
        """The meta elements by name in small letters; empty ones are left out."""
        found: dict[str, str] = {}
        for element in self.root.iter("meta"):
            name, content = element.get("name"), _squeeze(element.get("content") or "")
            if name and content:
                found.setdefault(name.strip().lower(), content)
        return found

    @cached_property
    def text(self) -> str:
        """All words of the body without scripts."""
        parts: list[str] = []
        for element in self.root.iter(etree.Element):
            if element.tag not in {"script", "style", "title"} and element.text:
                parts.append(element.text)
            if element.tail:
                parts.append(element.tail)
        return _squeeze("".join(parts))

    @cached_property
    def title(self) -> str:
        """The title element's words."""
        return next((_words(element) for element in self.root.iter("title")), "")

    @cached_property
    def column_name(self) -> str:
        """What the page says its column is called."""
        if self.breadcrumb:
            return self.breadcrumb[-1]
        return self.meta.get("columnname", "")

    @cached_property
    def breadcrumb(self) -> tuple[str, ...]:
        """The names of the columns, outermost first, without the home page."""
        looked = 0
        for element in self.root.iter("div", "p", "span", "td", "ul", "li", "h3", "h4", "dl"):
            own = (element.text or "") + "".join(child.tail or "" for child in element)
            if "位置" not in own and "位置" not in (element.text or ""):
                continue
            looked += 1
            if looked > _MOST_POSITIONS:
                break
            trail = tuple(step for step in self._trail(element) if not _NO_STEP.match(step))
            if trail:
                return trail
        return ()

    @staticmethod
    def _trail(element: etree._Element) -> list[str]:
        """Return the steps after the word 位置: the element's own, else those right after it.

        The words of the site's navigation before it are no trail, so a scope that holds them ends
        the search.
        """
        scope: etree._Element | None = element
        for _ in range(3):
            words = "" if scope is None else _words(scope)
            here = _HERE.search(words)
            if scope is None or here is None or here.start() > _BEFORE_HERE:
                return []
            after = words[here.end() :].strip()
            if after:
                break
            scope = scope.getparent()
        else:
            return []
        if len(after) > _LONGEST_TRAIL:
            return []
        steps = [step.strip() for step in _STEP.split(after)]
        if len(steps) > 1:
            return steps
        named = [name for link in scope.iter("a") if (name := _words(link)) and name in after]
        if named:
            return named
        # 位置 alone is an ordinary word too: 位置：县城东街.
        stated = not here[0].startswith("位置") and here[0].endswith((":", "："))
        steps = after.split(" ")
        return steps if stated and all(len(step) <= _LONGEST_STEP for step in steps) else []

    @cached_property
    def article_scopes(self) -> list[etree._Element]:
        """The containers of the article's body by the first selector that fits."""
        for selector in self.profile.article_selectors:
            found = [
                element
                for element in self._select(selector)
                if _words(element) or element.find(".//img") is not None
            ]
            if found:
                self.article_selector = selector
                return found
        return []

    article_selector: str = ""

    @cached_property
    def is_article(self) -> bool:
        """Whether the page is an article, by its meta names, else by its body container."""
        if self.meta.get("articletitle") or self.meta.get("pubdate"):
            return True
        if self.rows or self.pager is not None:
            return False
        for scope in self.article_scopes:
            linked = sum(len(_words(link)) for link in scope.iter("a"))
            if len(_words(scope)) - linked >= _FEW_WORDS:
                return True
        return False

    @cached_property
    def published(self) -> str | None:
        """Publication time as the page states it."""
        return self.meta.get("pubdate")

    @cached_property
    def is_gone(self) -> bool:
        """Whether the page says that there is no such page."""
        words = self.text
        if len(words) > _SHORT_PAGE:
            return False
        return bool(_GONE.search(self.title) or _GONE.search(words))

    @cached_property
    def rows(self) -> list[Row]:
        """The lines of the list by the first selector that fits."""
        for selector in self.profile.list_selectors:
            rows = [row for element in self._select(selector) if (row := self._row(element))]
            if rows:
                self.list_selector = selector
                return rows
        return []

    list_selector: str = ""

    def _row(self, element: etree._Element) -> Row | None:
        found = [link for link in self._links_of(element) if link.text]
        if not found:
            return None
        # A line may lead with a link to its column: [部门] title.
        link = max(found, key=lambda candidate: len(candidate.text))
        outside = _words(element).replace(link.text, " ")
        stated = _DATE.search(outside)
        date = f"{stated[1]}-{int(stated[2]):02d}-{int(stated[3]):02d}" if stated else None
        return Row(link, date)

    @cached_property
    def pager(self) -> Pager | None:
        """How the list goes on."""
        scripts = "\n".join(element.text or "" for element in self.root.iter("script"))
        return find_pager(scripts, self.url, self.profile.pager_base)

    def next_pages(self) -> list[str]:
        """Return plain links to further list pages: 下一页, numbers, in the same folder."""
        wanted = re.compile(r"^(?:下一?页|后一?页|尾页|末页|[>›»]+|next|\d{1,3})$", re.IGNORECASE)
        here = links.folder(self.url)
        found = [
            link.url
            for link in self.links
            if link.url
            and wanted.match(link.text)
            and links.folder(link.url) == here
            and not links.is_article(link.url)
            and links.key(link.url) != links.key(self.url)
        ]
        return list(dict.fromkeys(found))

    def attachments(self) -> list[Link]:
        """Return the files that belong to an article.

        Links marked as appendix, links to files within the body or beside the article, files in
        frames and viewers; pictures only where the body holds hardly any words, as a scan does.
        """
        found: dict[str, Link] = {}
        here = links.folder(self.url)
        marked = {
            self._link(element, element.get("href") or "").url
            for element in self.root.iter("a")
            if "true" in {element.get("appendix"), element.get("data-appendix")}
        }
        inside = {link.url for scope in self.article_scopes for link in self._links_of(scope)}
        few = not any(len(_words(scope)) > _FEW_WORDS for scope in self.article_scopes)
        for link in self.links:
            if link.url is None:
                continue
            url = links.viewed_file(link.url) or link.url
            beside = links.is_file(url) and links.folder(url) == here
            named = links.is_file(url) or links.names_file(link.text)
            # An address like /download?id=1 tells nothing; beside hardly any words its own do.
            if few and not links.is_article(url):
                named = named or _DOWNLOAD.search(link.text) is not None
            if link.url in marked or beside or (link.url in inside and named):
                found.setdefault(url, Link(url, link.text, link.written))
        if few and not found:
            for scope in self.article_scopes:
                for image in scope.iter("img"):
                    written = image.get("src") or ""
                    at = links.repair(written, self.base)
                    if at and links.is_image(at):
                        found.setdefault(at, Link(at, _squeeze(image.get("alt") or ""), written))
        return list(found.values())

    def mobile_copies(self) -> list[Link]:
        """Return links to the page's own mobile copy (``_wap.html``)."""
        stem = self.url.rpartition(".")[0]
        return [
            link for link in self.links if link.url and link.url.rpartition(".")[0] == f"{stem}_wap"
        ]

    def body_links(self) -> list[Link]:
        """Return the links within the article's body."""
        return [link for scope in self.article_scopes for link in self._links_of(scope)]
