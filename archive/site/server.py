"""Starts the public site over an archive."""

from __future__ import annotations

import hashlib
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import uvicorn
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm
from datasette.utils.asgi import Request
from jinja2.bccache import Bucket, BytecodeCache

from archive.blobs import BlobStore
from archive.catalogue import Catalogue
from archive.publish import Release
from archive.regions.country import Country
from archive.regions.region import Region
from archive.site import plugin, words
from archive.site.address import PublicAddress, under
from archive.site.answers import DATABASE
from archive.site.cache import validated
from archive.site.country import CountrySite
from archive.site.evidence import Maker, Pictures
from archive.site.guard import App
from archive.site.kept import MOST, kept
from archive.site.metadata import describe
from archive.site.switch import Switch
from archive.store_setting import open_store
from archive.synthetic import is_synthetic

HERE = Path(__file__).parent

SETTINGS: dict[str, Any] = {
    # Arbitrary SQL would let one visitor stop the site for all.
    "default_allow_sql": False,
    "allow_download": False,
    # Streaming a whole table took most of the throughput of the site; pages of CSV remain.
    "allow_csv_stream": False,
    # Counting every column of a wide table on each view is slow.
    "suggest_facets": False,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 500,
    "max_returned_rows": 1000,
    "max_csv_mb": 20,
    "num_sql_threads": 4,
    "default_page_size": 50,
    "truncate_cells_html": 200,
    "default_cache_ttl": 0,
}


# What one region may hold of memory and threads where many are served.
_REGION_PAGES = 4 << 20
_REGION_THREADS = 2


