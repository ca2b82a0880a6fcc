"""Block pages as three kinds of protection before Chinese government sites send them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is sent: status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


_PAGES = {
    405: (
        "<html><head><title>405</title></head><body><h1>访问被阻断</h1>"
        "<p>您的访问可能对网站造成危险，已被安全防护系统拦截。</p><!--" + "waf " * 1000 + "-->"
        "</body></html>",
        {"Set-Cookie": "TS01demo=0; Path=/"},
    ),
    412: (
        (
            "<html><head><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.cd='demo';</script>"
            "</head><body></body></html>"
        ),
        {},
    ),
    521: (
        "<script>document.cookie='__jsl_clearance=demo;path=/';location.reload();</script>",
        {"Set-Cookie": "__jsluid_s=demo; Path=/"},
    ),
}


def block_page(status: int) -> Answer:
    """Return the block page of a status.

    Raises:
        ValueError: no protection sends a block page with that status.
    """
    if status not in _PAGES:
        msg = f"no block page with status {status}; there are {sorted(_PAGES)}"
        raise ValueError(msg)
    text, headers = _PAGES[status]
    return Answer(status, {"Content-Type": "text/html; charset=utf-8", **headers}, text.encode())
