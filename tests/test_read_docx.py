"""Word documents: grids with merged cells, list numerals, text boxes, revisions; hostile files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.read.document import Document, Table, UnreadableError
from pipeline.read.docx import read_docx
from pipeline.read.docx_looks import without_looks
from pipeline.read.docx_names import WORD
from pipeline.read.docx_numbering import chinese_number, format_number

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
NAMES = (
    f'xmlns:w="{WORD}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="urn:wps" xmlns:v="urn:v"'
)
Rectangle = tuple[int, int, int, int]


def docx(body: str, **parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml", f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"
        )
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {NAMES}>{content}</w:{name}>")
    return buffer.getvalue()


def docx_of(part: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", part)
    return buffer.getvalue()


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def tc(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def texts(document: Document) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs()]


def rows(table: Table) -> list[list[str | None]]:
    return [[cell and cell.text for cell in row] for row in table.grid()]


def test_merged_cells_make_one_cell() -> None:
    body = (
        "<w:tbl><w:tblGrid/>"
        "<w:tr>"
        + tc("甲", '<w:vMerge w:val="restart"/>')
        + tc("乙", '<w:gridSpan w:val="2"/>')
        + "</w:tr>"
        f"<w:tr>{tc('', '<w:vMerge/>')}{tc('1')}{tc('')}</w:tr>"
        f"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{tc('2')}{tc('3')}</w:tr>"
        "</w:tbl>"
    )
    (table,) = read_docx(docx(body)).tables()
    assert rows(table) == [["甲", "乙", "乙"], ["甲", "1", ""], [None, "2", "3"]]


def test_runs_revisions_breaks_fields_and_hidden_text() -> None:
    body = (
        "<w:p><w:r><w:t>共</w:t><w:tab/><w:t xml:space='preserve'> 9 </w:t></w:r>"
        "<w:ins><w:r><w:t>8</w:t></w:r></w:ins><w:del><w:r><w:delText>7</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>"
        "<w:hyperlink><w:r><w:instrText>HYPERLINK x</w:instrText><w:t>链</w:t></w:r></w:hyperlink>"
        "<w:r><w:t>0955</w:t><w:noBreakHyphen/><w:t>1</w:t><w:br/><w:t>次行</w:t></w:r>"
        "<m:oMath xmlns:m='urn:m'><m:r><m:t>=3</m:t></m:r></m:oMath></w:p>"
        f"<w:sdt><w:sdtContent>{p('控件内')}</w:sdtContent></w:sdt><w:moveFrom>{p('移走')}</w:moveFrom>"
    )
    assert texts(read_docx(docx(body))) == ["共 9 8链0955-1", "次行=3", "控件内"]


def test_text_box_comes_once() -> None:
    box = f"<w:txbxContent>{p('框内')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>锚</w:t><mc:AlternateContent>"
        f"<mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert texts(read_docx(docx(body))) == ["锚", "框内"]


def test_numerals_of_lists_are_printed() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="0">'
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
        '<w:lvlText w:val="%1、"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
        '<w:lvlText w:val="（%2）"/></w:lvl>'
        '<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        '<w:lvlText w:val="%3."/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    )
    styles = (
        '<w:style w:styleId="H"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="K"><w:basedOn w:val="H"/></w:style>'
    )

    def listed(text: str, level: int, number: int = 1) -> str:
        return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    body = (
        p("总体情况", '<w:pStyle w:val="K"/>')
        + listed("主动公开", 1)
        + listed("依申请公开", 1)
        + f"<w:tbl><w:tr><w:tc>{listed('属于国家秘密', 2)}</w:tc>{tc('0')}</w:tr>"
        + f"<w:tr><w:tc>{listed('其他', 2)}</w:tc>{tc('1')}</w:tr></w:tbl>"
        + listed("主动公开政府信息情况", 0)
        + listed("监督", 1)
        + listed("存在的主要问题", 0, 2)
        + p("无编号", '<w:pStyle w:val="H"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    )
    document = read_docx(docx(body, numbering=numbering, styles=styles))
    assert texts(document) == [
        "一、总体情况",
        "（一）主动公开",
        "（二）依申请公开",
        "二、主动公开政府信息情况",
        "（一）监督",
        "五、存在的主要问题",
        "无编号",
    ]
    assert rows(next(document.tables())) == [["1.属于国家秘密", "0"], ["2.其他", "1"]]


@pytest.mark.parametrize(
    ("number", "form", "printed"),
    [
        (10, "chineseCounting", "十"),
        (11, "chineseCountingThousand", "十一"),
        (20, "japaneseCounting", "二十"),
        (105, "chineseCounting", "一百零五"),
        (3, "decimalEnclosedCircle", "③"),
        (7, "decimalZero", "07"),
        (4, "upperRoman", "IV"),
        (28, "lowerLetter", "bb"),
        (12, "unheard-of", "12"),
    ],
)
def test_number_forms(number: int, form: str, printed: str) -> None:
    assert format_number(number, form) == printed


def test_chinese_numbers_have_no_duplicates() -> None:
    assert len({chinese_number(number) for number in range(10_000)}) == 10_000


def test_layout_table_gives_way_to_the_table_inside_it() -> None:
    inner = "<w:tbl>" + f"<w:tr>{tc('规章')}{tc('0')}</w:tr>" * 2 + "</w:tbl>"
    body = f"<w:tbl><w:tr>{tc('侧')}<w:tc>{p('一、总体情况')}{inner}{p('尾')}</w:tc></w:tr></w:tbl>"
    document = read_docx(docx(body))
    assert texts(document) == ["侧", "一、总体情况", "尾"]
    assert rows(next(document.tables())) == [["规章", "0"], ["规章", "0"]]


def test_places_lead_back_to_their_elements() -> None:
    body = (
        p("首") + f"<w:tbl><w:tr>{tc('甲')}{tc('1')}</w:tr><w:tr>{tc('乙')}{tc('2')}</w:tr></w:tbl>"
    )
    data = docx(f"<w:sdt><w:sdtContent>{body}</w:sdtContent></w:sdt>" + body)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    pieces = [
        piece
        for block in read_docx(data).blocks
        for piece in (block.cells if isinstance(block, Table) else [block])
    ]
    assert len(pieces) == 10
    for piece in pieces:
        (element,) = root.xpath(piece.place.removeprefix("path="), namespaces={"w": WORD})
        assert "".join(element.itertext()) == piece.text
    assert pieces[-1].place == "path=/w:document/w:body/w:tbl/w:tr[2]/w:tc[2]"


def test_strict_namespace_is_read_like_the_usual_one() -> None:
    body = (
        f"<w:document xmlns:w='http://purl.oclc.org/ooxml/wordprocessingml/main'><w:body>{p('文')}"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", body + "</w:body></w:document>")
    assert texts(read_docx(buffer.getvalue())) == ["文"]


def test_embedded_foreign_part_is_reported() -> None:
    document = read_docx(docx(p("文") + "<w:altChunk/>"))
    assert [finding.rule for finding in document.findings] == ["W-DOCX-PART"]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (docx(p("文" * 500))[:-60], "E-DOCX-BROKEN"),
        (docx(p("文") + "<w:p>"), "E-DOCX-BROKEN"),
        (docx("").replace(b"word/document", b"word/docunent"), "E-DOCX-BROKEN"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "E-DOCX-ENCRYPTED"),
        (docx(p("0" * 20_000_000)), "E-DOCX-BOMB"),
        (docx("<w:p>" * 400 + "</w:p>" * 400), "E-DOCX-DEPTH"),
    ],
)
def test_bad_files_are_refused(data: bytes, rule: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_docx(data)
    assert caught.value.rule == rule


def test_entities_are_not_expanded() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "word/document.xml",
            '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY f "九">]>'
            f"<w:document {NAMES}><w:body><w:p><w:r><w:t>a&e;&f;</w:t></w:r></w:p></w:body>"
            "</w:document>",
        )
    assert texts(read_docx(buffer.getvalue())) == ["a"]


@st.composite
def tilings(draw: st.DrawFn) -> list[Rectangle]:
    """Rectangles (row, column, height, width) that cover a grid without gaps."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(2, 7))
    free = {(row, column) for row in range(height) for column in range(width)}
    found: list[Rectangle] = []
    for row in range(height):
        for column in range(width):
            if (row, column) not in free:
                continue
            run = 1
            while (row, column + run) in free:
                run += 1
            w, h = draw(st.integers(1, run)), draw(st.integers(1, height - row))
            free -= {(r, c) for r in range(row, row + h) for c in range(column, column + w)}
            found.append((row, column, h, w))
    return found


