"""What a walk says of lists that hold nothing, and of sites that refuse it from the start."""

from __future__ import annotations

import pytest

from tests.crawl_site import HOST, Answer, Site, article, command, crawl, html, profile, run

REPORT = "考试县财政局2021年政府信息公开工作年度报告"
PADDING = "<!--" + "x" * 1200 + "-->"


def site_with(column: Answer, **more: Answer) -> dict:
    return {
        "/": html('<a href="/gk/">政务公开</a>'),
        "/gk/": html('<a href="nb/">年报</a>'),
        "/gk/nb/": column,
        "/gk/nb/202201/t20220120_1.html": article(REPORT),
    } | more


def line(href: str, text: str = REPORT) -> str:
    return f'<ul class="list_ul"><li><a href="{href}">{text}</a></li></ul>'


def test_column_without_any_link_is_a_finding(tmp_path):
    with Site(site_with(html(PADDING + "<a href='/news/'>新闻</a>"))) as site:
        done = crawl(tmp_path, site)
    assert ("W-LIST-EMPTY", f"http://{HOST}/gk/nb/") in done.findings()


def test_columns_below_columns_and_bare_years_are_walked(tmp_path):
    pages = site_with(html("<p><a href='2022/'>2022</a></p><h6><a href='y21.html'>2021年</a></h6>"))
    pages["/gk/nb/2022/"] = html("<p><a href='bm/'>市直部门</a></p>")
    pages["/gk/nb/2022/bm/"] = html(line("t20220101_5.html"))
    pages["/gk/nb/2022/bm/t20220101_5.html"] = pages["/gk/nb/y21.html"] = article(REPORT)
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    found = {url.removeprefix(f"http://{HOST}/gk/nb/") for url in done.documents()}
    assert found == {"2022/bm/t20220101_5.html", "y21.html"}


def test_further_pages_of_a_tree_in_unknown_markup_are_walked(tmp_path):
    tree = "<section><a href='/a{0}/'>{1}局</a><a href='/b{0}/'>{2}局</a></section>"
    pages = {
        "/": html('<a href="/gk/">政务公开</a>'),
        "/gk/": html('<a href="bm/">政府部门</a>'),
        "/gk/bm/": html(
            tree.format(1, "财政", "水务") + "<script>createPageHTML(2,0,'index','html')</script>"
        ),
        "/gk/bm/index_1.html": html(tree.format(2, "民政", "统计")),
        "/b2/": html("<a href='t20220120_2.html'>年报</a>"),
        "/b2/t20220120_2.html": article(REPORT),
    }
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    assert done.documents() == {f"http://{HOST}/b2/t20220120_2.html"}


@pytest.mark.parametrize("status", [405, 412, 521])
def test_site_that_blocks_from_the_first_page_is_blocked(tmp_path, status):
    with Site({"/": Answer(b"<script>check()</script>", status)}) as site:
        done = crawl(tmp_path, site)
    assert done.code == 1
    assert done.outcome()[0] == "blocked"
    assert "E-SITE-BLOCKED" in done.rules()


def test_site_that_forbids_its_entries_by_robots_is_left_alone(tmp_path):
    with Site({"/robots.txt": Answer(b"User-agent: *\nDisallow: /\n")}) as site:
        done = crawl(tmp_path, site)
    outcome, reason = done.outcome()
    assert outcome == "robots"
    assert "robots.txt forbids the entries" in reason
    assert "E-SITE-ROBOTS" in done.rules()
    assert set(site.paths) == {"/robots.txt"}


def test_pager_that_promises_too_much_is_given_up(tmp_path):
    script = "<script>createPageHTML(150, 0, 'index', 'html')</script>"
    pages = site_with(html(line("202201/t20220120_1.html") + script))
    pages["/gk/nb/index_1.html"] = html(line("202201/t20220120_2.html"))
    pages["/gk/nb/202201/t20220120_2.html"] = article(REPORT)
    pages |= {f"/gk/nb/index_{n}.html": html("") for n in range(2, 150)}
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    # What was on its way when the list ended still comes.
    assert len([path for path in site.paths if "/index_" in path]) <= 4 + 16
    rules = [rule for rule, _ in done.findings()]
    assert rules.count("W-LIST-ENDED") == 1
    assert rules.count("W-LIST-STUB") == 3
    assert len(done.documents()) == 2
    ((message,),) = done.rows("SELECT message FROM findings WHERE rule = 'W-LIST-ENDED'")
    assert "149 页，读到第 4 页" in message


def test_page_that_only_sends_on_by_script_is_followed(tmp_path):
    pages = site_with(html(line("202201/t20220120_1.html")))
    pages["/portal/"] = pages["/"]
    pages["/"] = html('<script>window.location.href="/portal/"</script>')
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    assert len(done.documents()) == 1


def test_a_list_whose_pages_link_only_to_the_next_is_read_to_its_end(tmp_path):
    pages = site_with(html(line("202201/t20220120_1.html") + "<a href='p2.html'>下一页</a>"))
    for number in range(2, 6):
        onward = f"<a href='p{number + 1}.html'>下一页</a>" if number < 5 else ""
        pages[f"/gk/nb/p{number}.html"] = html(line(f"202201/t20220120_{number}.html") + onward)
        pages[f"/gk/nb/202201/t20220120_{number}.html"] = article(REPORT)
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    assert len(done.documents()) == 5


def test_sites_that_share_a_host_ask_it_one_after_the_other(tmp_path):
    pages = {
        f"/{name}{path}": answer
        for name in ("jia", "yi")
        for path, answer in site_with(html(line("202201/t20220120_1.html"))).items()
    }
    for name in ("jia", "yi"):
        pages[f"/{name}/"] = html(f'<a href="/{name}/gk/">政务公开</a>')
    files = []
    for name in ("jia", "yi"):
        (tmp_path / name).mkdir()
        file = profile(tmp_path / name)
        text = file.read_text(encoding="utf-8").replace('"kao"', f'"{name}"')
        file.write_text(text.replace(f"http://{HOST}/", f"http://{HOST}/{name}/"), encoding="utf-8")
        files.append(file)
    with Site(pages) as site:
        arguments = command(tmp_path / "data", site.port, files[0])
        done = run([*arguments, "--profile", str(files[1])], tmp_path / "data")
        asked = [name for path in site.paths if (name := path.split("/")[1]) in {"jia", "yi"}]
    assert done.code == 0, done.output
    assert asked == sorted(asked)
    assert asked.count("jia") == asked.count("yi") > 2
    assert len(done.documents()) == 2
