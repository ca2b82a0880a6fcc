"""Links as sites write them, and the addresses they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

_LINE_ENDS = re.compile(r"[\r\n\t]+")
_QUOTED = re.compile(r"""(['"])((?:https?:)?//[^'"]+|\.{0,2}/[^'"]+|[\w./\\%-]+\.\w{2,5})\1""")
_NOWHERE = ("mailto:", "tel:", "data:", "about:", "sms:", "file:", "#")
_FIRST_PAGE = re.compile(r"/(?:index|default)\.(?:s?html?|jhtml|jsp|aspx?)$", re.IGNORECASE)
_ARTICLE = re.compile(
    r"/t?\d{6,8}_\d[^/]*\.s?html?$"
    r"|/20\d{2}(?:0[1-9]|1[0-2])/[^/]+\.s?html?$"
    r"|/20\d{2}[-/]\d{1,2}[-/]\d{1,2}/"
    r"|post_\d+|/\d{5,}\.(?:s?html?|jhtml)$",
    re.IGNORECASE,
)
# Names of folders and pages of articles whose number stands in the file's name.
_ARTICLE_FOLDER = re.compile(r"/(?:art|content|info|detail|article)[/_]", re.IGNORECASE)
_PAGE_ENDING = re.compile(r"\.(?:s?html?|jhtml)$", re.IGNORECASE)
FILE_ENDINGS = (
    "pdf", "doc", "docx", "wps", "wpt", "ofd", "xls", "xlsx", "et", "ppt", "pptx", "rtf", "txt",
    "mht", "mhtml", "zip", "rar", "7z", "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "ceb",
)  # fmt: skip
_FILE = re.compile(rf"\.(?:{'|'.join(FILE_ENDINGS)})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A link.

    Args:
        url: absolute address; None when it leads nowhere (``javascript:`` without one).
        text: its words without white space at the ends; the title where the text is cut off.
        written: as the page has it.
        group: number of the list it stands in; links of one list have the same.

    """

    url: str | None
    text: str
    written: str
    group: int = 0


def repair(written: str, base: str) -> str | None:
    """Return the absolute address that a link means, None when it leads nowhere.

    Spaces around it go, spaces inside are encoded, backslashes become slashes, an address inside
    a ``javascript:`` call is taken out, the fragment is dropped.

    Args:
        written: value of the attribute.
        base: address of the page, or of its ``<base>``.

    """
    href = _LINE_ENDS.sub("", written).strip(" \u3000\xa0\x00")
    lowered = href.lower()
    if not lowered.startswith("javascript:"):
        href = href.strip("'\" ")
        lowered = href.lower()
    if lowered.startswith("javascript:"):
        inside = _QUOTED.search(href)
        if inside is None:
            return None
        href, lowered = inside[2], inside[2].lower()
    if not href or lowered.startswith(_NOWHERE):
        return None
    href = href.replace("\\", "/").replace(" ", "%20").replace("\u3000", "%E3%80%80")
    try:
        parts = urlsplit(urljoin(base, href))
        safe_url_string(parts.geturl())  # as a request will; a port of 99999 breaks it
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def viewed_file(url: str) -> str | None:
    """Return the file that a viewer page shows (``viewer.html?file=./P….pdf``), else None."""
    for name, values in parse_qs(urlsplit(url).query).items():
        if name.lower() in {"file", "url", "src", "path", "filepath"} and is_file(values[0]):
            return repair(values[0], url)
    return None


@lru_cache(maxsize=20_000)
def key(url: str) -> str:
    """Return what two addresses of the same page share: no scheme, no name of the first page."""
    # A request encodes what a page writes as it is: spaces, Chinese names of files.
    parts = urlsplit(safe_url_string(url))
    path = _FIRST_PAGE.sub("/", parts.path or "/")
    return f"{(parts.hostname or '').lower()}{path}?{parts.query}"


def is_article(url: str) -> bool:
    """Tell whether an address looks like an article's, on this platform or a common other one."""
    path = urlsplit(url).path
    if _ARTICLE.search(path):
        return True
    named = _ARTICLE_FOLDER.search(path)
    if named is None or _PAGE_ENDING.search(path) is None:
        return False
    # In steps: one pattern for all of it takes minutes for an address made to that end.
    number_from = max(named.end(), path.rindex("/") + 1)
    return re.search(r"\d{3}", path[number_from : path.rindex(".")]) is not None


def is_file(url: str) -> bool:
    """Tell whether an address ends like a file to download."""
    return _FILE.search(urlsplit(url).path) is not None


def names_file(text: str) -> bool:
    """Tell whether a link's words end like a file's name."""
    return _FILE.search(text.strip()) is not None


def is_image(url: str) -> bool:
    """Tell whether an address ends like a picture."""
    return (
        re.search(r"\.(?:jpe?g|png|gif|bmp|tiff?)$", urlsplit(url).path, re.IGNORECASE) is not None
    )


def is_home(url: str) -> bool:
    """Tell whether an address is a home page."""
    parts = urlsplit(url)
    return _FIRST_PAGE.sub("/", parts.path or "/") == "/" and not parts.query


def folder(url: str) -> str:
    """Return the folder of an address, host included, scheme left out, with a slash at its end."""
    return key(url).partition("?")[0].rpartition("/")[0] + "/"


def is_below(url: str, above: str) -> bool:
    """Tell whether an address is a column folder under the folder of another."""
    mine, theirs = folder(url), folder(above)
    return mine != theirs and mine.startswith(theirs) and not is_article(url) and not is_file(url)
