"""Plain text and Markdown as extraction tools leave them become a neutral document.

The lines of a table that was extracted with tabs come as a ragged table; every other line comes
as a paragraph of its own, because such texts do not tell where paragraphs end.
"""

from __future__ import annotations

import re

from pipeline.finding import Finding
from pipeline.read.document import (
    Block,
    Cell,
    Document,
    Paragraph,
    Table,
    UnreadableError,
    line_place,
)
from pipeline.read.tree import MAX_GRID_AREA, GridTooLargeError

_HEADING_MARK = re.compile(r"^\s{0,3}#{1,6}\s+")
_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()\s]*)\)")
_ADDRESS = re.compile(r"<((?:https?://|www\.|mailto:)[^<>\s]+)>")
_PIPE_ROW = re.compile(r"^\s*\|.*\|\s*$")
# Possessive: white space that may belong to two pieces would cost the square of its length.
_PIPE_RULE = re.compile(r"^\s*+\|?\s*+:?-{2,}:?\s*+(?:\|\s*+:?-{2,}:?\s*+)*+\|?\s*+$")


def decode(data: bytes) -> tuple[str, tuple[Finding, ...]]:
    """Return text by what the bytes allow: byte order mark, strict UTF-8, then GB18030.

    Raises:
        UnreadableError: the bytes are none of them.

    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), ()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding), ()
        except UnicodeDecodeError:
            continue
    raise UnreadableError(
        "E-TEXT-ENCODING", "文本既不是 UTF-8 也不是 GB18030 编码，请另存为 UTF-8 后再读。"
    )


def _undecorate(line: str) -> str:
    line = _HEADING_MARK.sub("", line)
    line = _ADDRESS.sub(r"\1", _LINK.sub(r"\1", line))
    return line.replace("**", "")


def _cells_of(line: str) -> list[str]:
    if _PIPE_ROW.match(line):
        return [part.strip() for part in line.strip().strip("|").split("|")]
    return [part.strip() for part in line.split("\t")]


def _table(rows: list[tuple[int, list[str]]]) -> Table:
    """Return the lines of a table as a grid.

    Raises:
        GridTooLargeError: more places than any real form has.

    """
    columns = max(len(parts) for _, parts in rows)
    if len(rows) * columns > MAX_GRID_AREA:
        raise GridTooLargeError
    cells = tuple(
        Cell(row, column, 1, 1, text, line_place(number))
        for row, (number, parts) in enumerate(rows)
        for column, text in enumerate(parts + [""] * (columns - len(parts)))
    )
    place = line_place(rows[0][0], rows[-1][0])
    return Table(len(rows), columns, cells, place, ragged=True)


def read_text(data: bytes) -> Document:
    """Read plain text or Markdown.

    Args:
        data: the bytes of the file.

    Returns:
        A document whose places are 1-based lines.

    Raises:
        UnreadableError: the encoding is unknown.

    """
    text, lost = decode(data)
    findings = list(lost)
    blocks: list[Block] = []
    rows: list[tuple[int, list[str]]] = []

    def close_table() -> None:
        if not rows:
            return
        try:
            blocks.append(_table(rows))
        except GridTooLargeError:
            message = "表格的行列过多，不是正常的表格，其文字按段落读取。"
            place = line_place(rows[0][0], rows[-1][0])
            findings.append(Finding("W-TABLE-SIZE", "warning", message, place=place))
            for number, parts in rows:
                if words := " ".join(filter(None, parts)):
                    blocks.append(Paragraph(words, line_place(number), wrapped=True))
        rows.clear()

    for number, raw in enumerate(text.splitlines(), start=1):
        line = _undecorate(raw)
        if _PIPE_RULE.match(line) and rows:
            continue
        if "\t" in line or _PIPE_ROW.match(line):
            rows.append((number, _cells_of(line)))
            continue
        close_table()
        folded = re.sub(r"\s+", " ", line).strip()
        if folded:
            blocks.append(Paragraph(folded, line_place(number), wrapped=True))
    close_table()
    return Document("text", tuple(blocks), findings=tuple(findings))
