"""A small archive as two nights of walks leave it behind, made without a walk."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from archive.home import Archive
from archive.runs import Site, finish_run, note_visit, start_run
from crawler.cli import main
from pipeline.download import Exchange, archive_exchange
from pipeline.finding import Finding
from pipeline.parse import parse
from pipeline.store import (
    Source,
    add_source,
    note_agency,
    note_register,
    settle,
    store,
    store_site_finding,
)
from tests.replica.documents import write_documents

HOME = "https://www.kao.test/"
PAGE, FILE = f"{HOME}2025/t1.html", f"{HOME}2025/附件.pdf"
SITE = Site("kao", "沙坡头区人民政府", "640502", "沙坡头区", ("宁夏回族自治区", "中卫市"), HOME,
            ("www.kao.test",))  # fmt: skip


class Clock:
    """Moments that follow each other by a second."""

    def __init__(self, day: int) -> None:
        self.moment = datetime(2026, 1, day, 2, tzinfo=UTC)

    def __call__(self) -> str:
        self.moment += timedelta(seconds=1)
        return self.moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def exchange(run: int, clock: Clock, url: str, body: bytes, **more) -> Exchange:
    kind = "application/pdf" if body.startswith(b"%PDF") else "text/html"
    headers = [("Content-Type", kind), ("ETag", '"1"'), ("Content-Disposition", "报告; n=1")]
    made = Exchange(
        site_id="kao",
        run_id=run,
        url=url,
        method="GET",
        requested_at=clock(),
        status=200,
        reason="",
        request_headers=[("User-Agent", "nianbao"), ("Referer", HOME)],
        response_headers=headers,
        body=body,
        referrer=HOME,
    )
    return replace(made, **more)


def compressed(made: Exchange) -> Exchange:
    headers = [*made.response_headers, ("Content-Encoding", "gzip")]
    return replace(made, body=gzip.compress(made.body), response_headers=headers)


def found(url: str, capture: int, **more: str) -> Source:
    return Source(url, capture, "kao", "attachment" if url == FILE else "article", **more)


def fill(folder: Path, page: bytes, file: bytes) -> None:
    """Make an archive: a page, its PDF, redirects and lists, met on two nights."""
    archive = Archive(folder, create=True)
    clock = Clock(1)
    first = start_run(archive, SITE)
    note_register(archive, "kao")
    archive_exchange(archive, exchange(first, clock, HOME, "<html>列表</html>".encode()))
    moved = exchange(first, clock, f"{HOME}old", b"", status=302)
    archive_exchange(archive, replace(moved, response_headers=[("Location", "/2025/t1.html")]))
    note_agency(archive, "kao", "沙坡头区天文局")
    html = archive_exchange(archive, compressed(exchange(first, clock, PAGE, page)))
    store(archive, html.digest, parse(page), found(PAGE, html.id, link_text="2024年报告"))
    pdf = archive_exchange(archive, exchange(first, clock, FILE, file))
    store(archive, pdf.digest, parse(file), found(FILE, pdf.id, parent_url=PAGE))
    copy = archive_exchange(archive, exchange(first, clock, f"{HOME}copy.pdf", file))
    add_source(archive, copy.digest, found(f"{HOME}copy.pdf", copy.id))
    note_visit(archive, first, f"{HOME}silent", 0, None, note="no answer", visited_at=clock())
    gone = Finding("W-FETCH-FAILED", "warning", "没有应答。", place=HOME)
    store_site_finding(archive, "kao", f"{HOME}silent", gone)
    settle(archive)
    finish_run(archive, first, "finished", None)
    clock = Clock(2)
    second = start_run(archive, SITE)
    archive_exchange(archive, exchange(second, clock, HOME, "<html>列表二</html>".encode()))
    again = exchange(second, clock, PAGE, b"", status=304, revisited=html.id)
    archive_exchange(archive, again)
    archive_exchange(archive, exchange(second, clock, FILE, file))
    other = archive_exchange(archive, exchange(second, clock, f"{HOME}x", b"<html>x</html>"))
    store(archive, other.digest, parse(b"<html>x</html>"), found(f"{HOME}x", other.id))
    settle(archive)
    finish_run(archive, second, "finished", None)
    archive.close()


def report_files(folder: Path) -> tuple[bytes, bytes]:
    """Write reports into a folder and return one as a page and as a PDF."""
    write_documents(folder)
    stem = "shapotou-gov-office-2024"
    return (folder / f"{stem}.html").read_bytes(), (folder / f"{stem}.pdf").read_bytes()


def keep(folder: Path) -> Path:
    """Make the archive in a folder and return its data folder."""
    (folder / "forms").mkdir()
    fill(folder / "data", *report_files(folder / "forms"))
    return folder / "data"


def run_command(*arguments: object):
    """Run the command as users do; return the result of click's runner."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])
