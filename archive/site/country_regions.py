"""The sites of a country's regions: opened when first asked for, closed when nobody asks."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from archive.regions.region import Region
from archive.site.guard import App, Receive, Scope, Send
from archive.site.warming import status_of

_LOG = logging.getLogger("nianbao.site")
# A site of a region takes some 10 MB and its pages up to 4 MB more.
MOST_OPEN = 32
IDLE_SECONDS = 600.0

Make = Callable[[Region], tuple[App, Callable[[], None]]]


class RegionUnavailableError(RuntimeError):
    """The site of a region cannot be opened."""


@dataclass(slots=True)
class _Open:
    """A region's site and the number of requests that it is answering."""

    digest: str
    app: App
    close: Callable[[], None]
    under_way: int = 0
    asked_at: float = field(default_factory=time.monotonic)


class RegionSites:
    """The sites of all regions, of which some are open.

    Args:
        make: opens the site of a region; returns its application and what closes it.
        most: how many stay open.
        idle: seconds after which a site that nobody asks is closed.

    """

    def __init__(self, make: Make, most: int = MOST_OPEN, idle: float = IDLE_SECONDS) -> None:
        self._make = make
        self._most = most
        self._idle = idle
        self._open: dict[str, _Open] = {}
        # Sites of releases that were replaced, until they have answered.
        self._leaving: list[_Open] = []
        self._opening: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def count(self) -> int:
        """How many sites are open."""
        return len(self._open) + len(self._leaving)

    async def answer(self, region: Region, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a region, with the path from the root of its site.

        Raises:
            RegionUnavailableError: the site cannot be opened.

        """
        site = await self._opened(region)
        site.under_way += 1
        try:
            await site.app(scope, receive, send)
        finally:
            site.under_way -= 1
            site.asked_at = time.monotonic()

    async def _opened(self, region: Region) -> _Open:
        async with self._opening[region.code]:
            held = self._open.get(region.code)
            if held is not None and held.digest == region.release.digest:
                return held
            site = await self._opening_of(region)
            if held is not None:
                self._leaving.append(held)
            self._open[region.code] = site
            return site

    async def _opening_of(self, region: Region) -> _Open:
        try:
            app, close = await asyncio.to_thread(self._make, region)
        except (OSError, ValueError, sqlite3.Error) as error:
            _LOG.error("region %s cannot be served: %s", region.code, error)
            raise RegionUnavailableError(region.code) from error
        # Datasette prepares itself with the first request and lets a second one pass meanwhile.
        status = await status_of(app, "/about")
        if status != HTTPStatus.OK:
            close()
            _LOG.error("region %s: the first page answers with status %s", region.code, status)
            raise RegionUnavailableError(region.code)
        return _Open(region.release.digest, app, close)

    def tend(self) -> None:
        """Close the sites that nobody has asked for a while, and those beyond the number."""
        now = time.monotonic()
        by_age = sorted(self._open.items(), key=lambda item: item[1].asked_at)
        beyond = len(self._open) - self._most
        for number, (code, site) in enumerate(by_age):
            if not site.under_way and (number < beyond or now - site.asked_at > self._idle):
                del self._open[code]
                self._leaving.append(site)
        for site in [site for site in self._leaving if not site.under_way]:
            self._leaving.remove(site)
            site.close()

    def close(self) -> None:
        """Close all sites."""
        for site in (*self._open.values(), *self._leaving):
            site.close()
        self._open.clear()
        self._leaving.clear()
