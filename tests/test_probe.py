"""Each way in which a site is not as its profile says: what was met, expected, and what to change.

The proposals are tried: a profile changed as the probe says finds the reports.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive.home import Archive
from archive.runs import note_visit, start_run
from crawler.probing.explain import explain
from crawler.probing.unanswered import kind_of
from crawler.profile import load
from tests.crawl_site import HOST, ROOT, Answer, Site, article, crawl, html, moved, profile
from tests.forked import nianbao

if TYPE_CHECKING:
    from types import SimpleNamespace

REPORTS = "".join(
    f'<p class="row"><a href="/show/{n}.html">考试县{year}年政府信息公开工作年度报告</a>'
    f"<i>{year + 1}-01-20</i></p>"
    for n, year in enumerate((2021, 2022, 2023), 1)
)


def shows() -> dict[str, Answer]:
    words = "".join(
        f"<p>考试县人民政府第{n}项信息公开工作情况，已按规定办理并予以公布。</p>" for n in range(20)
    )
    return {
        f"/show/{n}.html": html(
            f'<div class="nav"><a href="/">首页</a></div><div class="wz">{words}</div>'
        )
        for n in (1, 2, 3)
    }


def look(file: Path, where: Path, resolve: dict[str, int]) -> SimpleNamespace:
    named = [f"--resolve={host}=127.0.0.1:{port}" for host, port in resolve.items()]
    done = nianbao(["probe", str(file), *named, "--data", str(where)], ROOT)
    assert "Traceback" not in done.output, done.output
    return done


def probe(folder: Path, site: Site | int, more: str = "") -> SimpleNamespace:
    port = site if isinstance(site, int) else site.port
    return look(profile(folder, more), folder / "data", {HOST: port})


def line_of(folder: Path, key: str) -> str:
    lines = (folder / "kao.toml").read_text("utf-8").splitlines()
    return f"kao.toml:{next(n for n, line in enumerate(lines, 1) if line.startswith(key))}: {key}"


def proposals(out: str, key: str) -> str:
    (line,) = re.findall(rf"^    to:    ({key} = .*?)  # ", out, re.MULTILINE)
    return str(line)


def kept_page(out: str) -> bytes:
    return Path(re.findall(r"kept in (\S+\.html)", out)[0]).read_bytes()


def test_the_page_is_named_with_title_words_and_file(tmp_path):
    body = '<a href="/xw/">新闻</a><a href="/fw/">办事</a><p>欢迎来到考试县</p>'
    with Site({"/": html(body, title="考试县人民政府")}) as site:
        done = probe(tmp_path, site)
    assert done.code == 1
    met = f'200 http://{HOST}/, title "考试县人民政府", begins "新闻办事欢迎来到考试县"'
    assert met in done.output
    assert "欢迎来到考试县".encode() in kept_page(done.output)
    assert "新闻、办事" in done.output
    assert line_of(tmp_path, "entries") in done.output


def test_report_links_by_other_words_are_proposed_and_the_proposal_works(tmp_path):
    pages = {
        "/": html('<a href="/gk/">政府信息公开</a>'),
        "/gk/": html('<a href="/gk/zj/">年度工作总结</a>', title="信息公开"),
        "/gk/zj/": html(f'<ul class="list_ul"><li>{REPORTS}</li></ul>', title="总结"),
        **shows(),
    }
    with Site(pages) as site:
        done = probe(tmp_path, site)
        assert done.code == 1
        assert f"http://{HOST}/gk/zj/" in done.output
        better = proposals(done.output, "report_text")
        again = probe(tmp_path, site, better)
    assert again.code == 0, again.output


def test_links_of_disclosure_by_other_words_become_entries(tmp_path):
    pages = {
        "/": html('<a href="/tm/">阳光公示</a><a href="/xw/">新闻</a>'),
        "/tm/": html('<a href="/nb/">年报</a>'),
        "/nb/": html(f'<ul class="list_ul">{REPORTS.replace("p class", "li class")}</ul>'),
        **shows(),
    }
    with Site(pages) as site:
        done = probe(tmp_path, site)
        assert done.code == 1
        better = proposals(done.output, "entries")
        text = profile(tmp_path).read_text("utf-8")
        (tmp_path / "kao.toml").write_text(
            re.sub(r"^entries = .*$", better, text, flags=re.MULTILINE), "utf-8"
        )
        again = look(tmp_path / "kao.toml", tmp_path / "b", {HOST: site.port})
    assert again.code == 0


def test_unknown_list_and_article_markup_are_proposed_and_the_proposals_work(tmp_path):
    pages = {
        "/": html('<a href="/nb/">政府信息公开年报</a>'),
        "/nb/": html(
            '<div class="menu"><p><a href="/a/">机构</a></p><p><a href="/b/">领导</a></p></div>'
            f'<div class="biao"><div class="in">{REPORTS}</div></div>'
        ),
        **shows(),
    }
    with Site(pages) as site:
        done = probe(tmp_path, site)
        lists, bodies = (
            proposals(done.output, key) for key in ("list_selectors", "article_selectors")
        )
        assert lists == 'list_selectors = ["p.row", "..."]'
        assert bodies == 'article_selectors = ["div.wz", "..."]'
        again = probe(tmp_path, site, f"{lists}\n{bodies}")
    assert again.code == 0
    assert "3 lines by p.row" in again.output
    assert "expected:" not in again.output


def test_a_list_drawn_by_a_script_names_the_system(tmp_path):
    drawn = "<script>$.ajax({url:'/module/web/jpage/dataproxy.jsp'})</script>"
    with Site(
        {"/": html('<a href="/nb/">政府信息公开年报</a>'), "/nb/": html(drawn + "<p>栏目</p>" * 90)}
    ) as site:
        done = probe(tmp_path, site)
    assert done.code == 1
    assert "大汉 jpage" in done.output
    assert "kao.toml:6: report_columns is not set" in done.output


def test_a_page_that_only_a_script_fills(tmp_path):
    shell = html('<div id="app"></div><script>load("/zwgk/xxgknb/list")</script>', title="门户")
    with Site({"/": shell}) as site:
        done = probe(tmp_path, site)
    assert done.code == 1
    assert "only a script fills" in done.output
    assert "/zwgk/xxgknb/list" in done.output
    assert "report_columns" in done.output


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (405, "请求被拒绝"),
        (412, "<script>$_ts={}</script>"),
        (521, "<script>__jsl_clearance</script>"),
    ],
)
def test_block_pages_are_told_from_pages(tmp_path, status, body):
    with Site({"/": html(body), "/robots.txt": Answer(b"", 404)}) as site:
        site.pages["/"] = Answer(body.encode(), status, [("Content-Type", "text/html")])
        done = probe(tmp_path, site)
    assert done.code == 1
    assert "the site refuses" in done.output
    assert f"{status} http://{HOST}/" in done.output
    assert "never solved" in done.output
    assert "no report column" not in done.output


def test_robots_that_forbids_names_the_line(tmp_path):
    robots = Answer(b"User-agent: *\nDisallow: /\n", 200, [("Content-Type", "text/plain")])
    with Site({"/robots.txt": robots, "/": html("")}) as site:
        done = probe(tmp_path, site)
    assert done.code == 1
    assert f"line 2 of http://{HOST}/robots.txt: Disallow: /" in done.output
    assert line_of(tmp_path, "entries") in done.output


def test_robots_that_fails_is_no_permission(tmp_path):
    with Site({"/robots.txt": Answer(b"oops", 500), "/": html("")}) as site:
        done = probe(tmp_path, site)
    assert done.code == 1
    assert f"robots.txt of {HOST} answered 500" in done.output


def test_another_host_is_proposed_and_the_proposal_works(tmp_path):
    new = "www.xin.test"
    pages = {
        f"{HOST}/": moved(f"http://{new}/"),
        f"{new}/": html('<a href="/nb/">政府信息公开年报</a>'),
        "/nb/": html(f'<ul class="list_ul">{REPORTS.replace("p class", "li class")}</ul>'),
        **shows(),
    }
    with Site(pages) as site:
        done = probe(tmp_path, site)
        assert done.code == 1
        assert f"{HOST} leads to another host, {new}" in done.output
        keys = ("hosts", "former_hosts", "entries")
        lines = "\n".join(proposals(done.output, key) for key in keys)
        changed = tmp_path / "new.toml"
        changed.write_text(
            f'id = "kao"\nname = "考试县"\n{lines}\n[region]\ncode = "990000"\nname = "考试县"\n',
            "utf-8",
        )
        again = look(changed, tmp_path / "b", {HOST: site.port, new: site.port})
    assert again.code == 0


def test_articles_that_are_only_files_are_well(tmp_path):
    lines = REPORTS.replace("p class", "li class").replace("/p>", "/li>")
    page = article("年报", '<p><a href="/show/a.txt" appendix="true">附件</a></p>')
    pages = {
        "/": html('<a href="/nb/">政府信息公开年报</a>'),
        "/nb/": html(f'<ul class="list_ul">{lines}</ul>'),
        **{f"/show/{n}.html": page for n in (1, 2, 3)},
        "/show/a.txt": Answer("考试县2021年政府信息公开工作年度报告".encode()),
    }
    with Site(pages) as site:
        done = probe(tmp_path, site)
    assert done.code == 0
    assert "1 files" in done.output
    assert "expected:" not in done.output


def test_a_refused_connection(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = probe(tmp_path, port)
    assert done.code == 1
    assert f"{HOST} refused the connection" in done.output
    assert line_of(tmp_path, "entries") in done.output


def test_a_broken_connection(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reset() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                peer.recv(10)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.close()

        threading.Thread(target=reset, daemon=True).start()
        done = probe(tmp_path, server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
    assert done.code == 1
    assert f"{HOST} broke the connection off" in done.output


def test_an_old_host_that_is_dead_while_the_new_one_answers(tmp_path):
    old = "www.jiu.test"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Site({"/": html("<p>没有</p>"), "/robots.txt": Answer(b"", 404)}) as site:
        file = profile(tmp_path, f'former_hosts = ["{old}"]')
        text = file.read_text("utf-8").replace(
            f'"http://{HOST}/"', f'"http://{HOST}/", "http://{old}/"'
        )
        file.write_text(text, "utf-8")
        done = look(file, tmp_path / "d", {HOST: site.port, old: port})
    assert f"the former host {old} no longer answers; {HOST} does" in done.output


def test_a_name_that_nobody_knows(tmp_path):
    """The name is looked up for real: RFC 6761 keeps it from ever being one."""
    host = "www.kao.invalid"
    done = look(profile(tmp_path, hosts=(host,)), tmp_path / "d", {})
    assert done.code == 1
    assert "no internet" in done.output or f"the name {host} is not known" in done.output
    assert f"no answer from http://{host}/robots.txt" in done.output
    assert f'{line_of(tmp_path, "hosts")} = ["{host}"]' in done.output
    # The web is searched for what the site is called.
    assert "考试县人民政府" in done.output.partition("how:")[2]


def test_a_first_crawl_that_fails_explains_itself_and_keeps_the_reason(tmp_path):
    with Site({"/": html('<a href="/zj/">年度工作总结</a>', title="考试县")}) as site:
        done = crawl(tmp_path, site)
    assert done.outcome()[0] == "no-results"
    assert "no report column; but links like it: 年度工作总结" in str(done.outcome()[1])
    assert "kao.toml:6: report_text is not set" in str(done.outcome()[1])
    assert "    to:    report_text = " in done.output
    kept = re.findall(r"kept in (\S+)", done.output)
    assert "年度工作总结".encode() in Path(kept[0]).read_bytes()


@pytest.fixture
def tls(tmp_path):
    """A server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


