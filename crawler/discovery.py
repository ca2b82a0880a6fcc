"""Discovery: which links of a page lead to reports, judged by their words, not their addresses.

The walk goes from the home page to the disclosure platform, through its trees of departments and
townships, to each body's report column. It reads the news of nobody.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.adapters import links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.adapters.links import Link
    from crawler.adapters.trs import Page
    from crawler.profile import Profile


class Role(StrEnum):
    """What a page is for the walk."""

    ENTRY = "entry"
    PLATFORM = "platform"
    TREE = "tree"
    BODY = "body"
    COLUMN = "column"
    LIST = "list"
    REPORT = "report"
    ARTICLE = "article"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk.

    Args:
        role: what the page is expected to be; REPORT is a column or an article, the page tells.
        url: its address.
        trail: names of the columns walked, outermost first.
        text: words of the link.
        parent: page that holds the link.
        depth: links from the entry.
        hops: links beyond the body's own page.
        date: publication as the list or the article states it.
        otherwise: address to try when this one is not there.
        listed: the link stands in a report column, so whatever it leads to is looked at.
        first: first page of the list that this is a further page of.

    """

    role: Role
    url: str
    trail: tuple[str, ...] = ()
    text: str = ""
    parent: str | None = None
    depth: int = 0
    hops: int = 0
    date: str | None = None
    listed: bool = False
    otherwise: str | None = None
    first: str | None = None


LONGEST_COLUMN_NAME = 24
_LONGEST_AGENCY_NAME = 32
_MOST_HOPS = 2
_YEAR = re.compile(r"(?:19|20)\d{2}|二[〇○零0]")
_OUR_REPORT = re.compile(r"(?:信息公开|政务公开).*(?:年报|年度报告|年度工作报告|报告)")
_OTHER_REPORT = re.compile(
    r"统计|决算|预算|财政|法治|法制|依法行政|企业|上市|环境|质量|旅游|执法|信用|基金|公报|白皮书|"
    r"要点|通知|方案|解读|测评|评估"
)
_YEAR_FOLDER = re.compile(r"^(?:19|20)\d{2}年?度?$")


