"""Scrapy's item pipelines: the stages after the download, in the order of the data.

Read, recognise and check are one step here, ``pipeline.parse.parse`` as everywhere else, run in a
child process: a hostile file must cost neither the walk nor the time of other requests.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem

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
        self._held = ExitStack()
        self._readers: ReaderPool | None = None
        # First come, first stored: a walk that was killed numbers documents as one left alone.
        self._turn = asyncio.Lock()

    def close_spider(self) -> None:
        """End the reader."""
        self._held.close()

    async def process_item(self, item: ReportItem) -> ReportItem:
        """Parse the archived bytes while the walk goes on."""
        async with self._turn:
            if not item.known:
                data = self.archive.blobs.get(item.digest)
                if self._readers is None:
                    # Most nights bring nothing new, so that nobody is there to read it.
                    self._readers = self._held.enter_context(ReaderPool(workers=1))
                item.report = await asyncio.to_thread(self._readers.parse, data)
        return item


class StorePipeline(Stage):
    """A checked report becomes rows; a known one gets one more source."""

    def process_item(self, item: ReportItem) -> ReportItem:
        """Store the report or its source.

        Raises:
            DropItem: disk or database refused; the run is being ended.

        """
        if self.run.outcome == "storage":
            raise DropItem("nothing can be stored any more")  # a lock is not waited for twice
        try:
            if item.report is not None:
                store(self.archive, item.digest, item.report, item.source(), self.run.waits_for)
            else:
                add_source(self.archive, item.digest, item.source(), self.run.waits_for)
        except (OSError, sqlite3.OperationalError) as error:
            self.run.storage_failed(error)
            raise DropItem(f"could not be stored: {error}") from error
        self.run.count("documents")
        return item
