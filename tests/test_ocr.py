"""Scans and pictures: what is printed is read or refused, a blank stays blank."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("rapidocr")

from PIL import Image, ImageChops, ImageFilter
from reportlab.lib.utils import ImageReader

from pipeline.parse import parse
from pipeline.pool import ReaderPool
from pipeline.read.document import Document, Paragraph, Table, UnreadableError
from pipeline.read.pdf import read_pdf
from pipeline.read.reader import read
from pipeline.recognise.numbers import read_cell
from tests.pdf_sheet import Sheet as PdfSheet
from tests.scan_sheet import Sheet, cell_box

ROOT = Path(__file__).resolve().parents[1]
ROWS = [
    ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"],
    ["规章", "0", "", "447228"],
    ["行政规范性文件", "1,036", "-", "22"],
    ["行政许可", "/", "-16", "1447"],
    ["行政处罚", "9", "71", "88"],
]
TITLE = "示例县财政局2022年政府信息公开工作年度报告"


def sheet(dpi: int = 200) -> Sheet:
    drawn = Sheet(dpi)
    drawn.text(90, 120, TITLE, 18)
    drawn.text(96, 170, "全年主动公开政府信息128条，收到申请3件，均按期答复。", 12)
    drawn.table(ROWS)
    return drawn


def table_of(document: Document) -> Table:
    (table,) = document.tables()
    return table


def texts(document: Document) -> list[list[str]]:
    table = table_of(document)
    rows = [["" for _ in range(table.columns)] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row][cell.column] = cell.text
    return rows


def doubts(document: Document) -> list[str]:
    return [cell.text for cell in table_of(document).cells if cell.doubt]


def refusal(data: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(data)
    return caught.value


@pytest.fixture(scope="module")
def read_png() -> Document:
    return read(sheet().file("PNG"))


def test_every_cell_of_a_picture_is_read_and_the_blank_stays_blank(read_png: Document) -> None:
    assert texts(read_png) == ROWS
    assert not doubts(read_png)
    assert read_png.second is not None
    assert texts(read_png.second) == ROWS
    words = [block.text for block in read_png.blocks if isinstance(block, Paragraph)]
    assert words[0] == TITLE
    assert "128条" in words[1]


def test_a_picture_says_that_it_was_read_by_ocr(read_png: Document) -> None:
    assert [finding.rule for finding in read_png.findings] == ["I-OCR"]


def test_the_place_in_a_picture_is_the_ink_in_pixels(read_png: Document) -> None:
    cell = next(c for c in table_of(read_png).cells if c.text == "447228")
    page, box = cell.place.split(";")
    found = [float(edge) * 72 / 200 for edge in box.removeprefix("box=").split(",")]
    whole = cell_box(1, 3)
    assert page == "page=1"
    assert whole[0] < found[0] < found[2] < whole[2]
    assert whole[1] < found[1] < found[3] < whole[3]
    assert 30 < found[2] - found[0] < 50
    assert 5 < found[3] - found[1] < 12


def test_a_scanned_pdf_that_lies_aslant_and_on_its_side_is_read_where_a_viewer_shows_it() -> None:
    drawn = sheet(150)
    drawn.image = drawn.image.rotate(1.7, Image.Resampling.BICUBIC, fillcolor="white")
    document = read_pdf(drawn.pdf(rotate=90))
    assert texts(document) == ROWS
    cell = next(c for c in table_of(document).cells if c.text == "447228")
    left, top, right, bottom = (
        float(edge) for edge in cell.place.removeprefix("page=1;box=").split(",")
    )
    # Turned by a quarter: what was y from above is x from the right.
    shown = cell_box(1, 3)
    assert 842 - shown[3] - 12 < left < right < 842 - shown[1] + 12
    assert shown[0] - 12 < top < bottom < shown[2] + 12


def test_noise_and_jpeg_at_150_dpi_make_nothing_wrong() -> None:
    drawn = sheet(150)
    grey = drawn.image.convert("L").point([60 + n * 165 // 255 for n in range(256)])
    soft = grey.filter(ImageFilter.GaussianBlur(0.5))
    rng = random.Random(3)
    for _ in range(300):
        soft.putpixel((rng.randrange(soft.width), rng.randrange(soft.height)), 40)
    document = read(drawn.file("JPEG", image=soft))
    printed = {(r, c): text for r, row in enumerate(ROWS) for c, text in enumerate(row)}
    for cell in table_of(document).cells:
        if cell.column and cell.row:
            reading = read_cell(cell.text, cell.place, cell.doubt)
            expected = read_cell(printed[cell.row, cell.column], cell.place)
            assert reading.state == "unread" or (reading.state, reading.value) == (
                expected.state,
                expected.value,
            )


def test_scrawled_ink_is_unread_never_blank_and_never_nought() -> None:
    drawn = sheet()
    left, top, right, bottom = cell_box(1, 2)
    rng = random.Random(5)
    x, y = left + 15, (top + bottom) / 2
    for _ in range(14):
        nx, ny = rng.uniform(left + 12, right - 12), rng.uniform(top + 6, bottom - 6)
        drawn.line(x, y, nx, ny, width=1.2)
        x, y = nx, ny
    cell = next(c for c in table_of(read(drawn.file())).cells if (c.row, c.column) == (1, 2))
    reading = read_cell(cell.text, cell.place, cell.doubt)
    assert (reading.state, reading.value) == ("unread", None)
    assert reading.note


def test_a_seal_is_seen_through_and_coloured_ink_alone_is_unread() -> None:
    drawn = sheet()
    seal = Sheet()
    left, top, _, bottom = cell_box(1, 2)
    middle = [edge * drawn.scale for edge in (left + 30, top - 30, left + 150, bottom + 60)]
    seal.draw.ellipse(middle, outline=(220, 50, 50), width=9)
    left, top, _, _ = cell_box(3, 2)
    drawn.draw.rectangle(
        [edge * drawn.scale for edge in (left + 5, top + 5, left + 85, top + 25)], fill="white"
    )
    drawn.text(left + 40, top + 20, "7", 10, ink=(200, 30, 30))
    drawn.image = ImageChops.multiply(drawn.image, seal.image)
    document = read(drawn.file())
    found = {(c.row, c.column): c for c in table_of(document).cells}
    assert read_cell(found[1, 2].text, "", found[1, 2].doubt).state == "blank"
    assert read_cell(found[3, 2].text, "", found[3, 2].doubt).state == "unread"
    assert found[1, 3].text == "447228"
    assert found[2, 3].text == "22"


def test_several_pages_of_a_tiff_are_one_document() -> None:
    first, second = Sheet(), Sheet()
    first.text(90, 120, TITLE, 16)
    second.table(ROWS[:3])
    document = read(first.file("TIFF", second))
    assert table_of(document).place.startswith("page=2;box=")
    assert texts(document) == ROWS[:3]


def test_pages_of_text_and_scanned_pages_are_read_in_their_order() -> None:
    mixed = PdfSheet()
    mixed.text(72, 100, "一、总体情况")
    mixed.text(72, 130, "全年主动公开政府信息128条，收到申请3件，均按期答复，没有行政复议。")
    mixed.next_page()
    scanned = Sheet()
    scanned.table(ROWS)
    mixed.canvas.drawImage(ImageReader(scanned.image), 0, 0, 595, 842)
    mixed.next_page()
    mixed.text(72, 100, "五、存在的主要问题及改进情况")
    mixed.text(72, 130, "公开内容还不够丰富，下一步将加强培训，提高工作人员的业务水平。")
    document = read(mixed.data())
    kinds = [type(block).__name__ for block in document.blocks]
    assert kinds == ["Paragraph", "Paragraph", "Table", "Paragraph", "Paragraph"]
    assert texts(document) == ROWS
    assert [f.place for f in document.findings if f.rule == "I-OCR"] == ["page=2"]


def png_that_declares(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        size, check = struct.pack(">I", len(body)), struct.pack(">I", zlib.crc32(name + body))
        return size + name + body + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    before = time.monotonic()
    for size in ((60_000, 60_000), (9_000, 9_000)):
        assert refusal(png_that_declares(*size)).rule == "E-IMAGE-SIZE"
    assert time.monotonic() - before < 2


def test_a_scanned_pdf_of_too_many_pixels_is_refused() -> None:
    sheet = PdfSheet()
    sheet.canvas.drawImage(ImageReader(Image.new("1", (9_000, 9_000))), 0, 0, 595, 842)
    assert refusal(sheet.data()).rule == "E-IMAGE-SIZE"


def test_a_picture_that_is_cut_off_or_shows_nothing_says_so() -> None:
    whole = sheet(72).file("PNG")
    assert refusal(whole[: len(whole) // 2]).rule == "E-IMAGE-BROKEN"
    assert refusal(Sheet(72).file("PNG")).rule == "E-IMAGE-NO-TEXT"


def test_a_report_by_ocr_is_never_verified_and_stays_within_the_limits_of_a_worker() -> None:
    with ReaderPool(1) as pool:
        report = pool.parse(sheet().pdf())
    assert report.status in {"partial", "read"}
    assert report.cells["t2_regulations_in_force"].value == 447228
    assert report.cells["t2_regulations_repealed"].state == "blank"
    assert report.findings[0].rule == "I-OCR"


def run(script: str, data: bytes, tmp_path: Path) -> str:
    (tmp_path / "scan").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "scan")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def test_without_the_extra_a_scan_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from pathlib import Path; from pipeline.parse import parse\n"
        "report = parse(Path(sys.argv[1]).read_bytes())\n"
        "print(report.status, report.findings[0].rule, report.findings[0].message)"
    )
    for data in (sheet(72).file(), sheet(72).pdf()):
        printed = run(script, data, tmp_path)
        assert printed.startswith("unreadable E-SCAN-NO-OCR")
        assert "pip install nianbao[ocr]" in printed


def test_nothing_is_fetched_to_read_a_scan(tmp_path: Path) -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise OSError('no network')\n"
        "socket.socket.connect = socket.socket.connect_ex = refuse\n"
        "socket.getaddrinfo = socket.create_connection = refuse\n"
        "from pathlib import Path; from pipeline.read.reader import read\n"
        "document = read(Path(sys.argv[1]).read_bytes())\n"
        "print([cell.text for table in document.tables() for cell in table.cells])"
    )
    assert "447228" in run(script, sheet().file(), tmp_path)


def test_fonts_without_a_unicode_map_are_read_from_what_they_draw() -> None:
    drawn = PdfSheet()
    for number in range(6):
        drawn.text(72, 100 + 30 * number, "全年主动公开政府信息，均按期答复。")
    report = parse(drawn.data().replace(b"/ToUnicode", b"/ToUnicodX"))
    assert report.findings[0].rule == "I-OCR"
