"""A site that violates everything: each address answers in a way of its own, byte by byte."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

Sent = Iterator[bytes]
END = b"\r\n\r\n"
REPORT = "考试县财政局2021年政府信息公开工作年度报告"


class Reset(Exception):  # noqa: N818 - not an error but an order
    """Break the connection off with RST."""


def page(body: str, head: str = "", *more: str) -> bytes:
    """Return a whole answer with an HTML page."""
    text = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>"
    )
    return whole(text.encode(), "Content-Type: text/html", *more)


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer."""
    return head(*headers, f"Content-Length: {len(body)}", status=status) + body


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Set-Cookie: a=b; Path=/", *headers]).encode() + END


def chunks(pieces: Iterator[bytes]) -> Sent:
    """Send pieces as chunks, without the last one."""
    yield head("Content-Type: application/pdf", "Transfer-Encoding: chunked")
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def dripping(pieces: Iterator[bytes], seconds: float = 0.2) -> Sent:
    """Send pieces so slowly that no idle limit is ever met."""
    for piece in pieces:
        yield piece
        time.sleep(seconds)


def reset(sent: bytes) -> Sent:
    """Send something and break off."""
    if sent:
        yield sent
        time.sleep(0.05)
    raise Reset


def packed(body: bytes, coding: str = "gzip") -> Sent:
    """Send a compressed body."""
    yield whole(body, "Content-Type: text/html", f"Content-Encoding: {coding}")


def redirect(target: str) -> Sent:
    """Send elsewhere."""
    yield whole(b"", f"Location: {target}", status="302 Found")


ZEROS = gzip.compress(bytes(10_000_000))
FOREVER = itertools.repeat
CUT = page("正文" * 9000)
OK = b"HTTP/1.1 200 OK\r\n"
SECOND = OK + b"Content-Length: 5\r\n\r\nfalse"
# What each address does; all of it is listed as reports in the column of the site.
DEEDS: dict[str, Callable[[], Sent]] = {
    "huge.pdf": lambda: chunks(FOREVER(b"%PDF" + b"x" * 999_996, 300)),
    "huge-told.pdf": lambda: itertools.chain(
        [head("Content-Type: application/pdf", "Content-Length: 300000000")],
        FOREVER(b"x" * 1_000_000, 300),
    ),
    "drip-body.html": lambda: dripping(
        itertools.chain([head("Content-Length: 100000")], FOREVER(b"x"))
    ),
    "drip-head.html": lambda: dripping(itertools.chain([OK], FOREVER(b"X: y\r\n"))),
    "drip-chunks.html": lambda: dripping(chunks(FOREVER(b"x"))),
    "cut.html": lambda: iter([CUT[: len(CUT) // 2]]),
    "cut-chunks.pdf": lambda: chunks(FOREVER(b"%PDF", 3)),
    "reset.html": lambda: reset(b""),
    "reset-body.html": lambda: reset(CUT[: len(CUT) // 2]),
    "too-much.html": lambda: iter([page("正文") + SECOND]),
    "minus.html": lambda: iter([head("Content-Length: -5") + b"minus"]),
    "letters.html": lambda: iter([head("Content-Length: many") + b"many"]),
    "two-lengths.html": lambda: iter([head("Content-Length: 5", "Content-Length: 9") + b"12345"]),
    "bad-chunk.html": lambda: iter([head("Transfer-Encoding: chunked") + b"zz\r\nno\r\n0\r\n\r\n"]),
    "long-chunk.html": lambda: iter([head("Transfer-Encoding: chunked") + b"f" * 5_000_000]),
    "bomb.html": lambda: packed(ZEROS * 100),
    "members.html": lambda: packed(gzip.compress(b"") * 1_000_000),
    "codings.html": lambda: packed(gzip.compress(b"x" * 1_000_000), ", ".join(["gzip"] * 900)),
    "half-gzip.html": lambda: packed(gzip.compress(CUT)[:-9]),
    "headers.html": lambda: itertools.chain([OK], FOREVER(b"X-Y: %s\r\n" % (b"y" * 500))),
    "header-line.html": lambda: itertools.chain([OK, b"X: "], FOREVER(b"y" * 1_000_000)),
    "folded.html": lambda: itertools.chain([OK, b"X: y\r\n"], FOREVER(b" y\r\n" * 100_000)),
    "continue.html": lambda: FOREVER(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000),
    "garbage.html": lambda: iter([b"\x16\x03\x01 what is this\r\n\r\n"]),
    "words.html": lambda: iter([b"HTTP/1.1 banana\r\nContent-Length: 0\r\n\r\n"]),
    "silent.html": lambda: iter([b""]),
    "loop.html": lambda: redirect("loop.html"),
    "loop-1.html": lambda: redirect("loop-2.html"),
    "loop-2.html": lambda: redirect("loop-1.html"),
    "far.html": lambda: redirect("/" + "a" * 15_000),
    "bracket.html": lambda: redirect("http://[broken/"),
    "script.html": lambda: redirect("javascript:alert(1)"),
}  # fmt: skip


class HostileSite:
    """Serves good pages by path and the deeds by name; a context manager.

    Attributes:
        paths: what was asked for, in order.
        cookies: Cookie headers met.
        most: connections open at one time, at most.
        sent: bytes handed to the sockets.

    """

    def __init__(self, pages: dict[str, bytes | Callable[[str], bytes]]) -> None:
        """Take the pages: whole answers, or makers of them; a key that ends in * is a prefix."""
        self.pages = pages
        self.paths: list[str] = []
        self.cookies: list[str] = []
        self.most = 0
        self.sent = 0
        self._open = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        """Begin to answer."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._over.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with self._lock:
            self._open += 1
            self.most = max(self.most, self._open)
        try:
            with connection:
                while self._answer(connection):
                    pass
        except OSError:
            pass  # the visitor has hung up, as it should
        finally:
            with self._lock:
                self._open -= 1

    def _answer(self, connection: socket.socket) -> bool:
        asked = b""
        while END not in asked:
            piece = connection.recv(65536)
            if not piece:
                return False
            asked += piece
        lines = asked.decode("latin-1").split("\r\n")
        path = lines[0].split(" ")[1]
        self.paths.append(path)
        self.cookies += [line for line in lines if line.lower().startswith("cookie:")]
        deed = DEEDS.get(path.rpartition("/")[2])
        if deed is None:
            self._send(connection, self._page(path))
            return True
        try:
            for piece in deed():
                self._send(connection, piece)
        except Reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def _send(self, connection: socket.socket, data: bytes) -> None:
        if self._over.is_set():
            raise ConnectionAbortedError
        connection.sendall(data)
        self.sent += len(data)

    def _page(self, path: str) -> bytes:
        found = self.pages.get(path)
        if found is None:
            prefix = max(
                (p for p in self.pages if p.endswith("*") and path.startswith(p[:-1])), default=None
            )
            if prefix is None:
                return whole(b"<html><body>404</body></html>", status="404 Not Found")
            found = self.pages[prefix]
        return found(path) if callable(found) else found
