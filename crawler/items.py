"""What spiders hand to the pipeline: one archived document and where it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.store import Source

if TYPE_CHECKING:
    from pipeline.report import Report


@dataclass(slots=True)
class ReportItem:
    """A page or file that may be a report.

    Args:
        digest: SHA-256 of its archived payload, hex.
        capture_id: the capture that holds it.
        url: its address.
        site_id: the site.
        role: "article" for a page, "attachment" for a file.
        parent_url: the list or article that led to it.
        link_text: the words of that link.
        column_path: breadcrumb, or the columns walked, outermost first, joined by " > ".
        published: publication time that page or list states, as printed.
        known: set by the first stage: these bytes have been read before.
        report: set by the parsing stage: what was read, recognised and checked.

    """

    digest: str
    capture_id: int
    url: str
    site_id: str
    role: str
    parent_url: str | None = None
    link_text: str | None = None
    column_path: str | None = None
    published: str | None = None
    known: bool = False
    report: Report | None = None

    def source(self) -> Source:
        """Return where it was found, as the store wants it."""
        return Source(
            url=self.url,
            capture_id=self.capture_id,
            site_id=self.site_id,
            role=self.role,
            parent_url=self.parent_url,
            link_text=self.link_text,
            column_path=self.column_path,
            published=self.published,
        )