ASK = """
import sys
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
class Ask(Spider):
    name = "ask"
    async def start(self):
        yield Request(sys.argv[1], errback=self.failed)
    def failed(self, failure):
        print(f"{type(failure.value).__name__}: {failure.value}")
process = CrawlerProcess(
    {"LOG_ENABLED": False, "RETRY_ENABLED": False, "DOWNLOAD_VERIFY_CERTIFICATES": True}
)
process.crawl(Ask)
process.start()
"""


def note(url: str) -> str:
    """Return what a visit's note says when the downloader fails at an address."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, url], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def advice_on_spt(folder: Path, said: str) -> str:
    archive = Archive(folder / "data", create=True)
    spt = load("spt")
    run_id = start_run(archive, spt.site())
    note_visit(archive, run_id, spt.entries[0], 0, None, note=said)
    (advice,) = explain(archive, run_id, spt)
    archive.close()
    return "\n".join(advice.lines(spt))


def test_broken_certificates_are_told_by_what_the_downloader_says(tls, tmp_path):
    said = note(f"https://localhost:{tls}/")
    assert kind_of(said) == "certificate"
    with Site({}) as plain:
        assert kind_of(note(f"https://localhost:{plain.port}/")) == "tls"
    advice = advice_on_spt(tmp_path, said)
    assert "the certificate of www.spt.gov.cn does not verify" in advice
    assert 'entries = ["http://www.spt.gov.cn/", "http://www.spt.gov.cn/xxgk/"]' in advice
    assert "verify_certificates = false" in advice


def test_spt_without_an_answer_names_the_line_of_its_profile(tmp_path):
    advice = advice_on_spt(tmp_path, note("http://www.kao.invalid/"))
    lines = (ROOT / "crawler/profiles/spt.toml").read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("hosts"))
    assert f'crawler/profiles/spt.toml:{number}: hosts = ["www.spt.gov.cn"]' in advice
    assert "no internet" in advice or "the name www.spt.gov.cn is not known" in advice
    assert "no answer from https://www.spt.gov.cn/" in advice
    assert "中卫市沙坡头区人民政府" in advice
