"""Tables of web pages and Word files are drawn with the words they hold; texts line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from archive.codebook import metrics
from pipeline.evidence import ink
from pipeline.evidence.caption import Caption, with_caption
from pipeline.evidence.drawn import WIDTH, DrawnCell, draw_window, lay_out
from pipeline.evidence.font import FontMissingError, find_font
from pipeline.evidence.pictures import picture
from pipeline.evidence.place import EvidenceError
from pipeline.evidence.window import window_at
from pipeline.parse import parse
from pipeline.read.document import Document, Table
from pipeline.read.reader import read
from tests.forms import distinct_values, fourth, second, third
from tests.replica.data import reports
from tests.replica.documents import html_style
from tests.replica.docx_form import render_docx
from tests.replica.html_form import report_page
from tests.replica.text_form import render_text
from tests.test_evidence_pages import reds


@pytest.fixture(scope="module")
def font() -> Path:
    try:
        return find_font()
    except FontMissingError as error:
        pytest.skip(str(error))


def plain(text: str) -> str:
    return "".join(text.split())


def words(cell: DrawnCell) -> str:
    return plain("".join(cell.lines))


@pytest.mark.parametrize("slug", ["shapotou-gov-office-2024", "zhongwei-petition-bureau-2020"])
@pytest.mark.parametrize("form", ["html", "docx"])
def test_the_drawn_cell_has_the_words_that_were_read(font: Path, slug: str, form: str) -> None:
    report = reports()[slug]
    data = report_page(report, html_style(report)) if form == "html" else render_docx(report)
    document, cells = read(data), parse(data).cells
    assert len(cells) in {198, 200}
    for code, reading in cells.items():
        window = window_at(document, reading.place)
        assert window is not None, code
        (marked,) = [
            cell for rows in lay_out(window, font) for cell in rows if cell.cell is window.cell
        ]
        assert words(marked) == plain(reading.raw or ""), code


@pytest.mark.parametrize("template", ["2019", "2021"])
@pytest.mark.parametrize("name", ["t2", "t3", "t4"])
def test_head_and_row_label_are_in_the_picture(font: Path, template: str, name: str) -> None:
    values = distinct_values(template)
    table = {"t2": second, "t3": third, "t4": lambda _, given: fourth(given)}[name](
        template, values
    )
    document = Document("html", (table,))
    for code, value in values.items():
        metric = metrics()[code]
        if metric.table != name:
            continue
        place = next(cell.place for cell in table.cells if cell.text == str(value))
        window = window_at(document, place)
        assert window is not None
        drawn = [cell for rows in lay_out(window, font) for cell in rows]
        (marked,) = [cell for cell in drawn if words(cell) == str(value)]
        shown = {words(cell) for cell in drawn}
        assert metric.row_label in shown or not metric.row_label, code
        above = [
            words(cell)
            for cell in drawn
            if cell.box[0] <= marked.box[0] and marked.box[2] <= cell.box[2] and cell is not marked
        ]
        column = metric.column_label.rpartition("·")[2]
        assert column in above or (name == "t2" and "处理决定数量" in above), code


def test_no_two_drawn_cells_overlap(font: Path) -> None:
    table = third("2021", distinct_values("2021"))
    window = window_at(Document("docx", (table,)), "path=/t/r20c5")
    assert window is not None
    for rows in lay_out(window, font):
        taken: set[tuple[int, int]] = set()
        for cell in rows:
            left, top, right, bottom = cell.box
            points = {(x, y) for x in range(left, right, 7) for y in range(top, bottom, 7)}
            inner = {(x, y) for x, y in points if x > left and y > top}
            assert not inner & taken
            taken |= inner


def test_a_blank_cell_is_drawn_blank(font: Path) -> None:
    values = {**distinct_values("2021"), "t3_granted__research": ""}
    table = third("2021", values)
    (blank,) = [cell for cell in table.cells if not cell.text]
    window = window_at(Document("html", (table,)), blank.place)
    assert window is not None
    image = draw_window(window, font)
    left, top, right, bottom = reds(image)
    inside = image.crop((left + 6, top + 6, right - 6, bottom - 6))
    assert inside.getcolors() == [(inside.width * inside.height, ink.GLOW)]
    assert 0.9 * WIDTH < image.width < 1.1 * WIDTH


def page_of(rows: str) -> bytes:
    return f"<html><body><table>{rows}</table></body></html>".encode()


def test_vast_tables_give_pictures_of_bounded_size(font: Path) -> None:
    wide = "<tr>" + "".join(f"<td>{n}</td>" for n in range(900)) + "</tr>"
    image = picture(page_of(wide * 40), "path=/html/body/table/tr[20]/td[500]", [], font)
    assert image.width < 1.2 * WIDTH
    assert image.height < 1000
    tall = "<tr><td>项目</td><td>数</td></tr>" + "<tr><td>甲</td><td>1</td></tr>" * 20_000
    image = picture(page_of(tall), "path=/html/body/table/tr[15000]/td[2]", [], font)
    assert image.height < 1000
    long = f"<tr><td>{'长' * 1400}</td><td>7</td></tr><tr><td>a</td><td>8</td></tr>"
    image = picture(page_of(long), "path=/html/body/table/tr[1]/td[2]", [], font)
    assert image.height < 2000


def test_a_place_that_an_older_reader_recorded_is_refused(font: Path) -> None:
    with pytest.raises(EvidenceError, match="nianbao reparse"):
        picture(page_of("<tr><td>1</td><td>2</td></tr>"), "path=/html/body/p", [], font)


def test_lines_of_a_text_are_drawn_with_the_head_of_their_table(font: Path) -> None:
    report = reports()["rouyuan-town-2021"]
    data = render_text(report)
    cells = parse(data).cells
    beside = [c.place for code, c in cells.items() if code.startswith("t3") and c.place]
    image = picture(data, cells["t3_carried_out__total"].place, [beside], font)
    left, top, right, bottom = reds(image)
    assert right - left > WIDTH * 0.8
    assert top > image.height / 2  # the head, what is left out, and rows above
    grey = image.crop((left + 5, top + 5, right - 5, bottom - 5)).convert("L")
    assert grey.getextrema()[0] < 60
    with pytest.raises(EvidenceError, match="lines"):
        picture(data, "line=99999", [], font)


def test_words_outside_of_any_table_are_marked_among_their_neighbours(font: Path) -> None:
    report = reports()["rouyuan-town-2021"]
    data = report_page(report, html_style(report))
    document = read(data)
    paragraph = next(block for block in document.blocks if not isinstance(block, Table))
    image = picture(data, paragraph.place, [], font)
    assert reds(image)[1] < image.height


def test_the_caption_stands_below_and_never_wider_than_the_picture(font: Path) -> None:
    image = Image.new("RGB", (1000, 50), (1, 2, 3))
    whole = with_caption(
        image, Caption("标题" * 60, ("来源：https://x.gov.cn/" + "a" * 300,)), font
    )
    assert whole.width == 1000
    assert whole.height > 50 + 5 * 30
    assert whole.crop((0, 0, 1000, 50)).getcolors() == [(50_000, (1, 2, 3))]
    right = whole.crop((990, 60, 1000, whole.height)).convert("L")
    assert right.getextrema()[0] > 200  # no word runs out of the paper
