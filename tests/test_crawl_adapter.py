"""Links, pagers and pages as the sites write them."""

from __future__ import annotations

import pytest

from crawler import discovery
from crawler.adapters import links
from crawler.adapters.pager import find_pager
from crawler.adapters.trs import Page
from crawler.discovery import Role, Step
from crawler.profile import load

BASE = "https://www.spt.gov.cn/xxgk/nb/index.html"
PROFILE = load("spt")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("./202201/t1.html", "https://www.spt.gov.cn/xxgk/nb/202201/t1.html"),
        ("  ./202201/t1.html\n ", "https://www.spt.gov.cn/xxgk/nb/202201/t1.html"),
        (".\\202201\\t1.html", "https://www.spt.gov.cn/xxgk/nb/202201/t1.html"),
        ("附件 样表.docx", "https://www.spt.gov.cn/xxgk/nb/附件%20样表.docx"),
        ("//www.spt.gov.cn/a", "https://www.spt.gov.cn/a"),
        ("/a#top", "https://www.spt.gov.cn/a"),
        ("javascript:window.open('/xxgk/t1.html')", "https://www.spt.gov.cn/xxgk/t1.html"),
        ('javascript:openUrl("./P01.pdf");', "https://www.spt.gov.cn/xxgk/nb/P01.pdf"),
        ("javascript:window.print()", None),
        ("javascript:void(0)", None),
        ("mailto:a@b.cn", None),
        ("#", None),
        ("", None),
        ("http://[broken/", None),
        ("http://169.254.169.254/x", "http://169.254.169.254/x"),
    ],
)
def test_links_are_repaired(written, means):
    assert links.repair(written, BASE) == means


@pytest.mark.parametrize(
    ("script", "second", "count"),
    [
        ('createPageHTML(3, 0, "index", "html");', "index_1.html", 3),
        ('createPageHTML(3,0,"list","html")', "list_1.html", 3),
        ("createPageHTML('page_div',22,1,'common_list','shtml',325);", "common_list_2.shtml", 22),
        ('createPage(4, 0, "zfgzk", "html")', "zfgzk_1.html", 4),
        ("var countPage = 5 //共多少页\nvar currentPage = 0;", "index_1.html", 5),
        ("var countPage = 5; var currentPage = 1;", "index_2.html", 5),
        ("var n=6; createPageHTML(n, 0, 'index', 'html')", "index_1.html", 6),
        (
            'function createPageHTML(a,b,c,d){if(a>1){b(c)}}\ncreatePageHTML(2, 0, "index", "htm")',
            "index_1.htm",
            2,
        ),
        ("/* createPageHTML(9,0,'x','y') */ createPageHTML(2,0,'index','htm')", "index_1.htm", 2),
    ],
)  # fmt: skip
def test_pager_forms(script, second, count):
    pager = find_pager(script, BASE)
    assert pager is not None
    pages = pager.pages(BASE, 100)
    assert len(pages) == count - 1
    assert pages[0] == f"https://www.spt.gov.cn/xxgk/nb/{second}"


def test_pager_placeholder_one_page_and_none():
    left = find_pager('createPageHTML(${PAGE_COUNT}, ${PAGE_INDEX}, "index", "html")', BASE)
    assert left is not None
    assert left.is_placeholder
    assert left.pages(BASE, 9) == []
    one = find_pager('createPageHTML(1, 0, "index", "html")', BASE)
    assert one is not None
    assert one.pages(BASE, 9) == []
    assert find_pager("var a = 1; function createPageHTML(a, b) {}", BASE) is None
    forced = find_pager('createPageHTML(3, 0, "index", "html")', BASE, 1)
    assert forced is not None
    assert forced.pages(BASE, 9)[0].endswith("index_2.html")


def page(body: str, head: str = "", url: str = BASE) -> Page:
    text = f"<html><head>{head}</head><body>{body}</body></html>"
    return Page(url, text.encode("gb18030"), PROFILE)


