"""The download handler: the last door before the network.

Nothing leaves after a run has ended or used up its requests, though it was queued before. Hosts
that the operator resolves are spoken to at that address:

The demo, the tests and rehearsals against a local copy walk a site's own addresses, https ones
included, without its server: NIANBAO_RESOLVE = {"www.spt.gov.cn": "127.0.0.1:8100"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web._newclient import HEADER, STATUS

from crawler.comparing.posted import wire_url
from crawler.run import run_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web._newclient import HTTP11ClientProtocol
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

# Every way in which a request can end without a whole answer.
NETWORK_ERRORS = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    ConnectError,
    ConnectionClosed,
    OSError,
)


# A status line and headers, all of them: browsers stop at about as much.
_LONGEST_HEAD = 256 * 1024


class ResolveError(ValueError):
    """HOST=ADDRESS:PORT was expected."""


def parse_resolve(values: tuple[str, ...]) -> dict[str, str]:
    """Return host and address of each HOST=ADDRESS:PORT.

    Raises:
        ResolveError: one has another form.

    """
    resolved = {}
    for value in values:
        host, _, address = value.partition("=")
        name, _, port = address.rpartition(":")
        if not host or not name or not port.isdigit() or not 0 < int(port) < 65536:
            raise ResolveError(f"{value!r}: expected HOST=ADDRESS:PORT, e.g. a.cn=127.0.0.1:8100")
        resolved[host.lower()] = address
    return resolved


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Hangs up on a head that does not end; Twisted would keep its lines while they come."""

    _head = 0

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        """Begin to count anew."""
        self._head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take bytes of an answer."""
        if self._parser is not None and self._parser.state in {STATUS, HEADER}:
            self._head += len(data)
            if self._head > _LONGEST_HEAD:
                assert self.transport is not None
                self.transport.abortConnection()
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: N802
        del addr
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class ResolvingHandler(HTTP11DownloadHandler):
    """HTTP/1.1 as Scrapy speaks it; resolved hosts in plain HTTP at the operator's address."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler."""
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory  # noqa: SLF001 - as Scrapy sets its own
        self._resolved: dict[str, str] = crawler.settings.getdict("NIANBAO_RESOLVE")
        self._run = run_of(crawler)

    async def download_request(self, request: Request) -> Response:
        """Return the answer under the address that was asked for.

        Raises:
            IgnoreRequest: the run has ended or has used up its requests.

        """
        self._run.admit()
        try:
            return await self._ask(request)
        except ResponseDataLossError:
            # The host does answer, though not to the end: it is not out of reach.
            self._run.answered()
            raise

    async def _ask(self, request: Request) -> Response:
        there = wire_url(request.url)
        parts = urlsplit(there)
        address = self._resolved.get(parts.hostname or "")
        if address is None and there == request.url:
            return await super().download_request(request)
        headers = request.headers.copy()
        if address is not None:
            headers["Host"] = parts.netloc
            if parts.scheme == "https":
                headers["X-Forwarded-Proto"] = "https"
            there = urlunsplit(("http", address, parts.path or "/", parts.query, ""))
        local = request.replace(url=there, headers=headers)
        response = await super().download_request(local)
        if "download_latency" in local.meta:
            request.meta["download_latency"] = local.meta["download_latency"]
        return response.replace(url=request.url)
