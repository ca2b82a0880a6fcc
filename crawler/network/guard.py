"""The guard: what may be asked for at all, whoever asks, after redirects too."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares import redirect
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.error import DNSLookupError

from crawler.run import run_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred

    from crawler.run import Run

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What servers and browsers take; findings show the beginning of a longer one.
_LONGEST_URL = 2083
_SHOWN_URL = 500
# Names whose addresses were refused: Twisted reports a failed look-up without its cause.
private_names: dict[str, str] = {}


class RefusedError(IgnoreRequest):
    """A request was not made; the message is the Chinese reason."""


def refusal(url: str, hosts: Collection[str], resolved: Collection[str] = ()) -> str | None:
    """Return why an address may not be asked for, None when it may.

    Args:
        url: absolute address.
        hosts: hosts of the profile.
        resolved: hosts that the operator takes to an address of their own choice.

    """
    if len(url) > _LONGEST_URL:
        return f"地址过长（{len(url)} 个字符）"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "地址无法解析"
    if parts.scheme not in _DEFAULT_PORTS:
        return f"协议 {parts.scheme or '缺失'} 不在允许之列（只允许 http、https）"
    if parts.username is not None or parts.password is not None:
        return "地址中带有用户名或密码"
    host = (parts.hostname or "").rstrip(".")
    if not is_public(host) and host not in resolved:
        return f"主机 {host} 是内网或保留地址"
    if host not in hosts:
        return f"主机 {host} 不属于本站"
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        return f"端口 {port} 不是默认端口"
    return None


def is_public(host: str) -> bool:
    """Tell whether a host is a name or a public address; names are judged when they resolve."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return host != "localhost"


class GuardMiddleware:
    """Refuses what the profile does not allow; ``dont_filter`` makes no difference."""

    def __init__(self, run: Run, resolved: Collection[str]) -> None:
        """Take the run and the hosts that the operator resolves."""
        self.run = run
        self.resolved = resolved

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the guard for a crawler."""
        return cls(run_of(crawler), crawler.settings.getdict("NIANBAO_RESOLVE"))

    def process_request(self, request: Request) -> None:
        """Refuse a request that may not be made.

        Raises:
            RefusedError: it may not; the finding is stored.

        """
        reason = refusal(request.url, self.run.profile.all_hosts, self.resolved)
        if reason is not None:
            self._refuse(request, reason)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Say so when a name was not asked because of the address behind it."""
        del exception
        host = urlsplit(request.url).hostname or ""
        if host in private_names:
            self._refuse(request, f"主机 {host} 解析到内网或保留地址 {private_names[host]}")

    def _refuse(self, request: Request, reason: str) -> None:
        self.run.count("refused")
        text = str(request.meta.get("link_text") or "")
        place = str(request.meta.get("parent") or "")
        if redirects := request.meta.get("redirect_urls"):
            place = redirects[-1]
            reason = f"由跳转而来，{reason}"
        url = request.url if len(request.url) <= _LONGEST_URL else request.url[:_SHOWN_URL]
        self.run.say("W-LINK-REFUSED", url, f"链接未抓取：{reason}。", text, place)
        raise RefusedError(reason)


class RedirectMiddleware(redirect.RedirectMiddleware):
    """Follows redirects; one to an address that is none is an answer without a page."""

    def process_response(  # type: ignore[override]  # the spider argument is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Return the request that follows, or the answer itself."""
        try:
            return super().process_response(request, response)
        except ValueError:
            # The spider turns its status into a finding; the Location is in the archive.
            return response


class PublicResolver(CachingThreadedResolver):
    """Looks up names and gives no private address away, so that none can be connected to.

    Attributes:
        named: addresses that the operator named with ``--resolve``.

    """

    named: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Return the resolver for a process."""
        resolver = super().from_crawler(crawler, reactor)
        given = crawler.settings.getdict("NIANBAO_RESOLVE").values()
        resolver.named = frozenset(address.rpartition(":")[0] for address in given)
        return resolver

    def getHostByName(  # noqa: N802 - Twisted's name
        self, name: str, timeout: Sequence[int] = ()
    ) -> Deferred[str]:
        """Return the IPv4 address of a name; fail when it is no public one."""
        found = super().getHostByName(name, timeout)

        def checked(address: Any) -> Any:  # noqa: ANN401 - Twisted's callback
            if name not in self.named and not is_public(str(address)):
                private_names[name] = str(address)
                raise DNSLookupError(f"{name} has the private address {address}")
            private_names.pop(name, None)
            return address

        return found.addCallback(checked)
