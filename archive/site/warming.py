"""Asking an application for pages before any visitor does."""

from __future__ import annotations

from archive.site.guard import App, Message, Scope


async def status_of(app: App, path: str, query: bytes = b"") -> int:
    """Return the status that an application answers a path with."""
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "scheme": "http",
        "http_version": "1.1",
        "headers": [],
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]
