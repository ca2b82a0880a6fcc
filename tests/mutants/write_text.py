"""Text as extraction tools leave it: tabs, pipes, or bare lines with scattered labels."""

from __future__ import annotations

import random

from tests.mutants.model import Draft, Sheet
from tests.replica.grids import Slot


def write_grid_text(draft: Draft, blocks: list[str | Sheet]) -> bytes:
    """Write tables with tabs or Markdown pipes."""
    rng = draft.rng
    pipes = draft.format == "pipes"
    padded = pipes or rng.random() < 0.5
    rule = rng.random() < 0.7
    marks = rng.choice(("---", ":---:", "---:", ":---"))
    breaks = rng.choice((" ", " ", "<br>", "<br/>")) if pipes else " "
    parts = []
    for block in blocks:
        if isinstance(block, str):
            parts.append(("## " if pipes and block[1:2] == "、" else "") + block)
            continue
        lines = []
        for row in range(block.rows):
            fields = _fields(block, row, padded=padded, breaks=breaks)
            if pipes:
                lines.append("| " + " | ".join(fields) + " |")
                if rule and row == 0:
                    lines.append("|" + f" {marks} |" * len(fields))
            else:
                lines.append("\t".join(fields))
            _mark_lost(draft, block, row)
        parts.append("\n".join(lines))
    draft.kinds.append("padded" if padded else "short-rows")
    return encoded(draft, "\n\n".join(parts) + "\n")


def encoded(draft: Draft, text: str) -> bytes:
    """Return a text in one of the encodings that editors save."""
    encoding = draft.rng.choice(
        ("utf-8", "utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-be")
    )
    if encoding == "gbk":
        # Of characters that it lacks the old code page keeps question marks.
        lost = text.encode("gbk", errors="replace").decode("gbk") != text
        encoding = "gb18030" if lost else "gbk"
    draft.kinds.append(f"text-{encoding}")
    if encoding == "utf-16-be":
        return b"\xfe\xff" + text.encode(encoding)
    return text.encode(encoding)


def _fields(sheet: Sheet, row: int, *, padded: bool, breaks: str) -> list[str]:
    """Return the fields of a row: merged places empty, or only those from above."""
    fields = []
    at = 0
    for slot in sheet.covering(row):
        fields += [""] * (slot.column - at)
        text = slot.text.replace("\n", breaks) if slot.row == row else ""
        fields += [text] + [""] * (slot.columns - 1 if padded else 0)
        at = slot.column + slot.columns
    return fields


def _mark_lost(draft: Draft, sheet: Sheet, row: int) -> None:
    """Blank cells of a row with other empty fields have no place of their own any more."""
    codes = [s.code for s in sheet.beginning(row) if s.code]
    blank = [code for code in codes if not draft.printed[code].text.strip()]
    if blank:
        draft.untold.update(codes)


