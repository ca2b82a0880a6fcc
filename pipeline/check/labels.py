"""Rules on words: labels, headings, title and citation against the official form.

Spaces and punctuation never count: only the Chinese characters of both are compared. An alias is
recorded as printed and changes no figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel, MatchingBlock

from archive.agencies import identify
from archive.codebook import Template, template_metrics
from pipeline.check.places import place_in_preamble, place_in_section
from pipeline.check.rule import NOTICES, Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.identity import Title, compatible, self_names, squeeze
from pipeline.recognise.sections import OFFICIAL_HEADINGS
from pipeline.report import Report

_NOT_HAN = re.compile(r"[^\u3400-\u9fff]+")
_HIDDEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]+")
_BRACKETED_NUMERAL = re.compile(r"[（(][一二三四五六七八九十][）)]")
# An alias shares at least this much with the official words; less is another label.
_ALIAS = 0.75
_OFFICE = "国务院办公厅政府信息与政务公开办公室"
OFFICIAL: dict[Template, str] = {
    "2019": "关于政府信息公开工作年度报告有关事项的通知",
    "2021": "关于印发《中华人民共和国政府信息公开工作年度报告格式》的通知",
}
_CITED = re.compile(r"(国务院办公厅[^，。；]{0,24}?)?(关于[^，。；]{4,60}?的?通知)")
KIND = "政府信息公开工作年度报告"


def han(text: str) -> str:
    """Return the Chinese characters of a text."""
    return _NOT_HAN.sub("", text)


def fold(text: str) -> str:
    """Return a text without white space and hidden characters; look-alike codes (⾏) made plain."""
    return _HIDDEN.sub("", compatible(squeeze(text)))


def quote_of(text: str, first: int, last: int) -> str:
    """Return what a text prints from one of its Chinese characters to another, counted from 0."""
    at = [n for n, c in enumerate(text) if "\u3400" <= c <= "\u9fff"]
    return text[at[first] : at[last] + 1]


@cache
def official_labels(template: Template, table: str) -> tuple[tuple[str, str, str], ...]:
    """Return the labels of a table: as official, their Chinese characters, a cell of the row.

    The cell of a label that belongs to no single row is empty.

    Labels of fewer than four characters (规章, 其他, 总计) stand in many places and can't be told
    from other words.
    """
    labels: list[tuple[str, str]] = []
    for metric in template_metrics(template):
        if metric.table == table:
            columns = metric.column_label.split("·")
            if template == "2019":
                columns = [column.replace("本年处理决定", "处理决定") for column in columns]
            labels.extend((label, "") for label in (*metric.row_group.split(" / "), *columns))
            labels.append((metric.row_label, metric.code))
    found: dict[str, tuple[str, str]] = {}
    for label, code in labels:
        words = han(_BRACKETED_NUMERAL.sub("", label) if table == "t3" else label)
        words = re.sub(r"^[一二三四](?=本年|上年|结转)", "", words)
        if len(words) >= 4 and not label.startswith("第二十条"):
            found.setdefault(words, (label, code))
    return tuple((label, words, code) for words, (label, code) in found.items())


def find_alias(label: str, text: str, present: str, rest: str) -> str | None:
    """Return how a label is printed where it is not printed as official; None when it is nowhere.

    Args:
        label: Chinese characters of the official label.
        text: printed text as ``fold`` gives it.
        present: its Chinese characters.
        rest: the same, what is printed as official covered: it can't be an alias of another label.

    Returns:
        The printed words; None also for a label that stands in two pieces, as a page break or a
        split cell leaves it.

    """
    pieces = ((label[:cut], label[cut:]) for cut in range(3, len(label) - 2))
    if any(a in present and b in present for a, b in pieces):
        return None
    near = fuzz.partial_ratio_alignment(label, rest, score_cutoff=60)
    if near is None:
        return None
    start = max(0, near.dest_start - 3)
    window = rest[start : near.dest_end + 3]
    blocks = _one_run(Indel.editops(label, window).as_matching_blocks())
    first, last = start + blocks[0].b, start + blocks[-1].b + blocks[-1].size
    alias = rest[first:last]
    if Indel.normalized_similarity(label, alias) < _ALIAS or alias == label:
        return None
    alone = alias in text and present.find(alias) == first == present.rfind(alias)
    quote = alias if alone else quote_of(text, first, last - 1)
    # A label that is wrapped around its figures is quoted without them.
    return alias if re.search(r"\d", quote) else quote


def _covered(present: str, official: Sequence[tuple[str, str, str]]) -> str:
    """Return a text with the first place of each label that it prints as official covered."""
    rest = present
    for _, words, _ in official:
        if words in present:
            rest = rest.replace(words, "□" * len(words), 1)
    return rest


def _one_run(matches: Sequence[MatchingBlock]) -> list[MatchingBlock]:
    """Return the matching pieces that stand together; a stray one at either end is let go."""
    blocks = [block for block in matches if block.size]

    def apart(left: MatchingBlock, right: MatchingBlock) -> bool:
        return right.b - left.b - left.size > right.a - left.a - left.size + 2

    while len(blocks) > 1 and apart(blocks[0], blocks[1]) and blocks[0].size < 4:
        del blocks[0]
    while len(blocks) > 1 and apart(blocks[-2], blocks[-1]) and blocks[-1].size < 4:
        del blocks[-1]
    return blocks


@rule("W-LABEL", "warning", "行名、列名与官方格式一致", NOTICES)
def labels(report: Report) -> Iterator[Finding | Unjudged]:
    """W-LABEL: row and column labels equal the official ones but for spaces and punctuation.

    Source: the formats of 国办公开办函〔2019〕60号 and 〔2021〕30号.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格")
        return
    texts = {section.ordinal: section for section in report.sections}
    for table, ordinal in (("t2", 2), ("t3", 3), ("t4", 4)):
        section = texts.get(ordinal)
        if section is None or not section.text:
            yield Unjudged(f"第{'一二三四'[ordinal - 1]}部分没有可核对的表格文字")
            continue
        text = fold(section.text)
        present = han(text)
        official = official_labels(report.template, table)
        missing = [label for label in official if label[1] not in present]
        rest = _covered(present, official) if missing else present
        for label, words, code in missing:
            if table == "t4" and all(words[n : n + 2] in present for n in (0, 2)):
                continue  # the head cell of table four is often printed as two cells
            alias = find_alias(words, text, present, rest)
            # Pages cut the long table three; what is left of a label there is no alias.
            cut = table == "t3" and alias is not None and han(alias) in words
            if alias is not None and not cut:
                yield Finding(
                    "W-LABEL",
                    "warning",
                    f"表{'一二三四'[ordinal - 1]}的“{label}”印作“{alias}”。",
                    alias,
                    (report.cells[code].place if code in report.cells else "")
                    or place_in_section(section, text.find(alias)),
                    f"Table {ordinal}: the official label {label} is printed as {alias}.",
                )


