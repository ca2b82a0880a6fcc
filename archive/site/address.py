"""The address that visitors know the site by, when a proxy stands between them and us.

The operator says it once; no header of a request is believed, so nobody can make the site write
links to a host of theirs into a page that a cache keeps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive.site.guard import App, Message, Receive, Scope, Send

# Templates write addresses from the root of the site. Text never holds this: Jinja writes a
# quotation mark of a text as &#34;.
_FROM_ROOT = re.compile(rb'(\s(?:href|src|action)=")(?=/(?!/))')
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


class AddressError(ValueError):
    """The public address is none that the site can be reached at."""


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Where visitors find the site.

    Args:
        origin: scheme and host, as ``https://example.org``.
        prefix: path of the first page without the last slash; empty at the root of the host.

    """

    origin: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> PublicAddress:
        """Read an address as ``https://example.org/nianbao/``.

        Raises:
            AddressError: it is no http address, or more than scheme, host and path.

        """
        parts = urlsplit(text)
        prefix = parts.path.rstrip("/")
        if (
            parts.scheme not in ("http", "https")
            or not re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?", parts.netloc)
            or parts.query
            or parts.fragment
            or not _PREFIX.fullmatch(prefix)
            or {".", ".."} & set(prefix.split("/"))
        ):
            raise AddressError(
                f"{text!r} is no address of a site: give scheme, host and path in ASCII, as "
                "https://example.org/nianbao/"
            )
        return cls(f"{parts.scheme}://{parts.netloc}", prefix)

    def absolute(self, path: str) -> str:
        """Return the whole address of a path from the root of the site."""
        return f"{self.origin}{self.prefix}{path}" if path.startswith("/") else path


def under(app: App, address: PublicAddress) -> App:
    """Return an application whose pages work below the prefix of an address.

    Requests may come with the prefix or without, as the proxy passes them on.

    Args:
        app: the site, which writes addresses from the root.
        address: where visitors find it.

    """
    prefix = address.prefix.encode()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not prefix:
            await app(scope, receive, send)
            return
        held: Message | None = None
        body: list[bytes] = []

        async def send_below(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                message["headers"] = [
                    _header(name, value, prefix) for name, value in message["headers"]
                ]
                if _is_page(message):
                    held = message
                    return
            elif held is not None and message["type"] == "http.response.body":
                body.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = _FROM_ROOT.sub(rb"\g<1>" + prefix, b"".join(body))
                held["headers"] = [
                    (name, b"%d" % len(page) if name.lower() == b"content-length" else value)
                    for name, value in held["headers"]
                ]
                await send(held)
                message["body"] = page
            await send(message)

        await app(without_prefix(scope, address.prefix), receive, send_below)

    return answer


def _header(name: bytes, value: bytes, prefix: bytes) -> tuple[bytes, bytes]:
    redirects = name.lower() == b"location" and re.match(rb"/(?!/)", value)
    return name, prefix + value if redirects else value


def _is_page(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )


def without_prefix(scope: Scope, prefix: str) -> Scope:
    """Return the request as it is asked for from the root of the site.

    A prefix holds nothing that is written as %XX, so that it is as long in the raw path.
    """
    path = scope["path"]
    if path != prefix and not path.startswith(f"{prefix}/"):
        return scope
    changed = {**scope, "path": path[len(prefix) :] or "/"}
    raw = scope.get("raw_path")
    if raw is not None:
        changed["raw_path"] = raw[len(prefix) :] or b"/"
    return changed
