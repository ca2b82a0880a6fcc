"""Who reports, for which year, over which period, signed when."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.recognise.numerals import chinese_value

_CHINESE_YEAR = re.compile(r"[二][〇○零Ｏ0O][一二三四五六七八九〇○零]{2}(?=年)")
_DIGITS = {c: str(n) for n, c in enumerate("〇一二三四五六七八九")} | {
    "○": "0",
    "零": "0",
    "Ｏ": "0",
}
_KIND = r"(?:政府|政务)?信息公开(?:工作)?(?:年度)?(?:工作)?(?:年度)?(?:总结)?(?:报告|年报)"
_TITLE = re.compile(
    r"(?P<before>[\u3400-\u9fff（）()·、]{0,40}?)"
    r"(?:(?P<year>(?:19|20)\d{2})年?度?)?"
    r"(?P<between>[\u3400-\u9fff（）()·、]{0,40}?)"
    rf"(?P<kind>{_KIND})"
    r"(?P<suffix>[（(][^（）()]{1,12}[）)])?"
)
_NO_AGENCY = re.compile(
    r"当前位置|发布|来源|首页|索引|公布|关于|根据|现将|本报告|年度报告|信息公开|目录|指南|扫一扫|字号|浏览|标题"
)
_DATE = r"((?:19|20)\d{2})年(\d{1,2})月(\d{1,2})日"
_PERIOD = re.compile(
    rf"{_DATE}起?(?:至|到|—+|－|-|~|～|–)(?:((?:19|20)\d{{2}})年)?(\d{{1,2}})月(\d{{1,2}})日"
)
_SELF_NAME = re.compile(r"《([^《》]{2,60}?)》")
# A signature may stand on the line of its date: 中卫市信访局 2021年1月25日.
_SIGN_DATE = re.compile(
    rf"^(?:[\u3400-\u9fff（）]{{0,28}}(?:局|府|办|室|会|委|心|院|所|站|处|厅|镇|乡|道|社|馆|队))?{_DATE}$"
)
_NUMERIC_DATE = re.compile(r"^((?:19|20)\d{2})[.\-/](\d{1,2})[.\-/](\d{1,2})$")
_CHINESE_DAY = re.compile(r"([一二三四五六七八九十]{1,3})(?=[月日])")
# What Chinese text is full of and NFKC changes. Once it is plain, NFKC sees at a glance that there
# is nothing to do, which takes a twentieth of the time.
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_TO_HALF_WIDTH = 0xFEE0
_SITE_NAME = re.compile(r"[-_|—–－]+")


def squeeze(text: str) -> str:
    """Return text without any white space, its characters otherwise as printed."""
    return "".join(text.split())


def compatible(text: str) -> str:
    """Return a text in Unicode's form NFKC: full-width and look-alike characters made plain."""
    for wide in set(_FULL_WIDTH.findall(text)):
        text = text.replace(wide, chr(ord(wide) - _TO_HALF_WIDTH))
    return unicodedata.normalize("NFKC", text)


def fold_year(text: str) -> str:
    """Return text with years in Chinese numerals and full-width digits as plain digits."""
    folded = compatible(text).replace("(", "（").replace(")", "）")
    return _CHINESE_YEAR.sub(lambda m: "".join(_DIGITS.get(c, c) for c in m[0]), folded)


@dataclass(frozen=True, slots=True)
class Title:
    """A title that names a report.

    Args:
        text: as printed, without white space.
        agency: the body it names; None when it names none.
        year: the year it names; None when it names none.
        blocks: how many paragraphs it was printed over.
        first: index of the first of them.

    """

    text: str
    agency: str | None
    year: int | None
    blocks: int = 1
    first: int = 0


def _ends_no_title(last: str) -> bool:
    """Tell a character that ends no title, however it is folded."""
    return last in "。；：，、”》" or ("\u4e00" <= last <= "\u9fff" and last not in "报告")


def parse_title(text: str) -> Title | None:
    """Return what a text names as a report title; None when it is none.

    A notice about reports (…的通知), an explanation or a plan is no report, so the whole text must
    be the title.
    """
    printed = squeeze(text)
    if len(printed) > 90 or _ends_no_title(printed[-1:]):
        return None
    folded = fold_year(printed)
    # How every title ends, so that most of what is none is told without a search.
    match = _TITLE.fullmatch(folded) if folded.endswith(("报告", "年报", "）")) else None
    if match is None:
        return None
    before, between = match["before"], match["between"]
    if _NO_AGENCY.search(before) or _NO_AGENCY.search(between):
        return None
    agency = before or between
    if before and between:
        agency = before + between if not match["year"] else before
    agency = re.sub(r"^[（）()·、]+|[·、]+$", "", agency)
    if agency.endswith("人民"):
        # 人民政府信息公开: the two words share 政府.
        agency += "政府"
    year = int(match["year"]) if match["year"] else None
    if not agency and year is None:
        return None
    return Title(printed, agency or None, year)


def find_title(lines: Sequence[str], meta_title: str | None) -> Title | None:
    """Return the title of a report.

    Args:
        lines: the first paragraphs of the text, before the first section.
        meta_title: what the page names as its title, if it does.

    Returns:
        The title printed in the text, over one to four paragraphs, preferring one that names the
        body; else the page's.

    """
    found: list[Title] = []
    for first in range(len(lines)):
        for count in range(1, min(4, len(lines) - first) + 1):
            title = parse_title("".join(lines[first : first + count]))
            if title is not None:
                found.append(Title(title.text, title.agency, title.year, count, first))
    page = page_title(meta_title)
    if page is not None:
        found.append(Title(page.text, page.agency, page.year, 0, 0))
    if not found:
        return None
    return max(
        found,
        key=lambda t: (t.agency is not None, t.year is not None, t.blocks > 0, -t.first, -t.blocks),
    )


def self_names(text: str) -> list[Title]:
    """Return the titles by which the text calls itself in 《…》."""
    titles = (parse_title(match[1]) for match in _SELF_NAME.finditer(squeeze(text)))
    return [title for title in titles if title is not None]


def find_period(text: str) -> tuple[str, str] | None:
    """Return first and last day of the statistics, ISO dates, as the text states them."""
    match = _PERIOD.search(fold_year(squeeze(text)))
    if match is None:
        return None
    year, month, day, end_year, end_month, end_day = match.groups()
    start = _iso(year, month, day)
    end = _iso(end_year or year, end_month, end_day)
    return (start, end) if start and end else None


def _iso(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{int(year):04d}-{int(month):02d}-{int(day):02d}"


def sign_off_date(line: str) -> str | None:
    """Return the ISO date when a line is nothing but a date, or a signature and its date."""
    folded = fold_year(squeeze(line))
    numbered = _CHINESE_DAY.sub(lambda part: str(chinese_value(part[1]) or part[1]), folded)
    match = _SIGN_DATE.match(numbered) or _NUMERIC_DATE.match(folded)
    return _iso(*match.groups()) if match else None


def page_title(meta_title: str | None) -> Title | None:
    """Return the report title that a page's title is or holds beside the site's name."""
    if not meta_title:
        return None
    parts = (meta_title, *_SITE_NAME.split(meta_title))
    return next((title for title in map(parse_title, parts) if title is not None), None)
