"""A new county in an afternoon: one command writes profile, page and test; the crawl works."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from crawler.adapters.trs import Page
from crawler.probing.places import guess_id, guess_place
from crawler.profile import load
from tests.crawl_site import ROOT, Answer, Site, html, moved, run
from tests.forked import nianbao
from tests.replica import ReplicaServer, build_county

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace


NINGXIA = "宁夏回族自治区"
HOST = "www.qita.gov.test"
OFFICES = ("人民政府办公室", "教育局", "水务局")
YEARS = (2021, 2022, 2023)


def county() -> dict[str, Answer]:
    """Another content system: other markup, other words, addresses that say nothing."""
    head = (
        '<meta name="SiteName" content="其他县人民政府">'
        '<meta name="SiteIDCode" content="9907110001">'
    )
    menu = "".join(
        f'<td><a href="/Dept.aspx?d={n}">其他县{one}</a></td>' for n, one in enumerate(OFFICES)
    )
    pages = {
        "/": html(
            '<b><a href="/Open.aspx">阳光政务</a></b><p><a href="/n1">要闻</a></p>',
            "首页-其他县人民政府门户网站",
            head,
        ),
        "/Open.aspx": html(f'<table class="bm"><tr>{menu}</tr></table>', "信息公开", head),
    }
    for n, office in enumerate(OFFICES):
        lines = ""
        for year in YEARS:
            title = f"其他县{office}{year}年政府信息公开工作年度报告"
            at = f"/Show.aspx?i={n}{year}"
            link = f'<dt><a href="{at}">{title}</a></dt>'
            lines += f'<dl class="hang">{link}<dd>{year + 1}-01-20</dd></dl>'
            words = "".join(
                f"<p>{year}年，本机关按照条例要求办理信息公开第{k}项工作。</p>" for k in range(20)
            )
            pages[at] = html(f'<div id="neirong"><h1>{title}</h1>{words}</div>', title, head)
        side = '<dl class="cd"><dt><a href="/a">机构职能</a></dt></dl>'
        pages[f"/Dept.aspx?d={n}"] = html(f'<a href="/Nb.aspx?d={n}">年度报告</a>', office, head)
        pages[f"/Nb.aspx?d={n}"] = html(f'{side}<div class="nbk">{lines}</div>', "年度报告", head)
    return pages


def new_site(folder: Path, host: str, port: int, *more: str, url: str = "") -> SimpleNamespace:
    address = url or f"http://{host}/"
    return nianbao(["new-site", address, f"--resolve={host}=127.0.0.1:{port}", *more], folder)


def offline(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the test that was written, far from the site."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def crawl(folder: Path, profile: Path, host: str, port: int):
    arguments = [
        sys.executable, "-m", "crawler.cli", "crawl", "--profile", str(profile), "--quiet",
        f"--resolve={host}=127.0.0.1:{port}", "--data", str(folder / "data"),
    ]  # fmt: skip
    return run(arguments, folder / "data")


def test_a_site_of_another_markup_is_written_and_then_walked_whole(tmp_path):
    with Site(county()) as site:
        done = new_site(tmp_path, HOST, site.port)
        assert done.code == 0, done.output
        folder = tmp_path / "sites" / "qita"
        walked = crawl(tmp_path, folder / "qita.toml", HOST, site.port)
        # What was written is never overwritten.
        before = (folder / "qita.toml").read_bytes()
        again = new_site(tmp_path, HOST, site.port)
    assert walked.documents() == {
        f"http://{HOST}/Show.aspx?i={n}{year}" for n in range(len(OFFICES)) for year in YEARS
    }
    dates = {date for (date,) in walked.rows("SELECT published FROM sources")}
    assert dates == {f"{year + 1}-01-20" for year in YEARS}
    assert "W-LIST-MARKUP" not in walked.rules()
    assert again.code == 1
    assert "never overwritten" in again.output
    assert (folder / "qita.toml").read_bytes() == before

    text = before.decode()
    keys = tomllib.loads(text)
    assert keys["region"] == {"code": "990711", "name": "其他县"}
    assert keys["name"] == "其他县人民政府"
    assert set(keys) == {
        "id", "name", "hosts", "entries", "region", "list_selectors", "article_selectors",
    }  # fmt: skip
    lines = text.splitlines()
    for key in ("list_selectors", "article_selectors", "entries"):
        at = next(n for n, line in enumerate(lines) if line.startswith(key))
        assert lines[at - 1].startswith("# "), key
    assert (folder / "list.html").read_bytes() == site.pages["/Nb.aspx?d=0"].body
    assert f"nianbao crawl --profile {'sites/qita/qita.toml'}" in done.output

    checked = offline(folder)
    assert checked.returncode == 0, checked.stdout
    assert "1 passed" in checked.stdout
    # The test can fail: without the selector the lines lose their dates.
    (folder / "qita.toml").write_text(text.replace("list_selectors", "# list_selectors"), "utf-8")
    assert offline(folder).returncode == 1


def test_a_site_of_the_platform_needs_five_lines(tmp_path):
    build_county(tmp_path / "tree")
    host = "www.example-county.test"
    with ReplicaServer(tmp_path / "tree") as server:
        done = new_site(tmp_path, host, server.port)
    assert done.code == 0, done.output
    file = tmp_path / "sites" / "example-county" / "example-county.toml"
    assert set(tomllib.loads(file.read_text("utf-8"))) <= {
        "id", "name", "hosts", "entries", "region", "search",
    }  # fmt: skip
    assert load(str(file)).region.name == "示例县"
    assert offline(file.parent).returncode == 0


def test_what_can_not_be_guessed_is_asked_for_by_option(tmp_path):
    lines = '<li><a href="/1.html">2021年政府信息公开工作年度报告</a></li>'
    pages = {
        "/": html('<a href="/nb/">信息公开年报</a>', title="Welcome"),
        "/nb/": html(f'<ul class="list_ul">{lines}</ul>', title="List"),
        "/1.html": html("<p>2021</p>"),
    }
    with Site(pages) as site:
        asked = new_site(tmp_path, HOST, site.port)
        assert asked.code == 1
        assert "--name and --region-code and --region-name" in asked.output
        assert not (tmp_path / "sites").exists()
        options = ["--name", "其他县政府", "--region-code", "990711", "--region-name", "其他县"]
        given = new_site(tmp_path, HOST, site.port, *options, "--parent", "某省", "--id", "qt-1")
    assert given.code == 0, given.output
    profile = load(str(tmp_path / "sites" / "qt-1" / "qt-1.toml"))
    assert profile.region.parents == ("某省",)
    assert (tmp_path / "sites" / "qt-1" / "test_qt_1.py").exists()


def test_a_site_without_reports_writes_nothing_and_says_why(tmp_path):
    with Site({"/": html('<a href="/xw/">新闻</a>', title="其他县")}) as site:
        done = new_site(tmp_path, HOST, site.port)
    assert done.code == 1
    assert "--column URL" in done.output
    assert 'title "其他县"' in done.output
    assert not (tmp_path / "sites").exists()


def test_a_moved_site_is_written_under_its_new_host(tmp_path):
    new = "www.xin.gov.test"
    lines = '<li><a href="/1.html">2021年政府信息公开工作年度报告</a></li>'
    pages = {
        f"{HOST}/": moved(f"http://{new}/"),
        f"{new}/": html('<a href="/nb/">信息公开年报</a>', title="其他县人民政府"),
        "/nb/": html(f'<ul class="list_ul">{lines}</ul>'),
        "/1.html": html("<p>2021</p>"),
    }
    with Site(pages) as site:
        resolve = f"--resolve={new}=127.0.0.1:{site.port}"
        done = new_site(tmp_path, HOST, site.port, resolve, "--region-code", "990711")
    assert done.code == 0, done.output
    profile = load(str(tmp_path / "sites" / "qita" / "qita.toml"))
    assert profile.hosts == (new,)
    assert profile.former_hosts == (HOST,)


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("https://www.spt.gov.cn/", "spt"),
        ("https://sycyy.yinchuan.gov.cn/x", "yinchuan"),
        ("http://zwgk.haian.gov.cn", "haian"),
    ],
)
def test_short_names_come_from_hosts(url, identity):
    assert guess_id(url) == identity


def page(title: str, **meta: str) -> Page:
    tags = "".join(f'<meta name="{name}" content="{value}">' for name, value in meta.items())
    return Page("http://a.test/", html("", title, tags).body, load("spt"))


@pytest.mark.parametrize(
    ("title", "meta", "host", "expected"),
    [
        ("沙坡头区人民政府", {}, "www.spt.gov.cn", ("640502", "沙坡头区", (NINGXIA, "中卫市"))),
        ("欢迎访问海原县人民政府门户网站", {}, "a.test", ("", "海原县", ())),
        (
            "首页_海原县人民政府",
            {"SiteIDCode": "6405220001"},
            "a.test",
            ("640522", "海原县", (NINGXIA, "中卫市")),
        ),
        ("某省某市某县人民政府", {}, "a.test", ("", "某县", ("某省", "某市"))),
        ("Home", {"SiteName": "中卫市人民政府"}, "a.test", ("640500", "中卫市", (NINGXIA,))),
        ("Home", {}, "a.test", ("", "", ())),
    ],
)
def test_name_and_region_come_from_the_pages(title, meta, host, expected):
    guess = guess_place([page(title, **meta)], host)
    assert (guess.code, guess.region, guess.parents) == expected
