"""The site of a country: a front page of regions, search over all of them, and each below ``/r/``.

Its pages tell what the pointers of the regions tell; only search and the regions' own sites ask
databases.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sqlite3
from dataclasses import dataclass

from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError

from archive.publish import ReleaseDamagedError
from archive.regions.country import Country
from archive.regions.region import Region
from archive.regions.search import CountrySearch
from archive.site import guard, plugin
from archive.site.address import PublicAddress, under, without_prefix
from archive.site.cache import validated
from archive.site.country_held import Held, error_page
from archive.site.country_pages import ROUTES
from archive.site.country_regions import Make, RegionSites, RegionUnavailableError
from archive.site.guard import App, Receive, Scope, Send
from archive.site.kept import kept

_LOG = logging.getLogger("nianbao.site")
_LOOK_EVERY = 1.0
_REGION = re.compile(r"/r/([0-9a-z]+)(/.*)?")
_ROUTES = [(re.compile(pattern), answer) for pattern, answer in ROUTES]


@dataclass(frozen=True, slots=True)
class _State:
    """What is published at a time, and the pages that tell of it."""

    held: Held
    app: App
    switched_at: int


class CountrySite:
    """ASGI application over all regions.

    Args:
        country: what is published.
        make: opens the site of a region.
        address: where visitors find the site; None when they come without a proxy.

    """

    def __init__(self, country: Country, make: Make, address: PublicAddress | None) -> None:
        self._country = country
        self._address = address
        self._sites = RegionSites(make)
        self._search = CountrySearch()
        self._state = self._look(None)
        self._search.know(list(self._state.held.regions.values()))
        self._search.warm()
        self._tending: asyncio.Task[None] | None = None

    def _look(self, before: Held | None) -> _State:
        """Read the pointers of the regions."""
        switched_at = self._country.switched_at()
        regions: dict[str, Region] = {}
        broken: list[str] = []
        for code in self._country.codes():
            try:
                regions[code] = self._country.region(code)
            except (OSError, ValueError, KeyError, ReleaseDamagedError) as error:
                _LOG.warning("region %s cannot be served: %s", code, error)
                broken.append(code)
                if before is not None and code in before.regions:
                    regions[code] = before.regions[code]
        held = Held(self._country, regions, tuple(broken), self._search, self._address)
        known = " ".join(region.release.digest for region in regions.values())
        validator = hashlib.sha256(f"{known} {broken} {self._address}".encode()).hexdigest()[:12]
        app = validated(guard.wrap(_pages(held)), f"{validator}-{plugin.OWN_FILES}")
        return _State(held, kept(under(app, self._address) if self._address else app), switched_at)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._tending is None:
            self._tending = asyncio.create_task(self._tend())
        held = self._state.held
        inner = without_prefix(scope, self._address.prefix) if self._address else scope
        found = _REGION.fullmatch(inner["path"])
        region = held.regions.get(found[1]) if found else None
        if found is None or region is None or not found[2]:
            await self._state.app(scope, receive, send)
            return
        try:
            below = without_prefix(inner, f"/r/{region.code}")
            await self._sites.answer(region, below, receive, send)
        except RegionUnavailableError:
            request = Request(inner, receive)
            page = error_page(held, request, 503, f"{region.name}的数据暂时无法打开，请稍后再试。")
            await under(_one(page), self._address or PublicAddress("", ""))(scope, receive, send)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            self._sites.tend()
            try:
                if self._country.switched_at() != self._state.switched_at:
                    await self._renew()
            except FileNotFoundError:
                continue  # another division is served by now
            except (OSError, ValueError, sqlite3.Error) as error:
                _LOG.warning("the regions stay as they were served: %s", error)

    async def _renew(self) -> None:
        state = await asyncio.to_thread(self._look, self._state.held)
        await asyncio.to_thread(self._search.know, list(state.held.regions.values()))
        await asyncio.to_thread(self._search.warm)
        self._state = state

    def close(self) -> None:
        """Close everything, once no request is under way."""
        if self._tending is not None:
            self._tending.cancel()
        self._sites.close()
        self._search.close()


def _one(page: Response) -> App:
    async def answer(_: Scope, __: Receive, send: Send) -> None:
        await page.asgi_send(send)

    return guard.wrap(answer)


def _pages(held: Held) -> App:
    """Return the pages of the country as an application."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await _answered(held, request)).asgi_send(send)

    return answer


async def _answered(held: Held, request: Request) -> Response:
    for pattern, make in _ROUTES:
        if found := pattern.fullmatch(request.path):
            try:
                return await make(held, request, **found.groupdict())
            except DatasetteError as error:
                return error_page(held, request, error.status, str(error.message))
            except (OSError, sqlite3.Error):
                _LOG.exception("failed: %s", request.path)
                return error_page(held, request, 500, "")
    return error_page(held, request, 404, "")
