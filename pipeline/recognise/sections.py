"""The six parts of a report (条例 article 50), found by the words of their headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.read.document import Block, Document, Paragraph, Table
from pipeline.recognise.identity import sign_off_date, squeeze
from pipeline.recognise.labels import key, similarity
from pipeline.report import Section

OFFICIAL_HEADINGS = (
    "总体情况",
    "主动公开政府信息情况",
    "收到和处理政府信息公开申请情况",
    "政府信息公开行政复议、行政诉讼情况",
    "存在的主要问题及改进情况",
    "其他需要报告的事项",
)
_OFFICIAL = re.compile(
    r"(?:[一二三四五六七八九][、.．]?|第[一二三四五六七八九]部分[、.．:：]?)"
    rf"({'|'.join(map(re.escape, OFFICIAL_HEADINGS))})[。：:]?"
)
_NUMERAL = re.compile(r"^[一二三四五六七八九]\s*[、.．，,]")
_NEW_PARAGRAPH = re.compile(
    r"^(?:[一二三四五六七八九十]{1,2}\s*[、.．]|[（(][一二三四五六七八九十]{1,2}[）)]|\d{1,2}[.、．])"
)
_TERMINAL = re.compile(r"[。：:；;！!？?）)”》>]$")
_RELEASE = re.compile(r"^[（(]?此件(?:主动|公开|依申请)[^。]{0,8}[）)]?$")
_PAGE_FURNITURE = re.compile(
    r"^(?:附件\d{0,2}(?:[:：].*)?|打印|关闭|【.*】|分享到?.*|扫一扫.*|上一篇.*|下一篇.*|责任编辑.*)$"
)


_FOOTER = re.compile(
    r"^(?:【字体|【打印|打印本页|关闭窗口|分享到|上一篇|下一篇|相关链接|相关附件|扫一扫|主办[:：]|主办单位"
    r"|承办[:：]|版权所有|网站标识码|网站地图)|ICP备|公网安备"
)
_TAIL = re.compile(
    r"[（(]?联系人[:：].{0,50}|附件(?:下载)?\d{0,2}[:：]?.{0,60}|\d{1,2}[.、．].{1,50}"
    r"|.{1,50}\.(?:pdf|docx?|xlsx?|wps|ofd|zip|rar)"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of one of the six parts.

    Args:
        block: index of its paragraph.
        ordinal: 1 to 6.
        text: as printed, without white space.
        fit: how well it fits the official words, 0 to 1.
        rest: what follows it in the same paragraph.
        place: where it stands.

    """

    block: int
    ordinal: int
    text: str
    fit: float
    rest: str
    place: str


def _ordinal(text: str) -> int | None:
    """Return the part that the words of a heading name, whatever its numeral."""
    words = key(text)
    if words in {"总体情况", "概述", "基本情况", "总体概况"}:
        return 1
    if not words.endswith(("情况", "事项", "措施", "方面", "打算", "内容")):
        return None
    if "复议" in words or "诉讼" in words:
        return 4
    if "申请" in words and any(verb in words for verb in ("收到", "处理", "办理")):
        return 3
    if "问题" in words and any(verb in words for verb in ("改进", "整改", "措施", "打算")):
        return 5
    if words.startswith("其他") and any(w in words for w in ("报告", "事项", "说明")):
        return 6
    if "主动公开" in words and "信息" in words:
        return 2
    return None


def as_heading(block: int, paragraph: Paragraph) -> Heading | None:
    """Return the heading that a paragraph is or begins with, or None."""
    printed = squeeze(paragraph.text)
    match = _OFFICIAL.match(printed)
    if match:
        number = OFFICIAL_HEADINGS.index(match[1]) + 1
        rest = _after(paragraph.text, len(match[0]))
        return Heading(block, number, match[0].rstrip("。：:"), 1.0, rest, paragraph.place)
    if len(printed) > 45 or "。" in printed.rstrip("。"):
        return None
    bare = printed.rstrip("。：:")
    if not _NUMERAL.match(printed) and bare not in OFFICIAL_HEADINGS:
        return None
    ordinal = _ordinal(printed.rstrip("。：:"))
    if ordinal is None:
        return None
    fit = similarity(printed, OFFICIAL_HEADINGS[ordinal - 1])
    return Heading(block, ordinal, printed.rstrip("。：:"), fit, "", paragraph.place)


def _after(text: str, characters: int) -> str:
    """Return what follows the first so many characters that are not white space."""
    seen = 0
    for position, character in enumerate(text):
        if seen == characters:
            return text[position:].strip()
        seen += not character.isspace()
    return ""


def find_headings(document: Document) -> list[Heading]:
    """Return the best heading of each part, in printed order.

    Sub-topics of part one can use the same numerals, even similar words; the one nearest to the
    official words is the heading, the later of two equals.
    """
    best: dict[int, Heading] = {}
    for index, block in enumerate(document.blocks):
        if not isinstance(block, Paragraph):
            continue
        heading = as_heading(index, block)
        if heading is None:
            continue
        known = best.get(heading.ordinal)
        if (
            known is None
            or heading.fit > known.fit
            or (heading.fit == known.fit and heading.ordinal in {2, 3, 4})
        ):
            best[heading.ordinal] = heading
    return sorted(best.values(), key=lambda heading: heading.block)


