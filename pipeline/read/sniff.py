"""Sniff: the bytes alone say what a file is; names and headers of sites are often wrong."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from typing import Literal

from pipeline.read import ole

Kind = Literal[
    "pdf",
    "docx",
    "xlsx",
    "pptx",
    "ofd",
    "zip",
    "rar",
    "7z",
    "gzip",
    "doc",
    "wps",
    "xls",
    "ppt",
    "encrypted",
    "png",
    "jpg",
    "gif",
    "tiff",
    "bmp",
    "webp",
    "html",
    "mhtml",
    "rtf",
    "text",
    "empty",
    "unknown",
]

LegacyKind = Literal["doc", "wps", "rtf"]
"""Kinds that LibreOffice converts."""

_HEAD = 4096
RTF_MAGIC = b"{\\rtf"
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gzip"),
    (RTF_MAGIC, "rtf"),
)
_OLE_NAMES: tuple[tuple[str, Kind], ...] = (
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WpsDocument", "wps"),
    ("MatOST", "wps"),
    ("CONTENTS", "wps"),
)
_ZIP_NAMES: tuple[tuple[str, Kind], ...] = (
    ("word/", "docx"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
    ("OFD.xml", "ofd"),
)
# What tells a document from an archive that happens to hold a folder of the same name.
_CONTAINER_FILES = frozenset({"[Content_Types].xml", "OFD.xml"})
_PDF_HEAD = re.compile(rb"%PDF-\d")
_TAG = (
    r"(?:!doctype\s+html|html|head|body|meta|title|script|style|link|base|div|p|table|tbody|tr|td|"
    r"span|font|section|article|center|h[1-6]|ul|ol|li|br|hr|a|b|strong|img|form|iframe|noscript)"
)
# Possessive: a row of comments could else be cut up in exponentially many ways.
_HTML_START = re.compile(
    rf"(?>\s+|<!--.*?-->|<!--\[if.*?\]>|<\?xml[^>]*\?>|<!\[if[^>]*>)*+<{_TAG}(?=[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
# A line of the head of a mail, and what tells a saved page from a mail that somebody kept.
_MIME_HEAD = re.compile(
    r"\s*+(?:[A-Za-z][A-Za-z-]*:[^\n]*\n(?:[ \t]+[^\n]*\n)*+)*?"
    r"(?:MIME-Version:|Content-Type:\s*multipart/related)",
    re.IGNORECASE,
)
_HTML_LATER = re.compile(r"</(?:html|body|div|p)\s*>", re.IGNORECASE)
_WORD_HEAD = re.compile(rb"\xec\xa5.[\x00\x01]", re.DOTALL)  # [MS-DOC] 2.5.2
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def sniff(data: bytes) -> Kind:
    """Return what kind of file the bytes are.

    Args:
        data: the whole file.

    Source: magic numbers of the formats; ISO 32000 annex H (``%PDF-`` within the first kB);
    [MS-CFB] for OLE directories; APPNOTE for zip names.

    """
    if not data.strip(b"\x00 \t\r\n"):
        return "empty"
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"BM") and data[6:10] == b"\x00\x00\x00\x00":
        return "bmp"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(data)
    if data.startswith(ole.MAGIC):
        return _sniff_ole(data)
    pdf = _PDF_HEAD.search(data, 0, 1024)
    if pdf and (pdf.start() == 0 or b"obj" in data):
        return "pdf"
    return _sniff_characters(data)


def _sniff_zip(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.replace("\\", "/") for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError):
        # The directory at the end is lost or broken: the names before each member are left.
        names = [name for name, _ in _ZIP_NAMES if name.encode() in data]
    else:
        if not _CONTAINER_FILES.intersection(names):
            return "zip"
    for prefix, kind in _ZIP_NAMES:
        if any(name.startswith(prefix) for name in names):
            return kind
    return "zip"


def _sniff_ole(data: bytes) -> Kind:
    try:
        names = set(ole.streams(data))
    except (struct.error, IndexError):
        # The directory is lost: look for its entries, and for the head of a Word document.
        names = {name for name, _ in _OLE_NAMES if f"\0{name}\0".encode("utf-16-le") in data}
        if not names and any(_WORD_HEAD.match(data, at) for at in range(512, len(data), 512)):
            return "doc"
    for name, kind in _OLE_NAMES:
        if name in names:
            return kind
    return "unknown"


def _sniff_characters(data: bytes) -> Kind:
    text = _head_text(data)
    if text is None:
        return "unknown"
    if _HTML_START.match(text):
        return "html"
    if _MIME_HEAD.match(text):
        return "mhtml"
    if text.lstrip().startswith("<?xml"):
        return "html" if re.search(r"<html[\s>]", text, re.IGNORECASE) else "unknown"
    return "html" if _HTML_LATER.search(text) else "text"


def _head_text(data: bytes) -> str | None:
    """Return the first characters as text, None when the bytes are no text."""
    head = data[:_HEAD]
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    pairs = len(head) // 2
    if head[1::2].count(0) * 3 > pairs:
        return head.decode("utf-16-le", "replace")
    if head[0::2].count(0) * 3 > pairs:
        return head.decode("utf-16-be", "replace")
    best: str | None = None
    worst = max(2, len(head) // 50)
    for encoding in ("utf-8", "gb18030"):
        text = head.decode(encoding, "replace")
        broken = text.count("\ufffd") + len(_CONTROLS.findall(text))
        if not broken:
            return text
        if broken <= worst:
            best, worst = text, broken - 1
    return best
