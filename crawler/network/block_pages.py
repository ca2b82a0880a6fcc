"""Block pages: what gives them away."""

from __future__ import annotations

import re

from pipeline.read.html import decode

_REFUSING = {405: "请求被拒绝", 412: "前置条件校验", 429: "请求过于频繁", 521: "校验页"}
_LONGEST = 20_000
_FEW_WORDS = 200
_SIGNS = (
    ("瑞数动态防护", re.compile(r"\$_ts\b")),
    ("加速乐校验", re.compile(r"__jsl_clearance|__jsluid")),
    ("网防G01", re.compile(r"网防\s*G01|wangfang\s*g01", re.IGNORECASE)),
    ("电信云堤", re.compile(r"云堤")),
    ("创宇盾", re.compile(r"创宇盾|yunsuo_session|365cyd")),
    ("安全防护系统拦截", re.compile(r"访问被阻断|可能对网站造成(?:危险|威胁)|已被.{0,12}拦截")),
)
_WEAK_SIGN = re.compile(r"安全防护|拦截|\bWAF\b")
_SCRIPTS = re.compile(r"<(script|style|title)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>|\s+")


def block_sign(status: int, body: bytes) -> str | None:
    """Return what makes an answer a block page, None when it is none.

    Args:
        status: of the answer.
        body: decoded payload.

    """
    sign = None
    if len(body) <= _LONGEST and not body.startswith(b"%PDF"):
        text = decode(body)
        # With status 200 a page counts only when it says little else: articles mention these words.
        if status != 200 or len(_TAGS.sub("", _SCRIPTS.sub("", text))) <= _FEW_WORDS:
            sign = next((name for name, pattern in _SIGNS if pattern.search(text)), None)
        if sign is None and status != 200 and _WEAK_SIGN.search(text):
            sign = "安全防护系统拦截"
    if status in _REFUSING:
        return f"{status} {sign or _REFUSING[status]}"
    return f"{status} {sign}" if sign else None