def rendered(tiling: list[Rectangle]) -> str:
    body = "<w:tbl>"
    for row in range(max(r + h for r, _, h, _ in tiling)):
        body += "<w:tr>"
        for index, (r, _, h, w) in sorted(enumerate(tiling), key=lambda item: item[1][1]):
            if r <= row < r + h:
                merge = (
                    "" if h == 1 else '<w:vMerge w:val="restart"/>' if r == row else "<w:vMerge/>"
                )
                body += tc(f"格{index}" if r == row else "", f'<w:gridSpan w:val="{w}"/>{merge}')
        body += "</w:tr>"
    return body + "</w:tbl>"


@settings(max_examples=120, deadline=None)
@given(tilings())
def test_any_grid_comes_back_equal(tiling: list[Rectangle]) -> None:
    document = read_docx(docx(rendered(tiling)))
    widths = [sum(r <= row < r + h for r, _, h, _ in tiling) for row in range(6)]
    if max(widths) < 2:
        assert texts(document) == [f"格{index}" for index in range(len(tiling))]
        return
    (table,) = document.tables()
    assert [(c.row, c.column, c.row_span, c.column_span) for c in table.cells] == tiling
    assert [c.text for c in table.cells] == [f"格{index}" for index in range(len(tiling))]


SAMPLE = docx(
    p("一、总体情况") + rendered([(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)])
)


