"""Rules on how the office that answers for the report can be reached."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rapidfuzz.distance import OSA

from archive.agencies import identify
from pipeline.check.places import place_in_preamble, place_in_section
from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.identity import squeeze
from pipeline.report import Report, Section

_ADDRESS = re.compile(
    r"(?:https?://|www\.)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)[A-Za-z0-9._~/%?=&-]*"
)
_AREA_CODE = re.compile(r"^[（(]?(0\d{2,3})[）)]?[-—－–―]*(?=\d{7})")
# Mail providers that offices use; the domain of a site of its own is never judged.
_MAIL = frozenset(
    ["163.com", "126.com", "139.com", "189.cn", "qq.com", "sina.com", "sina.cn", "sohu.com",
     "foxmail.com", "yeah.net", "21cn.com", "aliyun.com", "outlook.com", "hotmail.com",
     "gmail.com", "vip.163.com", "vip.sina.com", "vip.qq.com"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a region: host of its portal, area code, postcode; empty when unknown."""

    region_code: str
    name: str
    host: str
    area_code: str
    postcode: str


@cache
def places() -> dict[str, Place]:
    """Return the regions of ``archive/data/places.csv`` by code."""
    with files("archive").joinpath("data/places.csv").open(encoding="utf-8") as lines:
        return {
            row["region_code"]: Place(
                row["region_code"], row["name"], row["host"], row["area_code"], row["postcode"]
            )
            for row in csv.DictReader(lines)
        }


@rule("W-CONTACT", "warning", "联系方式齐全、可信", "国办公开办函格式：便于公众联系（推定）")
def contact(report: Report) -> Iterator[Finding | Unjudged]:
    """W-CONTACT: address, telephone and (mail or fax); area code and postcode of the region.

    Source: inference from the purpose of the passage; area code and postcode as in places.csv.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格")
        return
    printed = report.contact
    missing = [
        name
        for name, value in (
            ("地址", printed.address),
            ("电话", printed.phone),
            ("电子邮箱或传真", printed.email or printed.fax),
        )
        if not value
    ]
    if missing:
        yield Finding(
            "W-CONTACT",
            "warning",
            f"没有写明公开工作机构的{'、'.join(missing)}。",
            message_en=f"Contact details are missing: {'、'.join(missing)}.",
        )
    yield from _codes(report)
    domain = (printed.email or "").rpartition("@")[2].lower()
    if domain and domain not in _MAIL and any(OSA.distance(domain, known) == 1 for known in _MAIL):
        yield Finding(
            "W-CONTACT",
            "warning",
            f"电子邮箱“{printed.email}”的域名与常见邮箱只差一个字符，可能有误。",
            printed.email or "",
            message_en=f"The mail domain of {printed.email} is one character off a known one.",
        )


def _codes(report: Report) -> Iterator[Finding | Unjudged]:
    region = identify(report.agency_printed).region_code if report.agency_printed else ""
    place = places().get(region)
    if place is None or not place.area_code:
        yield Unjudged("不掌握机关所在地的区号和邮政编码")
        return
    printed = report.contact
    for label, number in (("电话", printed.phone), ("传真", printed.fax)):
        area = _AREA_CODE.match(number or "")
        if area and area[1] != place.area_code:
            yield Finding(
                "W-CONTACT",
                "warning",
                f"{label}“{number}”的区号不是{place.name}的 {place.area_code}。",
                number or "",
                message_en=f"The area code of {number} is not {place.area_code} of {place.name}.",
            )
    if printed.postcode and printed.postcode != place.postcode:
        yield Finding(
            "W-CONTACT",
            "warning",
            f"邮政编码“{printed.postcode}”不是{place.name}的 {place.postcode}。",
            printed.postcode,
            message_en=f"Postcode {printed.postcode} is not {place.postcode} of {place.name}.",
        )


def _doubt(host: str) -> tuple[str, str] | None:
    """Return why the host of a government site can't be right, Chinese and English, or None."""
    known = {place.host for place in places().values()}
    if host in known:
        return None
    ending = ".".join(host.split(".")[-2:])
    near = next((right for right in sorted(known) if OSA.distance(host, right) == 1), None)
    if near:
        return f"与已知的 {near} 只差一个字符", f"is one character off {near}"
    labels = host.split(".")
    if ending != "gov.cn" and ("gov" in labels[1:] or OSA.distance(ending, "gov.cn") == 1):
        return "不以 .gov.cn 结尾", "does not end in .gov.cn"
    return None


@rule("W-URL", "warning", "网址可信", "政府网站域名以 .gov.cn 结尾；各地门户网站的公开网址")
def web_addresses(report: Report) -> Iterator[Finding | Unjudged]:
    """W-URL: printed web addresses have hosts that can be right.

    Source: government sites end in .gov.cn; hosts of portals as in archive/data/places.csv.
    """
    texts: list[tuple[str, Section | None]] = [(report.preamble, None)]
    texts.extend((s.text, s) for s in report.sections if s.ordinal in (1, 5, 6))
    found = False
    for text, section in texts:
        if "www." not in text and "http" not in text:
            continue
        for match in _ADDRESS.finditer(squeeze(text)):
            found = True
            doubt = _doubt(match[1].lower())
            if doubt:
                yield Finding(
                    "W-URL",
                    "warning",
                    f"网址“{match[0]}”{doubt[0]}，可能有误。",
                    match[0],
                    place_in_section(section, match.start())
                    if section
                    else place_in_preamble(report, match.start()),
                    f"The address {match[0]} {doubt[1]}; it may be wrong.",
                )
    if not found:
        yield Unjudged("正文没有写网址")
