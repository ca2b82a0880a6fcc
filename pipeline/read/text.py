"""Plain text and Markdown as extraction tools leave them become a neutral document.

The lines of a table that was extracted with tabs or pipes come as a ragged table; page numbers go;
every other line is a paragraph of its own, for such texts do not tell where paragraphs end.
"""

from __future__ import annotations

import re
from itertools import pairwise

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
from pipeline.read.text_pages import page_number_lines
from pipeline.read.tree import MAX_GRID_AREA, GridTooLargeError

_WIDE = re.compile(r"\S {4,}[\d/—-]|\d {2,}\d")
_HALF = re.compile(r"[-+－＋−]?\d[\d.,，]*(?:[件项条个次人份宗起元（(].*)?")
_DRAWN_RULE = re.compile(r"\s*\+[-=]+\+[-=+]*\s*$")
_REST = re.compile(r"[\d.,，]+|[\d.,，]*[件项条个次人份宗起元）)]+")
_HEADING_MARK = re.compile(r"^\s{0,3}#{1,6}\s+")
_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()\s]*)\)")
_ADDRESS = re.compile(r"<((?:https?://|www\.|mailto:)[^<>\s]+)>")
_PIPE_ROW = re.compile(r"^\s*\|.*\|\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
_INNER_PIPES = 2  # so many make a row of a line whose neighbour has them too
_SURE_ROWS = 5  # so many of these in a text make rows of lines with one pipe, too
_BLANK_LINES = 2  # so many may part two rows of one table
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


_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([|*_#\[\]()`~.+-])")


def _undecorate(line: str) -> str:
    line = _HEADING_MARK.sub("", line)
    line = _ADDRESS.sub(r"\1", _LINK.sub(r"\1", line))
    return line.replace("**", "")


def _row_lines(lines: list[str]) -> set[int]:
    """Return the indices of the lines that are rows of tables."""
    rows = {i for i, line in enumerate(lines) if "\t" in line or _PIPE_ROW.match(line)}
    # Without pipes around the row a single line may be a path or a list of links.
    pipes = [line.strip().count("|") for line in lines]
    sure = sum(count >= _INNER_PIPES for count in pipes) >= _SURE_ROWS
    barred = [i for i, count in enumerate(pipes) if count >= (1 if sure else _INNER_PIPES)]
    for before, index in pairwise(barred):
        if _near(lines, before, index):
            rows |= {before, index}
    return rows


def _near(lines: list[str], before: int, index: int) -> bool:
    """Tell whether so few blank lines part two lines that they may be rows of one table."""
    between = lines[before + 1 : index]
    return len(between) <= _BLANK_LINES and not any(line.strip() for line in between)


def _split(lines: list[str]) -> list[list[str]]:
    """Return the cells of each row; the pipes around them are none if all rows have them."""
    barred = [line.strip() for line in lines if "\t" not in line]
    opened = all(line.startswith("|") for line in barred)
    closed = all(line.endswith("|") for line in barred)
    rows = []
    for line in lines:
        if "\t" in line:
            parts = line.split("\t")
        else:
            parts = _PIPE.split(line.strip())
            parts = parts[opened : len(parts) - closed]
        rows.append([_ESCAPED.sub(r"\1", _BREAK.sub("\n", part)).strip() for part in parts])
    return rows


def _torn(rows: list[list[str]]) -> set[tuple[int, int]]:
    """Return the places (row, column) of figures that seem to go on in the row below.

    A cell set on two lines leaves a row that has no label, only pieces under some figures, or
    under all where these fill their width.
    """
    torn = set()
    counts = [sum(_HALF.fullmatch(part) is not None for part in parts) for parts in rows]
    for number, (above, below) in enumerate(pairwise(rows)):
        printed = {column: part for column, part in enumerate(below) if part}
        over = {
            column for column in printed if column < len(above) and _HALF.fullmatch(above[column])
        }
        pieces = 0 not in printed and all(map(_REST.fullmatch, printed.values()))
        if pieces and printed and len(over) == len(printed):
            lengths = {len(above[column]) for column in over}
            if len(printed) < counts[number] or (len(lengths) == 1 and min(lengths) > 1):
                torn |= {(number, column) for column in over}
    return torn


def _unclosed(lines: list[str]) -> set[int]:
    """Return the rows whose last pipe is missing where most have it: their last cell is cut."""
    barred = {row: line.strip() for row, line in enumerate(lines) if "\t" not in line}
    open_rows = {row for row, line in barred.items() if not line.endswith("|")}
    return open_rows if 2 * len(open_rows) < len(barred) else set()


def _wrapped(lines: list[str], rows: list[int]) -> bool:
    """Tell whether a table drawn with +---+ may have cells of several lines.

    Only a rule between any two of its lines says that each of them is a row.
    """
    pairs = list(pairwise(rows))
    ruled = [any(map(_DRAWN_RULE.match, lines[above + 1 : below])) for above, below in pairs]
    around = [lines[n] for n in (rows[0] - 1, rows[-1] + 1) if 0 <= n < len(lines)]
    drawn = any(ruled) or any(map(_DRAWN_RULE.match, around))
    return drawn and not all(ruled)


def _table(rows: list[tuple[int, list[str]]], *, wrapped: bool, cut: set[int]) -> Table:
    """Return the lines of a table as a grid, of which some rows are cut in their last cell.

    Raises:
        GridTooLargeError: more places than any real form has.

    """
    columns = max(len(parts) for _, parts in rows)
    if len(rows) * columns > MAX_GRID_AREA:
        raise GridTooLargeError
    torn = _torn([parts for _, parts in rows]) | {(row, len(rows[row][1]) - 1) for row in cut}
    half, drawn = "下一行像是该格数字的另一半，无法确定", "表格用字符画成，一格可能占几行，无法确定"
    cells = tuple(
        Cell(
            row,
            column,
            1,
            1,
            text,
            line_place(number),
            drawn if wrapped else half if (row, column) in torn else "",
        )
        for row, (number, parts) in enumerate(rows)
        # A short row stays short: nobody knows which of its cells is missing.
        for column, text in enumerate(parts)
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
    printed = text.splitlines()
    numbers = page_number_lines(printed)
    numbered = [
        (number, _undecorate(line))
        for number, line in enumerate(printed, start=1)
        if number - 1 not in numbers
    ]
    lines = [line for _, line in numbered]
    rows = _row_lines(lines)
    as_printed = list(lines)
    table: list[int] = []

    def close_table() -> None:
        if table:
            written = [lines[index] for index in table]
            parts = _split(written)
            places = [numbered[index][0] for index in table]
            wrapped = _wrapped(as_printed, table)
            rows_of = list(zip(places, parts, strict=True))
            _close(rows_of, blocks, findings, wrapped=wrapped, cut=_unclosed(written))
            table.clear()

    for index, (number, line) in enumerate(numbered):
        if (table and _PIPE_RULE.match(line)) or _DRAWN_RULE.match(line):
            # The rule under the head of a Markdown table, or one of a table drawn with +---+.
            lines[index] = ""
        elif index in rows:
            if table and not _near(lines, table[-1], index):
                close_table()
            table.append(index)
        elif folded := re.sub(r"\s+", " ", line).strip():
            close_table()
            spaced = _WIDE.search(line.strip()) is not None
            blocks.append(Paragraph(folded, line_place(number), wrapped=True, spaced=spaced))
    close_table()
    return Document("text", tuple(blocks), findings=tuple(findings))


def _close(
    rows: list[tuple[int, list[str]]],
    blocks: list[Block],
    findings: list[Finding],
    *,
    wrapped: bool,
    cut: set[int],
) -> None:
    """Add the rows of a table, or as paragraphs those of one that no form can be."""
    try:
        blocks.append(_table(rows, wrapped=wrapped, cut=cut))
    except GridTooLargeError:
        message = "表格的行列过多，不是正常的表格，其文字按段落读取。"
        place = line_place(rows[0][0], rows[-1][0])
        findings.append(Finding("W-TABLE-SIZE", "warning", message, place=place))
        for number, parts in rows:
            if words := " ".join(filter(None, parts)):
                blocks.append(Paragraph(words, line_place(number), wrapped=True))
