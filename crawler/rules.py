"""Rules: what a walk has to say of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.health_rules import HEALTH_RULES

if TYPE_CHECKING:
    from pipeline.finding import Severity

# Rules that the crawl speaks for: a complete run says again what still holds of them.
RULES: dict[str, Severity] = {
    "E-SITE-BLOCKED": "error",
    "E-SITE-ROBOTS": "error",
    "E-NO-REPORTS": "error",
    "E-STAGE-FAILED": "error",
    **dict.fromkeys(HEALTH_RULES, "error"),
    "W-FETCH-FAILED": "warning",
    "W-HTTP-ERROR": "warning",
    "W-ATTACHMENT-MISSING": "warning",
    "W-PAGE-BLOCKED": "warning",
    "W-LINK-REFUSED": "warning",
    "W-ROBOTS-DISALLOWED": "warning",
    "W-SOFT-404": "warning",
    "W-LIST-STUB": "warning",
    "W-LIST-EMPTY": "warning",
    "W-LIST-ENDED": "warning",
    "W-LIST-MARKUP": "warning",
    "W-LIST-LIMIT": "warning",
    "W-PAGER-PLACEHOLDER": "warning",
    "W-PAGE-BUDGET": "warning",
    "W-DEPTH-LIMIT": "warning",
    "W-HOST-UNREACHABLE": "warning",
    "W-AGENCY-MISSING": "warning",
    "W-BODY-CODING": "warning",
    "I-SITE-MOVED": "info",
    "W-SITEMAP-MORE": "warning",
    "W-SEARCH-MORE": "warning",
    "I-SITEMAP-COMPARED": "info",
    "I-SEARCH-COMPARED": "info",
    "I-SITEMAP-NONE": "info",
    "I-SEARCH-NONE": "info",
}
