"""Where else a site says what it has: its sitemaps and its search interface, as bytes are read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from scrapy.utils.sitemap import Sitemap

from crawler.adapters import links
from pipeline.coding import ContentCodingError, decode_body

if TYPE_CHECKING:
    from collections.abc import Collection

    from crawler.adapters.trs import Page

MOST_ADDRESSES = 50_000  # of one sitemap; sitemaps.org, "Sitemap protocol"
_DATE = re.compile(r"(?:19|20)\d{2}-\d{2}-\d{2}")
_REPORT_FOLDER = re.compile(
    r"/(?:\w*gk\w*nb\w*|\w*gk\w*ndbg\w*|\w*xxganb\w*|\w*nianbao\w*|ndbg\w*)/", re.IGNORECASE
)


class NotReadableError(ValueError):
    """The bytes are no sitemap or no answer of the search; the message is a Chinese reason."""


@dataclass(frozen=True, slots=True)
class Found:
    """An address that a sitemap or a search names.

    Args:
        url: the address.
        words: title, where one is given.
        date: of publication as stated, ISO, None without one.

    """

    url: str
    words: str = ""
    date: str | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of search results.

    Args:
        found: the results.
        pages: how many pages there are, 0 when it does not say.

    """

    found: list[Found]
    pages: int


def read_sitemap(data: bytes) -> tuple[list[Found], list[str]]:
    """Return the addresses that a sitemap names, and the sitemaps that an index names.

    Args:
        data: XML, plain or as a ``.gz`` file, or one address a line.

    Raises:
        NotReadableError: it is none of these.

    """
    if data.startswith(b"\x1f\x8b"):
        try:
            data = decode_body(data, "gzip")
        except ContentCodingError as error:
            raise NotReadableError("压缩文件无法解开") from error
    if data.lstrip().startswith((b"http://", b"https://")):
        lines = data.decode("utf-8", "replace").split()
        return [Found(line) for line in lines[:MOST_ADDRESSES]], []
    try:
        sitemap = Sitemap(data)
        entries = [entry for entry, _ in zip(sitemap, range(MOST_ADDRESSES), strict=False)]
    except (etree.XMLSyntaxError, StopIteration) as error:
        raise NotReadableError("不是站点地图") from error
    if sitemap.type == "sitemapindex":
        return [], [str(entry["loc"]) for entry in entries]
    if sitemap.type != "urlset":
        raise NotReadableError("不是站点地图")
    return [Found(str(entry["loc"])) for entry in entries], []


def read_search(data: bytes, url: str) -> SearchPage:
    """Return the results of one answer of the search interface.

    Args:
        data: the JSON.
        url: of the interface; results may be relative to it.

    Raises:
        NotReadableError: it is not what the interface answers.

    """
    try:
        answer: Any = json.loads(data)
        middle, pager = answer["data"]["middle"], answer["data"].get("pager") or {}
        results = middle["list"] or []
        found = [_result(result, url) for result in results]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotReadableError("不是搜索接口的答复") from error
    return SearchPage([one for one in found if one is not None], _pages(pager, len(results)))


def _result(result: dict[str, Any], base: str) -> Found | None:
    at = links.repair(str(result.get("url") or ""), base)
    words = re.sub(r"<[^>]*>", "", str(result.get("title_no_tag") or result.get("title") or ""))
    date = _DATE.match(str(result.get("time") or ""))
    return Found(at, words.strip(), date[0] if date else None) if at else None


def _pages(pager: dict[str, Any], on_page: int) -> int:
    numbers = {
        name: int(value)
        for name, value in pager.items()
        if str(value).isascii() and str(value).isdigit()
    }
    for name in ("pageCount", "totalPage", "totalPages"):
        if numbers.get(name):
            return numbers[name]
    size = numbers.get("pageSize") or on_page
    return -(-numbers["total"] // size) if numbers.get("total") and size else 0


def tenant_of(pages: list[Page]) -> tuple[str, str] | None:
    """Return tenantId and code of the first search link on a site's pages, None without one."""
    for page in pages:
        for link in page.links:
            query = parse_qs(urlsplit(link.url or "").query)
            if query.get("tenantId"):
                return query["tenantId"][0], query.get("code", [""])[0]
    return None


def is_report_address(url: str, columns: Collection[str]) -> bool:
    """Tell whether an address alone speaks for a report: an article or file in a report column.

    Args:
        url: the address.
        columns: folders of the report columns that are known.

    """
    if not (links.is_article(url) or links.is_file(url)):
        return False
    folder = links.folder(url)
    known = any(folder.startswith(column) for column in columns)
    return known or _REPORT_FOLDER.search(urlsplit(url).path) is not None
