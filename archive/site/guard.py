"""What every answer carries and what no request reaches."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# No script at all: our pages and our versions of Datasette's pages work without any.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}
# Datasette's own pages about itself tell paths of files, settings and tokens.
_CLOSED = re.compile(r"/-/(?!static/)|/-$|/\.json|/_|(?!/data/).*\.db$|/:memory:")
# Datasette's table search knows nothing of single characters and would find nothing silently;
# its other parameters would reach the index past our reading of a query.
_CLOSED_ARGUMENTS = ("_search", "_fts_table", "_fts_pk", "_where", "_trace", "_context")


def wrap(app: App) -> App:
    """Return an application that adds the headers and refuses what is closed.

    Args:
        app: Datasette as ASGI application.

    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in _HEADERS.items() if name not in present),
                ]
            await send(message)

        if refusal := _refusal(scope):
            await _answer(*refusal, send_with_headers)
            return
        await app(scope, receive, send_with_headers)

    return guarded


def _refusal(scope: Scope) -> tuple[int, str] | None:
    if scope["method"] not in ("GET", "HEAD"):
        return 405, "本站只读，只接受 GET 请求。"
    if _CLOSED.match(scope["path"]):
        return 404, "没有这个地址。"
    arguments = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if any(name.startswith(_CLOSED_ARGUMENTS) for name, _ in arguments):
        return 400, "数据表页面不提供检索，请使用 /search?q=。"
    return None


async def _answer(status: int, text: str, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        }
    )
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
