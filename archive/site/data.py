"""Data: a whole release to take away, as a database and as tables in files."""

from __future__ import annotations

import asyncio
import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.exports import FILE_NAME, PACKAGE
from archive.site import words
from archive.site.answers import page_of
from archive.site.downloads import attachment
from archive.site.guard import Receive, Send

_PIECE = 1 << 18
_TYPES = {".db": "application/vnd.sqlite3", ".gz": "application/gzip",
          ".json": "application/json; charset=utf-8",
          ".parquet": "application/vnd.apache.parquet"}  # fmt: skip
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


def span(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a range that was asked for, both inclusive.

    Args:
        asked: value of the header ``Range``; several ranges and other units count as none.
        size: bytes of the file.

    Raises:
        DatasetteError: no byte of the file lies in the range (416).

    Source: RFC 9110, 14.1.2 and 14.2.

    """
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        begin, end = max(0, size - int(suffix)), size - 1
    else:
        begin, end = int(first), min(int(last or size), size - 1)
        if last and int(last) < begin:
            return None
    if begin >= size or suffix == "0":
        raise DatasetteError("所要的字节范围超出文件。", status=416)
    return begin, end


class FileAnswer(Response):  # type: ignore[misc]  # Datasette ships no types
    """A file as an answer, read piece by piece in a thread, so that others are served meanwhile.

    Args:
        request: what was asked; ``Range`` and the conditions of a download that goes on are heeded.
        path: the file; its content never changes under its address.
        headers: more headers of the answer.

    Raises:
        DatasetteError: the file is gone (404), or the range asked for is not in it (416).

    """

    def __init__(self, request: Request, path: Path, headers: dict[str, str]) -> None:
        asked = {name.lower(): value for name, value in request.headers.items()}
        try:
            size = path.stat().st_size
        except FileNotFoundError as error:
            raise DatasetteError("本站只保留最近两次发布的数据。", status=404) from error
        tag = f'"{path.parent.name}-{path.name}-{size}"'
        headers = {
            **headers, "ETag": tag, "Accept-Ranges": "bytes",
            "Cache-Control": "public, max-age=31536000, immutable",
        }  # fmt: skip
        status, part = HTTPStatus.OK, (0, size - 1)
        if tag in asked.get("if-none-match", ""):
            status, part = HTTPStatus.NOT_MODIFIED, (0, -1)
        elif asked.get("if-range", tag) == tag and (found := span(asked.get("range", ""), size)):
            status, part = HTTPStatus.PARTIAL_CONTENT, found
            headers["Content-Range"] = f"bytes {part[0]}-{part[1]}/{size}"
        self._path, self._part, self._receive = path, part, request.receive
        if status is not HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(part[1] - part[0] + 1)
        if request.method == "HEAD":
            self._part = (0, -1)
        super().__init__(b"", int(status), headers, _TYPES[path.suffix])

    async def asgi_send(self, send: Send) -> None:
        """Send the head, then the bytes; stop when the visitor has gone."""
        lines = {**self.headers, "content-type": self.content_type}
        raw = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
        begin, end = self._part
        file = await asyncio.to_thread(self._path.open, "rb")
        gone = asyncio.create_task(_gone(self._receive))
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": raw})
            file.seek(begin)
            left = end - begin + 1
            while left > 0 and not gone.done():
                piece = await asyncio.to_thread(file.read, min(_PIECE, left))
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            file.close()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def data(datasette: Datasette, request: Request) -> Response:
    """Answer ``/data``."""
    release = datasette.release
    text = await asyncio.to_thread((release.exports / PACKAGE).read_text, "utf-8")
    package: dict[str, Any] = json.loads(text)
    base = f"/data/{release.id}"
    return await page_of(
        datasette,
        request,
        "data.html",
        release=release,
        package=package,
        base=base,
        address=datasette.absolute_url(request, "/data"),
        has_parquet=any("parquet" in resource for resource in package["resources"]),
        size=words.size,
    )


async def file(datasette: Datasette, request: Request) -> Response:
    """Answer ``/data/<release>/<file>``: the database, a table, the description of all tables."""
    release, name = request.url_vars["release"], request.url_vars["name"]
    folder = datasette.release.path.parent
    database = f"nianbao-{release}.db"
    if name == database:
        return FileAnswer(request, folder / database, attachment(database))
    if not FILE_NAME.fullmatch(name):
        raise DatasetteError("没有这个地址。", status=404)
    # The description is read by programs, which look for the files beside it.
    headers = {} if name == PACKAGE else attachment(f"nianbao-{release}-{name}")
    return FileAnswer(request, folder / release / name, headers)


ROUTES = [
    (r"^/data$", data),
    (r"^/data/(?P<release>[0-9a-f]{12})/(?P<name>[^/]+)$", file),
]