class _Compiled(BytecodeCache):
    """Our templates as they were compiled once, for the sites of all regions and releases."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is held; a template that has changed since is compiled anew."""
        if (held := self._held.get(bucket.key)) is not None:
            bucket.bytecode_from_string(held)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Hold what was compiled."""
        self._held[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class PortTakenError(OSError):
    """The address to serve at cannot be had."""


@dataclass(frozen=True, slots=True)
class Within:
    """The place of a region's site in that of the country.

    Args:
        code: of the region.
        name: of the region.
        home: path of the country's front page, as visitors know it.

    """

    code: str
    name: str
    home: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator chooses, and where a region's site lies.

    Args:
        address: where visitors find the site; None when they come without a proxy.
        allow_sql: visitors may put any question in SQL, within the limits on time and rows.
        within: None for a site that is no part of a country's.

    """

    address: PublicAddress | None = None
    allow_sql: bool = False
    within: Within | None = None

    def digest(self) -> str:
        """Return what tells pages of different choices apart."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]


AS_IS = Options()


class Site(Datasette):  # type: ignore[misc]  # Datasette ships no types
    """Datasette over one release.

    Args:
        folder: the data folder, beside whose ``public`` the stored bytes lie.
        release: the database to show.
        pictures: of cells in their originals.
        options: what the operator chooses.

    """

    def __init__(
        self, folder: Path, release: Release, pictures: Pictures, options: Options = AS_IS
    ) -> None:
        with closing(sqlite3.connect(f"file:{release.path}?immutable=1", uri=True)) as connection:
            metadata = describe(connection)
            synthetic = is_synthetic(connection)
        super().__init__(
            [],
            metadata=metadata,
            settings={
                **SETTINGS,
                "default_allow_sql": options.allow_sql,
                **({"num_sql_threads": _REGION_THREADS} if options.within else {}),
            },
            template_dir=str(HERE / "templates"),
            static_mounts=[("static", str(HERE / "static"))],
            inspect_data={
                DATABASE: {
                    "hash": release.digest,
                    "size": release.size,
                    "file": str(release.path),
                    "tables": {name: {"count": count} for name, count in release.counts.items()},
                }
            },
        )
        self.add_database(Database(self, str(release.path), is_mutable=False), name=DATABASE)
        self.jinja_env.finalize = words.bounded
        self.jinja_env.globals["within"] = options.within
        self.jinja_env.globals["synthetic"] = synthetic
        # Ours wait for nothing while they are rendered: that takes half the time.
        self.pages = self.jinja_env.overlay(
            enable_async=False, auto_reload=False, bytecode_cache=_COMPILED
        )
        self.blobs = BlobStore(open_store(folder, patience=0))
        self.release = release
        self.pictures = pictures
        self.options = options
        self._catalogue: Catalogue | None = None
        self._reading = Lock()

    def catalogue(self, connection: sqlite3.Connection) -> Catalogue:
        """Return the catalogue of the release, read with the first search."""
        with self._reading:
            if self._catalogue is None:
                self._catalogue = Catalogue(connection)
            return self._catalogue

    def absolute_url(self, request: Request, path: str) -> str:
        """Return the whole address of a path as visitors know it."""
        address = self.options.address
        if address is None:
            return str(super().absolute_url(request, path))
        if not address.origin:
            return str(super().absolute_url(request, f"{address.prefix}{path}"))
        return address.absolute(path)

    def close(self) -> None:
        """Close the connections, once no request is under way."""
        self.executor.shutdown()
        self.get_database(DATABASE).close()


def build(folder: Path, maker: Maker | None = None, options: Options = AS_IS) -> App:
    """Return the site over the releases of a data folder as an ASGI application.

    Args:
        folder: the data folder; something has been published in it.
        maker: draws cells in their originals; None for a site without such pictures.
        options: what the operator chooses.

    """
    if not pm.is_registered(plugin):
        pm.register(plugin, name="nianbao")
        # Datasette's own handler prints every wrong address with all local variables.
        pm.unregister(name="datasette.handle_exception")

    # For all releases: what is being drawn and what is kept outlast a switch.
    pictures = Pictures(
        folder / "cache" / "evidence", BlobStore(open_store(folder, patience=0)), maker
    )

    def of_release(release: Release, own: Options, most: int) -> tuple[App, Callable[[], None]]:
        site = Site(folder, release, pictures, own)
        validator = f"{release.id}-{plugin.OWN_FILES}-{own.digest()}"
        app = validated(site.app(), validator)
        return kept(under(app, own.address) if own.address else app, most), site.close

    def of_region(region: Region) -> tuple[App, Callable[[], None]]:
        outer = options.address or PublicAddress("", "")
        address = replace(outer, prefix=f"{outer.prefix}/r/{region.code}")
        within = Within(region.code, region.name, f"{outer.prefix}/")
        own = replace(options, address=address, within=within)
        return of_release(region.release, own, _REGION_PAGES)

    def of_published(found: Release | Country) -> tuple[App, Callable[[], None]]:
        if isinstance(found, Release):
            return of_release(found, options, MOST)
        site = CountrySite(found, of_region, options.address)
        return site, site.close

    return Switch(folder, of_published)


class _Server(uvicorn.Server):
    """Tells when it is ready, as a caller cannot know otherwise."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket at an address.

    Args:
        host: name or address to listen at.
        port: 0 for any free one.

    Raises:
        PortTakenError: another program has the port, or the host is not of this machine.

    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise PortTakenError(
            f"cannot serve at {host}:{port} ({error.strerror}): stop the program that has the "
            "port, or choose another with --port"
        ) from error
    return listening


def serve(
    folder: Path,
    listening: socket.socket,
    ready: Callable[[], None],
    maker: Maker | None = None,
    options: Options = AS_IS,
) -> None:
    """Serve what is published until interrupted; a new release is shown as soon as it is there.

    Args:
        folder: the data folder.
        listening: from ``listen``.
        ready: called once requests are answered.
        maker: draws cells in their originals; None for a site without such pictures.
        options: what the operator chooses.

    """
    config = uvicorn.Config(
        build(folder, maker, options),
        log_level="warning",
        lifespan="on",
        access_log=False,
        # Longer than proxies keep an idle connection (nginx: 60 s), so that none is closed just as
        # a request is on its way.
        timeout_keep_alive=75,
    )
    _Server(config, ready).run(sockets=[listening])
