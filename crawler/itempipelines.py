"""Scrapy's item pipelines: one stage of the road each, in the order of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from crawler.run import run_of
from pipeline.check import check
from pipeline.dedupe import known
from pipeline.parse import unreadable
from pipeline.read.document import UnreadableError
from pipeline.read.reader import read
from pipeline.recognise import recognise
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


class ReadPipeline(Stage):
    """Bytes become a neutral document."""

    def process_item(self, item: ReportItem) -> ReportItem:
        """Read the archived bytes."""
        if not item.known:
            data = self.archive.blobs.get(item.digest)
            try:
                item.document = read(data)
            except UnreadableError as error:
                item.report = unreadable(data, error)
        return item


class RecognisePipeline(Stage):
    """A document becomes a report."""

    def process_item(self, item: ReportItem) -> ReportItem:
        """Recognise what was read."""
        if item.document is not None:
            item.report = recognise(item.document)
        return item


class CheckPipeline(Stage):
    """A report gets its findings and its status."""

    def process_item(self, item: ReportItem) -> ReportItem:
        """Check what was recognised."""
        if item.document is not None and item.report is not None:
            item.report = check(item.report)
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
