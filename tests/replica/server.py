"""The replica's web server: virtual hosts by Host header, validators, switches, a request log."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

from tests.replica.blocks import Answer, block_page
from tests.replica.pages import LIST_MARK

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {
    "html": "text/html",
    "shtml": "text/html",
    "txt": "text/plain",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
SOFT_404 = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>页面不存在</title></head><body>'
    "<p>抱歉，您访问的页面不存在或已被删除。</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request.

    Method, host, path with query, status, https-style, conditional, Unix time, body bytes.
    """

    method: str
    host: str
    path: str
    status: int
    https: bool
    conditional: bool
    time: float
    size: int = 0


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over visitors that hang up in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ReplicaServer:
    """Serves a built tree on loopback; a context manager.

    Args:
        folder: tree with ``_server.json``.
        port: port to listen on, 0 for any free one.
        validators: send ETag and Last-Modified and answer conditional requests with 304.
        log: file to append one tab-separated line a request to.

    Attributes:
        requests: all requests so far, in order.
        validators: may be switched while the server runs.
    """

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        validators: bool = True,
        log: Path | None = None,
    ) -> None:
        """Bind the port; requests are answered after ``start``."""
        self.folder = folder
        self.validators = validators
        self.requests: list[RequestRecord] = []
        self._settings: dict[str, Any] = json.loads((folder / "_server.json").read_text("utf-8"))
        self._blocked: dict[str, int] = {}
        self._robots: dict[str, int] = {}
        self._odd: dict[str, Answer] = {}
        self._cut: set[str] = set()
        self._delays: dict[str, float] = {}
        self._lock = threading.Lock()
        self._log: IO[str] | None = log.open("a", encoding="utf-8") if log else None
        self._http = _Http(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.05},
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The port the server listens on."""
        return self._http.server_port

    def start(self) -> Self:
        """Begin to answer requests."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop and free the port."""
        self._http.shutdown()
        self._http.server_close()
        if self._log:
            self._log.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def file(self, url: str) -> Path:
        """Return the file behind an address ("https://host/path" or "host/path")."""
        host, path = _split(url)
        return self.folder / host / path.lstrip("/")

    def read(self, url: str) -> bytes:
        """Return the bytes behind an address."""
        return self.file(url).read_bytes()

    def add(self, url: str, data: bytes, content_type: str | None = None) -> None:
        """Add a resource, or replace one; its Last-Modified becomes now."""
        file = self.file(url)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        if content_type:
            host, path = _split(url)
            self._settings["types"][f"{host}{path}"] = content_type

    def edit(self, url: str, old: str, new: str) -> None:
        """Replace a text in a UTF-8 page.

        Raises:
            ValueError: the page does not hold the old text.
        """
        text = self.read(url).decode()
        if old not in text:
            msg = f"{url} does not hold {old!r}"
            raise ValueError(msg)
        self.add(url, text.replace(old, new).encode())

    def list_article(self, list_url: str, href: str, title: str, date: str) -> None:
        """Put a link at the head of a list page."""
        line = f'<li><a href="{escape(href)}">{escape(title)}</a><b>{date}</b></li>'
        if b'id="dataListSearch"' in self.read(list_url):
            line = f'<tr><td><a href="{escape(href)}">{escape(title)}</a></td><td>{date}</td></tr>'
        self.edit(list_url, LIST_MARK, f"{LIST_MARK}\n{line}")

    def remove(self, url: str) -> None:
        """Remove a resource; its address answers 404 (or a soft 404) from now on."""
        self.file(url).unlink()

    def block(self, host: str, status: int | None) -> None:
        """Answer every request to a host with a block page (405, 412, 521); None ends it."""
        if status is None:
            self._blocked.pop(host, None)
        else:
            block_page(status)  # refuses a status without a page, before the first request
            self._blocked[host] = status

    def robots(self, host: str, status: int | None) -> None:
        """Answer robots.txt of a host with a status and an error page; None ends it."""
        if status is None:
            self._robots.pop(host, None)
        else:
            self._robots[host] = status

    def answer_with(self, url: str, status: int | None, target: str = "") -> None:
        """Answer an address with a status (200: a soft 404; 3xx: to target); None ends it."""
        address = "".join(_split(url))
        if status is None:
            self._odd.pop(address, None)
        elif status == 200:
            self._odd[address] = Answer(200, {"Content-Type": "text/html"}, SOFT_404.encode())
        elif 300 <= status < 400:
            self._odd[address] = _moved(status, target)
        else:
            self._odd[address] = _page(status, "没有这个页面")

    def break_off(self, url: str, *, ends: bool = False) -> None:
        """Break off in the middle of the body of an address; ``ends`` ends it."""
        address = "".join(_split(url))
        if ends:
            self._cut.discard(address)
        else:
            self._cut.add(address)

    def slow_down(self, host: str, seconds: float) -> None:
        """Wait before every answer of a host; 0 ends it."""
        self._delays[host] = seconds

    def sent(self, answer: Answer, host: str, target: str) -> bytes:
        """Return what is sent of an answer's body."""
        broken = f"{host}{unquote(urlsplit(target).path)}" in self._cut
        return answer.body[: len(answer.body) // 2] if broken else answer.body

    def answer(self, host: str, target: str, headers: dict[str, str]) -> Answer:
        """Return the response to a GET; headers by lower-case name."""
        time.sleep(self._delays.get(host, 0))
        settings = self._settings["hosts"].get(host)
        if settings is None:
            return _page(421, f"no site for {host}")
        path = unquote(urlsplit(target).path)
        if host in self._blocked:
            return block_page(self._blocked[host])
        if path == "/robots.txt" and host in self._robots:
            return _page(self._robots[host], "robots.txt")
        if odd := self._odd.get(f"{host}{path}"):
            return odd
        https = headers.get("x-forwarded-proto") == "https"
        moved = self._redirect(host, target, https=https)
        return moved or self._file_answer(host, path, settings, headers)

    def _redirect(self, host: str, target: str, *, https: bool) -> Answer | None:
        settings = self._settings["hosts"][host]
        path = unquote(urlsplit(target).path)
        if settings["redirect"]:
            return _moved(301, settings["redirect"] + target)
        if not https and any(path.startswith(p) for p in settings["https_prefixes"]):
            return _moved(301, f"https://{host}{target}")
        if f"{host}{path}" in self._settings["redirects"]:
            return _moved(302, self._settings["redirects"][f"{host}{path}"])
        return None

    def _file_answer(
        self,
        host: str,
        path: str,
        settings: dict[str, Any],
        headers: dict[str, str],
    ) -> Answer:
        root = (self.folder / host).resolve()
        file = (root / path.lstrip("/")).resolve()
        if not file.is_relative_to(root):
            return _page(400, "bad path")
        if file.is_dir():
            if not path.endswith("/"):
                return _moved(301, f"{quote(path)}/")
            file /= "index.html"
            path += "index.html"
        if not file.is_file():
            if any(path.startswith(prefix) for prefix in settings["soft_404"]):
                return Answer(200, {"Content-Type": "text/html"}, SOFT_404.encode())
            return _page(404, "页面不存在")
        body = file.read_bytes()
        ending = file.suffix.lstrip(".").lower()
        kind = self._settings["types"].get(f"{host}{path}") or TYPES.get(ending)
        answer_headers = {"Content-Type": kind or "application/octet-stream"}
        if self.validators:
            tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
            modified = int(file.stat().st_mtime)
            answer_headers |= {"ETag": tag, "Last-Modified": formatdate(modified, usegmt=True)}
            if _unchanged(headers, tag, modified):
                return Answer(304, answer_headers)
        return Answer(200, answer_headers, body)

    def record(self, record: RequestRecord, size: int) -> None:
        """Note a request."""
        with self._lock:
            self.requests.append(record)
            if self._log:
                fields = (f"{record.time:.3f}", record.method, record.host, record.path)
                self._log.write("\t".join((*fields, str(record.status), str(size))) + "\n")
                self._log.flush()


def _split(url: str) -> tuple[str, str]:
    """Return host and decoded path; the address of a folder means its index page."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    path = unquote(parts.path)
    return parts.netloc, f"{path}index.html" if path.endswith("/") else path


def _unchanged(headers: dict[str, str], tag: str, modified: int) -> bool:
    """RFC 9110, 13.2.2: If-None-Match goes before If-Modified-Since."""
    if "if-none-match" in headers:
        tags = [given.strip().removeprefix("W/") for given in headers["if-none-match"].split(",")]
        return tag in tags or "*" in tags
    if "if-modified-since" in headers:
        try:
            since = parsedate_to_datetime(headers["if-modified-since"]).timestamp()
        except ValueError:
            return False
        return modified <= since
    return False


def _page(status: int, text: str) -> Answer:
    page = f'<html><head><meta charset="utf-8"></head><body><p>{status} {text}</p></body></html>'
    return Answer(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def _moved(status: int, target: str) -> Answer:
    return Answer(status, {"Location": target, "Content-Type": "text/html"})


def _handler(server: ReplicaServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "replica"
        sys_version = ""
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond(with_body=True)

        def do_HEAD(self) -> None:
            self._respond(with_body=False)

        def _respond(self, *, with_body: bool) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            host = headers.get("host", "").partition(":")[0].lower()
            answer = server.answer(host, self.path, headers)
            record = RequestRecord(
                self.command,
                host,
                self.path,
                answer.status,
                headers.get("x-forwarded-proto") == "https",
                "if-none-match" in headers or "if-modified-since" in headers,
                time.time(),
                len(answer.body),
            )
            server.record(record, len(answer.body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if with_body:
                sent = server.sent(answer, host, self.path)
                self.wfile.write(sent)
                # A body shorter than announced ends with the connection.
                self.close_connection = self.close_connection or len(sent) < len(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent: the server keeps a log of its own."""

    return Handler
