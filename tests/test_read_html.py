"""HTML pages as content systems serve them: what a reader of the page sees is what comes out."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.read.document import Document, Paragraph, Table, UnreadableError
from pipeline.read.html import parse_html, read_html

Rectangle = tuple[int, int, int, int]


def texts(document: Document) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs()]


def rows(table: Table) -> list[list[str | None]]:
    return [[cell and cell.text for cell in row] for row in table.grid()]


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


REPORT = """
<div class="nav"><ul><li><a href="/a">政务公开</a></li><li><a href="/b">其他栏目</a></li></ul></div>
<h1>某镇2021年政府信息公开工作年度报告</h1><p>发布时间：2022-01-20 09:30</p>
<div class="view TRS_UEDITOR trs_paper_default trs_web">
<p>本年度报告按规定编制。</p><p><strong>一、总体情况</strong></p>
<p>全年发布&nbsp;信息 98 条。<br>另有动态 54 篇。</p>
<p>二、主动公开政府信息情况</p>
<table><tbody>
<tr><td colspan="4">第二十条第（一）项</td></tr>
<tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr>
<tr><td>规章</td><td>0</td><td></td><td>&nbsp;</td></tr>
<tr><td><p><span>行政规范性<o:p></o:p></span></p><p>文件</p></td>
<td><p class="MsoNormal"><span>1</span><o:p></o:p></p></td><td>2</td><td>3</td></tr>
</tbody></table></div>
<div class="foot"><a href="/c">网站地图</a></div>
"""


def test_article_of_the_platform() -> None:
    document = read_html(
        page(REPORT, "<title>某镇门户网站</title><meta name='SiteName' content='S'>")
    )
    assert texts(document) == [
        "本年度报告按规定编制。",
        "一、总体情况",
        "全年发布 信息 98 条。",
        "另有动态 54 篇。",
        "二、主动公开政府信息情况",
    ]
    (table,) = document.tables()
    assert rows(table)[1:] == [
        ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"],
        ["规章", "0", "", ""],
        ["行政规范性\n文件", "1", "2", "3"],
    ]
    assert table.cells[0].column_span == 4
    assert document.meta == {
        "SiteName": "S",
        "title": "某镇门户网站",
        "ArticleTitle": "某镇2021年政府信息公开工作年度报告",
        "PubDate": "2022-01-20 09:30",
    }


def test_meta_of_the_national_specification_goes_before_what_is_printed() -> None:
    head = '<meta name="articletitle" content="真标题"><meta name="PubDate" content="2022-01-21">'
    meta = read_html(page(REPORT, head)).meta
    assert meta["ArticleTitle"] == "真标题"
    assert meta["PubDate"] == "2022-01-21"


def test_every_place_leads_back_to_its_element() -> None:
    data = page(REPORT.replace("<p>二、", "<o:p>甲</o:p><w:sdt><p>乙</p></w:sdt><p>二、"))
    root, _ = parse_html(data)
    document = read_html(data)
    seen = set()
    for block in document.blocks:
        for piece in block.cells if isinstance(block, Table) else [block]:
            path = piece.place.removeprefix("path=")
            (element,) = root.xpath(path)
            printed = "".join("".join(element.itertext()).split())
            assert "".join(piece.text.split()) in printed
            seen.add(path)
    assert len(seen) == 19


@pytest.mark.parametrize(
    ("encoding", "declared", "mark"),
    [
        ("utf-8", "utf-8", b""),
        ("utf-8", "gb2312", b""),
        ("utf-8", "gbk", b"\xef\xbb\xbf"),
        ("gb18030", "gbk", b""),
        ("gb18030", "utf-8", b""),
        ("gb18030", "iso-8859-1", b""),
        ("utf-16-le", "utf-8", b"\xff\xfe"),
        ("utf-16-be", "utf-8", b"\xfe\xff"),
        ("utf-16-le", "utf-16", b""),
    ],
)
def test_bytes_decide_the_encoding(encoding: str, declared: str, mark: bytes) -> None:
    text = f'<html><head><meta charset="{declared}"></head><body><p>〔2021〕30号 柔远镇</p></body>'
    document = read_html(mark + text.encode(encoding))
    assert texts(document) == ["〔2021〕30号 柔远镇"]
    assert document.findings == ()


def test_broken_bytes_are_reported_and_the_rest_is_read() -> None:
    data = page("<p>一、总体情况" + "公开" * 30 + "</p><p>坏</p>").replace(
        "坏".encode(), b"\xe5\xff"
    )
    document = read_html(data)
    assert texts(document)[0].startswith("一、总体情况")
    assert [finding.rule for finding in document.findings] == ["W-ENCODING"]


@pytest.mark.parametrize("cut", range(1, 7))
def test_cut_utf8_is_not_taken_for_gb18030(cut: int) -> None:
    data = page("<p>一、总体情况" + "主动公开政府信息" * 40).removesuffix(b"</body></html>")[:-cut]
    document = read_html(data)
    assert texts(document)[0].startswith("一、总体情况主动公开政府信息")
    rules = [finding.rule for finding in document.findings]
    assert rules == ([] if cut % 3 == 0 else ["W-ENCODING"])


def test_damaged_gb18030_is_not_read_as_something_else() -> None:
    head = "<html><head><meta charset='iso-8859-1'></head><body><p>一、总体情况"
    data = head.encode("gbk") + b"\xff" + "公开".encode("gbk")
    document = read_html(data)
    assert texts(document) == ["一、总体情况\ufffd公开"]
    assert [finding.rule for finding in document.findings] == ["W-ENCODING"]


def test_figures_in_text_fields_are_read() -> None:
    field = "<input value='7'><input type=hidden value='9'>"
    body = f"<table><tr><td>规章</td><td>{field}</td></tr></table>"
    assert rows(next(read_html(page(body)).tables())) == [["规章", "7"]]


def test_article_of_pictures_says_so() -> None:
    document = read_html(page("<div id='zoom'><p>年报（图片版）</p><img src='1.jpg'><img></div>"))
    assert [finding.rule for finding in document.findings] == ["W-IMAGE-ARTICLE"]


def test_angle_brackets_that_the_writer_forgot_to_escape_stay() -> None:
    body = (
        "<p>关于印发<中华人民共和国政府信息公开工作年度报告格式>的通知</p><p>按<A类目录>办</p>"
        "<p>网站（<http://www.example.gov.cn/>）邮箱 <office@example.cn></p>"
    )
    assert texts(read_html(page(body))) == [
        "关于印发<中华人民共和国政府信息公开工作年度报告格式>的通知",
        "按<A类目录>办",
        "网站（<http://www.example.gov.cn/>）邮箱 <office@example.cn>",
    ]


def test_what_is_not_shown_is_not_read() -> None:
    body = (
        "<p>见<script>var a='总体情况'</script>文</p><div style='display: none'>隐</div>"
        "<p hidden>藏</p><style>p{}</style><!-- 注 --><select><option>选</option></select>"
        "<table><tr><td>甲</td><td>乙<span style='DISPLAY:NONE'>9</span></td></tr></table>"
    )
    document = read_html(page(body))
    assert texts(document) == ["见文"]
    assert rows(next(document.tables())) == [["甲", "乙"]]


def test_words_behind_a_possible_line_break_stay() -> None:
    body = "<p>年<wbr>报</p><table><tr><td>甲</td><td><p><wbr>1<b>2</b></p></td></tr></table>"
    document = read_html(page(body))
    assert texts(document) == ["年报"]
    assert rows(next(document.tables())) == [["甲", "12"]]


def test_layout_table_gives_way_to_the_tables_inside_it() -> None:
    inner = "<table><tr><td>规章</td><td>0</td></tr><tr><td>文件</td><td>7</td></tr></table>"
    body = (
        f"<table><tr><td>侧栏</td><td><p>一、总体情况</p>{inner}<p>三、收到</p></td></tr></table>"
    )
    document = read_html(page(body))
    assert [b.text if isinstance(b, Paragraph) else rows(b) for b in document.blocks] == [
        "侧栏",
        "一、总体情况",
        [["规章", "0"], ["文件", "7"]],
        "三、收到",
    ]


def test_small_table_inside_a_data_table_stays_in_its_cell() -> None:
    inner = "<table><tr><td>（三）</td><td>不予公开</td></tr></table>"
    body = "<table>" + f"<tr><td>{inner}</td><td>1</td><td>2</td></tr>" + "<tr><td>甲<td>3<td>4" * 2
    (table,) = read_html(page(body)).tables()
    assert rows(table) == [["（三）\n不予公开", "1", "2"], ["甲", "3", "4"], ["甲", "3", "4"]]


def test_article_in_a_one_column_table_is_text() -> None:
    body = "<table><tr><td>一、总体情况</td></tr><tr><td>全年发布 8 条。</td></tr></table>"
    assert texts(read_html(page(body))) == ["一、总体情况", "全年发布 8 条。"]


def test_spans_as_browsers_resolve_them() -> None:
    body = (
        "<table><tfoot><tr><td>末<td>9<td>9</tfoot>"
        "<tr><td rowspan=2>甲<td colspan=2>乙</tr>"
        "<tr><td>1<td rowspan=99>2</tr><tr><td colspan=3>宽</tr>"
        "<thead><tr><th rowspan=0>头<th colspan=0>二<th colspan='1x'>三</thead></table>"
    )
    (table,) = read_html(page(body)).tables()
    assert rows(table) == [
        ["头", "二", "三"],
        ["甲", "乙", "乙"],
        ["甲", "1", "2"],
        ["宽", "宽", "2"],
        ["末", "9", "9"],
    ]


def test_text_between_the_cells_is_kept_before_the_table() -> None:
    body = "<table><caption>表一</caption>散字<tr><td>1</td><td>2</td></tr></table>"
    document = read_html(page(body))
    assert texts(document) == ["散字", "表一"]
    assert rows(next(document.tables())) == [["1", "2"]]


def test_unknown_container_keeps_preamble_and_signature_and_leaves_navigation() -> None:
    links = "".join(f"<li><a href='/{i}'>栏目名称{i}</a></li>" for i in range(40))
    body = (
        f"<ul>{links}</ul><div id='x'><div><p>本报告由某局编制，电话0955-7000000。</p></div>"
        "<div><p>一、总体情况</p><p>略</p><p>五、存在的主要问题</p><p>略</p></div>"
        "<div><p>某局</p><p>2021年1月25日</p></div></div>"
    )
    assert texts(read_html(page(body))) == [
        "本报告由某局编制，电话0955-7000000。",
        "一、总体情况",
        "略",
        "五、存在的主要问题",
        "略",
        "某局",
        "2021年1月25日",
    ]


def test_container_that_holds_half_of_the_report_is_not_taken_alone() -> None:
    body = (
        "<div><div class='TRS_Editor'><p>一、总体情况</p></div>"
        "<div class='TRS_Editor'><p>六、其他需要报告的事项</p><p>无</p></div></div>"
    )
    assert texts(read_html(page(body))) == ["一、总体情况", "六、其他需要报告的事项", "无"]


def test_nested_head_in_the_body() -> None:
    body = "<p>前</p><html><head><title>内</title></head><body><p>一、总体情况</p></body></html>"
    document = read_html(page(body, "<title>外</title>"))
    assert texts(document) == ["前", "一、总体情况"]
    assert document.meta["title"] == "外"


def test_preformatted_text_keeps_its_lines() -> None:
    assert texts(read_html(page("<pre>一、总体情况\n发布 3 条</pre>"))) == [
        "一、总体情况",
        "发布 3 条",
    ]


def test_absurd_spans_end_quickly() -> None:
    wide = "<tr>" + "<td colspan=1000 rowspan=65534>x</td>" * 300 + "</tr>"
    started = time.process_time()
    document = read_html(page(f"<table>{wide * 200}</table>"))
    assert time.process_time() - started < 10
    assert "x" in texts(document) or any(document.tables())
    (table,) = read_html(page("<table><tr><td colspan=999>甲<tr><td>1<td>2</table>")).tables()
    assert rows(table) == [["甲", "甲"], ["1", "2"]]


def test_deep_nesting_is_refused_not_cut() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_html(page("<div>" * 100_000 + "<p>一、总体情况</p>"))
    assert caught.value.rule == "E-HTML-DEPTH"
    assert texts(read_html(page("<div>" * 1500 + "深"))) == ["深"]


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


@settings(max_examples=150, deadline=None)
@given(tilings())
def test_any_grid_comes_back_equal(tiling: list[Rectangle]) -> None:
    html = "<table>"
    for row in range(max(r + h for r, _, h, _ in tiling)):
        html += "<tr>"
        for index, (r, _, h, w) in enumerate(tiling):
            if r == row:
                html += f"<td rowspan={h} colspan={w}>格{index}</td>"
        html += "</tr>"
    document = read_html(page(html + "</table>"))
    by_row = [sum(r == row for r, *_ in tiling) for row in range(6)]
    if max(by_row) < 2:
        assert texts(document) == [f"格{index}" for index in range(len(tiling))]
        return
    (table,) = document.tables()
    assert [(c.row, c.column, c.row_span, c.column_span) for c in table.cells] == tiling
    assert [c.text for c in table.cells] == [f"格{index}" for index in range(len(tiling))]


@settings(max_examples=200, deadline=2000)
@given(st.data())
def test_mutations_raise_nothing_but_unreadable(data: st.DataObject) -> None:
    sample = bytearray(page(REPORT))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at : at + data.draw(st.integers(0, 30))] = data.draw(
            st.sampled_from(
                [b"", b"<", b"<table>", b"</td>", b"\x00", b"\xff\xfe", b"<tr><td>", b"&#"]
            )
            | st.binary(max_size=6)
        )
        sample = sample or bytearray(b" ")
    cut = data.draw(st.integers(0, len(sample)))
    try:
        document = read_html(bytes(sample[:cut]))
    except UnreadableError as error:
        rule = error.rule
        assert rule.startswith("E-HTML")
    else:
        assert all(paragraph.text for paragraph in document.paragraphs())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("1543<sup>2</sup>", "1543(2)"),
        ("1543<sub>2</sub>", "1543(2)"),
        ("1543<sup>[1]</sup>", "1543(1)"),
        ("1543<sup>①</sup>", "1543①"),
        ("1543<sup></sup>", "1543"),
        ("1543<sup><a href='#n'><b>1</b>2</a></sup>", "1543(12)"),
        ("1543<sup><sup>2</sup></sup>", "1543(2)"),
        ("1543<sup>1</sup><sup>2</sup>件", "1543(12)件"),
        ("1543<sup>2<br>3</sup>", "1543(2)\n3"),
        ('1543<span style="vertical-align: Super; font-size: 8px">2</span>', "1543(2)"),
        ("<p><sup>1543</sup></p>", "1543"),
        ("<del>1500</del>1543", "1543"),
        ("<s>15</s><span>1543</span>", "1543"),
        ("<strike>9</strike>", ""),
        ('<span style="text-decoration: underline line-through">1</span>1543', "1543"),
    ],
)
def test_marks_of_notes_and_struck_figures_do_not_change_a_figure(written: str, shown: str) -> None:
    body = (
        f"<table><tr><td>行政许可</td><td>{written}</td></tr><tr><td>1</td><td>2</td></tr></table>"
    )
    (table,) = read_html(page(body)).tables()
    assert rows(table)[0] == ["行政许可", shown]


def test_a_cell_aligned_to_the_top_of_its_row_is_no_note() -> None:
    body = '<table><tr><td>甲</td><td style="vertical-align:super">1<b>5</b></td></tr></table>'
    (table,) = read_html(page(body)).tables()
    assert rows(table) == [["甲", "15"]]


def test_prose_keeps_marks_of_notes_apart_and_drops_what_is_struck_out() -> None:
    document = read_html(page("<p>公开 54<sup>2</sup> 条，<del>废止 3 件，</del>收件 1 件。</p>"))
    assert texts(document) == ["公开 54(2) 条，收件 1 件。"]
