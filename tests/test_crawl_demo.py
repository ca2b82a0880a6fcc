"""The demo from the command to the summary."""

from __future__ import annotations

import subprocess
import sys

from tests.crawl_site import ROOT, check_warc


def test_demo_walks_the_copy_and_sums_up(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "demo", "--no-serve", "--data", str(tmp_path / "d")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = dict(line.rsplit(None, 1) for line in done.stdout.splitlines() if line[:1].isalpha())
    assert int(summary["pages fetched"]) > 100
    assert int(summary["reports"]) == 6
    assert int(summary["cells read"]) == 200 * 4 + 198
    assert int(summary["cells unread"]) == 0
    assert "requests" in done.stderr
    check_warc(tmp_path / "d")
