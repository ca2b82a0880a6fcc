"""PDF files that cannot be read, or only in part: each says why and what to do."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader

from pipeline.read import pdf
from pipeline.read.document import UnreadableError
from pipeline.read.ocr_models import has_ocr
from pipeline.read.pdf import Engine, read_pdf
from tests.pdf_sheet import Sheet

XS, YS = [72.0, 200.0, 330.0], [100.0, 130.0, 160.0]
ROWS = [["信息内容", "本年处理决定数量"], ["行政许可", "447228"]]


@pytest.fixture(params=["pdfium", "pdfminer"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


def sample(**options: object) -> Sheet:
    sheet = Sheet(**options)
    sheet.rules(XS, YS)
    sheet.fill(XS, YS, ROWS)
    return sheet


def scan(sheet: Sheet) -> None:
    image = ImageReader(Image.new("L", (60, 80), 200))
    sheet.canvas.drawImage(image, 0, 0, 595, 842)


def refusal(data: bytes, engine: Engine) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read_pdf(data, engine=engine)
    assert re.search("请|原文件", caught.value.message), "says what to do"
    return caught.value


def figures(data: bytes, engine: Engine) -> list[str]:
    (table,) = read_pdf(data, engine=engine).tables()
    return [cell.text for cell in table.cells]


def test_a_cut_off_file_is_refused_not_half_read(engine: Engine) -> None:
    data = sample().data()
    for share in (0.3, 0.7, 0.95):
        assert refusal(data[: int(share * len(data))], engine).rule == "E-PDF-BROKEN"


def test_an_update_cut_off_after_a_whole_file_is_refused(engine: Engine) -> None:
    data = sample().data() + b"\n99 0 obj\n<< /Length 20000 >>\nstream\nBT"
    assert refusal(data, engine).rule == "E-PDF-BROKEN"


def test_a_linearized_file_shorter_than_it_says_is_refused(engine: Engine) -> None:
    head, rest = sample().data().split(b"\n", 1)
    data = head + b"\n99 0 obj <</Linearized 1/L 99999999>> endobj\n" + rest
    assert refusal(data, engine).rule == "E-PDF-BROKEN"


@pytest.mark.parametrize("data", [b"", b"<html><body>404</body></html>", b"%PDF-1.7\n%%EOF\n"])
def test_what_is_no_pdf_is_refused(engine: Engine, data: bytes) -> None:
    assert refusal(data, engine).rule == "E-PDF-BROKEN"


def test_bytes_before_the_head_do_not_matter(engine: Engine) -> None:
    data = sample().data()
    assert figures(b"\r\n\xef\xbb\xbfHTTP noise\n" * 20 + data, engine)[3] == "447228"
    assert refusal(b"x" * 2000 + data, engine).rule == "E-PDF-BROKEN"


def test_a_password_to_open_is_refused_an_owner_password_is_not(engine: Engine) -> None:
    locked = sample(encrypt=StandardEncryption("open", ownerPassword="own", strength=128)).data()
    assert refusal(locked, engine).rule == "E-PDF-ENCRYPTED"
    owned = StandardEncryption("", ownerPassword="own", canCopy=0, canPrint=0, strength=128)
    assert figures(sample(encrypt=owned).data(), engine)[3] == "447228"


def test_a_scan_is_refused_even_with_a_page_number(engine: Engine) -> None:
    sheet = Sheet()
    scan(sheet)
    sheet.text(280, 800, "- 1 -", 10)
    assert refusal(sheet.data(), engine).rule == "E-PDF-NO-TEXT"
    empty = Sheet()
    empty.next_page()
    assert refusal(empty.data(), engine).rule == "E-PDF-NO-TEXT"


def test_a_scanned_page_among_others_is_named(engine: Engine) -> None:
    sheet = sample()
    sheet.text(72, 300, "本报告第二页为盖章的扫描页，其余为文字，共两页。")
    sheet.next_page()
    scan(sheet)
    (finding,) = read_pdf(sheet.data(), engine=engine).findings
    assert (finding.rule, finding.place) == ("W-PDF-PAGE-NO-TEXT", "page=2")


def test_a_page_of_text_turned_to_outlines_is_named(engine: Engine) -> None:
    sheet = sample()
    sheet.text(72, 300, "本报告第二页的文字已转为曲线，其余为文字，共两页。")
    sheet.next_page()
    for x in range(72, 500, 20):
        sheet.canvas.circle(x, 500, 8, stroke=0, fill=1)
    (finding,) = read_pdf(sheet.data(), engine=engine).findings
    assert (finding.rule, finding.place) == ("W-PDF-PAGE-NO-TEXT", "page=2")


def test_the_text_of_fonts_without_a_unicode_map_is_never_taken(engine: Engine) -> None:
    data = sample().data().replace(b"/ToUnicode", b"/ToUnicodX")
    if not has_ocr():
        assert refusal(data, engine).rule.startswith("E-")
        return
    assert "I-OCR" in [finding.rule for finding in read_pdf(data, engine=engine).findings]
    assert figures(data, engine)[3] == "447228"


def test_a_few_characters_without_a_map_are_marked_never_guessed(engine: Engine) -> None:
    sheet = Sheet()
    sheet.rules(XS, YS)
    sheet.fill(XS, YS, [["1234567890", "开"], ["2345678901", "3456789012"]])
    document = read_pdf(sheet.data().replace(b"/ToUnicode", b"/ToUnicodX"), engine=engine)
    (table,) = document.tables()
    assert [cell.text for cell in table.cells] == [
        "1234567890",
        "\ufffd",
        "2345678901",
        "3456789012",
    ]
    (finding,) = document.findings
    assert finding.rule == "W-PDF-UNMAPPED"


def test_too_many_pages_are_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    sheet = sample()
    for _ in range(2):
        sheet.next_page()
        sheet.text(72, 72, "一、总体情况")
    assert refusal(sheet.data(), engine).rule == "E-PDF-PAGES"


def test_a_drawing_of_too_many_rules_keeps_its_text(engine: Engine) -> None:
    sheet = Sheet()
    for number in range(1400):
        sheet.line(20, 5 + number * 0.59, 25 + number % 7 * 60, 5 + number * 0.59)
    for x in range(20, 560, 9):
        for top in range(5, 800, 30):
            sheet.line(x, top, x, top + 12 + x % 5)
    sheet.text(72, 300, "地图上的文字")
    document = read_pdf(sheet.data(), engine=engine)
    assert "W-PDF-RULES" in [finding.rule for finding in document.findings]
    assert [paragraph.text for paragraph in document.paragraphs()] == ["地图上的文字"]


def test_rubbish_inside_a_page_costs_no_traceback(engine: Engine) -> None:
    whole = sample(pageCompression=0).data()
    for step in (97, 331, 997):
        data = bytearray(whole)
        for position in range(len(data) // 3, len(data) - 2000, step):
            data[position] ^= 0x5A
        with suppress(UnreadableError):
            read_pdf(bytes(data), engine=engine)
