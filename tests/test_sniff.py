"""The kind of a file comes from its bytes; every kind that is not read says so in Chinese."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.read.document import UnreadableError
from pipeline.read.reader import read
from pipeline.read.sniff import sniff


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"%PDF-1.4 x")
    return buffer.getvalue()


def ole(*names: str) -> bytes:
    """An OLE file of one FAT sector and a directory of the given streams."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    sectors = -(-(len(names) + 1) // 4)
    chain = [2 + i for i in range(sectors - 1)] + [0xFFFFFFFE]
    fat = struct.pack("<128I", 0xFFFFFFFD, *chain, *[0xFFFFFFFF] * (127 - len(chain)))
    directory = b""
    nothing = 0xFFFFFFFF
    for index, name in enumerate(("Root Entry", *names)):
        raw = name.encode("utf-16-le")
        child = 1 if index == 0 and names else nothing
        right = index + 1 if 0 < index < len(names) else nothing
        directory += raw.ljust(64, b"\x00") + struct.pack(
            "<HBB3I", len(raw) + 2, 1, 1, nothing, right, child
        )
        directory = directory.ljust((index + 1) * 128, b"\x00")
    return bytes(header) + fat + directory.ljust(sectors * 512, b"\x00")


KINDS = [
    (b"", "empty"),
    (b" \r\n\x00\t", "empty"),
    (b"%PDF-1.7\n1 0 obj", "pdf"),
    (b"\r\n<br />Warning\n%PDF-1.4\n1 0 obj", "pdf"),
    (zipped("[Content_Types].xml", "word/document.xml"), "docx"),
    (zipped("[Content_Types].xml", "word/document.xml")[:-40], "docx"),
    (zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
    (zipped("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
    (zipped("OFD.xml", "Doc_0/Document.xml"), "ofd"),
    (zipped("[Content_Types].xml", "word\\document.xml"), "docx"),
    (zipped("年报.pdf", "word/x.docx"), "zip"),
    (ole("1Table", "Data", "CompObj", "Workbook2", "WordDocument"), "doc"),
    (ole("Workbook"), "xls"),
    (ole("EncryptionInfo", "EncryptedPackage"), "encrypted"),
    (ole("CONTENTS"), "wps"),
    (ole("WordDocument")[:1180], "doc"),
    (ole("Other"), "unknown"),
    (b"Rar!\x1a\x07\x00", "rar"),
    (b"\x89PNG\r\n\x1a\n\x00", "png"),
    (b"\xff\xd8\xff\xe0", "jpg"),
    (b"GIF89a", "gif"),
    (b"II*\x00\x08", "tiff"),
    (b"<!DOCTYPE html><p>", "html"),
    (b"\n<!-- c --> <HTML lang=zh>", "html"),
    ("\ufeff<p>年报</p>".encode(), "html"),
    ("\ufeff<html><p>年报".encode("utf-16-le"), "html"),
    ("<html><body><p>年报</p>".encode("utf-16-be"), "html"),
    ("<div class=TRS_Editor><p>政府信息公开</p></div>".encode("gbk"), "html"),
    (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x" "y"><html xmlns="x">', "html"),
    ("年度报告<p>一、总体情况</p>".encode(), "html"),
    (b"<script>var _$ts={};</script>", "html"),
    (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "mhtml"),
    (b"{\\rtf1\\ansi", "rtf"),
    ("一、总体情况\n第二十条第（一）项".encode(), "text"),
    ("一、总体情况\n第二十条第（一）项".encode("gb18030"), "text"),
    ("# 年报\n\n如 1 < 2，见 <http://a.cn>".encode(), "text"),
    (bytes(range(256)) * 4, "unknown"),
    (b'<?xml version="1.0"?><rss/>', "unknown"),
]


@pytest.mark.parametrize(
    ("data", "kind"), KINDS, ids=[f"{k}-{i}" for i, (_, k) in enumerate(KINDS)]
)
def test_kind_from_bytes(data: bytes, kind: str) -> None:
    assert sniff(data) == kind


@pytest.mark.parametrize(
    ("data", "rule", "words"),
    [
        (b"", "E-EMPTY", "0 字节"),
        (b"{\\rtf1 x", "E-LEGACY-BROKEN", "重新下载"),
        (ole("EncryptedPackage"), "E-DOCX-ENCRYPTED", "加密"),
        (zipped("年报.pdf"), "E-ARCHIVE-FILE", "解压"),
        (b"Rar!\x1a\x07\x00", "E-ARCHIVE-FILE", "RAR"),
        (b"\xff\xd8\xff\xe0", "E-IMAGE-BROKEN", "图片"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "E-OFFICE-FILE", "Excel"),
        (bytes(range(256)) * 4, "E-UNKNOWN-FORMAT", "无法识别"),
    ],
)
def test_what_is_not_read_says_why(data: bytes, rule: str, words: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(data)
    assert caught.value.rule == rule
    assert words in caught.value.message


def test_page_named_docx_is_read_as_page() -> None:
    document = read("<html><body><p>一、总体情况</p></body></html>".encode())
    assert document.format == "html"


@given(
    st.binary(max_size=600), st.sampled_from([b"", b"PK\x03\x04", ole("WordDocument")[:600], b"<"])
)
def test_any_bytes_have_a_kind(noise: bytes, head: bytes) -> None:
    assert sniff(head + noise)
