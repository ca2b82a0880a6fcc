"""Guesses for a new site's name and region, from what its own pages say and what is known."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from crawler.adapters.trs import Page

_UNIT = re.compile(r".+?(?:省|自治区|自治州|自治县|自治旗|林区|特区|地区|盟|市|州|县|旗|区)")
_TITLE_PARTS = re.compile(r"\s*[-_|｜—–]+\s*")
_TITLE_WORDS = re.compile(
    r"欢迎(?:您|访问|光临)*|首页|政府门户网站|门户网站|政府网站?|网站$|网$|[\s·]"
)
_OFFICE = re.compile(r"(?:人民)?政府.*$|管理?委员会.*$|办公室.*$")
_CODE = re.compile(r"[1-9]\d{9}")
_HOST_WORDS = {"www", "gov", "cn", "com", "org", "net", "zf", "xxgk", "zwgk", "zfxxgk"}


@dataclass(frozen=True, slots=True)
class Guess:
    """What is guessed of a site.

    Args:
        name: what the site is called; empty when nothing says it.
        code: six-digit code of its region; empty likewise.
        region: short name of its region; empty likewise.
        parents: names of the regions above it, outermost first.
        why: what the guess of the region's code rests on.

    """

    name: str = ""
    code: str = ""
    region: str = ""
    parents: tuple[str, ...] = ()
    why: str = ""


def guess_id(url: str) -> str:
    """Return a short name from the host: xian of www.xian.gov.cn."""
    labels = (urlsplit(url).hostname or "").split(".")
    named = [label for label in labels[:-1] if label not in _HOST_WORDS]
    return re.sub(r"[^a-z0-9-]", "", named[-1] if named else "")[:40].strip("-")


def guess_place(pages: list[Page], host: str, name: str = "", code: str = "") -> Guess:
    """Return what pages and known places say of a site's name and region.

    Args:
        pages: its first pages.
        host: its host.
        name: the site's name as the operator gave it; empty when the pages are to say it.
        code: the region's code as the operator gave it; likewise.

    """
    with files("archive").joinpath("data/places.csv").open(encoding="utf-8") as lines:
        known = {row["region_code"]: row for row in csv.DictReader(lines)}
    name = name or _name(pages)
    units = tuple(_UNIT.findall(_OFFICE.sub("", name)))
    found = [(code, "given by the operator")]
    found += [(one, f"known for {host}") for one, row in known.items() if row["host"] == host]
    found += [(_site_code(page), "the page's 网站标识码 begins with it") for page in pages]
    found += [
        (one, "known for the name") for one, row in known.items() if [row["name"]] == [*units[-1:]]
    ]
    stated, why = next(((one, why) for one, why in found if one), ("", ""))
    above = [known[one]["name"] for one in (f"{stated[:2]}0000", f"{stated[:4]}00") if one in known]
    region = known[stated]["name"] if stated in known else (units[-1] if units else "")
    parents = tuple(dict.fromkeys(one for one in (*above, *units[:-1]) if one != region))
    return Guess(name, stated, region, parents, why)


def _site_code(page: Page) -> str:
    code = page.meta.get("siteidcode", "")
    return code[:6] if _CODE.fullmatch(code) else ""


def _name(pages: list[Page]) -> str:
    stated = [page.meta.get("sitename", "") for page in pages]
    # The titles of further pages are those of reports.
    titles = [_TITLE_WORDS.sub("", part) for page in pages[:1] for part in _parts(page.title)]
    fitting = [one for one in (*stated, *titles) if re.search(r"[\u3400-\u9fff]{2,}", one)]
    offices = [one for one in fitting if "政府" in one or _UNIT.fullmatch(one)]
    return next(iter((*offices, *fitting)), "")


def _parts(title: str) -> list[str]:
    """Return the parts of a title, the last first: that is where a site puts its name."""
    return _TITLE_PARTS.split(title)[::-1]
