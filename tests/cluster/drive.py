"""Crawls of many sites as users begin them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.machines import ENVIRONMENT
from tests.crawl_site import ROOT

CONTACT = "archive@kao.test"


def resolve(hosts: Sequence[str], address: str) -> list[str]:
    return [part for host in sorted(set(hosts)) for part in ("--resolve", f"{host}={address}")]


def begin(data: Path, *arguments: object) -> subprocess.Popen[str]:
    """Begin ``nianbao crawl`` into a data folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "crawl", *map(str, arguments), "--data", str(data)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT, "NIANBAO_CONTACT": CONTACT},
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], code: int = 0, seconds: float = 280) -> tuple[str, str]:
    """Wait for a crawl to end; return what it printed."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == code, (process.returncode, out, err)
    return out, err
