"""Chinese words for what the archive keeps in English codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from archive.views import FIGURE_NAMES

_LONGEST = 2500

SITE_TITLE = "政府信息公开年报档案"
LICENSE = "原文由各行政机关依法公开；本站的编排、代码与说明按 Apache-2.0 许可"
SOURCE = "各行政机关公布的政府信息公开工作年度报告"


@dataclass(frozen=True, slots=True)
class Word:
    """A code's name on the site, and what it means in a sentence."""

    name: str
    meaning: str


STATUSES = {
    "verified": Word("核对无误", "表格的每一格都已识别，且表内的勾稽关系全部成立。"),
    "read": Word(
        "已读取", "表格已读完，但有勾稽关系不成立、无法核对，或表格与规定格式不同，详见问题。"
    ),
    "partial": Word("部分未识别", "有表格或单元格没有识别，逐格标明原因；已识别的照常显示。"),
    "not_a_report": Word("不是年报", "文件能打开，但内容不是年度报告。"),
    "unreadable": Word("无法读取", "文件打不开或没有可读的文字，原件照样保存，可以下载。"),
}
STATES = {
    "value": Word("数值", "原文印有一个数字。"),
    "blank": Word("空白", "原文这一格是空的。空白不等于 0。"),
    "dash": Word("横线", "原文这一格印的是“/”或“—”一类符号，不是数字。"),
    "note": Word("附注", "原文除数字外还有文字，按原文显示。"),
    "unread": Word("未识别", "本站没有读出这一格，不猜测；请看原件。"),
}
RULE_SCOPES = {"report": "就单份年报判断", "series": "就多份年报、发布日期判断"}
SEVERITIES = {
    "error": Word("不符", "数字之间或与格式的硬性要求矛盾。"),
    "warning": Word("注意", "值得核实，但不一定是错误。"),
    "info": Word("说明", "供参考。"),
}
CHANGES = {
    "new": Word("新收录", "第一次存到这份年报。"),
    "edited": Word("被更改", "同一地址的文字或单元格与以前不同；前后两个版本都保留。"),
    "added": Word("新增文件", "以后的采集在另一个地址找到了同一份年报的另一个文件。"),
    "missing": Word("未见", "该地址不再给出这份文件，或不再列出；次日核实，本站的存档保留。"),
    "removed": Word("撤下", "次日核实，该地址仍不再给出或列出这份文件；本站的存档保留。"),
    "restored": Word("恢复", "该地址又给出了这份文件。"),
    "moved": Word("迁移", "内容相同的文件出现在新的地址，原来的地址不再给出。"),
}
FORMATS = {
    "html": "网页",
    "mhtml": "单文件网页",
    "pdf": "PDF",
    "docx": "DOCX",
    "doc": "旧版 Word",
    "wps": "WPS",
    "rtf": "RTF",
    "image": "图片",
    "text": "纯文本",
    "unknown": "未知格式",
}
ROLES = {"article": "正文网页", "attachment": "附件"}
AGENCY_TYPES = {
    "government": "政府",
    "government_office": "政府办公室",
    "department": "部门",
    "township": "乡镇街道",
    "mass_organisation": "群团组织",
    "other": "其他机构",
}
BASES = {
    "register": "经核实的机关名录",
    "site tree": "所在网站的机构目录",
    "printed name": "报告所印名称",
    "printed name and site": "报告所印名称与所在网站",
    "printed name, region unknown": "报告所印名称，地区不详",
}
OUTCOMES = {
    "finished": "完成",
    "blocked": "被网站拦截",
    "robots": "robots.txt 不可用",
    "failed": "失败",
    "no-results": "没有结果",
    "stopped": "中止",
    "storage": "存储出错",
    "interrupted": "中断",
    "paused": "暂停，下次继续",
    "busy": "另一进程正在采集",
}
NAME_KINDS = {
    "official": "正式名称",
    "alias": "别称",
    "former": "曾用名",
    "printed": "报告中的写法",
    "site": "网站栏目中的写法",
}
FIGURE_KINDS = {
    "count": "数目",
    "amount": "金额",
    "rate": "比率",
    "approximate": "约数",
    "norm": "规定的限度",
}
PERIODS = {"current": "本年", "previous": "上年", "other": "其他时期"}
OUTCOMES_OF_RULES = {"passed": "符合", "failed": "不符", "not_judged": "无法判断"}
TEMPLATES = {
    "2019": "2019 年格式（国办公开办函〔2019〕60号）",
    "2021": "2021 年格式（国办公开办函〔2021〕30号）",
}
TABLES = {"t2": "主动公开政府信息情况", "t3": "收到和处理申请情况", "t4": "行政复议、行政诉讼情况"}
TABLE_NUMERALS = {"t2": "二", "t3": "三", "t4": "四"}
PARTS = {0: "标题与名称", 50: "前言", 51: "联系方式"}
KEY_FIGURES = FIGURE_NAMES
# First two digits of GB/T 2260.
PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区",
    "21": "辽宁省", "22": "吉林省", "23": "黑龙江省", "31": "上海市", "32": "江苏省",
    "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省", "37": "山东省",
    "41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区",
    "46": "海南省", "50": "重庆市", "51": "四川省", "52": "贵州省", "53": "云南省",
    "54": "西藏自治区", "61": "陕西省", "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
}  # fmt: skip
CONTACT_FIELDS = {
    "office": "机构",
    "address": "地址",
    "postcode": "邮编",
    "phone": "电话",
    "fax": "传真",
    "email": "电子邮箱",
    "website": "网站",
}