class LineWriter:
    """Writes tables as bare lines; the constructor draws its style."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.rng: random.Random = draft.rng
        self.vertical = self.rng.random() < 0.4
        self.width = self.rng.choice((12, 16, 22, 40))
        self.wrapped = self.rng.choice(("before", "around", "last"))
        self.paged = self.rng.random() < 0.5
        self.page = 1

    def _page_break(self) -> list[str]:
        if not self.paged or self.rng.random() > 0.04:
            return []
        self.page += 1
        return [self.rng.choice(("— {} —", "- {} -", "{}", "第 {} 页")).format(self.page)]

    def _figures(self, slots: list[Slot]) -> str:
        texts = [slot.text for slot in slots]
        if any(not text.strip() or " " in text.strip() for text in texts):
            self.draft.untold.update(slot.code for slot in slots if slot.code)
        return " ".join(text for text in texts if text.strip())

    def _row(self, label: str, figures: str) -> list[str]:
        pieces = [label[n : n + self.width] for n in range(0, len(label), self.width)]
        if len(pieces) < 2:
            return [f"{label} {figures}".strip()]
        if self.wrapped == "last":
            return [*pieces[:-1], f"{pieces[-1]} {figures}".strip()]
        figures_line = [figures] if figures else []
        if self.wrapped == "around":
            middle = (len(pieces) + 1) // 2
            return [*pieces[:middle], *figures_line, *pieces[middle:]]
        return [*pieces, *figures_line]

    def two(self, sheet: Sheet) -> list[str]:
        lines = []
        for row in range(sheet.rows):
            slots = sheet.beginning(row)
            words = [s.text.replace("\n", "") for s in slots if not s.code and s.text]
            lines.append(" ".join([*words, self._figures([s for s in slots if s.code])]).strip())
            lines += self._page_break()
        return lines

    def three(self, sheet: Sheet) -> list[str]:
        lines: list[str] = []
        for row in range(sheet.rows):
            slots = sheet.beginning(row)
            values = [s for s in slots if s.code]
            labels = [s for s in slots if not s.code and s.text]
            if row < sheet.head_rows:
                lines += self._head([s.text.replace("\n", "") for s in labels])
                continue
            for group in labels[:-1]:
                text = group.text.replace("\n", "")
                step = self.rng.choice((2, 4, len(text)))
                lines += [text[n : n + step] for n in range(0, len(text), step)]
            label = labels[-1].text.replace("\n", "") if labels else ""
            lines += self._row(label, self._figures(values))
            lines += self._page_break()
        return lines

    def _head(self, words: list[str]) -> list[str]:
        if not self.vertical:
            return [" ".join(words)]
        return [
            piece
            for word in words
            for piece in (word if len(word) <= 6 and word != "自然人" else [word])
        ]

    def four(self, sheet: Sheet) -> list[str]:
        lines: list[str] = []
        for row in range(sheet.rows):
            slots = sheet.beginning(row)
            values = [s for s in slots if s.code]
            words = [s.text.replace("\n", "") for s in slots if not s.code and s.text]
            if values:
                lines.append(self._figures(values))
                lines += self._page_break()
            elif not self.vertical or row == 0:
                lines.append(" ".join(words))
            else:
                lines += [piece for word in words for piece in (word[:2], word[2:]) if piece]
        return lines


def write_lines(draft: Draft, blocks: list[str | Sheet]) -> bytes:
    """Write bare lines; table four and a heading may stand in the middle of another table."""
    writer = LineWriter(draft)
    rng = draft.rng
    parts: list[list[str]] = []
    for block in blocks:
        if isinstance(block, str):
            parts.append([block])
        else:
            parts.append(
                getattr(writer, {"t2": "two", "t3": "three", "t4": "four"}[block.name])(block)
            )
    tables = [n for n, block in enumerate(blocks) if isinstance(block, Sheet)]
    if len(tables) == 3 and rng.random() < 0.35:
        _interleave(rng, parts, tables)
        draft.kinds.append("interleaved")
    draft.kinds += [
        name
        for name, present in (
            ("vertical-heads", writer.vertical),
            (f"labels-{writer.wrapped}", writer.width < 40),
            ("page-numbers", writer.paged),
        )
        if present
    ]
    glue = rng.choice(("\n", "\n\n"))
    return (glue.join(line for part in parts for line in part) + glue).encode()


def _interleave(rng: random.Random, parts: list[list[str]], tables: list[int]) -> None:
    """Put table four with its heading into table three, and heading three into table two."""
    two, three, four = tables
    body = parts[three]
    starts = [n for n, line in enumerate(body) if line.startswith(("（", "("))]
    at = rng.choice(starts or [len(body)])
    body[at:at] = [*parts[four - 1], *parts[four]]
    parts[four], parts[four - 1] = [], []
    if rng.random() < 0.5:
        articles = [n for n, line in enumerate(parts[two]) if "信息内容" in line.replace(" ", "")]
        if len(articles) > 1:
            cut = rng.choice(articles[1:])
            parts[two][cut:cut] = parts[three - 1]
            parts[three - 1] = []