def squeeze(text: str) -> str:
    """Return a link's words without white space and decoration."""
    return re.sub(r"[\s·•>＞»|｜\[\]【】]+", "", text)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _found(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


def names_report(profile: Profile, text: str) -> bool:
    """Tell whether a link's words name the annual report on disclosure, or its column."""
    if not _found(profile.report_text, text) and not _OUR_REPORT.search(text):
        return False
    if _OUR_REPORT.search(text):
        return True
    # 年报, 年度报告, 往年年报: short and of no other kind.
    return len(text) <= 12 and not _OTHER_REPORT.search(text)


def names_year(text: str) -> bool:
    """Tell whether a link's words name a year, as a single report's do."""
    return _YEAR.search(text) is not None


def names_agency(profile: Profile, text: str) -> bool:
    """Tell whether a link's words are the name of an agency."""
    if len(text) > _LONGEST_AGENCY_NAME or not re.fullmatch(r"[\u3400-\u9fff（）()、]{2,}", text):
        return False
    return _found(rf"{profile.agency_text}(?:[（(].*[）)])?$", text)


def names_directory(profile: Profile, text: str) -> bool:
    """Tell whether a link's words name a list of agencies only: 街道, 乡镇（街道）, 部门."""
    return _compiled(rf"(?:{profile.directory_text}|[、和及（）()])+").fullmatch(text) is not None


def report_links(page: Page, step: Step) -> Iterator[Step]:
    """Yield the links whose words name a report or a report column."""
    for link in page.links:
        text = squeeze(link.text)
        if (
            link.url
            and links.key(link.url) != links.key(page.url)
            and (names_report(page.profile, text))
        ):
            yield _follow(step, page, link, Role.REPORT)


def dead_links(page: Page) -> Iterator[Link]:
    """Yield script links whose words name a report and that hold no address."""
    for link in page.links:
        is_script = link.written.strip().lower().startswith("javascript:")
        if link.url is None and is_script and _found(page.profile.report_text, squeeze(link.text)):
            yield link


def collected_reports(page: Page) -> Iterator[Link]:
    """Yield the links of an article's body to reports: by their words, or by an agency's name."""
    for link in page.body_links():
        text = squeeze(link.text)
        if link.url is None or links.is_file(link.url):
            continue
        by_agency = links.is_article(link.url) and names_agency(page.profile, text)
        if by_agency or names_report(page.profile, text):
            yield link


def column_links(page: Page, step: Step) -> Iterator[Step]:
    """Yield what a report column leads to: its lines, reports by name, columns below it."""
    lines = {}
    for row in page.rows:
        if row.link.url is not None:
            lines[row.link.url] = _follow(
                step, page, row.link, Role.REPORT, date=row.date, listed=True
            )
    yield from lines.values()
    for link in page.links:
        text = squeeze(link.text)
        if link.url is None or link.url in lines or links.key(link.url) == links.key(page.url):
            continue
        any_report = _found(page.profile.report_text, text) and not _OTHER_REPORT.search(text)
        if any_report or names_report(page.profile, text):
            yield _follow(step, page, link, Role.REPORT)
        elif (
            0 < len(text) <= LONGEST_COLUMN_NAME
            and (_YEAR_FOLDER.match(text) or _found(page.profile.directory_text, text))
            and links.is_below(link.url, page.url)
        ):
            yield _follow(step, page, link, Role.COLUMN)
        elif _YEAR_FOLDER.match(text) and links.folder(link.url).startswith(links.folder(page.url)):
            yield _follow(step, page, link, Role.REPORT, listed=True)
        elif names_agency(page.profile, text) and not links.is_article(link.url):
            below = links.is_below(link.url, page.url)
            yield _follow(step, page, link, Role.COLUMN if below else Role.BODY)


def unmarked_lines(page: Page, step: Step) -> Iterator[Step]:
    """Yield the links of a list whose markup no selector knows: articles and files, by address."""
    for link in page.links:
        if link.url and link.text and (links.is_article(link.url) or links.is_file(link.url)):
            yield _follow(step, page, link, Role.REPORT, listed=True)


def tree_links(page: Page, step: Step) -> Iterator[Step]:
    """Yield the links that lead deeper into the disclosure platform."""
    profile = page.profile
    directories = _agency_lists(page) if step.role is Role.TREE else set()
    for link in page.links:
        text = squeeze(link.text)
        if link.url is None or not text or links.is_article(link.url) or links.is_file(link.url):
            continue
        if names_report(profile, text) or _found(profile.avoid_text, text):
            continue
        role = Role.BODY if link.group in directories else _tree_role(page, step, link, text)
        if role is None:
            continue
        beyond = step.hops + 1 if step.role is Role.BODY or step.hops else 0
        if beyond <= _MOST_HOPS or role is Role.BODY:
            yield _follow(step, page, link, role, hops=0 if role is Role.BODY else beyond)


def _tree_role(page: Page, step: Step, link: Link, text: str) -> Role | None:
    profile = page.profile
    assert link.url is not None
    # An entry that is not the home page was named because it is the disclosure platform.
    inside = step.role in {Role.PLATFORM, Role.TREE, Role.BODY} or not links.is_home(page.url)
    if inside and names_agency(profile, text):
        return Role.BODY
    if step.role is Role.TREE and links.is_below(link.url, page.url):
        return Role.BODY
    if len(text) > LONGEST_COLUMN_NAME:
        return None
    if step.role is not Role.BODY and not step.hops and _found(profile.directory_text, text):
        return Role.TREE
    if _found(profile.disclosure_text, text):
        return Role.PLATFORM
    return None


def _agency_lists(page: Page) -> set[int]:
    """Return the lists whose links are mostly names of agencies: the rest of them are, too."""
    named: Counter[int] = Counter()
    whole: Counter[int] = Counter()
    for link in page.links:
        if link.url is not None and link.text:
            whole[link.group] += 1
            named[link.group] += names_agency(page.profile, squeeze(link.text))
    return {group for group, number in named.items() if number > 1 and number * 2 > whole[group]}


def is_directory(page: Page) -> bool:
    """Tell whether a list's lines are mostly names of agencies, so that its pages are walked."""
    named = sum(names_agency(page.profile, squeeze(row.link.text)) for row in page.rows)
    return named * 2 > len(page.rows) > 0 or bool(_agency_lists(page))


def is_report_list(page: Page) -> bool:
    """Tell whether a page is a report column: it says so, or most of its lines name reports."""
    if names_report(page.profile, squeeze(page.column_name)):
        return True
    named = sum(names_report(page.profile, squeeze(row.link.text)) for row in page.rows)
    return named * 2 > len(page.rows) > 0


def _follow(  # noqa: PLR0913 - what one link adds to the step before
    step: Step,
    page: Page,
    link: Link,
    role: Role,
    *,
    date: str | None = None,
    listed: bool = False,
    hops: int | None = None,
) -> Step:
    assert link.url is not None
    trail = step.trail
    if not listed and role is not Role.ATTACHMENT:
        name = squeeze(link.text)
        is_column = len(name) <= LONGEST_COLUMN_NAME and not _YEAR.search(name)
        trail = (*trail, name) if is_column and name not in trail else trail
    return Step(
        role=role,
        url=link.url,
        trail=trail,
        text=link.text,
        parent=page.url,
        depth=step.depth + 1,
        hops=step.hops if hops is None else hops,
        date=date,
        listed=listed,
    )