def number(value: float | None) -> str:
    """Return a figure as it is written: no digit added, none lost; empty for None."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def province(code: str) -> str:
    """Return the name of a province by the first two digits of its regions."""
    return PROVINCES.get(code) or (f"行政区划代码 {code} 开头" if code else "地区不详")


def percent(value: float) -> str:
    """Return a part of 1 as per cent, to one digit; what is not 0 is not shown as 0."""
    text = f"{value * 100:.1f}".removesuffix(".0")
    if value and not float(text):
        return "<0.1%" if value > 0 else ">-0.1%"
    return f"{text}%"


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    amount = float(count)
    for name in ("B", "kB", "MB"):
        if amount < 1000:
            return (
                f"{amount:.0f} {name}" if name == "B" or amount >= 100 else f"{amount:.1f} {name}"
            )
        amount /= 1000
    return f"{amount:.1f} GB"


def cut(text: str | None, most: int) -> str:
    """Return a text, or its beginning with … where it is longer than a page should show."""
    text = text or ""
    return text if len(text) <= most else f"{text[:most]}…"


def bounded(value: object) -> object:
    """Return what a template prints, cut where it is longer than any address or remark.

    A page lists many names, titles and quotes, and a document may give a megabyte for each. Text
    that is to be read whole, as the sections of a report, is escaped before (``|e``) and has
    limits of its own.
    """
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return cut(str(value), _LONGEST) if is_text and len(str(value)) > _LONGEST else value


def unit(text: str) -> str:
    """Return the unit of a metric in Chinese; the form leaves one of them open."""
    return "元或万元（表格未写明）" if text.startswith("unstated") else text


_PAGE = re.compile(r"page=(\d+);box=([\d.]+),([\d.]+),([\d.]+),([\d.]+)$")
_LINE = re.compile(r"line=(\d+)(?:-(\d+))?$")


def place(text: str) -> str:
    """Return the place of a reading in words; empty when none was recorded."""
    if page := _PAGE.match(text):
        return f"第 {page[1]} 页，距左边 {page[2]} 点、距上边 {page[3]} 点"
    if line := _LINE.match(text):
        return f"第 {line[1]} 行" if not line[2] else f"第 {line[1]} 至 {line[2]} 行"
    if text.startswith("path="):
        return f"页面元素 {text.removeprefix('path=')}"
    return text


def moment(text: str | None) -> str:
    """Return an ISO time as date and minute; other text unchanged."""
    if text and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text):
        return text[:16].replace("T", " ")
    return text or ""


def day(text: str | None) -> str:
    """Return the date of an ISO time; other text unchanged, as cutting it would change it."""
    return text[:10] if text and re.match(r"\d{4}-\d\d-\d\d", text) else text or ""


def is_web_address(text: str | None) -> bool:
    """Tell whether an address may be made a link: http or https and nothing else."""
    return bool(text and re.match(r"https?://[^\s/]", text, re.IGNORECASE))


def slug(key: str) -> str:
    """Return an agency key as it stands in addresses of the site, for people to read."""
    return key.replace(":", "-")


def link(address: str) -> str:
    """Return an address of the site as it stands in a link: what is no ASCII as %XX."""
    return quote(address, safe="/.-_~")
