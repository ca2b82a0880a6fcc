"""Documents that no page of tonight's walk links to: whether they are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import DontCloseSpider

from crawler.comparing.compare import Compare
from crawler.discovery import Role, Step
from crawler.run import run_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.run import Run
    from crawler.spiders.platform import PlatformSpider


class Unlisted:
    """Asks for known documents that the walk did not come by; a Scrapy extension."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler; extensions are made together, so the run is not there yet."""
        self.crawler = crawler
        self._asked: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the extension for a crawler."""
        unlisted = cls(crawler)
        crawler.signals.connect(unlisted.spider_idle, signals.spider_idle)
        return unlisted

    @property
    def run(self) -> Run:
        """The run."""
        return run_of(self.crawler)

    def spider_idle(self, spider: PlatformSpider) -> None:
        """Ask for what the walk has left out, once it has nothing else to do.

        Raises:
            DontCloseSpider: there is something.

        """
        compare = self.crawler.get_extension(Compare)
        if self.run.outcome is not None or (compare is not None and compare.stage != "done"):
            return  # what only sitemap or search list is listed, too
        steps = list(self._steps())
        for step in steps:
            assert self.crawler.engine is not None
            self.crawler.engine.crawl(spider.request(step, ask=True))
        if steps:
            raise DontCloseSpider

    def _steps(self) -> list[Step]:
        """Return what to ask for: all that has gone from its list, and what is due in any case.

        A list that could not be read says nothing of its documents: they wait for their turn.
        """
        steps = []
        for source in self.run.schedule.known_sources():
            url = source.url
            if url in self._asked or self.run.sightings.is_listed(url):
                continue
            is_news = not self.run.schedule.is_settled(url) and self.run.sightings.can_tell(
                source.parent_url
            )
            if is_news or self.run.schedule.is_due(url):
                self._asked.add(url)
                steps.append(
                    Step(
                        role=Role.ATTACHMENT if source.role == "attachment" else Role.REPORT,
                        url=url,
                        trail=tuple((source.column_path or "").split(" > ")),
                        text=source.link_text or "",
                        parent=source.parent_url,
                        date=source.published,
                        listed=True,
                    )
                )
        return steps
