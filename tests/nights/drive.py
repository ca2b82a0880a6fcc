"""Walks through the nights, and what each cost."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from crawler.profile import load
from tests.crawl_site import ROOT
from tests.nights.script import BEFORE
from tests.nights.world import HOSTS, World
from tests.replica.server import ReplicaServer

WINDOW = "--window=00:00-24:00"


@dataclass(frozen=True, slots=True)
class Told:
    """What one night left: exit code, seconds, (scheme, host, path) asked for, bytes of bodies."""

    code: int
    seconds: float
    requests: tuple[tuple[str, str, str], ...]
    sent: int


def sites(server: ReplicaServer) -> list[str]:
    """Return the arguments that name both sites and take their hosts to a server."""
    hosts = [host for site in HOSTS for host in load(site).all_hosts]
    resolve = [p for host in hosts for p in ("--resolve", f"{host}=127.0.0.1:{server.port}")]
    return [*HOSTS, *resolve]


class Hurry:
    """Runs commands at their times (tests/nights/hurry.py); a context manager.

    Attributes:
        log: what the commands print.

    """

    def __init__(self, log: Path) -> None:
        """Take the file for what the commands print."""
        self.log = log

    def __enter__(self) -> Self:
        """Start the process that commands are forked from."""
        with self.log.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nights.hurry"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def run(
        self, moment: str, arguments: list[str], kill: float | None = None
    ) -> tuple[int, float]:
        """Run a command; return exit code and seconds, -9 when it was killed.

        Args:
            moment: what the clock says when it begins, ISO 8601.
            arguments: of ``nianbao``.
            kill: seconds after which it is killed with all its children; None to let it end.

        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kill, moment, *arguments]) + "\n")
        self._process.stdin.flush()
        code, seconds = json.loads(self._process.stdout.readline())
        return int(code), float(seconds)


@dataclass(slots=True)
class Thirty:
    """The nights of one archive.

    Attributes:
        world: the sites.
        data: the data folder.
        nights: what each night left, by its number.

    """

    world: World
    data: Path
    nights: dict[int, Told] = field(default_factory=dict)

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.data / "nianbao.db") as db:
            return db.execute(query, arguments).fetchall()

    def walk(self, last: int, nightly: Collection[int], log: Path) -> None:
        """Let the nights pass; those in ``nightly`` are done by that command, others by crawl."""
        server = self.world.server
        with Hurry(log) as hurry:
            for night in range(1, last + 1):
                if act := BEFORE.get(night):
                    act(self.world)
                verb = ["nightly", WINDOW] if night in nightly else ["crawl", "--quiet"]
                moment = f"2026-12-{night:02d}T01:00:00+08:00"
                begun = len(server.requests)
                code, seconds = hurry.run(moment, [*verb, *sites(server), "--data", str(self.data)])
                asked = server.requests[begun:]
                self.nights[night] = Told(
                    code,
                    seconds,
                    tuple(("https" if one.https else "http", one.host, one.path) for one in asked),
                    sum(one.size for one in asked),
                )
