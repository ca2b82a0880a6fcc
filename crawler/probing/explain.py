"""Why a run met no report: the pages it met, read again, and what each of them asks for.

``nianbao probe`` prints it, and so does a crawl or a night that fails before it ever succeeded.
Everything is worked out from the archive, so it can be asked for after the run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler import discovery
from crawler.adapters import links
from crawler.adapters.trs import Page
from crawler.discovery import Role, Step, names_report, squeeze
from crawler.network.block_pages import block_sign
from crawler.probing.advice import Advice, Change
from crawler.probing.markup import guess_article, guess_list
from crawler.probing.met import met
from crawler.probing.unanswered import refused, unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from archive.home import Archive
    from crawler.probing.met import Met
    from crawler.profile import Profile

_FEW_WORDS = 200
_FEW_LINKS = 5
_MOST_SHOWN = 8
# Words that reports and their columns go by where nobody says 年报, and what leads to disclosure.
_REPORT_LIKE = re.compile(
    r"年报|年度.{0,8}(?:报告|总结|情况)|(?:公开|政务).{0,10}(?:报告|总结|情况)"
)
_DISCLOSURE_LIKE = re.compile(r"公开|公示|政务|透明|信息")
_TITLE_TAIL = re.compile(r"(?:(?:19|20)\d{2}年?(?:度)?|的)+")
_DRAWN = (
    ("大汉 jpage", re.compile(r"jpage/|dataproxy\.jsp")),
    ("开普 UCAP", re.compile(r"/common/search/|_isJson=")),
    (
        "a script that asks for data",
        re.compile(r"\$\.(?:ajax|get|post|getJSON)\s*\(|fetch\(|axios"),
    ),
)
_PATHS = re.compile(r"""["'](/[\w./-]*(?:gk|nb|gongkai|report)[\w./-]*)["']""", re.IGNORECASE)


def explain(
    archive: Archive, run_id: int, profile: Profile, copies: Mapping[str, Path] | None = None
) -> list[Advice]:
    """Return what a run met otherwise than expected, what hinders most first.

    Args:
        archive: holds the run.
        run_id: the run.
        profile: as the run had it.
        copies: files to name instead of stored bytes, by digest.

    """
    seen = met(archive, run_id, profile, copies or {})
    forbidden = archive.db.execute(
        "SELECT url, quote FROM findings WHERE site_id = ? AND rule = 'W-ROBOTS-DISALLOWED' "
        "ORDER BY id",
        (profile.id,),
    ).fetchall()
    advice = [*refused(seen, forbidden, profile), *unanswered(seen, profile)]
    pages = [
        one
        for one in seen
        if one.page is not None and one.status in {200, 304} and not block_sign(200, one.body)
    ]
    columns = [one for one in pages if is_column(one, profile)]
    if pages and not columns:
        advice += _no_column(pages, profile)
    advice += _lost(seen, profile)
    for one in columns:
        advice += _column(one, profile)
    known = {one.url for one in columns}
    advice += _articles([one for one in pages if one.url not in known], profile)
    return advice


def why(archive: Archive, profile: Profile) -> list[str]:
    """Return why the runs of a site have failed from the first on; nothing once one succeeded.

    A site that was once walked is compared with that walk instead (``crawler.health``).

    Args:
        archive: holds the run.
        profile: of the site.

    """
    row = archive.db.execute(
        "SELECT id FROM runs r WHERE site_id = ? "
        "AND outcome IN ('blocked', 'robots', 'failed', 'no-results') "
        "AND id = (SELECT max(id) FROM runs WHERE site_id = r.site_id) AND NOT EXISTS "
        "(SELECT 1 FROM runs WHERE site_id = r.site_id AND outcome = 'finished')",
        (profile.id,),
    ).fetchone()
    if row is None:
        return []
    return [line for one in explain(archive, int(row[0]), profile) for line in one.lines(profile)]


def _step(one: Met) -> Step:
    return Step(Role.REPORT, one.url, text=one.words)


def is_column(one: Met, profile: Profile) -> bool:
    """Tell whether a page is a report column: by its own words or those of the link to it."""
    assert one.page is not None
    if one.page.is_article or links.is_article(one.url):
        return False
    if one.url in profile.report_columns or discovery.is_report_list(one.page):
        return True
    return names_report(profile, one.words) and not discovery.names_year(one.words)


def _no_column(pages: Sequence[Met], profile: Profile) -> Iterator[Advice]:
    shells = [one for one in pages if _is_shell(one)]
    if len(shells) == len(pages):
        yield _shell(shells)
        return
    named = _links(pages, _REPORT_LIKE, profile)
    expected = "a link whose words name a report column: 政府信息公开年报, 年度报告"
    shown = tuple(one.describe() for one in pages[:4])
    if named:
        words = tuple(dict.fromkeys(_core(text) for text, _ in named))
        pattern = "|".join([profile.report_text, *map(re.escape, words[:3])])
        yield Advice(
            f"no report column; but links like it: {_shown(named)}",
            expected,
            (
                Change("report_text", f"to follow {', '.join(words[:3])}", pattern),
                Change("report_columns", "or by address", tuple(url for _, url in named[:3])),
            ),
            (),
            shown,
        )
        return
    ways = _links(pages, _DISCLOSURE_LIKE, profile)
    if ways:
        entries = tuple(dict.fromkeys((*profile.entries, *(url for _, url in ways[:3]))))
        yield Advice(
            f"no report column, but links that may lead to one: {_shown(ways)}",
            expected,
            (
                Change("entries", "begin there, too", entries),
                Change("disclosure_text", f"or name their words: {ways[0][0]}"),
            ),
            (),
            shown,
        )
        return
    first = pages[0].page
    said_there = [squeeze(link.text) for link in first.links] if first else []
    said = "、".join([word for word in said_there if word][:12]) or "none with words"
    yield Advice(
        f"no page has a link of disclosure or reports; the first page's links: {said}",
        expected,
        (
            Change("entries", "the address of the page 政府信息公开, as a browser shows it"),
            Change("report_columns", "or the address of a list of reports itself"),
        ),
        (),
        shown,
    )


def _is_shell(one: Met) -> bool:
    assert one.page is not None
    has_script = next(one.page.root.iter("script"), None) is not None
    return has_script and len(one.page.text) < _FEW_WORDS and len(one.page.links) < _FEW_LINKS


def _shell(shells: Sequence[Met]) -> Advice:
    texts = (str(piece) for one in shells for piece in _scripts(one))
    paths = tuple(dict.fromkeys(path for text in texts for path in _PATHS.findall(text)))
    found = f"; its scripts name {', '.join(paths[:_MOST_SHOWN])}" if paths else ""
    return Advice(
        f"a page that only a script fills: {shells[0].url} says next to nothing itself{found}",
        "a page whose links stand in its HTML",
        (
            Change("report_columns", "addresses of report lists that a browser shows"),
            Change("entries", "a page of the site that is plain HTML: /xxgk/, /zwgk/, a site map"),
        ),
        ("scripts are not run; what they fetch can be seen in a browser under Network",),
        tuple(one.describe() for one in shells[:3]),
    )


def _scripts(one: Met) -> Iterator[str]:
    assert one.page is not None
    for element in one.page.root.iter("script"):
        yield element.text or ""


def _links(
    pages: Sequence[Met], pattern: re.Pattern[str], profile: Profile
) -> list[tuple[str, str]]:
    """Return words and address of links that look like a way and that the profile does not name."""
    asked = {links.key(one.url) for one in pages}
    found: dict[str, str] = {}
    for one in pages:
        assert one.page is not None
        for link in one.page.links:
            text = squeeze(link.text)
            if link.url is None or links.key(link.url) in asked or links.is_article(link.url):
                continue
            fits = pattern.search(text) and len(text) <= discovery.LONGEST_COLUMN_NAME
            if fits and not re.search(profile.avoid_text, text) and _is_ours(link.url, profile):
                found.setdefault(link.url, text)
    return [(text, url) for url, text in found.items()]


def _is_ours(url: str, profile: Profile) -> bool:
    return links.key(url).partition("/")[0] in profile.all_hosts


def _core(text: str) -> str:
    """Return a link's words without years: what it shares with its like."""
    return _TITLE_TAIL.sub("", text) or text


def _shown(found: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{text} ({url})" for text, url in found[:_MOST_SHOWN])


def _lost(seen: Sequence[Met], profile: Profile) -> Iterator[Advice]:
    """Say which addresses of the profile itself are dead."""
    for key in ("entries", "report_columns"):
        for url in getattr(profile, key):
            for one in seen:
                if one.url == url and one.status >= 400 and not block_sign(one.status, one.body):
                    rest = tuple(other for other in getattr(profile, key) if other != url)
                    why_so = f"{url} answers {one.status}"
                    change = Change(key, why_so, rest or None)
                    yield Advice(f"{why_so}", "200", (change,), (), (one.describe(),))
                    break


def _column(one: Met, profile: Profile) -> Iterator[Advice]:
    page = one.page
    assert page is not None
    if any(names_report(profile, squeeze(row.link.text)) for row in page.rows):
        return
    guess = guess_list(one.url, one.body, profile)
    if guess is not None:
        trial = profile.model_copy(update={"list_selectors": (guess,)})
        found = Page(one.url, one.body, trial).rows
        first = found[0].link.text
        yield Advice(
            f"a report column whose list is in a markup that no selector knows: {one.url}",
            f"lines by one of {len(profile.list_selectors)} list_selectors",
            (
                Change(
                    "list_selectors",
                    f"{len(found)} lines there, the first: {first}",
                    (guess, "..."),
                ),
            ),
            (),
            (one.describe(),),
        )
        return
    if page.rows or any(discovery.column_links(page, _step(one))):
        return
    scripts = "\n".join(_scripts(one))
    drawn = next((name for name, pattern in _DRAWN if pattern.search(scripts)), None)
    what = f"; its list is drawn by {drawn}" if drawn else ""
    yield Advice(
        f"a report column without a list: {one.url}{what}",
        "links to reports in the page's HTML",
        (Change("report_columns", "the address of a list that a browser shows in plain HTML"),),
        ("if a browser shows reports there, keep the page and report it: an adapter is missing",)
        if drawn
        else ("if a browser shows none either, the column is empty: nothing need change",),
        (one.describe(),),
    )


def _articles(pages: Sequence[Met], profile: Profile) -> Iterator[Advice]:
    told: set[str] = set()
    for one in pages:
        page = one.page
        assert page is not None
        if not discovery.names_year(one.words) or not names_report(profile, one.words):
            continue
        if page.article_scopes:
            continue
        guess = guess_article(page)
        key = guess or "none"
        if key in told:
            continue
        told.add(key)
        if guess is None:
            files = [link.url or "" for link in page.attachments()]
            said = f"; its files: {', '.join(files[:3])}" if files else ", and no file"
            changes = () if files else (Change("article_selectors", "where its body stands"),)
            yield Advice(
                f"an article with next to no words: {one.url}{said}",
                "a body, or files beside it" if not files else "nothing else: files are followed",
                changes,
                (),
                (one.describe(),),
            )
            continue
        yield Advice(
            f"an article whose body is in a markup that no selector knows: {one.url}",
            f"a body by one of {len(profile.article_selectors)} article_selectors",
            (
                Change(
                    "article_selectors",
                    f"holds most words of {one.url}",
                    (guess, "..."),
                ),
            ),
            (),
            (one.describe(),),
        )
