"""Switch: one address, the newest release behind it, and no request that notices the change.

Each release is served by an application of its own with connections of its own, so that a request
sees one state of the archive from its first query to its last.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from archive.publish import Release, ReleaseDamagedError
from archive.regions.country import Country, published
from archive.site.guard import App, Receive, Scope, Send
from archive.site.warming import status_of

_LOG = logging.getLogger("nianbao.site")
# Looking at a small file once a second costs nothing, and a release need not be faster than that.
_LOOK_EVERY = 1.0


@dataclass(slots=True)
class _Served:
    """What is published, its application and the number of requests that it is answering."""

    release: Release | Country
    app: App
    close: Callable[[], None]
    under_way: int = 0
    replaced: bool = False

    def end_when_idle(self) -> None:
        if self.replaced and not self.under_way:
            self.close()


class Switch:
    """ASGI application that passes each request to the application of the newest release.

    Args:
        folder: the data folder.
        build: makes the application of a release, or of a country of them that switches its
            regions itself, and what closes it.

    """

    def __init__(
        self, folder: Path, build: Callable[[Release | Country], tuple[App, Callable[[], None]]]
    ) -> None:
        self._folder = folder
        self._build = build
        release = published(folder)
        if release is None:
            raise ReleaseDamagedError(f"nothing is published in {folder}: run 'nianbao publish'")
        self._served = self._serve(release)
        self._watcher: asyncio.Task[None] | None = None

    def _serve(self, release: Release | Country) -> _Served:
        app, close = self._build(release)
        return _Served(release, app, close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the events of the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        served = self._served
        served.under_way += 1
        try:
            await served.app(scope, receive, send)
        finally:
            served.under_way -= 1
            served.end_when_idle()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await _warm(self._served)
                self._watcher = asyncio.create_task(self._watch())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._watcher:
                    self._watcher.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                release = published(self._folder)
                if release is not None and release.digest != self._served.release.digest:
                    await self._switch(release)
            except (OSError, ValueError, sqlite3.Error, ReleaseDamagedError) as error:
                _LOG.warning("the new release cannot be served, the last one stays: %s", error)

    async def _switch(self, release: Release | Country) -> None:
        served = self._serve(release)
        await _warm(served)
        before, self._served = self._served, served
        before.replaced = True
        before.end_when_idle()
        _LOG.info("serving release %s", release.digest)


# Pages that prepare what the others share: Datasette itself, the front page, the search.
_FIRST = "/about"
_NEXT = (("/", b""), ("/search.json", b"q=%E5%B9%B4"))


async def _warm(served: _Served) -> None:
    """Ask an application for a few pages before any visitor does.

    Datasette prepares itself during the first request and lets a second one pass meanwhile.

    Raises:
        ReleaseDamagedError: the first page, which asks the database for nothing, is not there.

    """
    status = await status_of(served.app, _FIRST)
    if status != HTTPStatus.OK:
        raise ReleaseDamagedError(f"the first page answers with status {status}")
    for path, query in _NEXT:
        # Slow is no reason to refuse a release: that page says so itself, the others are there.
        status = await status_of(served.app, path, query)
        if status != HTTPStatus.OK:
            _LOG.warning(
                "release %s: %s answers with status %s", served.release.digest, path, status
            )
