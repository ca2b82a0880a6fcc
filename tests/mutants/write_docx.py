"""DOCX with merged cells, split runs and the noise of an editor's memory."""

from __future__ import annotations

import io
import random
import zipfile
from functools import cache

import docx

from tests.mutants.model import Draft, Sheet
from tests.replica.grids import Slot

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@cache
def _package() -> dict[str, bytes]:
    saved = io.BytesIO()
    docx.Document().save(saved)
    with zipfile.ZipFile(saved) as source:
        return {name: source.read(name) for name in source.namelist()}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class DocxWriter:
    """Writes ``word/document.xml``; the constructor draws its style."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.split_runs = rng.random() < 0.4
        self.noise = rng.random() < 0.4
        self.breaks = rng.choice(("break", "paragraph"))
        self.block_control = rng.random() < 0.1

    def _run(self, text: str) -> str:
        words = f'<w:t xml:space="preserve">{_escape(text)}</w:t>'
        return f'<w:r><w:rPr><w:sz w:val="18"/></w:rPr>{words}</w:r>'

    def runs(self, text: str) -> str:
        pieces = [text]
        if self.split_runs and len(text) > 1:
            at = self.rng.randint(1, len(text) - 1)
            pieces = [text[:at], text[at:]]
        written = [self._run(piece) for piece in pieces if piece]
        if self.noise:
            noise = self.rng.choice(
                (
                    '<w:proofErr w:type="spellStart"/>',
                    '<w:bookmarkStart w:id="1" w:name="_GoBack"/><w:bookmarkEnd w:id="1"/>',
                    '<w:del w:id="3" w:author="a"><w:r><w:delText>88</w:delText></w:r></w:del>',
                    "<w:r><w:rPr><w:vanish/></w:rPr></w:r>",
                    "<w:r><w:lastRenderedPageBreak/></w:r>",
                )
            )
            written.insert(self.rng.randint(0, len(written)), noise)
        return "".join(written)

    def paragraph(self, text: str) -> str:
        return f"<w:p>{self.runs(text) if text else ''}</w:p>"

    def _cell(self, slot: Slot, row: int) -> str:
        span = f'<w:gridSpan w:val="{slot.columns}"/>' if slot.columns > 1 else ""
        merge, text = "", slot.text
        if slot.rows > 1:
            merge = '<w:vMerge w:val="restart"/>' if slot.row == row else "<w:vMerge/>"
            text = text if slot.row == row else ""
        lines = text.split("\n")
        if self.breaks == "break":
            body = "<w:p>" + "<w:r><w:br/></w:r>".join(self.runs(x) for x in lines) + "</w:p>"
        else:
            body = "".join(self.paragraph(line) for line in lines)
        return f'<w:tc><w:tcPr><w:tcW w:w="900" w:type="dxa"/>{span}{merge}</w:tcPr>{body}</w:tc>'

    def table(self, sheet: Sheet) -> str:
        rows = []
        for row in range(sheet.rows):
            cells, at = [], 0
            for slot in sheet.covering(row):
                if slot.column > at:
                    cells.append(self._cell(Slot("", row, at, 1, slot.column - at), row))
                cells.append(self._cell(slot, row))
                at = slot.column + slot.columns
            head = "<w:trPr><w:tblHeader/></w:trPr>" if row < sheet.head_rows else ""
            rows.append(f"<w:tr>{head}{''.join(cells)}</w:tr>")
        columns = '<w:gridCol w:w="900"/>' * len(sheet.widths)
        return f"<w:tbl><w:tblPr/><w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"


def write_docx(draft: Draft, blocks: list[str | Sheet]) -> bytes:
    """Write a package around the tables."""
    rng = draft.rng
    writer = DocxWriter(rng)
    between = rng.choice(("", "<w:p/>", "<w:p/><w:p><w:r><w:t> </w:t></w:r></w:p>"))
    body = []
    for block in blocks:
        if isinstance(block, str):
            body.append(writer.paragraph(block))
        else:
            table = writer.table(block)
            if writer.block_control:
                table = f"<w:sdt><w:sdtContent>{table}</w:sdtContent></w:sdt>"
            # Two tables that touch are one table in Word.
            body.append(table + (between or "<w:p/>"))
    draft.kinds += [
        name
        for name, present in (
            ("split-runs", writer.split_runs),
            ("editor-noise", writer.noise),
            ("content-control", writer.block_control),
        )
        if present
    ]
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_NAMESPACE}"><w:body>'
        f"{''.join(body)}<w:sectPr/></w:body></w:document>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in _package().items():
            target.writestr(name, xml.encode() if name == "word/document.xml" else content)
    return packed.getvalue()
