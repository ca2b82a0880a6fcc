"""HTML article: the part of a page that holds the report, and what the page says about it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from lxml import etree

from pipeline.read.html_text import DROPPED
from pipeline.read.tree import children_of, fold, text_of

# Body containers of the platform and of other content systems, the surest first.
_CONTAINERS = (
    "div.view.TRS_UEDITOR",
    ".TRS_UEDITOR",
    ".trs_editor_view",
    ".TRS_Editor",
    "#zoom",
    "#Zoom",
    ".con-article",
    "#ofdneed",
    ".v_news_content",
    "#UCAP-CONTENT",
    ".article-content",
    "#content",
)
_CLASSES = frozenset(name[1:] for name in _CONTAINERS if name.startswith("."))
# Words that stand in a report and not in the navigation of a site.
_MARKS = re.compile(
    r"总体情况|本年处理决定数量|现行有效件数|对外公开总数量|勾稽关系|结转下年度继续办理|"
    r"存在的主要问题|其他需要报告的事项|本年度报告|本报告电子版|报告的电子版|如有疑问|"
    r"国办公开办函|数据的?统计期限|统计数据从"
)
_CANONICAL = {
    name.lower(): name
    for name in (
        "SiteName",
        "SiteDomain",
        "SiteIDCode",
        "ColumnName",
        "ColumnType",
        "ColumnKeywords",
        "ColumnDescription",
        "ArticleTitle",
        "PubDate",
        "ContentSource",
        "Keywords",
        "Author",
        "Url",
    )
}
_REPORT_TITLE = re.compile(r"(?:19|20)\d\d.{0,60}(?:报告|年报)")
_PUBLISHED = re.compile(
    r"(?:发布|发文|公布)(?:时间|日期)\s*[::：]\s*"
    r"((?:19|20)\d\d[-/年.]\d{1,2}[-/月.]\d{1,2}日?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?)"
)
_MOST_CLIMBS = 12
_MOST_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Article:
    """The part of a page that is read.

    Args:
        scope: element that holds the report.
        whole_page: true when no part could be told from the rest, so that the page's own header
            and footer stand in the scope.
        meta: what the page says about the article.

    """

    scope: etree._Element
    whole_page: bool
    meta: dict[str, str]


def find_article(root: etree._Element) -> Article:
    """Find the part of a page that holds the report.

    A known container is taken when it holds every mark of a report that the page holds;
    otherwise the smallest element that does, widened as long as what it adds is text and not
    links. A page without marks gives its known container, or its body.

    Args:
        root: the html element.

    Source: national specification for government sites (names of the meta elements).

    """
    body = next(root.iterchildren("body"), root)
    text = text_of(body)
    meta = _meta(root, text)
    marks = len(_MARKS.findall("".join(text.split())))
    for candidate in _candidates(body)[:_MOST_CANDIDATES]:
        words = "".join(text_of(candidate).split())
        if words and len(_MARKS.findall(words)) == marks:
            return Article(candidate, whole_page=False, meta=meta)
    holders = _mark_holders(body) if marks else []
    if not holders:
        return Article(body, whole_page=True, meta=meta)
    scope = _widen(_common_ancestor(holders), body)
    return Article(scope, whole_page=scope is body or scope is root, meta=meta)


def _candidates(body: etree._Element) -> list[etree._Element]:
    """Return the known containers of a page, the surest first."""
    found: dict[str, list[etree._Element]] = {}
    for element in body.iterdescendants("div", "td", "section", "article"):
        names = element.get("class")
        ident = element.get("id")
        if names:
            tokens = names.split()
            if "view" in tokens and "TRS_UEDITOR" in tokens:
                found.setdefault("div.view.TRS_UEDITOR", []).append(element)
            for token in tokens:
                if token in _CLASSES:
                    found.setdefault(f".{token}", []).append(element)
        if ident:
            found.setdefault(f"#{ident}", []).append(element)
    return [element for selector in _CONTAINERS for element in found.get(selector, [])]


def _mark_holders(body: etree._Element) -> list[etree._Element]:
    """Return the elements whose text holds a mark of a report, or the beginning of one."""
    pieces: list[str] = []
    holders: list[etree._Element] = []
    starts: list[int] = []
    position = 0
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if skipped is not None:
            if event == "start" or element is not skipped:
                continue
            skipped = None
        elif event == "start" and element.tag in DROPPED:
            skipped = element
            continue
        holder = element if event == "start" else element.getparent()
        piece = element.text if event == "start" else element.tail
        if element is body and event == "end":
            break
        if not piece or piece.isspace() or holder is None:
            continue
        words = "".join(piece.split())
        starts.append(position)
        pieces.append(words)
        holders.append(holder)
        position += len(words)
    return [
        holders[bisect_right(starts, match.start()) - 1]
        for match in _MARKS.finditer("".join(pieces))
    ]


def _widen(scope: etree._Element, body: etree._Element) -> etree._Element:
    """Return the ancestor up to which only text and no navigation is added."""
    for _ in range(_MOST_CLIMBS):
        parent = scope.getparent()
        if scope is body or parent is None:
            break
        added = linked = 0
        for sibling in children_of(parent):
            if sibling is not scope and sibling.tag not in DROPPED:
                added += len("".join(text_of(sibling).split()))
                linked += sum(len("".join(text_of(link).split())) for link in sibling.iter("a"))
        if linked * 3 > added:
            break
        scope = parent
    return scope


def _common_ancestor(elements: list[etree._Element]) -> etree._Element:
    first = [elements[0], *elements[0].iterancestors()]
    depth = 0
    rank = {node: place for place, node in enumerate(first)}
    for element in elements[1:]:
        node: etree._Element | None = element
        while node is not None and node not in rank:
            node = node.getparent()
        if node is not None:
            depth = max(depth, rank[node])
    return first[depth]


def _meta(root: etree._Element, text: str) -> dict[str, str]:
    meta: dict[str, str] = {}
    for element in root.iter("meta"):
        name = _CANONICAL.get((element.get("name") or "").strip().lower())
        content = fold(element.get("content") or "")
        if name and content:
            meta.setdefault(name, content)
    title = next(root.iter("title"), None)
    if title is not None and (words := fold(text_of(title))):
        meta["title"] = words
    if "ArticleTitle" not in meta and (printed := _printed_title(root)):
        meta["ArticleTitle"] = printed
    if "PubDate" not in meta and ("时间" in text or "日期" in text):  # seen much faster
        published = _PUBLISHED.search(text)
        if published:
            meta["PubDate"] = fold(published[1])
    return meta


def _printed_title(root: etree._Element) -> str | None:
    """Return the heading over the article that reads like the title of a report."""
    for element in root.iter("h1", "h2", "h3", "div", "p", "span", "td"):
        if element.tag not in {"h1", "h2"}:
            names = (element.get("class") or "") + " " + (element.get("id") or "")
            if "title" not in names.lower():
                continue
        words = fold(text_of(element))
        if len(words) <= 120 and _REPORT_TITLE.search(words):
            return words
    return None
