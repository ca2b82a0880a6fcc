"""The thirty nights over the whole replica, each by ``nianbao nightly``.

``python -m tests.nights`` prints what each night cost and what is not as the script says; the exit
code is 1 when anything is.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from tests.crawl_site import ROOT, check_warc
from tests.nights.drive import Thirty
from tests.nights.judge import problems
from tests.nights.script import NUMBER
from tests.nights.world import build_world


@click.command()
@click.option("--nights", type=click.IntRange(1, NUMBER), default=NUMBER, show_default=True)
@click.option("--small", is_flag=True, help="The small world of the test suite.")
@click.option("--crawl", is_flag=True, help="By 'nianbao crawl', which publishes nothing.")
@click.option("--keep", type=click.Path(path_type=Path), help="Work in this folder and keep it.")
def main(*, nights: int, small: bool, crawl: bool, keep: Path | None) -> None:
    """Let the nights pass and judge the archive."""
    with tempfile.TemporaryDirectory(prefix="nianbao-nights-") as made:
        folder = keep or Path(made)
        thirty = Thirty(build_world(folder / "tree", small=small), folder / "data")
        nightly = () if crawl else range(1, nights + 1)
        with thirty.world.server:
            thirty.walk(nights, nightly, folder / "log")
        for night, one in thirty.nights.items():
            click.echo(
                f"night {night:2}: exit code {one.code}, {len(one.requests):3} requests, "
                f"{one.sent:8} bytes, {one.seconds:5.1f} s"
            )
        told = problems(thirty, nights)
        check_warc(thirty.data)
        command = [sys.executable, "-m", "crawler.cli", "verify", "--data", str(thirty.data)]
        verified = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if verified.returncode:
            told.append(f"verify: {verified.stdout}{verified.stderr}")
        for line in told:
            click.echo(line)
        click.echo(f"{len(told)} problems, {sum(n.seconds for n in thirty.nights.values()):.0f} s")
        sys.exit(bool(told))


if __name__ == "__main__":
    main()
