"""The site of a country: a front page of regions, search over all, each region below /r/."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import etree
from playwright.sync_api import sync_playwright

from archive.publish import POINTER, Release
from archive.regions.country import Country, published
from archive.regions.region import Region
from archive.regions.search import Chosen, CountrySearch
from archive.search import search
from archive.site.country_regions import RegionSites, RegionUnavailableError
from archive.site.guard import App
from archive.site.warming import status_of
from tests.site_seed import HOSTILE, seed, seed_many
from tests.site_server import running_site
from tests.test_regions import add_strays, publish_by, publish_whole, rename
from tests.test_site_browser import ARGUMENTS, CHROMIUM
from tests.test_site_every_page import SCREENS
from tests.test_site_prefix import PREFIX, PUBLIC, kind, links

REPORT = "/report/999901-water/2022"
OTHER = "/report/999902-xinfang/2021"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release]:
    """Return a data folder published by county, and the release of the whole."""
    folder = tmp_path_factory.mktemp("country")
    seed(folder)
    add_strays(folder)
    whole = publish_whole(folder)
    kept = shutil.copy(whole.path, folder / "whole.db")
    publish_by(folder)
    return folder, replace(whole, path=kept)


@pytest.fixture(scope="module")
def whole(made: tuple[Path, Release]) -> Release:
    return made[1]


@pytest.fixture(scope="module")
def address(made: tuple[Path, Release]) -> Iterator[str]:
    with running_site(made[0]) as served:
        yield served


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


def regions_of(folder: Path) -> dict[str, Region]:
    found = published(folder)
    assert isinstance(found, Country)
    return {code: found.region(code) for code in found.codes()}


def test_the_front_page_lists_what_each_region_holds(client: httpx.Client) -> None:
    page = etree.HTML(client.get("/").text)
    lines = {
        row.xpath("th/a/@href")[0]: [" ".join(cell.itertext()).strip() for cell in row.xpath("td")]
        for row in page.xpath("//tbody/tr")
    }
    assert {path: line[:3] for path, line in lines.items()} == {
        "/r/999901/": ["38", "7", "2019–2024"],
        "/r/999902/": ["18", "4", "2019–2024"],
        "/r/unknown/": ["1", "1", "2021"],
    }
    assert all(int(line[3]) > 0 for line in lines.values())
    assert "未归属" in "".join(page.itertext())


def test_every_link_answers_below_the_prefix_and_the_region(made: tuple[Path, Release]) -> None:
    options = ("--address", f"{PUBLIC}/")
    with running_site(made[0], options=options) as site, httpx.Client(timeout=60) as client:
        waiting, seen, shapes = [f"{site}{PREFIX}/"], set[str](), set[str]()
        while waiting:
            address = waiting.pop()
            answer = client.get(address, follow_redirects=True)
            assert answer.status_code == 200, address
            if not answer.headers["content-type"].startswith(("text/html", "application/atom")):
                continue
            # The way up to the country stands in single quotes.
            text = answer.text.replace("href='", 'href="').replace("'>", '">')
            for link in links(text):
                whole = urldefrag(urljoin(str(answer.url), link)).url
                whole = whole.replace(PUBLIC, f"{site}{PREFIX}")
                if urlsplit(whole).netloc != urlsplit(site).netloc:
                    assert not whole.startswith("https://nianbao.example.org"), whole
                    continue
                path = urlsplit(whole).path
                assert path.startswith(PREFIX), (address, link)
                region, _, below = path.removeprefix(f"{PREFIX}/r/").partition("/")
                if not path.startswith(f"{PREFIX}/r/"):
                    shape = kind(whole.removeprefix(site))
                elif region == "999901":
                    shape = "r/" + kind(f"{PREFIX}/{below}?{urlsplit(whole).query}")
                else:
                    shape = f"other/{below.partition('/')[0]}"
                if shape in shapes or "/data/" in whole:
                    continue
                shapes.add(shape)
                seen.add(whole)
                waiting.append(whole)
        below = {f"{site}{PREFIX}{page}" for page in ("/search", "/data", "/r/999901/explore")}
        assert below <= seen
        assert len(seen) > 60
        root = f"{site}{PREFIX}/r/999901"
        assert f"{PUBLIC}/r/999901{REPORT}" in client.get(f"{root}{REPORT}.json").text
        assert f"{PUBLIC}/r/999901{REPORT}" in client.get(f"{root}{REPORT}").text
        assert f"{PUBLIC}/r/999901/report/" in client.get(f"{root}/sitemap.xml").text
        assert f"{PUBLIC}/r/999901/" in client.get(f"{root}/feeds/changes.atom").text
        servers = client.get(f"{root}/openapi.json").json()["servers"]
        assert servers == [{"url": f"{PUBLIC}/r/999901/"}]
        index = client.get(f"{site}{PREFIX}/sitemap.xml").text
        assert f"{PUBLIC}/r/999902/sitemap.xml" in index
        hits = client.get(f"{site}{PREFIX}/search.json?q=水务局").json()["hits"]
        assert hits[0]["address"].startswith(f"{PUBLIC}/r/999901/report/999901-water/")


def test_addresses_of_an_undivided_archive_lead_on(client: httpx.Client) -> None:
    for path in (REPORT, f"{REPORT}.json", "/agency/999901-water", "/region/999901"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, f"/r/999901{path}")
    assert client.get("/report/110101-x/2022").status_code == 404
    assert client.get("/r/110101/").status_code == 404
    assert "地区" in client.get("/explore").text


def test_feeds_of_two_regions_are_two_feeds(client: httpx.Client) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    ids = {
        etree.fromstring(client.get(f"/r/{code}/feeds/changes.atom").content).findtext(f"{atom}id")
        for code in ("999901", "999902", "unknown")
    }
    assert len(ids) == 3


def test_what_is_closed_stays_closed(client: httpx.Client) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy == client.get("/r/999901/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert client.post("/search").status_code == 405
    assert client.post("/r/999901/search").status_code == 405
    for path in ("/r/999901/-/versions", "/r/999901/nianbao.db", "/static/../country.py",
                 "/static/%2e%2e/country.py", "/data/parquet-000000000000/cells/../x"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.get("/r/999901/nianbao?sql=select+1").status_code in (400, 403, 404)


@pytest.mark.parametrize("query", ["年", "信访", "水务局", "低保 信访", "没有这个词", '"<script>"'])
def test_search_over_all_counts_what_the_whole_counts(
    client: httpx.Client, whole: Release, query: str
) -> None:
    with closing(sqlite3.connect(whole.path)) as connection:
        expected = search(connection, query, limit=100)
    found, page = [], 1
    while True:
        answer = client.get("/search.json", params={"q": query, "page": page}).json()
        assert answer["count"] == expected.count
        found += answer["hits"]
        if not answer["hits"]:
            break
        page += 1
    keys = [(hit["agency"]["key"], hit["year"]) for hit in found]
    assert len(keys) == len(set(keys)) == expected.count
    assert set(keys) == {(hit.agency_key, hit.year) for hit in expected.hits}
    assert {int(year): n for year, n in answer["years"].items()} == dict(expected.years)
    assert answer["types"] == dict(expected.kinds)
    assert sum(one["count"] for one in answer["regions"]) == expected.count
    assert answer["failed"] == []
    # What has a word in its title stands first.
    words = query.split()
    in_title = [any(word in hit["title"] for word in words) for hit in found]
    assert in_title == sorted(in_title, reverse=True)


def test_filters_narrow_and_count_each_other(client: httpx.Client, whole: Release) -> None:
    asked = {"q": "信访", "region": "999902", "year": 2021, "type": "department"}
    answer = client.get("/search.json", params=asked).json()
    with closing(sqlite3.connect(whole.path)) as connection:
        expected = connection.execute(
            "SELECT count(*) FROM search_texts t JOIN reports r ON r.id = t.report_id"
            " JOIN agencies a ON a.id = r.agency_id WHERE a.region_code = '999902' AND r.year ="
            " 2021 AND a.type = 'department' AND t.part = 1 AND t.text LIKE '%信访%'"
        ).fetchone()[0]
    assert answer["count"] == expected > 0
    assert all(hit["region"]["code"] == "999902" and hit["year"] == 2021 for hit in answer["hits"])
    assert {one["code"] for one in answer["regions"]} == {"999901", "999902"}
    assert len(answer["years"]) > 1
    page = client.get("/search", params=asked).text
    assert '<option value="999902" selected>' in page
    assert client.get("/search", params={"q": "x" * 300}).status_code == 200
    assert client.get("/search.json", params={"q": "x" * 300}).status_code == 400
    assert client.get("/search?q=年&page=51").status_code == 400


def test_hostile_titles_are_text(client: httpx.Client) -> None:
    page = client.get("/search", params={"q": "hostile document.title"}).text
    assert "<script" not in page
    assert HOSTILE not in client.get("/").text
    found = client.get("/search", params={"q": "document.title"}).text
    assert "document.title" in unescape(found)


def test_files_are_to_be_had(client: httpx.Client, made: tuple[Path, Release]) -> None:
    page = etree.HTML(client.get("/data").text)
    described = page.xpath("//link[@rel='describedby']/@href")[0]
    package = client.get(described).json()
    for resource in package["resources"]:
        file = resource["files"][-1]
        answer = client.get(urljoin(described, file["path"]))
        assert (answer.status_code, len(answer.content)) == (200, file["bytes"])
    databases = page.xpath("//a[contains(@href, '.db')]/@href")
    sizes = {region.release.size for region in regions_of(made[0]).values()}
    assert {len(client.get(path).content) for path in databases} == sizes


def test_health_tells_of_every_region(client: httpx.Client) -> None:
    told = client.get("/health.json").json()
    assert {line["code"] for line in told["regions"]} == {"999901", "999902", "unknown"}
    # The seeded walk was stopped, and the other county's reports come from that site as well.
    assert {line["state"] for line in told["regions"]} == {told["state"]} == {"bad"}
    assert "没有完成" in client.get("/health").text


def test_programs_are_told_what_to_leave_alone(client: httpx.Client) -> None:
    text = client.get("/robots.txt").text
    assert "Disallow: /r/*/original/" in text
    assert "Disallow: /search\n" in text
    for path in ("/sitemap-country.xml", "/r/999901/sitemap.xml"):
        assert client.get(path).status_code == 200


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM")
def test_the_pages_serve_everybody(address: str) -> None:
    wrong: list[object] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(base_url=address, bypass_csp=True)
        page = context.new_page()
        page.on("console", lambda message: wrong.append((page.url, message.text)))
        page.on("request", lambda request: None if request.url.startswith(address) else (
            wrong.append((page.url, request.url))))  # fmt: skip
        for path in ("/", "/search?q=信访", "/data", "/about", "/health", "/r/999901/"):
            page.goto(path)
            for (width, scheme), rules in SCREENS.items():
                page.set_viewport_size({"width": width, "height": 844})
                page.emulate_media(color_scheme=scheme)
                if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                    wrong.append((path, width, "wider than the screen"))
                options = {"runOnly": rules, "resultTypes": ["violations"]}
                found = Axe().run(page, options=options).response["violations"]
                wrong += [(path, width, one["id"], one["nodes"][0]["html"]) for one in found]
        # A question without a script: typed, sent, followed into the region.
        page.goto("/")
        page.get_by_label("检索年报全文").fill("水务局 2021")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=*")
        page.locator(".hits h2 a").first.click()
        assert "/r/999901/report/999901-water/" in page.url
        page.get_by_role("link", name="全部地区").click()
        assert urlsplit(page.url).path == "/"
        browser.close()
    assert wrong == []


@pytest.fixture
def many(tmp_path: Path) -> Path:
    seed_many(tmp_path, ["640502", "640521", "110101"], 2)
    for agency in ("640502:a0", "640521:a0", "110101:a0"):
        rename(tmp_path, agency, "一份年报")
    publish_by(tmp_path)
    return tmp_path


def test_a_region_that_fails_is_named_and_hides_no_other(many: Path) -> None:
    found = regions_of(many)["640521"].release.path
    found.write_bytes(b"no database" * 1000)
    with running_site(many) as served, httpx.Client(base_url=served, timeout=60) as client:
        answer = client.get("/search.json?q=一份年报").json()
        assert (answer["count"], answer["failed"]) == (2, ["640521"])
        page = client.get("/search?q=一份年报")
        assert "没有回答" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert client.get("/r/640521/").status_code == 503
        assert client.get("/r/640502/").status_code == 200
        assert client.get("/").status_code == 200


def test_a_region_is_switched_while_the_others_are_served(many: Path) -> None:
    with running_site(many) as served, httpx.Client(base_url=served, timeout=60) as client:
        path = "/r/110101/report/110101-a0/2021"
        assert "一份年报" in client.get(path).text
        tag = client.get("/r/640502/").headers["etag"]
        codes: list[int] = []

        async def visit() -> None:
            async with httpx.AsyncClient(base_url=served, timeout=60) as visitor:
                publishing = asyncio.create_task(asyncio.to_thread(publish_by, many))
                end = time.monotonic() + 60
                while time.monotonic() < end:
                    text = ""
                    for asked in (path, "/", "/search?q=年报", "/r/640521/"):
                        answer = await visitor.get(asked)
                        codes.append(answer.status_code)
                        text += answer.text if asked == path else ""
                    if publishing.done() and "改过的标题" in text:
                        break
                    await asyncio.sleep(0.1)
                assert (await publishing).switched == ("110101",)

        rename(many, "110101:a0", "改过的标题")
        asyncio.run(visit())
        assert set(codes) == {200}
        assert "改过的标题" in client.get(path).text
        assert client.get("/search.json?q=改过的标题").json()["count"] == 1
        assert client.get("/r/640502/").headers["etag"] == tag
        # The whole instead of regions, and back, without a restart.
        publish_whole(many)
        wait_for(lambda: client.get("/report/110101-a0/2021").status_code == 200)
        publish_by(many, "city")
        wait_for(lambda: client.get("/r/1101/report/110101-a0/2021").status_code == 200)


def wait_for(true) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_sites_are_opened_when_asked_for_and_closed_when_idle(many: Path) -> None:
    opened, closed = [], []

    async def site(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def make(region: Region) -> tuple[App, object]:
        if region.code == "640521":
            raise OSError("gone")
        opened.append(region.code)
        return site, lambda: closed.append(region.code)

    regions = regions_of(many)

    async def visit() -> None:
        sites = RegionSites(make, most=1, idle=0.3)

        def asked(code: str) -> App:
            return lambda scope, receive, send: sites.answer(regions[code], scope, receive, send)

        assert sites.count == 0
        await asyncio.gather(*(status_of(asked("640502"), "/") for _ in range(5)))
        assert opened == ["640502"]
        await status_of(asked("110101"), "/")
        assert sites.count == 2
        sites.tend()
        assert (sites.count, closed) == (1, ["640502"])
        await status_of(asked("110101"), "/")
        await asyncio.sleep(0.4)
        sites.tend()
        assert (sites.count, closed) == (0, ["640502", "110101"])
        with pytest.raises(RegionUnavailableError):
            await status_of(asked("640521"), "/")
        await status_of(asked("640502"), "/")
        assert opened == ["640502", "110101", "640502"]

    asyncio.run(visit())


def test_a_search_that_takes_too_long_names_the_regions(many: Path) -> None:
    searching = CountrySearch(seconds=0.0)
    searching.know(list(regions_of(many).values()))
    searching.warm()
    found = searching.search("年报", Chosen(), 20, 0)
    searching.close()
    assert found.count + len(found.failed) >= 0
    assert set(found.failed) <= {"110101", "640502", "640521"}


def test_a_long_list_of_regions_is_one_of_provinces(tmp_path: Path) -> None:
    codes = [f"{province}{city:02d}{county:02d}" for province in (11, 64) for city in (1, 2)
             for county in range(1, 4)]  # fmt: skip
    seed_many(tmp_path, codes, 1)
    publish_by(tmp_path)
    found = published(tmp_path)
    assert isinstance(found, Country)
    # More regions than the front page lists: the same pointers under other codes.
    first = found.folder / codes[0]
    for number in range(150):
        shutil.copytree(first, found.folder / f"33{number:04d}")
        assert (found.folder / f"33{number:04d}" / POINTER).exists()
    with running_site(tmp_path) as served, httpx.Client(base_url=served, timeout=60) as client:
        page = etree.HTML(client.get("/").text)
        assert page.xpath("//tbody/tr/th/a/@href") == ["/province/11", "/province/33",
                                                       "/province/64"]  # fmt: skip
        inside = etree.HTML(client.get("/province/64").text)
        assert inside.xpath("//tbody/tr/th/a/@href") == [f"/r/{code}/" for code in codes[6:]]
        assert client.get("/search.json?q=年").json()["failed"] == []
