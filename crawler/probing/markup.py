"""Guesses for markup that no selector of a profile knows: where the list stands, where the body.

A guess is a proposal for a person, or for a profile that is being written; the walk never guesses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from crawler.adapters import links
from crawler.adapters.trs import Page
from crawler.discovery import names_report, names_year, squeeze

if TYPE_CHECKING:
    from lxml import etree

    from crawler.profile import Profile

_NAME = re.compile(r"-?[A-Za-z_][\w-]*")
_LINES = ("li", "tr", "dd", "dt")
_REPEATED = ("div", "dl", "p", "span", "h3", "h4")
_MOST_TRIED = 8
_BODY_SHARE = 0.7
_FEW_WORDS = 100


def own_name(element: etree._Element) -> str | None:
    """Return ``tag#id`` or ``tag.class`` of an element, None when it has neither."""
    identity = (element.get("id") or "").strip()
    if _NAME.fullmatch(identity):
        return f"{element.tag}#{identity}"
    classes = [name for name in (element.get("class") or "").split() if _NAME.fullmatch(name)]
    return f"{element.tag}.{classes[0]}" if classes else None


def _named_above(element: etree._Element) -> str | None:
    for above in element.iterancestors():
        if above.tag in {"html", "body"}:
            return None
        if (name := own_name(above)) is not None:
            return name
    return None


def _line_selectors(element: etree._Element) -> list[str]:
    """Return selectors of the list line that a link may stand in, the tightest first."""
    found = []
    for line in (element, *element.iterancestors()):
        siblings = [] if (above := line.getparent()) is None else above.findall(str(line.tag))
        is_line = line.tag in _LINES or (line.tag in _REPEATED and len(siblings) > 1)
        if line.tag == "a":
            is_line = len(siblings) > 1
        if not is_line:
            continue
        within, own = _named_above(line), own_name(line)
        if within is not None:
            found.append(f"{within} {line.tag}")
        if own is not None and "." in own:
            found.append(own)
    return found


def guess_list(url: str, data: bytes, profile: Profile) -> str | None:
    """Return a selector of the lines of a report list, None when nothing looks like one.

    A line counts for its words (a report's name, a year), a date beside it, and an address like an
    article's or a file's; lines without any of these count against the guess.

    Args:
        url: address of a list page that no selector fits.
        data: its decoded payload.
        profile: what the words of a report are.

    """
    page = Page(url, data, profile)
    hits: defaultdict[str, int] = defaultdict(int)
    for element in page.root.iter("a"):
        words = squeeze("".join(str(piece) for piece in element.itertext()))
        if names_report(profile, words) and names_year(words):
            for selector in _line_selectors(element):
                hits[selector] += 1
    tried = sorted(hits, key=lambda selector: -hits[selector])[:_MOST_TRIED]
    scored = [(_worth(url, data, profile, selector), selector) for selector in tried]
    best = max(scored, default=(0, ""))
    return best[1] if best[0] > 0 else None


def _worth(url: str, data: bytes, profile: Profile, selector: str) -> int:
    """Return how much more a selector's lines look like reports than like anything else."""
    page = Page(url, data, profile.model_copy(update={"list_selectors": (selector,)}))
    worth = 0
    for row in page.rows:
        words = squeeze(row.link.text)
        named = names_report(profile, words) and names_year(words)
        at = row.link.url
        leads = at is not None and (links.is_article(at) or links.is_file(at))
        worth += (3 if named else -2) + (1 if row.date else 0) + (1 if leads else 0)
    return worth


def guess_article(page: Page) -> str | None:
    """Return a selector of the smallest named element that holds most of a page's plain words."""
    best: tuple[int, etree._Element] | None = None
    sizes: list[tuple[int, etree._Element]] = []
    for element in page.root.iter("div", "section", "article", "td", "main"):
        if own_name(element) is None:
            continue
        linked = sum(len("".join(map(str, link.itertext()))) for link in element.iter("a"))
        words = len(re.sub(r"\s+", "", "".join(map(str, element.itertext())))) - linked
        sizes.append((words, element))
    most = max((words for words, _ in sizes), default=0)
    if most < _FEW_WORDS:
        return None
    for words, element in sizes:
        if words >= most * _BODY_SHARE and (best is None or words <= best[0]):
            best = (words, element)
    return own_name(best[1]) if best else None
