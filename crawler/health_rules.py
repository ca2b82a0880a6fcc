"""Health rules: whether what a walk saw is what a site like this shows.

A site that was rebuilt answers 200 to everything and holds nothing. A walk over it must not count
as a good one: what it did not see would be taken for removed. Numbers are compared that a removed
article, a longer list or an article on another list page do not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEALTH_RULES = (
    "E-NO-ITEMS",
    "E-COLUMN-VANISHED",
    "E-COLUMN-EMPTIED",
    "E-PAGER-GONE",
    "E-ITEMS-DROPPED",
    "E-FILL-RATE",
    "E-AGENCY-MISSING",
)
"""Rules of findings that make a walk a failed one."""

LEAST_LOST, LEAST_SHARE = 3, 0.25
"""A column has dropped when it lost that many items and that share of them: offices withdraw one
report or two at a time, and a list page that is not read any more takes ten or more with it."""

LEAST_LOST_OF_ALL = 5
"""Items lost by all columns together, with the same share: many small columns may each lose one."""

LEAST_OF_PAGER = 2
"""Items lost beside a pager that is gone: a list that shrinks by one may fit one page again."""

LEAST_SPOILED, SPOILED_SHARE = 2, 0.5
"""Readable reports whose address gives something unreadable now, and their share of all that gave
something else: offices edit reports to mend them. As addresses are asked again over a week, a new
markup shows in a few of them each night, which the share of all documents would not tell."""

LEAST_UNREAD, FILL_FALL = 3, 0.1
"""So many more documents are no readable reports, and so much of the share is lost: the documents
of a year are a tenth of what a site holds, and one year's scans are no reason to stop."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a walk saw of a report column.

    Args:
        url: address of its first page.
        name: words of the link that led to it.
        items: lines on all its pages.
        pages: pages read.
        pager: form of its pager; empty when it has none.

    """

    url: str
    name: str
    items: int
    pages: int
    pager: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reason why a walk is no good one.

    Args:
        rule: one of ``HEALTH_RULES``.
        url: the column, or the entry of the site.
        message: Chinese, with the numbers.
        reason: English, with the numbers.

    """

    rule: str
    url: str
    message: str
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one walk saw of a site.

    Args:
        columns: its report columns.
        counts: "known" documents at current addresses, of them "readable" reports, "cells" of
            those, of them "cells_read"; readable reports that were "replaced" by what their
            address gives now, of them "spoiled"; "agencies_missing". Empty for runs of earlier
            versions.

    """

    columns: tuple[Column, ...]
    counts: Mapping[str, int]


def compare(
    earlier: Seen, present: Seen, entry: str, *, removed: Mapping[str, int] | None = None
) -> list[Verdict]:
    """Return why the present walk is no good one; nothing when it is.

    Args:
        earlier: of the last good walk.
        present: of the walk to judge.
        entry: address of the site, for what concerns all of it.
        removed: by address of an earlier column, known articles of it that answered 404 or 410
            tonight: their lines are rightly gone.

    """
    had, has = _items(earlier.columns), _items(present.columns)
    if had and not has:
        return [
            Verdict(
                "E-NO-ITEMS",
                entry,
                f"各栏目上次共有 {had} 条，本次一条也没有。",
                f"all columns together had {had} items and have none",
            )
        ]
    gone = removed or {}
    found = [
        verdict
        for column, counterpart in _paired(earlier.columns, present.columns)
        for verdict in _of_column(column, counterpart, gone.get(column.url, 0))
    ]
    lost = had - has - sum(gone.values())
    if not found and lost >= LEAST_LOST_OF_ALL and lost >= LEAST_SHARE * had:
        found.append(
            Verdict(
                "E-ITEMS-DROPPED",
                entry,
                f"各栏目条目合计由 {had} 条减少到 {has} 条。",
                f"the items of all columns fell from {had} to {has}",
            )
        )
    return [*found, *_of_fill(earlier.counts, present.counts, entry)]


def _items(columns: Iterable[Column]) -> int:
    return sum(column.items for column in columns)


def _paired(
    earlier: Iterable[Column], present: Iterable[Column]
) -> list[tuple[Column, Column | None]]:
    """Return each earlier column with what it is now: same address, same path, or same name."""
    left = {column.url: column for column in present}
    pairs: dict[str, tuple[Column, Column | None]] = {}
    rest = list(earlier)
    # A column that is there under its own address is nobody else's counterpart.
    for same in (_by_address, _by_path, _by_name):
        waiting, rest = rest, []
        for column in waiting:
            match = next((other for other in left.values() if same(column, other)), None)
            if match is None:
                rest.append(column)
                continue
            del left[match.url]
            pairs[column.url] = (column, match)
    pairs.update({column.url: (column, None) for column in rest})
    return [pairs[url] for url in sorted(pairs)]


def _by_address(column: Column, other: Column) -> bool:
    return column.url == other.url


def _by_path(column: Column, other: Column) -> bool:
    # The site changed its scheme or host.
    old, new = urlsplit(column.url), urlsplit(other.url)
    return (old.path, old.query) == (new.path, new.query)


def _by_name(column: Column, other: Column) -> bool:
    # Many agencies call their column the same: a counterpart holds about as much.
    return column.name == other.name and other.items >= (1 - LEAST_SHARE) * column.items


def _of_column(column: Column, now_is: Column | None, removed: int) -> list[Verdict]:
    name = column.name or column.url
    if now_is is None:
        if column.items <= removed:
            return []  # it held nothing, or nothing that is still there
        return [
            Verdict(
                "E-COLUMN-VANISHED",
                column.url,
                f"栏目“{name}”上次有 {column.items} 条，本次没有遇到这个栏目。",
                f"column {name!r} ({column.url}) had {column.items} items and was not met",
            )
        ]
    lost = column.items - now_is.items - removed
    if column.pages > 1 and now_is.pages <= 1 and lost >= LEAST_OF_PAGER:
        return [
            Verdict(
                "E-PAGER-GONE",
                now_is.url,
                f"栏目“{name}”上次有 {column.pages} 页 {column.items} 条，"
                f"本次只有 {now_is.pages} 页 {now_is.items} 条，翻页不见了。",
                f"column {name!r} ({now_is.url}) had {column.pages} pages with {column.items} "
                f"items and has {now_is.pages} with {now_is.items}: its pager is not seen",
            )
        ]
    # A list of one line that loses it is an article withdrawn, which events tell of.
    if not now_is.items and column.items > 1 and lost > 0:
        return [
            Verdict(
                "E-COLUMN-EMPTIED",
                now_is.url,
                f"栏目“{name}”上次有 {column.items} 条，本次一条也没有。",
                f"column {name!r} ({now_is.url}) had {column.items} items and has none",
            )
        ]
    if lost >= LEAST_LOST and lost >= LEAST_SHARE * column.items:
        return [
            Verdict(
                "E-ITEMS-DROPPED",
                now_is.url,
                f"栏目“{name}”由 {column.items} 条减少到 {now_is.items} 条。",
                f"the items of column {name!r} ({now_is.url}) fell from {column.items} to "
                f"{now_is.items}",
            )
        ]
    return []


def _of_fill(earlier: Mapping[str, int], present: Mapping[str, int], entry: str) -> list[Verdict]:
    found = []
    for part, whole, words, chinese in (
        ("readable", "known", "documents that are readable reports", "能读成年报的文件"),
        ("cells_read", "cells", "cells that are read", "能识别的单元格"),
    ):
        if not earlier.get(whole) or not present.get(whole):
            continue
        before, after = earlier[part] / earlier[whole], present[part] / present[whole]
        unread = present[whole] - present[part] - (earlier[whole] - earlier[part])
        if before - after > FILL_FALL and unread >= LEAST_UNREAD:
            found.append(
                Verdict(
                    "E-FILL-RATE",
                    entry,
                    f"{chinese}由 {earlier[part]}/{earlier[whole]}（{before:.0%}）"
                    f"降到 {present[part]}/{present[whole]}（{after:.0%}）。",
                    f"the share of {words} fell from {earlier[part]}/{earlier[whole]} "
                    f"({before:.0%}) to {present[part]}/{present[whole]} ({after:.0%})",
                )
            )
    replaced = present.get("replaced", 0)
    spoiled = present.get("spoiled", 0) - earlier.get("spoiled", 0)
    if not found and spoiled >= LEAST_SPOILED and spoiled >= SPOILED_SHARE * replaced:
        found.append(
            Verdict(
                "E-FILL-RATE",
                entry,
                f"{replaced} 个地址的年报换成了新的内容，其中 {spoiled} 个读不成年报。",
                f"of {replaced} addresses that gave a readable report and give something else "
                f"now, {spoiled} give no readable report",
            )
        )
    missing = present.get("agencies_missing", 0)
    if "agencies_missing" in earlier and missing > earlier["agencies_missing"]:
        found.append(
            Verdict(
                "E-AGENCY-MISSING",
                entry,
                f"站点配置中预期的机关有 {missing} 个没有找到年报，"
                f"上次是 {earlier['agencies_missing']} 个。",
                f"{missing} expected agencies had no report, {earlier['agencies_missing']} "
                "the time before; see findings W-AGENCY-MISSING",
            )
        )
    return found