@settings(max_examples=200, deadline=2000)
@given(st.data())
def test_mutations_raise_nothing_but_unreadable(data: st.DataObject) -> None:
    sample = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(sample)]) | st.integers(0, len(sample)))
    try:
        read_docx(bytes(sample[:cut]))
    except UnreadableError as error:
        rule = error.rule
        assert rule.startswith("E-DOCX")


@settings(max_examples=200, deadline=2000)
@given(st.data())
def test_mutated_markup_raises_nothing_but_unreadable(data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(SAMPLE)) as archive:
        xml = archive.read("word/document.xml").decode()
    body = xml[xml.index("<w:body>") + 8 : xml.index("</w:body>")]
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        name = data.draw(st.sampled_from(["tc", "tr", "tbl", "p", "vMerge", "gridSpan", "hMerge"]))
        extra = data.draw(
            st.sampled_from(["", ' w:val="-1"', ' w:val="99999999999"', ' w:val="x"'])
        )
        close = body.find("<", at)
        body = body[:close] + f"<w:{name}{extra}/>" + body[close:] if close >= 0 else body
    try:
        read_docx(docx(body))
    except UnreadableError as error:
        rule = error.rule
        assert rule.startswith("E-DOCX")


def test_official_form_has_its_three_grids() -> None:
    form = SHARED / "real" / "blank-template-2021.docx"
    if not form.exists():
        pytest.skip("the official form is not here")
    tables = list(read_docx(form.read_bytes()).tables())
    assert [(table.rows, table.columns) for table in tables] == [(14, 4), (28, 10), (4, 15)]
    assert all(cell is not None for table in tables for row in table.grid() for cell in row)
    second, third, fourth = (rows(table) for table in tables)
    assert second[3] == ["行政规范性文件", "", "", ""]
    assert third[25][:3] == ["三、本年度办理结果", "（六）其他处理", "3.其他"]
    assert [row[0] for row in third[3:5]] == [
        "一、本年新收政府信息公开申请数量",
        "二、上年结转政府信息公开申请数量",
    ]
    assert fourth[1][5] == "未经复议直接起诉"
    assert fourth[3] == [""] * 15


@pytest.mark.parametrize(
    ("properties", "shown"),
    [
        ('<w:vertAlign w:val="superscript"/>', "1543(2)"),
        ('<w:vertAlign w:val="subscript"/>', "1543(2)"),
        ('<w:vertAlign w:val="baseline"/>', "15432"),
        ("<w:strike/>", "1543"),
        ("<w:dstrike/>", "1543"),
        ('<w:strike w:val="0"/>', "15432"),
    ],
)
def test_marks_of_notes_and_struck_figures_do_not_change_a_figure(
    properties: str, shown: str
) -> None:
    runs = f"<w:r><w:t>1543</w:t></w:r><w:r><w:rPr>{properties}</w:rPr><w:t>2</w:t></w:r>"
    cells = tc("行政许可") + f"<w:tc><w:p>{runs}</w:p></w:tc>"
    body = f"<w:p>{runs}</w:p><w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    document = read_docx(docx(body))
    assert texts(document) == [shown]
    assert rows(next(document.tables())) == [["行政许可", shown]]