@pytest.mark.parametrize(
    "body",
    [
        "<div class='zfxxgk_zdgkc'><li><a href='a.html'>甲</a><b>2022-01-20</b></li></div>",
        "<ul class='nx-list'><li><a href='a.html'>甲</a><span>2022年1月20日</span></li></ul>",
        "<table id='dataListSearch'><tr><td><a href='a'>甲</a></td><td>2022.1.20</td></tr></table>",
        "<div class='xxgk_wrap'><li><a href='a.html' title='甲'>…</a>2022/01/20</li></div>",
    ],
)
def test_list_rows(body):
    (row,) = page(body).rows
    assert (row.link.text, row.date) == ("甲", "2022-01-20")


@pytest.mark.parametrize(
    "body",
    [
        "<div class='x'>当前位置：<a href='/'>首页</a> &gt; <a>政务公开</a> &gt; <a>年报</a></div>",
        "<p>您的位置: <a href='/'>首页</a> » <a>政务公开</a> » <span>年报</span></p>",
        "<div><span>当前位置：</span><a href='/'>首页</a>><a>政务公开</a>><a>年报</a>>正文</div>",
        "<div>当前位置：<a href='/'>首页</a> <a>政务公开</a> <a>年报</a></div>",
    ],
)
def test_breadcrumb(body):
    assert page(body).breadcrumb == ("政务公开", "年报")


def test_attachments_of_an_article():
    body = (
        "<div class='nav'><a href='/help/manual.pdf'>使用手册</a></div>"
        "<div class='TRS_Editor'><p>正文</p><a href='/files/a.ofd'>版式</a>"
        "<a href='viewer.html?file=./P03.pdf'>预览</a><img src='./W9.jpg'></div>"
        "<a appendix='true' href='./P01'>无扩展名</a><p><a href='.\\P02.docx'>附件</a></p>"
        "<iframe src='./P04.pdf'></iframe>"
    )
    found = [link.url for link in page(body).attachments()]
    names = [url.removeprefix("https://www.spt.gov.cn") for url in found if url]
    assert names == [
        "/files/a.ofd",
        "/xxgk/nb/P03.pdf",
        "/xxgk/nb/P01",
        "/xxgk/nb/P02.docx",
        "/xxgk/nb/P04.pdf",
    ]


def test_pictures_count_only_where_the_article_has_no_words_and_no_files():
    scan = "<div class='TRS_Editor'><p><img src='./W1.jpg'></p></div>"
    assert [link.url for link in page(scan).attachments()] == [
        "https://www.spt.gov.cn/xxgk/nb/W1.jpg"
    ]
    words = f"<div class='TRS_Editor'><p>{'正文' * 200}<img src='./W1.jpg'></p></div>"
    assert page(words).attachments() == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("政府信息公开年报", True),
        ("年报", True),
        ("年度报告", True),
        ("中卫市财政局2021年政府信息公开工作年度报告", True),
        ("2016年政务信息公开年度报告", True),
        ("往年年报", True),
        ("2023年法治政府建设年度报告", False),
        ("统计年报", False),
        ("2022年部门决算公开年度报告", False),
        ("政府信息公开指南", False),
    ],
)
def test_which_words_name_a_report(text, names):
    assert discovery.names_report(PROFILE, text) is names


AGENCIES = (
    "卫生健康局 沙坡头区残联 政府办公室 发展和改革委员会 滨河镇 香山乡 文昌街道 信访局 气象台 "
    "政务服务中心 团区委 城市管理综合执法大队 工业园区管委会"
)


@pytest.mark.parametrize("text", AGENCIES.split())
def test_names_of_agencies(text):
    assert discovery.names_agency(PROFILE, text)


@pytest.mark.parametrize("text", ["通知公告", "政策解读", "2023年工作要点", "更多", "政务服务"])
def test_words_that_are_no_agency(text):
    assert not discovery.names_agency(PROFILE, text)


