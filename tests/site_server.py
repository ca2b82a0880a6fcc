"""The public site as tests meet it: the real command on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from lxml import html as lxml_html

# The site alone, and the site as "nianbao serve" starts it, with pictures of evidence.
BARE = "from archive.commands import serve; serve()"
WHOLE = "import sys; from crawler.cli import main; main(['serve', *sys.argv[1:]])"


@contextmanager
def running_site(
    folder: Path, command: str = BARE, *, options: tuple[str, ...] = (), **environment: str
) -> Iterator[str]:
    """Serve an archive with the real command on a free port; yields the address."""
    process = subprocess.Popen(
        [sys.executable, "-c", command, "--data", str(folder), "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert " at http://127.0.0.1:" in line, f"serve did not start: {line!r}"
        yield line.rpartition(" at ")[2].strip().rstrip("/")
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


@contextmanager
def client_of(folder: Path) -> Iterator[httpx.Client]:
    """Serve an archive; yields a client of its site."""
    with running_site(folder) as address, httpx.Client(base_url=address) as client:
        yield client


def page(client: httpx.Client, path: str) -> Any:
    """Ask for a page that must be there, as a tree."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.text[:300])
    return lxml_html.fromstring(answer.text)
