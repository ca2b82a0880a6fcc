"""Replica documents as offices publish them: in a site's page, with Word's own markup."""

from __future__ import annotations

import io
import re
import zipfile

_CELL = (
    "width:63.8pt;border-top:none;border-left:none;border-bottom:solid windowtext 1.0pt;"
    "border-right:solid windowtext 1.0pt;mso-border-top-alt:solid windowtext .5pt;"
    "mso-border-left-alt:solid windowtext .5pt;padding:0cm 5.4pt 0cm 5.4pt;height:22.7pt"
)
_LINE = "text-align:center;line-height:14.0pt;mso-line-height-rule:exactly;margin:0cm 0cm 0.0001pt"
_TYPE = "font-size:12.0pt;font-family:宋体;mso-bidi-font-family:宋体;color:black"
_FROM_WORD = (
    (
        f' style="{_CELL}"><p class="MsoNormal" align="center" style="{_LINE}">'
        f'<span lang="EN-US" style="{_TYPE}">'
    ),
    "<o:p></o:p></span></p>",
)
_FROM_EDITOR = (
    (
        ' style="border:1px solid #000;padding:0 7px"><p style="text-align:center">'
        '<span style="font-size:14px;font-family:宋体">'
    ),
    "</span></p>",
)
_ENTRIES, _SUB_ENTRIES = 40, 6

_RUN = (
    '<w:rPr><w:rFonts w:hint="eastAsia" w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体" '
    'w:cs="宋体"/><w:i w:val="0"/><w:color w:val="000000"/><w:kern w:val="0"/><w:sz w:val="20"/>'
    '<w:szCs w:val="20"/><w:u w:val="none"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr>'
)
_SIDES = "".join(
    f'<w:{side} w:val="single" w:color="000000" w:sz="4" w:space="0"/>'
    for side in ("top", "left", "bottom", "right")
)


def dressed_page(page: bytes, *, from_word: bool) -> bytes:
    """Return a page with a site's menu around it and its cells as offices fill them in.

    Args:
        page: a page of the replica.
        from_word: cells pasted from Word, with its own markup, of which the page is half; else as
            the editor of a site writes them.

    """
    before, behind = _FROM_WORD if from_word else _FROM_EDITOR
    coding = "utf-8" if b'charset="utf-8' in page[:400].lower() else "gb18030"
    text = re.sub(
        r"(<td\b[^>]*?)(?: style=\"[^\"]*\")?>(.*?)</td>",
        lambda cell: f"{cell[1]}{before}{re.sub('<[^>]*>', '', cell[2])}{behind}</td>",
        page.decode(coding),
        flags=re.DOTALL,
    )
    menu = "".join(
        f'<li class="nav-item"><a href="/xxgk/col{n}/" target="_blank">政务公开栏目{n}</a><ul>'
        + "".join(
            f'<li><a href="/xxgk/col{n}/{m}/">子栏目{m}</a></li>' for m in range(_SUB_ENTRIES)
        )
        + "</ul></li>"
        for n in range(_ENTRIES)
    )
    script = "<script>" + "var a = function (x) { return x * 2; };\n" * 200 + "</script>"
    style = "<style>" + ".a .b { color: #333; display: block }\n" * 150 + "</style>"
    text = text.replace("<body>", f'<body>{style}{script}<div class="header"><ul>{menu}</ul></div>')
    return text.encode(coding)


def dressed_docx(data: bytes) -> bytes:
    """Return a Word file in which each run and each cell says what it looks like.

    Args:
        data: a Word file of the replica.

    """
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as dressed,
    ):
        for entry in source.infolist():
            part = source.read(entry)
            if entry.filename == "word/document.xml":
                text = re.sub(r"<w:r>(?:<w:rPr>.*?</w:rPr>)?", "<w:r>" + _RUN, part.decode())
                borders = rf"\1<w:tcBorders>{_SIDES}</w:tcBorders>"
                part = re.sub(r"(<w:tcW [^>]*/>)", borders, text).encode()
            dressed.writestr(entry.filename, part)
    return target.getvalue()
