"""Labels as agencies print them."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.mutants.model import Draft

# Every label of the form with the other wordings met in reports.
ALIASES = {
    "规范性文件": (
        "规范性文件（指各行政机关印发的有正式文号的文件）",
        "行政规范性文件",
        "行政规范性",
    ),
    "行政规范性文件": ("规范性文件", "行政规范性"),
    "行政事业性收费": ("行政事业性",),
    "其他对外管理服务事项": ("其他对外管理服务事项(指行政许可以外的政务服务事项)",),
    "本年制发件数": ("本年制发件",),
    "本年废止件数": ("本年废止件",),
    "本年新公开数量": ("本年新制作数量",),
    "上一年项目数量": ("上一年项目数量\n(指2018年事项数)",),
    "本年增/减": ("本年增/减 (指2019年增加或减少的事项数,减用负值表示,如-8)", "本年增／减"),
    "处理决定数量": ("处理决定数量（指2019年办件量）", "本年处理决定数量"),
    "本年处理决定数量": ("处理决定数量",),
    "本年收费金额（单位：万元）": ("本年收费金额(单位:万元)", "本年收费金额（万元）"),
    "社会公益组织": ("社会组织", "公益组织"),
    "其他": ("其它", "其他组织"),
    "总计": ("合计", "共计", "合 计"),
    "一、本年新收政府信息公开申请数量": (
        "一、本年新收政府信息公开申请数",
        "1.本年新收政府信息公开申请数量",
    ),
    "二、上年结转政府信息公开申请数量": ("二、上年度结转政府信息公开申请数量",),
    "三、本年度办理结果": ("三、本年办理结果", "三、本 年度 办理 结果"),
    "（二）部分公开（区分处理的，只计这一情形，不计其他情形）": (
        "（二）部分公开",
        "(二) 部分公开(区分处理的,只计这一情形,不计其他情形)",
    ),
    "（三）不予公开": ("（三）不予以公开", "不予公开（三）"),
    "2.其他法律行政法规禁止公开": ("2.其他法律行政止公开", "2.其他法律、行政法规禁止公开"),
    "3.危及“三安全一稳定”": ('3.危及"三安全一稳定"', "3.危及三安全一稳定"),
    "5.要求行政机关确认或重新出具已获取信息": ("5.要求行政机关确认或重新出具以获取信息",),
    "（六）其他处理": ("其他处理（六）", "其他处理\n(六)"),
    "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请": (
        "1.申请人无正当理由逾期不补正，行政机关不再处理其政府信息公开申请",
    ),
    "3.其他": ("其他", "3.其它", "3、其他"),
    "（七）总计": ("总计", "（七）合计"),
    "四、结转下年度继续办理": ("四、结转下一年度继续办理", "四、结转下年度\n继续办理"),
}
_ITEM = re.compile(r"^(\d)\.")
_GROUP = re.compile(r"^（([一二三四五六七])）")
_ITEMS = (r"\1、", r"\1. ", r"（\1）", r"\1．", r"\1", r"(\1) ")
_GROUPS = (r"(\1)", r"（\1） ", r"(\1) ")


def aliases(draft: Draft) -> None:
    """Other wordings, one numbering for the whole report."""
    rng = draft.rng
    share = rng.choice((0.1, 0.4, 1))
    item, group = rng.choice((*_ITEMS, r"\1.")), rng.choice((*_GROUPS, r"（\1）"))

    def say(text: str) -> str:
        if text in ALIASES and rng.random() < share:
            text = rng.choice(ALIASES[text])
        return _GROUP.sub(group, _ITEM.sub(item, text))

    _change(draft, say)


def broken_heads(draft: Draft) -> None:
    """Heads and group labels with line breaks, one character a line, or spaced letters."""
    rng = draft.rng
    way = rng.choice(("lines", "characters", "spaced"))

    def say(text: str) -> str:
        if not 2 <= len(text) <= 12 or "\n" in text or rng.random() < 0.3:
            return text
        if way == "characters":
            return "\n".join(text)
        if way == "spaced":
            return " ".join(text)
        at = rng.randint(1, len(text) - 1)
        return text[:at] + "\n" + text[at:]

    _change(draft, say)


def note_cell(draft: Draft) -> None:
    """The explanation in the corner of table three: cut, without brackets, or left out."""
    text = draft.rng.choice(
        ("", "本列数据的勾稽关系为：第一项加第二项之和，\n等于第三项加第四项之和", "勾稽关系")
    )
    _change(draft, lambda old: text if "勾稽" in old else old)


def _change(draft: Draft, say) -> None:
    for sheet in draft.sheets():
        sheet.slots = [s if s.code else replace(s, text=say(s.text)) for s in sheet.slots]


# Pairs of characters that look alike, as fonts of PDF files, old editors and OCR give them.
_RADICALS = dict(
    zip(
        "行自人非立生用见长门页风黄龙日月比水火土木食高",
        "⾏⾃⼈⾮⽴⽣⽤⻅⻓⻔⻚⻛⻩⻰⽇⽉⽐⽔⽕⼟⽊⻝⾼",
        strict=True,
    )
)
_TRADITIONAL = dict(
    zip(
        "总计开请数业机构组织务处诉讼议结维纠审规费单额废发现内对为关于属国执类补认获",
        "總計開請數業機構組織務處訴訟議結維糾審規費單額廢發現內對為關於屬國執類補認獲",
        strict=True,
    )
)
_MISREAD = dict(zip("未己自上日法", "末已白土曰怯", strict=True))
_HIDDEN = ("\u200b", "\ufeff", "\u00a0", "\u3000", "\u2060", "\u00ad")


def foreign_characters(draft: Draft) -> None:
    """Radicals instead of characters, or traditional ones: a reader sees no difference."""
    pairs = draft.rng.choice((_RADICALS, _TRADITIONAL))
    share = draft.rng.choice((0.3, 1))

    def say(text: str) -> str:
        return "".join(pairs.get(c, c) if draft.rng.random() < share else c for c in text)

    _change(draft, say)


def misread(draft: Draft) -> None:
    """Here and there one character of a long label that OCR or a typist got wrong."""

    def say(text: str) -> str:
        if len(text) < 7 or draft.rng.random() > 0.15:
            return text
        spots = [n for n, c in enumerate(text) if c in _MISREAD]
        if not spots:
            return text
        at = draft.rng.choice(spots)
        return text[:at] + _MISREAD[text[at]] + text[at + 1 :]

    _change(draft, say)


def hidden_characters(draft: Draft) -> None:
    """Characters without width, or other white space than a blank, within labels."""

    def say(text: str) -> str:
        if len(text) < 2 or draft.rng.random() < 0.6:
            return text
        at = draft.rng.randint(1, len(text) - 1)
        return text[:at] + draft.rng.choice(_HIDDEN) + text[at:]

    _change(draft, say)


def bare_numerals(draft: Draft) -> None:
    """No numerals at all before labels, or others than the form's."""
    way = draft.rng.choice(("none", "circled", "wrong"))

    def say(text: str) -> str:
        if way == "circled":
            return re.sub(r"^(\d)\.", lambda m: chr(0x245F + int(m[1])), text)
        if way == "wrong":
            return re.sub(r"^(\d)\.", lambda m: f"{int(m[1]) + 1}.", text)
        bare = re.sub(r"^(?:\d\.|[一二三四]、|（[一二四五七]）)", "", text)
        return text if bare == "其他" else bare

    _change(draft, say)


MUTATIONS = {
    "aliases": aliases,
    "broken-heads": broken_heads,
    "note-cell": note_cell,
    "misread": misread,
    "bare-numerals": bare_numerals,
    "foreign-characters": foreign_characters,
    "hidden-characters": hidden_characters,
}
