"""A site of the platform that does everything a little otherwise is still found entirely."""

from __future__ import annotations

from tests.crawl_site import HOST, Answer, Site, article, crawl, html

TITLE = "考试县{}{}年政府信息公开工作年度报告"


def lines(*entries: tuple[str, str], mark: str = "ul class='list_ul'") -> str:
    tag = mark.split(maxsplit=1)[0]
    body = "".join(
        f"<li><a href='{href}'>{text}</a><b>2022-01-20</b></li>" for href, text in entries
    )
    return f"<{mark}>{body}</{tag}>"


def gbk(answer: Answer) -> Answer:
    return Answer(answer.body.decode().encode("gb18030"), 200, answer.headers)


def odd_site() -> dict:
    pages = {
        # A home page that only sends on, and one whose way in is a picture.
        "/": html("", head="<meta http-equiv='refresh' content='0; url=/portal/'>"),
        "/portal/": html("<a href='/kf/'><img src='x.png' alt='政府信息公开专栏'></a>"),
        # The tree stands in a frame, a choice and a script call.
        "/kf/": html("<iframe src='/kf/tree.html'></iframe><a href='/kf/hz/'>年报汇总</a>"),
        "/kf/tree.html": gbk(
            html(
                "<a onclick=\"window.open('/kf/d/')\" href='javascript:void(0)'>政府部门</a>"
                "<select><option>请选择</option><option value='/t/t1/'>甲镇</option>"
                "<option value='/t/t2/'>乙镇</option></select>"
            )
        ),
        # Names that end like no agency stand beside some that do; addresses do not nest.
        "/kf/d/": html(
            lines(("/a1/", "财政局"), ("/a2/", "教体"), ("/a3/", "水务局"))
            + "<script>createPageHTML(2, 0, 'index', 'html')</script>"
        ),
        "/kf/d/index_1.html": html(lines(("/a4/", "民政局"), ("/a5/", "残联"))),
        # 财政局: list by plain next links.
        "/a1/": html("<a href='nb/list.shtml'>信息公开年度报告</a>"),
        "/a1/nb/list.shtml": html(
            lines(("r2021.html", TITLE.format("财政局", 2021)))
            + "<a href='list_2.shtml'>下一页</a>"
        ),
        "/a1/nb/list_2.shtml": html(lines(("r2020.html", TITLE.format("财政局", 2020)))),
        # 教体: the column hides behind another, and the pager counts from 1 though it says 0.
        "/a2/": html("<a href='ml/'>政府信息公开目录</a>"),
        "/a2/ml/": html("<a href='ndbg/'>年度报告</a>"),
        "/a2/ml/ndbg/": html(
            lines(("/a2/2022/t20220101_1.html", TITLE.format("教育体育局", 2021)))
            + "<script>createPageHTML(2, 0, 'index', 'html')</script>"
        ),
        "/a2/ml/ndbg/index_2.html": html(
            lines(("/a2/2021/t20210101_1.html", TITLE.format("教育体育局", 2020)))
        ),
        # 水务局: columns by year, list in an unknown markup.
        "/a3/": html("<a href='nb/'>年报</a>"),
        "/a3/nb/": html("<a href='2021/'>2021年</a><a href='2020/'>2020</a>"),
        "/a3/nb/2021/": html("<h6><a href='t20220101_9.html'>年报全文</a></h6>"),
        "/a3/nb/2020/": html("<h6><a href='t20210101_9.html'>全文</a></h6>"),
        # 民政局: a report among ordinary pages of the disclosure column.
        "/a4/": html("<a href='gk/'>法定主动公开内容</a>"),
        "/a4/gk/": html(
            lines(
                ("t20220101_3.html", "关于召开会议的通知"),
                ("t20220101_4.html", TITLE.format("民政局", 2021)),
            )
        ),
        "/a5/": html("<a href='nb.pdf'>残联2021年政府信息公开年报</a>"),
        # Townships: the report column is named only by itself.
        "/t/t1/": html("<a href='more/'>政务公开更多</a>"),
        "/t/t1/more/": html(
            "<div>当前位置：<a href='/'>首页</a> > <a>甲镇</a> > <a>信息公开年报</a></div>"
            + lines(("j.docx", "甲镇2021"))
        ),
        "/t/t2/": html(lines(("t20220101_7.html", TITLE.format("乙镇", 2021)))),
        # The platform's collection leads to agencies beside it, not below.
        "/kf/hz/": html(lines(("/hz6/", "统计局年报"), ("/hz7/", "审计局年报"))),
        "/hz6/": html(lines(("t20220101_6.html", TITLE.format("统计局", 2021)))),
        "/hz7/": html(lines(("t20220101_8.html", TITLE.format("审计局", 2021)))),
        "/a5/nb.pdf": Answer(b"%PDF-1.4 broken", 200, [("Content-Type", "text/html")]),
        "/t/t1/more/j.docx": Answer(b"PK\x03\x04 word/ broken", 200),
        "/x/down.jsp?id=3": Answer(b"%PDF-1.4 broken too", 200),
    }
    reports = {
        "/a1/nb/r2021.html", "/a1/nb/r2020.html", "/a2/2022/t20220101_1.html",
        "/a2/2021/t20210101_1.html", "/a3/nb/2021/t20220101_9.html",
        "/a3/nb/2020/t20210101_9.html", "/a4/gk/t20220101_4.html", "/t/t2/t20220101_7.html",
        "/hz6/t20220101_6.html", "/hz7/t20220101_8.html",
    }  # fmt: skip
    for path in reports:
        pages[path] = article("年度报告")
    # Articles without meta names: one beside a list of news, one in a markup nobody knows.
    pages["/a4/gk/t20220101_4.html"] = html("<p>正文</p>" + lines(("/n1.html", "新闻")))
    pages["/a5/"] = html(
        "<a href='nb.pdf'>残联2021年政府信息公开年报</a><a href='x/'>信息公开年报</a>"
    )
    pages["/a5/x/"] = html(f"<section>{'残联工作情况。' * 150}</section>")
    pages["/a1/nb/r2021.html"] = article("年度报告", "<a href='/x/down.jsp?id=3'>年报全文.pdf</a>")
    return pages


def test_everything_is_found_and_no_news_is_read(tmp_path):
    pages = odd_site()
    news = "/a4/gk/t20220101_3.html"
    pages[news] = article("通知")
    with Site(pages) as site:
        done = crawl(tmp_path, site)
        asked = set(site.paths)
    wanted = {path for path in pages if path != news} | {
        "/robots.txt",
        "/a2/ml/ndbg/index_1.html",
    }
    assert wanted <= asked, wanted - asked
    assert news not in asked
    found = {url.removeprefix(f"http://{HOST}") for url in done.documents()}
    documents = {path for path in pages if "t202" in path or path.startswith("/a1/nb/r")} - {news}
    assert found == documents | {"/a5/x/", "/a5/nb.pdf", "/t/t1/more/j.docx", "/x/down.jsp?id=3"}
    assert done.code == 0, done.output
    assert "W-LIST-MARKUP" in done.rules()
    paths = dict(done.rows("SELECT url, column_path FROM sources"))
    assert paths[f"http://{HOST}/t/t1/more/j.docx"] == "甲镇 > 信息公开年报"
