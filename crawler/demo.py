"""Demo: the bundled copy of both sites, walked with the same commands as the live ones."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.home import Archive
from crawler.profile import bundled, load

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHECKOUT = Path(__file__).resolve().parents[1]
_ANNOUNCEMENT = "listening on 127.0.0.1:"


class DemoError(RuntimeError):
    """The demo could not be run; ``exit_code`` says what the command ends with."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """Take message and exit code."""
        super().__init__(message)
        self.exit_code = exit_code


def run_demo(data: Path, port: int, *, serve: bool) -> None:
    """Build the copy, walk it, publish the archive, print a summary, serve the result.

    Args:
        data: data folder of the archive; a second demo walks into the same one.
        port: of the public site.
        serve: go on to serve; the process becomes the server.

    Raises:
        DemoError: there is no source checkout, or the walk failed.

    """
    if not (_CHECKOUT / "tests" / "replica" / "__main__.py").exists():
        raise DemoError(
            "the demo needs a source checkout: the copy of both sites lies in tests/replica", 2
        )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nianbao-demo-") as folder:
        tree = Path(folder) / "sites"
        _run([sys.executable, "-m", "tests.replica", "build", str(tree)], "build the copy")
        with _served(tree) as there:
            hosts = [host for site in bundled() for host in load(site).all_hosts]
            resolve = [part for host in hosts for part in ("--resolve", f"{host}={there}")]
            command = [sys.executable, "-m", "crawler.cli", "crawl", *bundled(), *resolve]
            _run([*command, "--data", str(data.resolve())], "walk the copy")
    publish = [sys.executable, "-m", "crawler.cli", "publish", "--data", str(data.resolve())]
    _run(publish, "publish the archive")
    for line in _summary(data, time.monotonic() - began):
        click.echo(line)
    if serve:
        sys.stdout.flush()
        arguments = ["-m", "crawler.cli", "serve", "--data", str(data), "--port", str(port)]
        # The server takes this process over: an interrupt reaches it and nothing is left behind.
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own command


def _run(command: list[str], what: str) -> None:
    code = subprocess.run(command, cwd=_CHECKOUT, check=False).returncode  # noqa: S603 - our own
    if code:
        raise DemoError(f"could not {what}: exit code {code}", code)


@contextmanager
def _served(tree: Path) -> Iterator[str]:
    """Serve the copy; give ADDRESS:PORT."""
    command = [sys.executable, "-m", "tests.replica", "serve", str(tree), "--port", "0"]
    server = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line.startswith(_ANNOUNCEMENT):
            raise DemoError(f"the copy's server did not start: {line.strip() or 'no output'}")
        yield f"127.0.0.1:{int(line.removeprefix(_ANNOUNCEMENT))}"
    finally:
        server.terminate()
        server.wait(timeout=10)


_SUMMARY = {
    "pages fetched": "SELECT count(*) FROM run_visits WHERE run_id IN "
    "(SELECT max(id) FROM runs GROUP BY site_id)",
    "documents": "SELECT count(*) FROM documents",
    "reports": "SELECT count(*) FROM reports",
    "cells read": "SELECT count(*) FROM cells WHERE state <> 'unread' "
    "AND document_id IN (SELECT document_id FROM reports)",
    "cells unread": "SELECT count(*) FROM cells WHERE state = 'unread' "
    "AND document_id IN (SELECT document_id FROM reports)",
    "findings": "SELECT count(*) FROM findings",
}


def _summary(data: Path, seconds: float) -> list[str]:
    archive = Archive(data)
    lines = [
        f"{name:<15} {archive.db.execute(query).fetchone()[0]}" for name, query in _SUMMARY.items()
    ]
    archive.close()
    return [*lines, f"{'time':<15} {seconds:.1f} s"]
