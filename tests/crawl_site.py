"""A small site of our own for the edges of the crawl: any answer at any address, a request log."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from warcio.checker import Checker

from tests.forked import forked

ROOT = Path(__file__).resolve().parents[1]
HOST = "www.kao.test"


@dataclass(slots=True)
class Answer:
    """One answer; headers as pairs so that they can repeat."""

    body: bytes = b""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


Page = Answer | Callable[[dict[str, str]], Answer]


def html(body: str, title: str = "页面", head: str = "") -> Answer:
    text = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body>{body}</body></html>"
    )
    return Answer(text.encode(), 200, [("Content-Type", "text/html")])


def article(title: str, body: str = "<p>正文</p>", date: str = "2022-01-20") -> Answer:
    head = f'<meta name="ArticleTitle" content="{title}"><meta name="PubDate" content="{date}">'
    return html(f'<div class="TRS_Editor">{body}</div>', title, head)


def moved(target: str, status: int = 302) -> Answer:
    return Answer(b"", status, [("Location", target)])


class Site:
    """Serves ``pages`` by "path" or "host/path" on loopback; a context manager."""

    def __init__(self, pages: dict[str, Page]) -> None:
        self.pages = pages
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, host: str, path: str, headers: dict[str, str]) -> Answer:
        self.requests.append((host, path, headers))
        page = self.pages.get(f"{host}{path}") or self.pages.get(path)
        if page is None:
            return Answer(b"<html><body>404</body></html>", 404)
        return page(headers) if callable(page) else page


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = site.answer(headers.get("host", ""), self.path, headers)
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if not any(name == "Content-Length" for name, _ in answer.headers):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            # A body shorter than announced ends with the connection.
            self.close_connection = any(n == "Content-Length" for n, _ in answer.headers)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@dataclass(frozen=True, slots=True)
class Walked:
    """What a crawl command left behind."""

    code: int
    output: str
    data: Path

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.data / "nianbao.db") as db:
            return db.execute(query, arguments).fetchall()

    def findings(self) -> list[tuple[str, str]]:
        return self.rows("SELECT rule, url FROM findings WHERE site_id IS NOT NULL ORDER BY 1, 2")

    def rules(self) -> set[str]:
        return {rule for rule, _ in self.findings()}

    def outcome(self) -> tuple[str, str | None]:
        ((outcome, reason),) = self.rows(
            "SELECT outcome, reason FROM runs ORDER BY id DESC LIMIT 1"
        )
        return outcome, reason

    def documents(self) -> set[str]:
        return {url for (url,) in self.rows("SELECT url FROM sources")}


def profile(folder: Path, more: str = "", hosts: tuple[str, ...] = (HOST,)) -> Path:
    file = folder / "kao.toml"
    file.write_text(
        'id = "kao"\nname = "考试县人民政府"\n'
        f"hosts = {json.dumps(hosts)}\n"
        f'entries = ["http://{hosts[0]}/"]\n{more}\n'
        '[region]\ncode = "990000"\nname = "考试县"\n',
        encoding="utf-8",
    )
    return file


def command(
    where: Path, port: int, file: Path, hosts: tuple[str, ...] = (HOST,), verb: str = "crawl"
) -> list[str]:
    resolve = [part for host in hosts for part in ("--resolve", f"{host}=127.0.0.1:{port}")]
    start = [sys.executable, "-m", "crawler.cli", verb]
    if verb == "probe":
        return [*start, str(file), *resolve, "--data", str(where)]
    return [*start, "--profile", str(file), *resolve, "--data", str(where), "--quiet"]


def crawl(folder: Path, site: Site, more: str = "", hosts: tuple[str, ...] = (HOST,)) -> Walked:
    """Walk a site with the command that users run; every WARC file must pass the check."""
    data = folder / "data"
    arguments = command(data, site.port, profile(folder, more, hosts), hosts)
    return run(arguments, data)


def run(arguments: list[str], data: Path) -> Walked:
    assert arguments[:2] == [sys.executable, "-m"]
    done = forked(arguments[2:], ROOT, {**os.environ, "NIANBAO_DATA": str(data)})
    check_warc(data)
    return Walked(done.code, done.output, data)


def check_warc(data: Path) -> None:
    files = [str(file) for file in sorted((data / "warc").glob("*.warc.gz"))]
    assert Checker(SimpleNamespace(inputs=files, verbose=False)).process_all() == 0


def rows_of(data: Path) -> dict[str, list[str]]:
    """Return every table but those of the runs, as sorted rows."""
    with sqlite3.connect(data / "nianbao.db") as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: sorted(map(repr, db.execute(f'SELECT * FROM "{name}"')))
            for name in names
            if not name.startswith("run") and name != "sqlite_sequence"
        }
