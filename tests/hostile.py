"""Files that are broken or made to break a reader, each made here in memory."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader

from tests.pdf_sheet import Sheet
from tests.replica.data import reports
from tests.replica.docx_form import render_docx
from tests.replica.html_form import HtmlStyle, report_page
from tests.replica.pdf_form import PdfStyle, render_pdf

MIB = 2**20
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


@cache
def _report_pdf() -> bytes:
    return render_pdf(next(iter(reports().values())), PdfStyle())


@cache
def _report_docx() -> bytes:
    return render_docx(next(iter(reports().values())))


@cache
def _html_report() -> bytes:
    return report_page(next(iter(reports().values())), HtmlStyle())


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _docx(body: str, head: str = "") -> bytes:
    document = f'{head}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    return _zip({"[Content_Types].xml": _TYPES.encode(), "word/document.xml": document.encode()})


def _pdf(*objects: bytes) -> bytes:
    """Return a PDF of bare objects, the first of which is the catalogue."""
    pieces = [b"%PDF-1.7\n"]
    offsets, end = [], len(pieces[0])
    for number, body in enumerate(objects, 1):
        offsets.append(end)
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        end += len(pieces[-1])
    count = len(objects) + 1
    pieces.append(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    pieces += [b"%010d 00000 n \n" % offset for offset in offsets]
    pieces.append(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, end))
    return b"".join(pieces)


def _stream(content: bytes) -> bytes:
    return b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream" % (len(content), content)


def _repeated(piece: bytes, size: int) -> bytes:
    """Return the deflated bytes of a piece repeated up to a size, without holding them all."""
    packer = zlib.compressobj(9)
    block = piece * (MIB // len(piece))
    packed = b"".join(packer.compress(block) for _ in range(size // len(block)))
    return packed + packer.flush()


def _page_with(content: bytes) -> bytes:
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        _stream(content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )


def empty() -> bytes:
    return b""


def blank() -> bytes:
    return b" \r\n" * 5000


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (60, 80), 200).save(stream, "PNG")
    return stream.getvalue()


def random_bytes() -> bytes:
    return b"\x07" + random.Random(7).randbytes(100_000)


def gzipped_report() -> bytes:
    return gzip.compress(_report_pdf(), mtime=0)


def zip_bomb() -> bytes:
    return _zip({f"{number}.txt": b"0" * 8 * MIB for number in range(16)})


def ole_head() -> bytes:
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    return head.ljust(512, b"\xff")


def ole_head_of_doc() -> bytes:
    return ole_head() + "Root Entry\0WordDocument\0".encode("utf-16-le")


def error_page() -> bytes:
    return (
        "<html><head><title>404 Not Found</title></head><body><h1>404</h1>"
        "<p>您访问的页面不存在，三秒后返回首页。</p></body></html>"
    ).encode()


def nested_divs() -> bytes:
    return b"<html><body>" + b"<div>" * 100_000 + "正文".encode()


def nested_tables() -> bytes:
    return b"<html><body>" + b"<table><tr><td>" * 20_000 + b"1"


def huge_spans() -> bytes:
    cell = '<td rowspan="65534" colspan="1000">5</td>'
    rows = f"<tr>{cell * 1000}</tr>" * 50
    return f"<html><body><h1>年报</h1><table>{rows}</table></body></html>".encode()


def comment_row() -> bytes:
    return b"<!---->" * 500 + b"<html><body><p>x</p></body></html>"


def vast_page() -> bytes:
    row = "<tr><td>行政许可</td><td>5</td><td>6</td></tr>\n".encode()
    return b"<html><body><table>" + row * (60 * MIB // len(row)) + b"</table></body></html>"


def vast_paragraphs() -> bytes:
    line = "<p>一、总体情况。本机关收到申请5件。</p>\n".encode()
    return b"<html><body>" + line * (60 * MIB // len(line)) + b"</body></html>"


def too_large() -> bytes:
    return b"<html><body>" + b"<p>x</p>" * (8 * MIB)


def vast_text() -> bytes:
    return "本机关收到申请5件，".encode() * (60 * MIB // 27)


def ragged_text() -> bytes:
    return b"1\t2\n" * 50_000 + b"\t" * 100_000


def truncated_pdf() -> bytes:
    return _report_pdf()[:-2000]


def encrypted_pdf() -> bytes:
    sheet = Sheet(encrypt=StandardEncryption("open", ownerPassword="own", strength=128))
    sheet.text(72, 72, "一、总体情况")
    return sheet.data()


def scanned_pdf() -> bytes:
    sheet = Sheet()
    sheet.canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 595, 842)
    return sheet.data()


def pdf_without_unicode() -> bytes:
    return _report_pdf().replace(b"/ToUnicode", b"/ToUnicodX")


def pdf_of_500_pages() -> bytes:
    sheet = Sheet()
    for _ in range(500):
        sheet.text(72, 72, "一、总体情况")
        sheet.next_page()
    return sheet.data()


def pdf_page_tree_loop() -> bytes:
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 2>>",
        b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R 3 0 R]/Count 2>>",
    )


def pdf_of_a_billion_pages() -> bytes:
    return _pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 999999999>>")


def pdf_operator_bomb() -> bytes:
    return _page_with(_repeated(b"0 0 m 9 9 l S\n", 256 * MIB))


def pdf_text_bomb() -> bytes:
    return _page_with(_repeated(b"BT /F1 9 Tf 9 9 Td (12345) Tj ET\n", 128 * MIB))


def docx_bomb() -> bytes:
    head = f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>'.encode()
    return _zip(
        {"[Content_Types].xml": _TYPES.encode(), "word/document.xml": head + b"0" * 80 * MIB}
    )


def docx_of_many_parts() -> bytes:
    parts = {f"word/part{number}.xml": b"" for number in range(20_000)}
    return _zip({"[Content_Types].xml": _TYPES.encode(), "word/document.xml": b"<a/>", **parts})


def docx_that_lies_about_its_size() -> bytes:
    data = bytearray(docx_bomb())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.rindex(mark)
        data[at + offset : at + offset + 4] = struct.pack("<I", 1000)
    return bytes(data)


def docx_with_external_entity() -> bytes:
    head = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return _docx("<w:p><w:r><w:t>2021年政府信息公开工作年度报告&x;</w:t></w:r></w:p>", head)


def docx_with_billion_laughs() -> bytes:
    entities = '<!ENTITY e0 "0123456789">' + "".join(
        f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 12)
    )
    return _docx("<w:p><w:r><w:t>&e11;</w:t></w:r></w:p>", f"<!DOCTYPE d [{entities}]>")


def docx_without_document() -> bytes:
    return _zip({"[Content_Types].xml": _TYPES.encode(), "word/styles.xml": b"<a/>"})


def docx_nested() -> bytes:
    return _docx("<w:tbl><w:tr><w:tc>" * 5000)


def docx_truncated() -> bytes:
    data = _report_docx()
    return data[: len(data) // 2]


def table_of_100_000_rows() -> bytes:
    row = "<tr><td>行政许可</td><td>5</td><td>6</td></tr>"
    return f"<html><body><h1>年报</h1><table>{row * 100_000}</table></body></html>".encode()


def spans_over_100_000_rows() -> bytes:
    row = '<tr><td rowspan="65534">5</td></tr>'
    return f"<html><body><h1>年报</h1><table>{row * 100_000}</table></body></html>".encode()


def one_vast_attribute() -> bytes:
    return b'<html><body><p title="' + b"x" * 30 * MIB + b'">5</p></body></html>'


def page_of_references() -> bytes:
    return b"<html><body><p>" + b"&nbsp;" * 4_000_000 + b"</p></body></html>"


def markdown_of_20_000_rows() -> bytes:
    return "| 行政许可 | 5 | 6 |\n".encode() * 20_000


def pdf_with_docx_behind() -> bytes:
    return _report_pdf()[:-200] + _report_docx()


def docx_with_pdf_in_front() -> bytes:
    return b"%PDF-1.7\n" + _report_docx()


def picture_with_page_behind() -> bytes:
    return b"GIF89a/*" + _html_report()


def zip_within_zip() -> bytes:
    data = b"0" * MIB
    for _ in range(12):
        data = _zip({f"{number}.zip": data for number in range(8)})
    return data


def pdf_with_javascript() -> bytes:
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R/AA<</WC 4 0 R>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/AA<</O 4 0 R>>>>",
        b"<</S/JavaScript/JS(while\\(true\\){app.launchURL\\('http://127.0.0.1:9/'\\)})>>",
    )


def pdf_of_100_000_objects() -> bytes:
    filler = [b"<</Nothing[%d 0 R]>>" % (number + 5) for number in range(100_000)]
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R/Names 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        *filler,
    )


def pdf_with_cyclic_tables() -> bytes:
    data = _pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")
    start = data.rindex(b"xref\n0 ")
    return data.replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Prev %d>>" % start)


def pdf_with_deep_page_tree() -> bytes:
    depth = 20_000
    nodes = [
        b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (number - 1, number + 1)
        for number in range(2, depth)
    ]
    leaf = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]>>" % (depth - 1)
    return _pdf(b"<</Type/Catalog/Pages 2 0 R>>", *nodes, leaf)


def pdf_with_deep_arrays() -> bytes:
    content = b"[" * 500_000 + b"]" * 500_000 + b" TJ"
    return _page_with(zlib.compress(content, 9))


def pdf_form_that_draws_itself() -> bytes:
    form = zlib.compress(b"/X Do /X Do")
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</XObject<</X 5 0 R>>>>>>",
        _stream(zlib.compress(b"/X Do")),
        _stream(form).replace(b"<<", b"<<" + head, 1),
    )


def pdf_forms_that_double() -> bytes:
    levels = 40
    forms = []
    for number in range(levels):
        content = b"/X Do /X Do" if number < levels - 1 else b"0 0 m 9 9 l S"
        head = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (
            number + 6
        )
        forms.append(_stream(zlib.compress(content)).replace(b"<<", b"<<" + head, 1))
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</XObject<</X 5 0 R>>>>>>",
        _stream(zlib.compress(b"/X Do")),
        *forms,
    )


def _pdf_picture(filter_name: bytes, content: bytes, more: bytes = b"") -> bytes:
    """Return a PDF of one picture that says it is 60,000 by 60,000 pixels."""
    head = b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8"
    head += b"/ColorSpace/DeviceGray/Filter/%s%s/Length %d>>" % (filter_name, more, len(content))
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</XObject<</X 5 0 R>>>>>>",
        _stream(zlib.compress(b"595 0 0 842 0 0 cm /X Do")),
        head + b"\nstream\n" + content + b"\nendstream",
    )


def pdf_jbig2_bomb() -> bytes:
    page = struct.pack(">IBBI", 0, 48, 1, 19) + struct.pack(">IIIIBH", 60000, 60000, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", 60000, 60000, 0, 0, 0) + bytes([8, 3, 255, 253, 255, 2, 254])
    region += bytes([254, 4, 238]) + b"\xff\xac"
    segment = struct.pack(">IBBI", 1, 38, 1, len(region)) + region
    return _pdf_picture(b"JBIG2Decode", page + segment)


def pdf_jpx_bomb() -> bytes:
    size = (
        struct.pack(">HIIIIIIIIH", 0, 60000, 60000, 0, 0, 60000, 60000, 0, 0, 1) + b"\x07\x01\x01"
    )
    style = b"\x00\x00\x00\x01\x00\x05\x04\x04\x00\x01"
    stream = b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size
    stream += b"\xff\x52" + struct.pack(">H", len(style) + 2) + style
    stream += b"\xff\x5c\x00\x13\x40" + b"\x40" * 16 + b"\xff\x90\x00\x0a" + bytes(6) + b"\x00\x01"
    return _pdf_picture(b"JPXDecode", stream + b"\xff\x93" + bytes(64) + b"\xff\xd9")


def pdf_flate_picture_bomb() -> bytes:
    return _pdf_picture(b"FlateDecode", _repeated(b"\x80" * 64, 64 * MIB))


def png_of_a_billion_pixels() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 32000, 32000, 8, 0, 0, 0, 0)
    rows = _repeated(b"\x00" * 64, 64 * MIB)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def docx_of_20_000_rows() -> bytes:
    cell = "<w:tc><w:p><w:r><w:t>5</w:t></w:r></w:p></w:tc>"
    return _docx(f"<w:tbl>{f'<w:tr>{cell * 3}</w:tr>' * 20_000}</w:tbl>")


def docx_with_vast_span() -> bytes:
    span = '<w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr>'
    cell = f"<w:tc>{span}<w:p><w:r><w:t>5</w:t></w:r></w:p></w:tc>"
    return _docx(f"<w:tbl>{f'<w:tr>{cell * 3}</w:tr>' * 100}</w:tbl>")


def mhtml_of_empty_parts() -> bytes:
    head = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
    return head + b"--b\nContent-Type: text/plain\n\n\n" * 50_000 + b"--b--\n"


def ole_that_goes_round() -> bytes:
    head = bytearray(bytes.fromhex("d0cf11e0a1b11ae1").ljust(512, b"\0"))
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<I", head, 48, 1)
    struct.pack_into("<2I", head, 68, 0, 9999)
    struct.pack_into("<109I", head, 76, *[0] * 109)
    return bytes(head) + struct.pack("<128I", *[1] * 128) + bytes(512)


def rtf_of_nested_groups() -> bytes:
    return b"{\\rtf1" + b"{" * 200_000 + b"5" + b"}" * 200_001


def rtf_of_nested_tables() -> bytes:
    rows = b"".join(
        b"\\intbl\\itap%d 5\\nestcell{\\*\\nesttableprops\\trowd\\cellx900\\nestrow}" % n
        for n in range(2000, 1, -1)
    )
    return b"{\\rtf1\\ansi\\trowd\\cellx9000 " + rows + b"\\intbl\\itap1\\cell\\row}"


def doc_of_noise() -> bytes:
    return ole_head_of_doc() + random.Random(3).randbytes(100_000)


MAKERS: dict[str, Callable[[], bytes]] = {
    name: thing
    for name, thing in list(globals().items())
    if callable(thing) and getattr(thing, "__module__", "") == __name__ and not name.startswith("_")
}
