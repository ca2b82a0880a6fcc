"""Scrapy's item pipelines: the stages after the download, in the order of the data.

Read, recognise and check are one step here, ``pipeline.parse.parse`` as everywhere else, run in a
child process: a hostile file must cost neither the walk nor the time of other requests.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from crawler.run import run_of
from pipeline.dedupe import known
from pipeline.pool import ReaderPool
from pipeline.store import add_source, store

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.items import ReportItem
    from crawler.run import Run


class Stage:
    """What the stages share: the run, which holds archive and counts."""

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.run = run
        self.archive = run.archive

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the stage for a crawler."""
        return cls(run_of(crawler))


class DedupePipeline(Stage):
    """Bytes that the present reader has read are not read again."""

    def process_item(self, item: ReportItem) -> ReportItem:
        """Say whether the bytes are known."""
        item.known = known(self.archive, item.digest)
        return item


class ParsePipeline(Stage):
    """Bytes become a checked report: read, recognise, check."""

    def __init__(self, run: Run) -> None:
        """Take the run; one reader keeps up with one polite walk."""
        super().__init__(run)
        self.readers = ReaderPool(workers=1)

    def open_spider(self) -> None:
        """Start the reader."""
        self.readers.__enter__()

    def close_spider(self) -> None:
        """End the reader."""
        self.readers.__exit__()

    async def process_item(self, item: ReportItem) -> ReportItem:
        """Parse the archived bytes while the walk goes on."""
        if not item.known:
            data = self.archive.blobs.get(item.digest)
            item.report = await asyncio.to_thread(self.readers.parse, data)
        return item


class StorePipeline(Stage):
    """A checked report becomes rows; a known one gets one more source."""

    def process_item(self, item: ReportItem) -> ReportItem:
        """Store the report or its source."""
        if item.report is not None:
            store(self.archive, item.digest, item.report, item.source())
        else:
            add_source(self.archive, item.digest, item.source())
        self.run.count("documents")
        return item
