"""Text that a PDF holds but does not show: white on white, or drawn with nothing."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.finding import Finding
from pipeline.read.pdf_page import Box, RawPage

_QUOTED = 40  # characters of hidden text that a finding shows


def drop_hidden(raw: RawPage) -> list[Finding]:
    """Take from a page the characters that nobody sees, and say so.

    Invisible text on a picture is the text layer of a scan: it is what a program recognised there,
    so it is kept and named. White text on a coloured ground or a picture is seen.

    Args:
        raw: a page as an engine gives it; hidden characters become white space.

    """
    findings = []
    place = f"page={raw.number}"
    layer = {index for index in raw.invisible if _on(raw, index, raw.pictures)}
    if _words(raw, layer):
        message = (
            f"第{raw.number}页的文字是扫描图像上的隐形文字层，由文字识别程序产生，不是发布机关"
            "录入的文字，可能有识别错误；请对照原件图像核实。"
        )
        findings.append(Finding("W-PDF-OCR-LAYER", "warning", message, place=place))
    grounds = [*raw.shades, *raw.pictures]
    hidden = raw.invisible - layer
    hidden |= {index for index in raw.white if not _on(raw, index, grounds)}
    words = _words(raw, hidden)
    if words:
        message = f"第{raw.number}页有{len(words)}个字符印出来看不见（白色或隐形），未读取。"
        quote = words if len(words) <= _QUOTED else words[:_QUOTED] + "…"
        findings.append(Finding("W-PDF-HIDDEN", "warning", message, quote, place))
        raw.texts = "".join(
            " " if index in hidden else text for index, text in enumerate(raw.texts)
        )
    return findings


def _words(raw: RawPage, indexes: Collection[int]) -> str:
    return "".join(raw.texts[index] for index in sorted(indexes) if raw.texts[index] > " ").strip()


def _on(raw: RawPage, index: int, grounds: list[Box]) -> bool:
    """Tell whether a character's middle lies on one of several boxes."""
    x = (raw.lefts[index] + raw.rights[index]) / 2
    y = (raw.bottoms[index] + raw.tops[index]) / 2
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in grounds)