def test_news_is_not_walked():
    body = (
        "<a href='/xw/202301/t20230101_1.html'>市卫生健康局召开信息公开工作推进会</a>"
        "<a href='/bm/wjj/'>卫生健康局</a><a href='/zn/'>政府信息公开指南</a>"
        "<a href='/ml/'>法定主动公开内容</a><a href='/xw/'>新闻中心</a>"
        "<a href='/bm/cz/202301/t20230103_2.html'>财政局2022年政府信息公开工作年度报告</a>"
    )
    here = page(body, url="https://www.spt.gov.cn/xxgk/bm/")
    step = Step(Role.TREE, here.url, ("政务公开",))
    ways = {
        link.url.rpartition("gov.cn")[2]: link.role for link in discovery.tree_links(here, step)
    }
    assert ways["/bm/wjj/"] == Role.BODY
    assert ways["/ml/"] == Role.PLATFORM
    assert "/zn/" not in ways
    assert not any("t20230101" in way for way in ways)
    (report,) = discovery.report_links(here, step)
    assert report.url.endswith("t20230103_2.html")


@pytest.mark.parametrize(
    ("body", "trail"),
    [
        (
            (
                "<div class='nav'><a>首页</a><a>新闻中心</a><a>信息公开</a></div>"
                "<div class='pos'><span>当前位置：政府信息公开 林业局 年报</span></div>"
            ),
            ("政府信息公开", "林业局", "年报"),
        ),
        (
            "<div><a>新闻中心</a><a>信息公开</a><span>当前位置：</span></div>",
            (),
        ),
        (
            "<div><span>当前位置：</span><a>首页</a> > <a>林业局</a> > <a>年报</a></div>",
            ("林业局", "年报"),
        ),
        ("<div>您的位置：<a>首页</a><a>林业局</a><a>年报</a></div>", ("林业局", "年报")),
        ("<p>位置：县城东街</p>", ()),
        ("<p>我镇所在位置优越</p>", ()),
    ],
)
def test_trail_is_what_stands_after_the_word_for_position(body, trail):
    assert Page(BASE, f"<html><body>{body}</body></html>".encode(), PROFILE).breadcrumb == trail


def test_links_in_maps_objects_and_onclick_are_links():
    body = (
        '<map><area alt="年报" href="/m/"></map><object data="x.pdf"></object>'
        "<a onclick=\"location.href='/x/'\">年报</a>"
    )
    page = Page(BASE, f"<html><body>{body}</body></html>".encode(), PROFILE)
    found = {(link.url, link.text) for link in page.links}
    assert found >= {
        ("https://www.spt.gov.cn/m/", "年报"),
        ("https://www.spt.gov.cn/xxgk/nb/x.pdf", ""),
        ("https://www.spt.gov.cn/x/", "年报"),
    }


@pytest.mark.parametrize(
    "script",
    ['window.location.href="/kf/";', "location.replace('/kf/')", "top.location = '/kf/'"],
)
def test_page_that_only_sends_on_leads_there(script):
    text = f"<html><body><script>{script}</script></body></html>"
    assert Page(BASE, text.encode(), PROFILE).frames == ["https://www.spt.gov.cn/kf/"]
    spoken = text.replace("</script>", "</script>" + "正文" * 40)
    assert Page(BASE, spoken.encode(), PROFILE).frames == []


def test_download_link_of_an_article_without_words_is_its_file():
    link = '<a href="/download?id=1">点击下载</a>'
    for words, number in (("见附件", 1), ("工作情况。" * 100, 0)):
        text = f'<html><body><div class="TRS_Editor">{words}{link}</div></body></html>'
        page = Page(BASE, text.encode(), PROFILE)
        assert len(page.attachments()) == number


@pytest.mark.parametrize(
    ("text", "is_directory"),
    [("街道", True), ("乡镇（街道）", True), ("城北街道", False), ("财政局", False)],
)
def test_a_list_of_agencies_is_no_agency(text, is_directory):
    assert discovery.names_directory(load("spt"), text) is is_directory
