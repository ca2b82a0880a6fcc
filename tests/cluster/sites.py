"""Many sites behind one server, which notes when each request came and went."""

from __future__ import annotations

import hashlib
import json
import socketserver
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Self

from tests.crawl_site import Answer, html
from tests.history_site import report

CLOCKS = 0.05  # seconds in which a connection that was closed is seen to be closed


@dataclass(slots=True)
class Asked:
    """One request.

    Args:
        host: host asked for.
        path: with query.
        status: of the answer.
        begun: when it came, seconds.
        ended: when its answer was sent.
        connection: number of the connection it came by.
        sender: who is responsible for it, as it says.

    """

    host: str
    path: str
    status: int
    begun: float
    ended: float
    connection: int
    sender: str


Answering = Callable[[str, str, dict[str, str]], Answer]


class Server:
    """Answers for many hosts; a context manager.

    Args:
        answer: gives the answer for host, path and headers (names in small letters).
        address: address to listen on.

    Attributes:
        asked: all requests, in the order in which they were answered.

    """

    def __init__(self, answer: Answering, address: str = "127.0.0.1") -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.closed: dict[int, float] = {}
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._http = ThreadingHTTPServer((address, 0), _handler(self))
        self._http.daemon_threads = True
        self.address = f"{address}:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def connected(self) -> int:
        with self._lock:
            return next(self._numbers)

    def note(self, asked: Asked) -> None:
        with self._lock:
            self.asked.append(asked)

    def hang_up(self, number: int) -> None:
        with self._lock:
            self.closed[number] = time.time()

    def rudeness(self, delays: dict[str, float]) -> list[str]:
        """Return where a host saw two requests or connections at once, or less than its delay.

        Args:
            delays: seconds by host.

        """
        told = []
        by_host: defaultdict[str, list[Asked]] = defaultdict(list)
        for one in sorted(self.asked, key=lambda one: one.begun):
            by_host[one.host].append(one)
        for host, asked in by_host.items():
            for one, other in pairwise(asked):
                apart = other.begun - one.begun
                if apart < delays[host]:
                    told.append(f"{host}: {apart:.3f} s between {one.path} and {other.path}")
                if other.begun < one.ended:
                    told.append(f"{host}: {one.path} and {other.path} at once")
                if other.connection != one.connection and (
                    self.closed.get(one.connection, other.begun + 1) > other.begun + CLOCKS
                ):
                    told.append(f"{host}: two connections, {one.path} and {other.path}")
        return told

    def bodies_twice(self) -> list[str]:
        """Return the addresses whose body was sent more than once."""
        seen: set[str] = set()
        twice = []
        for one in self.asked:
            address = f"{one.host}{one.path}"
            if one.status == 200 and address in seen:
                twice.append(address)
            seen |= {address} if one.status == 200 else set()
        return twice


def _handler(server: Server) -> type[socketserver.BaseRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.number = server.connected()

        def finish(self) -> None:
            server.hang_up(self.number)
            super().finish()

        def parse_request(self) -> bool:
            self.begun = time.time()
            return super().parse_request()

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            host = headers.get("host", "").partition(":")[0]
            answer = server.answer(host, self.path, headers)
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            ended = time.time()
            sender = headers.get("from", "")
            server.note(
                Asked(host, self.path, answer.status, self.begun, ended, self.number, sender)
            )
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _validated(answer: Answer, headers: dict[str, str]) -> Answer:
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
    if headers.get("if-none-match") == tag:
        return Answer(b"", 304, [("ETag", tag)])
    return Answer(answer.body, answer.status, [*answer.headers, ("ETag", tag)])


class SmallSites:
    """Sites of one report column each, with some reports; two of them may share a host.

    Args:
        number: how many.
        reports: of each.
        shares: whether the last two share a host.
        empty: a site of which no report is listed; none when empty.

    Attributes:
        hosts: host of each site, by id.
        pages: answers by host and path.

    """

    def __init__(
        self, number: int, reports: int = 3, *, shares: bool = True, empty: str = ""
    ) -> None:
        ids = [f"s{n:02}" for n in range(1, number + 1)]
        self.hosts = {site: f"www.{site}.test" for site in ids}
        if shares:
            self.hosts[ids[-1]] = self.hosts[ids[-2]]
        self.pages: dict[str, Answer] = {}
        for place, site in enumerate(ids):
            self._build(site, place, 0 if site == empty else reports)

    def _build(self, site: str, place: int, reports: int) -> None:
        root = f"{self.hosts[site]}/{site}"
        years = range(2021, 2021 + reports)
        lines = "".join(
            f'<li><a href="t{year}.html">{name_of(place)}财政局{year}年政府信息公开工作年度报告</a>'
            f"<b>{year + 1}-01-20</b></li>"
            for year in years
        )
        self.pages |= {
            f"{root}/": html('<a href="gk/">政务公开</a>'),
            f"{root}/gk/": html('<a href="nb/">年报</a>'),
            f"{root}/gk/nb/": html(f'<ul class="list_ul">{lines}</ul>'),
        }
        for year in years:
            agency = f"{name_of(place)}财政局"
            self.pages[f"{root}/gk/nb/t{year}.html"] = report(year, agency=agency)

    def answer(self, host: str, path: str, headers: dict[str, str]) -> Answer:
        page = self.pages.get(f"{host}{path}")
        if page is None:
            return Answer(b"<html><body>404</body></html>", 404)
        return _validated(page, headers)

    def profiles(self, folder: Path, delay: float) -> list[Path]:
        """Write a profile of each site into a folder."""
        files = []
        for place, (site, host) in enumerate(self.hosts.items()):
            files.append(folder / f"{site}.toml")
            entries = (f"http://{host}/{site}/",)
            files[-1].write_text(profile(site, place, (host,), entries, delay), encoding="utf-8")
        return files


def name_of(place: int) -> str:
    """Return the name of the invented county of a site."""
    return f"考{chr(ord('一') + place)}县"


def profile(
    site: str, place: int, hosts: tuple[str, ...], entries: tuple[str, ...], delay: float
) -> str:
    """Return the profile of a site as TOML."""
    keys: dict[str, Any] = {
        "id": site,
        "name": f"{name_of(place)}人民政府",
        "hosts": hosts,
        "entries": entries,
        "delay": delay,
        "sitemaps": (),
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    region = f'code = "{990001 + place}"\nname = "{name_of(place)}"'
    return "\n".join((*lines, "[region]", region, ""))
