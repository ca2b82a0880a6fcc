"""Thirty nights over both sites in small: every event on its night, no other, at little cost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.crawl_site import ROOT, check_warc
from tests.nights.drive import Thirty
from tests.nights.judge import problems
from tests.nights.script import NUMBER
from tests.nights.world import build_world

pytestmark = pytest.mark.proof


@pytest.mark.timeout(600)
def test_thirty_nights(tmp_path):
    thirty = Thirty(build_world(tmp_path / "tree", small=True), tmp_path / "data")
    with thirty.world.server:
        # The command of every night publishes, too: the last one stands for the rest.
        thirty.walk(NUMBER, {NUMBER}, tmp_path / "log")
    assert problems(thirty, NUMBER) == [], (tmp_path / "log").read_text()[-2000:]
    check_warc(thirty.data)
    verified = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "verify", "--data", str(thirty.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