def table_text(table: Table) -> str:
    """Return a grid as lines, its cells divided by tabs, each spanned cell once."""
    lines: dict[int, list[str]] = {}
    line: list[str] = []
    row = -1
    for cell in table.cells:
        if cell.row != row:
            row = cell.row
            line = lines.setdefault(row, [])
        text = cell.text
        line.append(text if text.isdecimal() else " ".join(text.split()))
    return "\n".join("\t".join(lines[row]).rstrip("\t") for row in sorted(lines))


def join_text(blocks: Sequence[Block]) -> str:
    """Return the text of blocks; printed lines that go on are joined to paragraphs."""
    return join_with_places(blocks)[0]


def join_with_places(blocks: Sequence[Block]) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Return the joined text of blocks, with the offset and place of each."""
    parts: list[str] = []
    places: list[tuple[int, str]] = []
    size = 0
    goes_on = False
    for block in blocks:
        if isinstance(block, Table):
            text, place = table_text(block), block.cells[0].place if block.cells else ""
        else:
            text, place = block.text, block.place
        glue = "\n" if parts else ""
        if goes_on and isinstance(block, Paragraph) and not _NEW_PARAGRAPH.match(text):
            glue = " " if parts[-1][-1:].isascii() and text[:1].isascii() else ""
        parts.append(glue + text)
        places.append((size + len(glue), place))
        size += len(glue) + len(text)
        goes_on = (
            isinstance(block, Paragraph)
            and block.wrapped
            and len(text) >= 20
            and not _TERMINAL.search(text)
        )
    return "".join(parts), tuple(places)


@dataclass(frozen=True, slots=True)
class Parts:
    """A report cut at its headings.

    Args:
        before: blocks before the first heading.
        sections: the parts found, in printed order.
        signed: sign-off date, ISO.

    """

    before: tuple[Block, ...]
    sections: tuple[Section, ...]
    signed: str | None


def cut(document: Document, owners: dict[int, str]) -> Parts:
    """Cut a document into its parts.

    Args:
        document: what the reader gave.
        owners: statutory table (t2, t3, t4) of each block that belongs to one; such a block goes to
            the part of its table wherever extraction has put it.

    """
    headings = find_headings(document)
    homes = {"t2": 2, "t3": 3, "t4": 4}
    present = {heading.ordinal for heading in headings}
    filled = _fill(owners, len(document.blocks), {h.block for h in headings})
    first = headings[0].block if headings else len(document.blocks)
    bodies: dict[int, list[Block]] = {heading.ordinal: [] for heading in headings}
    current = 0
    starts = {heading.block: heading for heading in headings}
    for index, block in enumerate(document.blocks):
        if index in starts:
            current = starts[index].ordinal
            if starts[index].rest:
                bodies[current].append(Paragraph(starts[index].rest, starts[index].place))
            continue
        home = homes.get(filled.get(index, ""), current)
        target = home if home in present and index > first else current
        if target:
            bodies[target].append(block)
    last = headings[-1].ordinal if headings else 0
    signed = None
    if last:
        signed = _trim(bodies[last])
    sections = tuple(_section(heading, bodies[heading.ordinal]) for heading in headings)
    return Parts(document.blocks[:first], sections, signed)


def _section(heading: Heading, body: Sequence[Block]) -> Section:
    text, paragraphs = join_with_places(body)
    return Section(heading.ordinal, heading.text, text, heading.place, paragraphs)


def _fill(owners: dict[int, str], count: int, headings: set[int]) -> dict[int, str]:
    """Give the lines between two lines of one table to that table."""
    filled = dict(owners)
    last_owner, last_index = "", -1
    for index in range(count):
        if index in headings:
            last_owner = ""
        owner = owners.get(index)
        if owner is None:
            continue
        if owner == last_owner:
            for between in range(last_index + 1, index):
                filled.setdefault(between, owner)
        last_owner, last_index = owner, index
    return filled


def _trim(blocks: list[Block]) -> str | None:
    """Take sign-off, date and release note off the end of the last part; return the date."""
    signed: str | None = None
    _drop_footer(blocks)
    _drop_tail(blocks)
    while blocks:
        block = blocks[-1]
        if not isinstance(block, Paragraph):
            break
        text = squeeze(block.text)
        date = sign_off_date(text)
        if date:
            signed = signed or date
        elif _RELEASE.match(text) or _PAGE_FURNITURE.match(text):
            pass
        elif not (signed and _is_signature(text) and len(blocks) > 1):
            break
        blocks.pop()
    return signed


def _drop_footer(blocks: list[Block]) -> None:
    """Drop the page's own foot, where a whole page was saved or printed."""
    for index, block in enumerate(blocks):
        text = squeeze(block.text) if isinstance(block, Paragraph) else ""
        # A sentence of the report may speak of 相关链接 or ICP备案; a page foot has no sentences.
        if _FOOTER.search(text) and "。" not in text:
            del blocks[index:]
            return


def _drop_tail(blocks: list[Block]) -> None:
    """Drop what follows the sign-off date when all of it is a list of attachments or the like."""
    for index in range(len(blocks) - 1, max(-1, len(blocks) - 13), -1):
        block = blocks[index]
        if not isinstance(block, Paragraph):
            return
        text = squeeze(block.text)
        if sign_off_date(text):
            del blocks[index + 1 :]
            return
        if not (_TAIL.fullmatch(text) or _RELEASE.match(text) or _PAGE_FURNITURE.match(text)):
            return


def _is_signature(text: str) -> bool:
    return len(text) <= 30 and not re.search(r"[，。；：、！？（）()\d]", text)
