"""List pagers: the script that draws them says how many pages there are and their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

_CALL = re.compile(r"(?<!function )\b(createPage\w*)\s*\(([^(){};]*(?:\$\{\w+\}[^(){};]*)*)\)")
_COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_COUNT = re.compile(
    r"\b(?:countPage|pageCount|page_count|totalPages?|PAGE_COUNT)\b[\"']?\s*[:=]\s*[\"']?([0-9]{1,9}\b|\$\{\w+\})",
    re.IGNORECASE,
)
_CURRENT = re.compile(
    r"\b(?:currentPage|pageIndex|PAGE_INDEX|current|currPage)\b[\"']?\s*[:=]\s*[\"']?([0-9]{1,9})\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?P<name>.+?)_\d+$")
_NAME = re.compile(r"[\w-]+")
# A page count or number; what is longer counts no pages.
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Pager:
    """How a list goes on.

    Args:
        count: number of pages; 0 when the template's placeholder was left in the page.
        base: what the script calls the first page, 0 or 1.
        name: file name of the first page without ending.
        suffix: its ending without dot.
        form: the script form met, for ``nianbao probe``.

    """

    count: int
    base: int
    name: str
    suffix: str
    form: str

    @property
    def is_placeholder(self) -> bool:
        """The template was published without its count."""
        return self.count == 0

    def pages(self, url: str, most: int) -> list[str]:
        """Return the addresses of the second to the last page, at most ``most`` pages in all."""
        return [self._page(url, index + self.base) for index in range(1, min(self.count, most))]

    def otherwise(self, url: str) -> dict[str, str]:
        """Return what to ask for when the pages are numbered otherwise than the script says.

        The two ways of numbering differ in one page: from 0 the second one is ``_1``, from 1 the
        last one is ``_N``. When that page is not there, the other one is.

        Args:
            url: address of the first page.

        Returns:
            The page to try by the page that was missing.

        """
        one, last = self._page(url, 1), self._page(url, self.count)
        return {last: one} if self.base else {one: last}

    def _page(self, url: str, number: int) -> str:
        return urljoin(url, f"{self.name}_{number}.{self.suffix}")


def find_pager(scripts: str, url: str, base: Literal["auto", 0, 1] = "auto") -> Pager | None:
    """Return the pager that a first list page draws, None when it draws none.

    Args:
        scripts: text of the page's scripts.
        url: address of the page.
        base: number of the first page; "auto" takes what the first page calls itself.

    """
    text = _COMMENTS.sub(" ", scripts)
    variables = dict(
        re.findall(r"\b(\w+)\s*=\s*[\"']?([\w-]+|\$\{\w+\})[\"']?\s*[;\n,]", text + "\n")
    )
    for call in _CALL.finditer(text):
        arguments = [part.strip().strip("\"'") for part in call[2].split(",")]
        values = [variables.get(part, part) for part in arguments]
        pager = _from_call(call[1], values, url, base)
        if pager is not None:
            return pager
    count = _COUNT.search(text)
    if count is None:
        return None
    current = _CURRENT.search(text)
    first = int(current[1]) if current else 0
    name, suffix = _own_name(url)
    if "$" in count[1]:
        return Pager(0, 0, name, suffix, count[0])
    return Pager(int(count[1]), _base(first, base), name, suffix, count[0])


def _from_call(
    function: str, values: Sequence[str], url: str, base: Literal["auto", 0, 1]
) -> Pager | None:
    """Read ``(N, i, name, suffix)`` or ``(box, N, i, name, suffix, …)``."""
    shown = f"{function}({', '.join(values)})"
    name, suffix = _own_name(url)
    if any("${" in value for value in values):
        return Pager(0, 0, name, suffix, shown)
    start = next((n for n, value in enumerate(values) if _is_number(value)), None)
    if start is None or start > 1:
        return None
    numbers = values[start : start + 2]
    count = int(numbers[0])
    has_index = len(numbers) == 2 and _is_number(numbers[1])
    first = int(numbers[1]) if has_index else start
    words = [v for v in values[start + (2 if has_index else 1) :] if v and not v.isdigit()]
    if words and _NAME.fullmatch(words[0]):
        name = words[0]
    if len(words) > 1 and _NAME.fullmatch(words[1].lstrip(".")):
        suffix = words[1].lstrip(".")
    return Pager(count, _base(first, base), name, suffix, shown)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _base(first: int, base: Literal["auto", 0, 1]) -> int:
    if base != "auto":
        return base
    # The page read is the first one, so the number it calls itself is the number of the first.
    return 1 if first == 1 else 0


def _own_name(url: str) -> tuple[str, str]:
    file = urlsplit(url).path.rpartition("/")[2]
    stem, _, suffix = file.rpartition(".")
    if not stem:
        return "index", "html"
    numbered = _NUMBERED.match(stem)
    return (numbered["name"] if numbered else stem), suffix
