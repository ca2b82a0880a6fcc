"""What a run met: every address it asked for, what came back, and where that is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from crawler.adapters import links
from crawler.adapters.trs import Page
from crawler.discovery import squeeze
from pipeline.read.document import UnreadableError
from pipeline.read.html import decode
from pipeline.read.sniff import sniff

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archive.home import Archive
    from crawler.profile import Profile

# The first pages of a walk tell why it found nothing; the rest repeat them.
MOST_PAGES = 200
_FIRST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Met:
    """An address that a run asked for.

    Args:
        url: the address.
        status: of the answer; 0 when there was none.
        note: why there was no answer.
        body: decoded payload; empty when there is none.
        location: where it redirects to, absolute.
        kept: where the payload lies.
        page: the payload as a page, None when it is none.
        words: words of the first link met that leads here.

    """

    url: str
    status: int
    note: str
    body: bytes
    location: str | None
    kept: str | None
    page: Page | None
    words: str

    @property
    def is_robots(self) -> bool:
        """Whether it is a robots.txt."""
        return urlsplit(self.url).path == "/robots.txt"

    @property
    def host(self) -> str:
        """Host of the address."""
        return urlsplit(self.url).hostname or ""

    def describe(self) -> str:
        """Return status, address, title, first words and where the bytes are kept."""
        if not self.status:
            return f"no answer from {self.url} ({self.note})"
        parts = [f"{self.status} {self.url}"]
        if self.location:
            parts.append(f"leads to {self.location}")
        if self.page is not None:
            parts.append(f'title "{self.page.title or "none"}"')
            words = self.page.text[:_FIRST_WORDS]
        else:
            words = re.sub(r"\s+", " ", decode(self.body))[:_FIRST_WORDS] if self.is_robots else ""
        if words:
            parts.append(f'begins "{words}"')
        if not self.body:
            parts.append("no content")
        if self.kept is not None:
            parts.append(f"kept in {self.kept}")
        return ", ".join(parts)


def met(archive: Archive, run_id: int, profile: Profile, copies: Mapping[str, Path]) -> list[Met]:
    """Return what a run met, in the order of its requests.

    Args:
        archive: holds the run.
        run_id: the run.
        profile: of its site.
        copies: files that hold a payload, by digest, where not the stored bytes are to be named.

    """
    rows = archive.db.execute(
        "SELECT v.url, v.status, coalesce(v.note, ''), c.digest, c.location FROM run_visits v "
        "LEFT JOIN captures c ON c.id = v.capture_id WHERE v.run_id = ? ORDER BY v.rowid LIMIT ?",
        (run_id, MOST_PAGES),
    ).fetchall()
    words: dict[str, str] = {}
    found = []
    for url, status, note, digest, location in rows:
        kept = str(copies.get(digest) or archive.blobs.place(digest)) if digest else None
        body = archive.blobs.get(digest) if digest else b""
        page = _page(url, body, profile)
        said = words.get(links.key(url), "")
        there = urljoin(url, location) if location else None
        if there is not None and said:
            words.setdefault(links.key(there), said)
        if page is not None:
            for link in page.links:
                if link.url is not None and link.text:
                    words.setdefault(links.key(link.url), squeeze(link.text))
        found.append(Met(url, status, note, body, there, kept, page, said))
    return found


def _page(url: str, body: bytes, profile: Profile) -> Page | None:
    if not body or sniff(body) not in {"html", "text", "unknown"} or url.endswith("/robots.txt"):
        return None
    try:
        return Page(url, body, profile)
    except UnreadableError:
        return None


def ending(body: bytes) -> str:
    """Return the ending that a file with these bytes should have, to be opened by hand."""
    kind = sniff(body)
    return {"text": "txt", "empty": "txt", "unknown": "bin"}.get(kind, kind)
