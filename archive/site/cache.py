"""Caching: a page changes when a release does, so the release is its validator.

Source: RFC 9110, 8.8.3 (ETag) and 13.1.2 (If-None-Match); RFC 9111, 5.2.2 (Cache-Control).
"""

from __future__ import annotations

from http import HTTPStatus

from archive.site.guard import App, Message, Receive, Scope, Send

# Long enough that a crowd on one page costs the server one answer a minute.
FRESH = b"public, max-age=60"
# The same page compressed is another answer under the same tag (archive.site.kept).
_VARY = (b"vary", b"accept-encoding")
# Stored bytes, style files and files of a release bear their digest in their address and say for
# themselves how long they last; how old a run is changes without a release.
_OF_THEIR_OWN = ("/original/", "/static/", "/data/", "/health")


def validated(app: App, validator: str) -> App:
    """Return an application whose pages can be asked for conditionally.

    Args:
        app: the application of one release.
        validator: names everything that its pages depend on: the release and the site's own files.

    """
    tag = f'W/"{validator}"'.encode()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_OF_THEIR_OWN):
            await app(scope, receive, send)
            return
        if any(name == b"if-none-match" and tag in value for name, value in scope["headers"]):
            await _not_modified(send, tag)
            return

        async def send_validated(message: Message) -> None:
            if (
                message["type"] == "http.response.start"
                and message["status"] == HTTPStatus.OK
                and not _says_itself(message)
            ):
                replaced = (b"cache-control", b"etag")
                message["headers"] = [
                    *((name, value) for name, value in message["headers"]
                      if name.lower() not in replaced),
                    (b"etag", tag),
                    (b"cache-control", FRESH),
                    _VARY,
                ]  # fmt: skip
            await send(message)

        await app(scope, receive, send_validated)

    return answer


def _says_itself(message: Message) -> bool:
    # A picture of evidence bears its key in its address and never changes; a page that could not
    # show its picture is another one when it is asked for again.
    return any(
        name.lower() == b"cache-control" and (b"immutable" in value or b"no-store" in value)
        for name, value in message["headers"]
    )


async def _not_modified(send: Send, tag: bytes) -> None:
    headers = [(b"etag", tag), (b"cache-control", FRESH), _VARY]
    await send(
        {"type": "http.response.start", "status": HTTPStatus.NOT_MODIFIED, "headers": headers}
    )
    await send({"type": "http.response.body", "body": b""})