def test_looks_that_are_left_out_before_parsing_change_nothing() -> None:
    def run(text: str, mark: str = "") -> str:
        return f'<w:r><w:rPr><w:b/>{mark}<w:sz w:val="21"/></w:rPr><w:t>{text}</w:t></w:r>'

    borders = '<w:tcBorders><w:top w:val="single"/></w:tcBorders>'
    struck, raised = run("9", "<w:strike/>"), run("2", '<w:vertAlign w:val="superscript"/>')
    revised = (
        "<w:r><w:rPr><w:rPrChange><w:rPr><w:i/></w:rPr></w:rPrChange></w:rPr><w:t>7</w:t></w:r>"
    )
    for last in ("", revised):
        row = "".join(
            f"<w:tc><w:tcPr>{borders}</w:tcPr><w:p>{words}</w:p></w:tc>"
            for words in (run("行政许可"), run("15") + struck + raised)
        )
        body = f"<w:p>{run('总体情况')}{last}</w:p><w:tbl><w:tr>{row}</w:tr></w:tbl>"
        start = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:document '
        usual, whole = (
            f"{start}{NAMES}>{comment}<w:body>{body}</w:body></w:document>".encode()
            for comment in ("", "<!-- with which all of it is parsed -->")
        )
        assert without_looks(whole)[0] == whole
        assert len(without_looks(usual)[0]) < len(usual)
        document, other = (read_docx(docx_of(part)) for part in (usual, whole))
        assert document.blocks == other.blocks
        assert rows(next(document.tables())) == [["行政许可", "15(2)"]]


def test_dark_figures_on_a_table_style_are_read_whatever_else_the_file_holds() -> None:
    dark = '<w:r><w:rPr><w:color w:val="1F1F1F"/></w:rPr><w:t>15</w:t></w:r>'
    note = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>注</w:t></w:r>'
    cells = f"<w:tc><w:p>{dark}</w:p></w:tc>" * 2
    table = f'<w:tbl><w:tblPr><w:tblStyle w:val="a"/></w:tblPr><w:tr>{cells}</w:tr></w:tbl>'
    for comment in ("", "<!-- with which all of it is parsed -->"):
        part = f"<w:body>{comment}<w:p>{note}</w:p>{table}</w:body>"
        start = f'<?xml version="1.0" encoding="UTF-8"?><w:document {NAMES}>'
        (read,) = read_docx(docx_of(f"{start}{part}</w:document>".encode())).tables()
        assert [(cell.text, cell.doubt) for cell in read.cells] == [("15", "")] * 2


def test_joined_cells_and_places_stay_without_looks() -> None:
    start = f'<?xml version="1.0" encoding="UTF-8"?><w:document {NAMES}>'
    centred, bold = '<w:jc w:val="center"/><w:rPr><w:b/></w:rPr>', "<w:rPr><w:b/></w:rPr>"
    across, level = '<w:gridSpan w:val="2"/>', '<w:vAlign w:val="center"/>'
    table = (
        f"<w:tbl><w:tr>{tc('规章', across)}{tc('件')}</w:tr>"
        f"<w:tr>{tc('1', level)}{tc('2', level)}{tc('3', level)}</w:tr></w:tbl>"
    )
    box = f"<mc:Choice><w:txbxContent>{p('框', centred)}</w:txbxContent></mc:Choice>"
    boxed = f"<w:p><w:r>{bold}<mc:AlternateContent>{box}</mc:AlternateContent></w:r></w:p>"
    for body in (p("总体情况", centred) + table, boxed + table):
        part = f"{start}<w:body>{body}</w:body></w:document>".encode()
        document = read_docx(docx_of(part))
        assert rows(next(document.tables())) == [["规章", "规章", "件"], ["1", "2", "3"]]
        root = etree.fromstring(part)
        first = next(document.paragraphs())
        (element,) = root.xpath(first.place.removeprefix("path="), namespaces={"w": WORD})
        assert first.text in "".join(element.itertext())
        assert element.tag == f"{{{WORD}}}p"


def test_looks_stay_where_their_prefix_could_mean_something_else() -> None:
    start = f'<?xml version="1.0" encoding="UTF-8"?><w:document {NAMES}><w:body>'
    inner = '<x:y xmlns:x="urn:x"><w:p xmlns:w="urn:w"><w:rPr>7</w:rPr></w:p></x:y>'
    part = f"{start}{inner}</w:body></w:document>".encode()
    assert without_looks(part)[0] == part
