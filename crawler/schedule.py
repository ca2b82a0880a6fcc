"""The schedule: which addresses a walk asks for, and which it knows the answer of.

Lists and everything on the way to them are asked for every night. A document that is listed as
before is asked for again when ``revalidate_days`` have passed, and is walked from the archive
meanwhile. What the runs of one night got answered is not asked for a second time: a run that
follows one that was killed or paused goes on where that one ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from archive.blobs import BlobDamagedError, BlobMissingError
from archive.runs import night, now
from crawler.adapters import links
from crawler.discovery import Role
from crawler.network.block_pages import block_sign
from crawler.sightings import line_of
from pipeline.download import Answer, last_answer
from pipeline.history import GONE, fates
from pipeline.store import Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from scrapy import Request

    from archive.home import Archive
    from crawler.discovery import Step
    from crawler.profile import Profile

# What an answer is marked with that no request was made for.
FROM_ARCHIVE = "archived"
_DOCUMENTS = (Role.REPORT, Role.ATTACHMENT)
_GONE = (404, 410)
_MOST_HOPS = 5
_LATELY = 30  # nights


class Schedule:
    """Decides for each address whether it is asked for."""

    def __init__(self, archive: Archive, profile: Profile, tonight: Collection[int]) -> None:
        """Take the archive, the site and the runs of this night."""
        self.archive = archive
        self.profile = profile
        self._tonight = tonight
        # What went lately is looked for every night; later on, as often as everything else.
        self._gone = fates(archive.db, profile.id, GONE)
        self._lately = {
            url
            for url, (kind, at) in self._gone.items()
            if kind == "missing" or (kind == "removed" and self._nights_since(at) <= _LATELY)
        }
        self._lines: dict[str, set[str]] = {}
        for url, line in archive.db.execute(
            "SELECT url, line FROM run_lines WHERE site_id = ?", (profile.id,)
        ):
            self._lines.setdefault(url, set()).add(line)

    def is_listed_anew(self, step: Step) -> bool:
        """Tell whether a known address is listed with other words or another date than before."""
        known = self._lines.get(step.url)
        if known is None:
            return step.url in self._gone
        return line_of(step) not in known

    def is_due(self, url: str) -> bool:
        """Tell whether an address is to be asked for by now, however it is listed."""
        answer = last_answer(self.archive, url)
        return answer is None or not self._is_fresh(answer) or url in self._lately

    def is_settled(self, url: str) -> bool:
        """Tell whether an address has been gone for so long that its absence is no news."""
        return url in self._gone and url not in self._lately

    def known_sources(self) -> list[Source]:
        """Return where the site's documents were found last, those that wait included."""
        columns = "url, capture_id, site_id, role, parent_url, link_text, column_path, published"
        rows = self.archive.db.execute(
            f"SELECT {columns} FROM sources WHERE site_id = :site AND is_current = 1"  # noqa: S608 - our own names
            f" UNION ALL SELECT {columns} FROM pending_sources p WHERE site_id = :site"
            " AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.url = p.url) ORDER BY 1, 2",
            {"site": self.profile.id},
        )
        return [Source(*row) for row in rows]

    def known_answer(self, request: Request) -> tuple[Answer, bytes] | None:
        """Return the archived answer that a request need not be made for, and its body."""
        if request.method != "GET":
            return None
        answer = last_answer(self.archive, request.url)
        if answer is None:
            return None
        if answer.run_id not in self._tonight and not self._may_wait(request, answer):
            return None
        try:
            body = self.archive.blobs.get(answer.capture.digest)
        except (BlobMissingError, BlobDamagedError):
            return None  # the site may still have it
        # A block page was an answer, but not what was asked for.
        return (answer, body) if block_sign(answer.capture.status, body) is None else None

    def _may_wait(self, request: Request, answer: Answer) -> bool:
        return (
            request.meta.get("role") in _DOCUMENTS
            and not request.meta.get("ask")
            and request.url not in self._lately
            and self._is_fresh(answer)
            and self._is_judged(request.url, answer, _MOST_HOPS)
        )

    def _is_fresh(self, answer: Answer) -> bool:
        # A time to come is that of a clock that was wrong: such an answer is asked for again.
        return 0 <= self._nights_since(answer.visited_at) < self.profile.revalidate_days

    @staticmethod
    def _nights_since(moment: str) -> int:
        return (night(now()) - night(moment)).days

    def _is_judged(self, url: str, answer: Answer, hops: int) -> bool:
        """Tell whether an address is known to lead to a document, or to nothing."""
        status = answer.capture.status
        if status in _GONE:
            return self._is_dead(url, answer)
        if 300 <= status < 400:
            return self._leads_on(url, answer, hops)
        found = self.archive.db.execute(
            "SELECT 1 FROM sources WHERE url = :url UNION ALL"
            " SELECT 1 FROM pending_sources WHERE url = :url UNION ALL"
            " SELECT 1 FROM findings WHERE site_id = :site AND url = :url AND rule = 'W-SOFT-404'",
            {"url": url, "site": self.profile.id},
        ).fetchone()
        return found is not None

    def _is_dead(self, url: str, answer: Answer) -> bool:
        """Tell whether a good walk saw that nothing is there; a column is asked for nightly."""
        if not (links.is_article(url) or links.is_file(url)):
            return False
        good = self.archive.db.execute(
            "SELECT 1 FROM runs WHERE id = ? AND outcome = 'finished'", (answer.run_id,)
        ).fetchone()
        return good is not None

    def _leads_on(self, url: str, answer: Answer, hops: int) -> bool:
        location = next(
            (value for name, value in answer.capture.headers if name.lower() == "location"), None
        )
        if location is None or not hops:
            return False
        target = urljoin(url, location)
        if links.is_home(target):
            return True
        further = last_answer(self.archive, target)
        if further is None or not self._is_fresh(further):
            return False
        return self._is_judged(target, further, hops - 1)
