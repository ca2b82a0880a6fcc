"""HTML reader: a page of any content system becomes paragraphs and tables."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from bs4.dammit import EncodingDetector
from lxml import etree

from pipeline.finding import Finding
from pipeline.read.document import (
    Block,
    Document,
    Paragraph,
    Table,
    UnreadableError,
    path_place,
)
from pipeline.read.html_article import find_article
from pipeline.read.html_table import read_table
from pipeline.read.html_text import CHROME, DROPPED, lines
from pipeline.read.tree import GridTooLargeError, Paths, out_of_memory
from pipeline.read.visible_html import drop_unseen

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# <中华…格式>, <http://…>, <name@host>: text in angle brackets that a writer forgot to escape.
# The parser keeps "<中" as text, but takes any "<" before a letter for a tag and eats it.
_EATEN = re.compile(
    rb"<(?=/?(?:https?:/|www\.|[A-Za-z0-9_.+-]{1,64}+@"
    rb"|[A-Za-z][A-Za-z0-9]{0,20}+(?:\xe3[\x90-\xbf]|[\xe4-\xe9])))"  # U+3400 to U+9FFF
)
# Quickly found wherever the above is, and hardly ever elsewhere: no tag's name holds a point.
_MAYBE_EATEN = re.compile(rb"<[A-Za-z0-9_+/-]*+(?:[@\xe3-\xe9.]|:/)")
# An article of fewer characters beside a picture is a caption.
_FEW_WORDS = 300
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9]*\Z")


def in_utf8(data: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """Return a page in UTF-8; its bytes decide what it is in, not what it declares.

    Order: byte order mark, strict UTF-8, UTF-8 with some damage, strict GB18030; what the page
    declares counts only when all fail. Lost characters give a finding.

    Args:
        data: bytes of the page.

    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _lossy(data[len(mark) :], encoding)
    pairs = len(data[:2048]) // 2
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if data[first:2048:2].count(0) * 3 > pairs > 0:
            return _lossy(data, encoding)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    else:
        return data, ()
    lost = text.count("\ufffd")
    kept = sum(1 for _ in _BEYOND_ASCII.finditer(text)) - lost
    # GB18030 read as UTF-8 loses nearly every character; a cut or damaged UTF-8 page loses few,
    # and could by chance be valid GB18030, which would turn all of it into nonsense.
    if kept > lost * 10:
        return _lossy(data, "utf-8")
    try:
        return data.decode("gb18030").encode("utf-8", "replace"), ()
    except UnicodeDecodeError:
        return _lossy(data, _declared_charset(data))


def decode(data: bytes) -> str:
    """Return the characters of a page or of another text that a server sent, as ``in_utf8``."""
    return in_utf8(data)[0].decode("utf-8", "replace")


def _declared_charset(data: bytes) -> str:
    """Return the charset that a page declares, GB18030 when that can't hold Chinese."""
    name = EncodingDetector.find_declared_encoding(data[:4096], is_html=True)
    return name if name in {"utf-8", "big5"} else "gb18030"


def _lossy(data: bytes, encoding: str) -> tuple[bytes, tuple[Finding, ...]]:
    text = data.decode(encoding, "replace")
    page = text.encode("utf-8", "replace")
    lost = text.count("\ufffd")
    if not lost:
        return page, ()
    message = f"网页按 {encoding} 解码时有 {lost} 个字符无法还原，请与原页面核对。"
    return page, (Finding("W-ENCODING", "warning", message),)


def parse_html(data: bytes) -> tuple[etree._Element, tuple[Finding, ...]]:
    """Return the root element in which the places of ``read_html`` can be looked up.

    Args:
        data: bytes of the page.

    Raises:
        UnreadableError: no element in it, or nested deeper than the parser can follow.

    """
    page, findings = in_utf8(data)
    page = page.replace(b"\x00", b"")
    if _MAYBE_EATEN.search(page):
        page = _EATEN.sub(b"&lt;", page)
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(page, parser)
    except etree.XMLSyntaxError as error:
        if out_of_memory(parser):
            raise MemoryError from error
        raise UnreadableError("E-HTML-BROKEN", "网页内容无法解析，请重新下载。") from error
    if out_of_memory(parser):  # what has been parsed until then is not the page
        raise MemoryError
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableError(
            "E-HTML-DEPTH", "网页标签嵌套过深，只能读出一部分，故不采用；请人工核对原页面。"
        )
    if root is None:
        raise UnreadableError("E-HTML-BROKEN", "网页没有任何内容，请重新下载。")
    return root, findings


@lru_cache(maxsize=500)
def _step_name(tag: str) -> str:
    return tag if _PLAIN_NAME.match(tag) else "*"


def read_html(data: bytes) -> Document:
    """Read a page.

    Args:
        data: bytes of the page, as served.

    Returns:
        The article's paragraphs and tables with XPaths as places; ``meta`` holds the national
        meta names and the page title. Where the page has no ArticleTitle or PubDate among its
        meta elements, they are what it prints over the article.

    Raises:
        UnreadableError: the bytes can't be parsed as a page.

    """
    root, findings = parse_html(data)
    article = find_article(root)
    paths = Paths(_step_name)
    unseen = drop_unseen(article.scope, paths)
    tables: dict[etree._Element, list[Block]] = {}
    too_large: list[Finding] = []

    def apart(element: etree._Element) -> bool:
        try:
            read = read_table(element, paths, styled=unseen.styled)
        except GridTooLargeError:
            place = path_place(paths.of(element))
            message = "表格合并跨度过大，不是正常的表格，其文字按段落读取。"
            too_large.append(Finding("W-TABLE-SIZE", "warning", message, place=place))
            return False
        if read is None:
            return False
        table, strays = read
        if unseen.doubts:
            cells = (replace(cell, doubt=unseen.doubts.get(cell.place, "")) for cell in table.cells)
            table = replace(table, cells=tuple(cells))
        tables[element] = [
            *(Paragraph(text, path_place(paths.of(owner))) for text, owner in strays),
            *([table] if table.cells else []),
        ]
        return True

    dropped = DROPPED | CHROME if article.whole_page else DROPPED
    blocks: list[Block] = []
    for text, element in lines(article.scope, dropped=dropped, apart=apart):
        if text:
            blocks.append(Paragraph(text, path_place(paths.of(element))))
        else:
            blocks.extend(tables[element])
    return Document(
        "html",
        tuple(blocks),
        article.meta,
        (*findings, *unseen.findings, *too_large, *_pictures(article.scope, blocks)),
    )


def _pictures(scope: etree._Element, blocks: list[Block]) -> list[Finding]:
    """Return a finding when the article is pictures, so that nobody takes it for empty."""
    pictures = sum(1 for _ in scope.iter("img"))
    if not pictures or any(isinstance(block, Table) for block in blocks):
        return []
    if sum(len(block.text) for block in blocks if isinstance(block, Paragraph)) > _FEW_WORDS:
        return []
    message = f"正文几乎只有图片（{pictures} 张），图中文字未读，请人工核对原页面。"
    return [Finding("W-IMAGE-ARTICLE", "warning", message)]
