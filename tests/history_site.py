"""A site whose reports come, change, move and go, and nights on which it is walked."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from tests.crawl_site import HOST, Answer, Site, command, html, profile, run
from tests.replica.html_form import HtmlStyle, report_body
from tests.replica.invented import invent

LIST = "/gk/nb/"
FIRST = datetime(2026, 12, 1, 2, 0, tzinfo=timezone(timedelta(hours=8)))


def url(path: str) -> str:
    return f"http://{HOST}{path}"


def with_validators(page: Answer) -> Answer:
    """Return a page that answers 304 to whoever holds it."""
    tag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'

    def answer(headers):
        if headers.get("if-none-match") == tag:
            return Answer(b"", 304, [("ETag", tag)])
        return Answer(page.body, page.status, [*page.headers, ("ETag", tag)])

    return answer


def report(
    year: int, *, agency: str = "考试县财政局", banner: str = "", received: str = ""
) -> Answer:
    data = invent(f"r{year}", agency, year, year % 7 + 1)
    if received:
        story = replace(data.sections[0], paragraphs=(received,))
        data = replace(data, sections=(story, *data.sections[1:]))
    head = f'<meta name="ArticleTitle" content="{data.title}">'
    return html(banner + report_body(data, HtmlStyle(word=False)), data.title, head)


class Nights:
    """A site of one report column; ``walk`` walks it on the night with that number, from 0.

    Attributes:
        articles: page by path.
        listed: path, words and date of each line of the list.

    """

    def __init__(self, folder, *, validators=True, more=""):
        self.folder = folder
        self.more = more
        self.validators = validators
        self.articles: dict[str, Answer] = {}
        self.listed: dict[str, tuple[str, str]] = {}
        self.other: dict[str, Answer] = {}
        self.site = Site({})

    def put(self, path, page, words="", date="2026-01-20"):
        self.articles[path] = page
        self.listed[path] = (words or f"考试县财政局 {path} 年报", date)

    def pages(self):
        lines = "".join(
            f'<li><a href="{path}">{words}</a><b>{date}</b></li>'
            for path, (words, date) in self.listed.items()
        )
        pages = {
            "/": html('<a href="/gk/">政务公开</a>'),
            "/gk/": html('<a href="nb/">年报</a>'),
            LIST: html(f'<ul class="list_ul">{lines}</ul>'),
            **self.articles,
            **self.other,
        }
        if not self.validators:
            return pages
        return {
            path: with_validators(page) if isinstance(page, Answer) and page.status == 200 else page
            for path, page in pages.items()
        }

    def command(self, night, hours=0.0):
        moment = FIRST + timedelta(days=night, hours=hours)
        file = profile(self.folder, self.more)
        arguments = command(self.folder / "data", self.site.port, file)
        return [sys.executable, "-m", "tests.at_time", moment.isoformat(), *arguments[3:]]

    def walk(self, night, hours=0.0):
        self.site.pages = self.pages()
        self.site.requests.clear()
        return run(self.command(night, hours), self.folder / "data")

    def asked(self):
        return [path for path in self.site.paths if path != "/robots.txt"]

    def __enter__(self):
        self.site.__enter__()
        return self

    def __exit__(self, *error):
        self.site.__exit__(*error)


def day(moment: str) -> int:
    """Return the number of the night that a moment lies in."""
    return (datetime.fromisoformat(moment) - FIRST.astimezone(UTC)).days


def events(walked) -> list[tuple[str, str, int]]:
    rows = walked.rows("SELECT kind, url, happened_at FROM events ORDER BY happened_at, url")
    return [(kind, where.removeprefix(url("")), day(at)) for kind, where, at in rows]


def changes(walked) -> list[tuple[str, str, int]]:
    rows = walked.rows("SELECT kind, url, changed_at FROM changes ORDER BY changed_at, url, kind")
    return [(kind, where.removeprefix(url("")), day(at)) for kind, where, at in rows]