@rule("W-HEADING", "warning", "各部分标题与官方格式一致", "条例第五十条；国办公开办函格式")
def headings(report: Report) -> Iterator[Finding | Unjudged]:
    """W-HEADING: the headings of the six parts equal the official ones.

    Source: 条例 article 50; the formats of 国办公开办函〔2019〕60号 and 〔2021〕30号.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格，不知道应适用哪种格式")
        return
    for section in report.sections:
        numeral = "一二三四五六"[section.ordinal - 1]
        official = OFFICIAL_HEADINGS[section.ordinal - 1]
        words = han(fold(section.heading))
        if words not in (han(official), numeral + han(official)):
            yield Finding(
                "W-HEADING",
                "warning",
                f"标题“{section.heading}”与官方标题“{numeral}、{official}”不同。",
                section.heading,
                section.place,
                f"The heading {section.heading} differs from the official {numeral}、{official}.",
            )


def _kind(title: Title) -> str:
    """Return the words of a title for what it is: 政府信息公开工作年度报告."""
    found = re.search(r"(?:政府|政务)?信息公开[^（(]*", title.text)
    return found[0] if found else title.text


@rule("W-TITLE", "warning", "标题规范，与正文自称一致", NOTICES)
def title(report: Report) -> Iterator[Finding | Unjudged]:
    """W-TITLE: there is a title; it says 政府信息公开 and what the report calls itself in 《》.

    Source: head of the format, 政府信息公开工作年度报告.
    """
    if report.title is None:
        message = "没有找到年度报告的标题。"
        yield Finding("W-TITLE", "warning", message, message_en="No title of a report was found.")
        return
    own = Title(report.title, report.agency_printed, report.year)
    names = self_names(report.preamble)
    others = [name for name in names if _kind(name) != _kind(own)]
    if others:
        yield Finding(
            "W-TITLE",
            "warning",
            f"标题称“{_kind(own)}”，正文自称《{others[0].text}》。",
            _kind(own),
            report.title_place,
            f"The title says {_kind(own)}, the text calls itself {others[0].text}.",
        )
    elif "政务信息公开" in _kind(own):
        yield Finding(
            "W-TITLE",
            "warning",
            f"标题称“{_kind(own)}”，规定的名称是“{KIND}”。",
            _kind(own),
            report.title_place,
            f"The title says {_kind(own)}, the official name is {KIND}.",
        )
    for name in names:
        if name.agency and report.agency_printed and _other_body(name.agency, report):
            yield Finding(
                "W-TITLE",
                "warning",
                f"标题的机关是“{report.agency_printed}”，正文自称《{name.text}》。",
                name.text,
                place_in_preamble(report, squeeze(report.preamble).find(name.text)),
                f"The title names {report.agency_printed}, the text {name.text}.",
            )


def _other_body(name: str, report: Report) -> bool:
    """Tell whether a name means another body than the title does; a short form does not."""
    whole = report.agency_printed or ""
    if name in whole or whole in name:
        return False
    return identify(name).key != identify(whole).key and not _abbreviates(name, whole)


def _abbreviates(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return all(character in rest for character in short)


def cited(report: Report) -> list[tuple[int, str, str, str]]:
    """Return the notices that the text before part one cites: where, quote, office and name."""
    return [
        (match.start(), match[0], han(match[1] or ""), han(match[2]))
        for match in _CITED.finditer(squeeze(report.preamble))
    ]


@rule("W-CITATION", "warning", "所引文件和机构名称准确", NOTICES)
def citation(report: Report) -> Iterator[Finding | Unjudged]:
    """W-CITATION: notice and office that issued it are named as in the official text.

    Source: heads of 国办公开办函〔2019〕60号 and 〔2021〕30号.
    """
    judged = False
    for first, quote, office, name in cited(report):
        official = max(
            OFFICIAL.values(),
            key=lambda title: Indel.normalized_similarity(han(title), name),
        )
        if Indel.normalized_similarity(han(official), name) < 0.6:
            continue  # some other notice
        judged = True
        wrong: list[tuple[str, str]] = []
        if name != han(official):
            wrong.append((name, official))
        # 国务院办公厅 alone is short for its office.
        if office and office not in (_OFFICE, "国务院办公厅"):
            wrong.append((office, _OFFICE))
        for said, right in wrong:
            yield Finding(
                "W-CITATION",
                "warning",
                f"所引“{said}”与正式名称“{right}”不同。",
                _within(said, quote),
                place_in_preamble(report, first),
                f"The citation says {said}, the official name is {right}.",
            )
    if not judged:
        yield Unjudged("正文没有引用规定格式的通知")


def _within(words: str, quote: str) -> str:
    """Return the printed part of a quote that holds the given Chinese characters."""
    first = han(quote).find(words)
    return quote_of(quote, first, first + len(words) - 1) if first >= 0 else quote
