"""Behind a proxy: every link, form, redirect and address works below a prefix of another host."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from click.testing import CliRunner

from archive.commands import serve
from archive.site.address import AddressError, PublicAddress
from tests.site_seed import seed
from tests.site_server import running_site

PUBLIC = "https://nianbao.example.org/archive/nianbao"
PREFIX = "/archive/nianbao"


class _Proxy(BaseHTTPRequestHandler):
    """Passes on what is below the prefix and says what host the visitor asked for, as nginx."""

    target = ""
    strips = False

    def do_GET(self) -> None:
        if self.path != PREFIX and not self.path.startswith(f"{PREFIX}/"):
            self.send_response(418)
            self.end_headers()
            return
        path = self.path.removeprefix(PREFIX) or "/" if self.strips else self.path
        answer = httpx.get(self.target + path, headers={"Host": "127.0.0.1"}, timeout=30)
        self.send_response(answer.status_code)
        for name in ("content-type", "location", "etag"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *told: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prefix")
    seed(folder)
    with running_site(folder, options=("--address", f"{PUBLIC}/")) as served:
        yield served


@pytest.fixture(params=[False, True], ids=["passed as it is", "prefix taken off"])
def proxy(site: str, request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (_Proxy,), {"target": site, "strips": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def links(text: str) -> set[str]:
    return {unescape(found) for found in re.findall(r'\s(?:href|src|action)="([^"]*)"', text)}


def kind(path: str) -> str:
    """Return the shape of an address; of each shape one is asked for."""
    path, _, query = path.removeprefix(PREFIX).partition("?")
    first, *rest = path.strip("/").split("/")
    if first == "nianbao" and rest:
        return f"{rest[0]}/{len(rest)}"
    names = sorted({name.partition("=")[0] for name in query.split("&")})
    shape = [re.sub(r"^[^.]+", "0", part) for part in rest if part != "cell"]
    return f"{first}/{'/'.join(shape)}?{names}"


@pytest.mark.parametrize("proxy", [True], ids=["prefix taken off"], indirect=True)
def test_every_link_answers_below_the_prefix(proxy: str) -> None:
    waiting, seen, shapes = [f"{proxy}{PREFIX}/"], set[str](), set[str]()
    with httpx.Client(timeout=30) as client:
        while waiting:
            address = waiting.pop()
            answer = client.get(address, follow_redirects=True)
            assert answer.status_code == 200, address
            if not answer.headers["content-type"].startswith(("text/html", "application/atom")):
                continue
            for link in links(answer.text):
                whole = urldefrag(urljoin(str(answer.url), link)).url
                whole = whole.replace(PUBLIC, f"{proxy}{PREFIX}")
                if urlsplit(whole).netloc != urlsplit(proxy).netloc:
                    assert not whole.startswith("https://nianbao.example.org"), whole
                    continue
                assert urlsplit(whole).path.startswith(PREFIX), (address, link)
                shape = kind(whole.removeprefix(proxy))
                if shape in shapes or "/data/" in whole:
                    continue
                shapes.add(shape)
                seen.add(whole)
                waiting.append(whole)
    assert len(seen) > 60
    assert {f"{proxy}{PREFIX}{page}" for page in ("/search", "/explore", "/data")} <= seen


def test_whole_addresses_carry_scheme_host_and_prefix(proxy: str) -> None:
    with httpx.Client(base_url=f"{proxy}{PREFIX}", timeout=30) as client:
        report = client.get("/report/999901-government/2021.json").json()
        assert f"{PUBLIC}/report/999901-government/2021" in json.dumps(report)
        hits = client.get("/search.json?q=信访").json()["hits"]
        assert all(hit["address"].startswith(f"{PUBLIC}/report/") for hit in hits)
        sitemap = client.get("/sitemap.xml").text
        feed = client.get("/feeds/changes.atom").text
        assert f"{PUBLIC}/" in sitemap
        assert f"{PUBLIC}/" in feed
        assert "127.0.0.1" not in sitemap + feed
        assert client.get("/openapi.json").json()["servers"] == [{"url": f"{PUBLIC}/"}]
        assert f"Sitemap: {PUBLIC}/sitemap.xml" in client.get("/robots.txt").text


def test_a_redirect_stays_below_the_prefix(proxy: str) -> None:
    answer = httpx.get(f"{proxy}{PREFIX}/about/", timeout=30)
    assert answer.status_code == 302
    assert urlsplit(answer.headers["location"]).path == f"{PREFIX}/about"


def test_text_that_looks_like_a_link_is_left_alone(proxy: str) -> None:
    asked = 'x href="/y'
    page = httpx.get(f"{proxy}{PREFIX}/search", params={"q": asked}, timeout=30).text
    assert f"<title>{asked} ·" in unescape(page)
    assert f'value="{asked}"' in unescape(page)


def test_the_host_a_visitor_claims_is_not_believed(site: str) -> None:
    claimed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for path in ("/", "/feeds/changes.atom", "/report/999901-government/2021"):
        assert "evil.example" not in httpx.get(f"{site}{path}", headers=claimed, timeout=30).text


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("https://a.org", ""), ("http://a.org:8080/", ""), ("https://a.org/x/y/", "/x/y")],
)
def test_an_address_is_read(text: str, prefix: str) -> None:
    assert PublicAddress.parse(text).prefix == prefix


@pytest.mark.parametrize(
    "text",
    ["a.org", "ftp://a.org", "https://", "https://a.org/?x", "https://a.org/#x",
     'https://a.org/"x', "https://u@a.org/", "https://a.org/../x", "https://a.org//x"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(AddressError, match=r"example\.org/nianbao"):
        PublicAddress.parse(text)
    result = CliRunner().invoke(serve, ["--data", str(tmp_path), "--address", text])
    assert result.exit_code == 2
    assert "example.org/nianbao" in result.output
