"""WACZ: one package that the validator accepts and from which pages come back as they were sent."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from urllib.parse import quote

import pytest
from surt import surt
from wacz.main import main as wacz
from warcio.archiveiterator import ArchiveIterator

from archive.home import Archive
from pipeline.download import archive_exchange
from tests.crawl_site import ROOT
from tests.kept_archive import (
    FILE,
    HOME,
    PAGE,
    Clock,
    exchange,
    keep,
    report_files,
    run_command,
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    return keep(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> tuple[bytes, bytes]:
    return report_files(tmp_path_factory.mktemp("forms"))


@pytest.fixture
def package(kept, tmp_path) -> Path:
    return pack(kept, tmp_path / "all.wacz")


def pack(data: Path, out: Path, *more: str) -> Path:
    done = run_command("export", "wacz", "-o", out, "--data", data, *more)
    assert done.exit_code == 0, done.output
    return out


def accepted(package: Path) -> bool:
    said = io.StringIO()
    with redirect_stdout(said):
        code = wacz(["validate", "-f", str(package)])
    return code == 0 and "Validation succeeded" in said.getvalue()


def lines(package: Path, name: str) -> list[str]:
    with zipfile.ZipFile(package) as opened:
        data = opened.read(name)
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()


def index(package: Path) -> list[dict[str, str]]:
    found = []
    for line in lines(package, "indexes/index.cdx.gz"):
        key, timestamp, rest = line.split(" ", 2)
        found.append({"key": key, "timestamp": timestamp, **json.loads(rest)})
    return found


def record_at(package: Path, entry: dict[str, str]):
    with zipfile.ZipFile(package) as opened:
        archived = opened.read(f"archive/{entry['filename']}")
    offset, length = int(entry["offset"]), int(entry["length"])
    record = next(iter(ArchiveIterator(io.BytesIO(archived[offset : offset + length]))))
    return record, record.content_stream().read()


def replayed(package: Path, url: str, timestamp: str = "99999999999999") -> bytes:
    """Return what a replay shows: the last record of an address, a revisit by its digest."""
    entries = [e for e in index(package) if e["key"] == surt(url) and e["timestamp"] <= timestamp]
    last = entries[-1]
    if last["mime"] == "warc/revisit":
        last = next(e for e in index(package) if e["digest"] == last["digest"] and e != last
                    and e["mime"] != "warc/revisit")  # fmt: skip
    record, body = record_at(package, last)
    assert record.http_headers.get_statuscode() == "200"
    return body


def test_a_package_validates_and_shows_what_was_sent(package, sent):
    assert accepted(package)
    page, file = sent
    assert replayed(package, PAGE) == page
    assert replayed(package, quote(FILE, safe=":/")) == file
    assert replayed(package, HOME) == "<html>列表二</html>".encode()
    assert replayed(package, HOME, "20260101235959") == "<html>列表</html>".encode()


def test_the_index_is_sorted_and_names_only_what_can_be_shown(package):
    found = lines(package, "indexes/index.cdx.gz")
    assert found == sorted(found)
    entries = index(package)
    shown = {"text/html", "application/pdf", "warc/revisit", None}  # a redirect has no type
    assert {entry.get("mime") for entry in entries} == shown
    assert "304" not in {entry["status"] for entry in entries}
    for entry in entries:
        record, _ = record_at(package, entry)
        assert surt(record.rec_headers.get_header("WARC-Target-URI")) == entry["key"]
    header, block = lines(package, "indexes/index.idx")
    assert json.loads(header.split(" ", 2)[2])["filename"] == "index.cdx.gz"
    assert json.loads(block.split(" ", 2)[2])["offset"] == 0


def test_each_report_is_a_page_with_its_title(package):
    header, *pages = map(json.loads, lines(package, "pages/pages.jsonl"))
    assert header["format"] == "json-pages-1.0"
    assert {page["url"] for page in pages} == {PAGE, FILE, f"{HOME}copy.pdf"}
    assert all("2024年政府信息公开工作年度报告" in page["title"] for page in pages)
    shown = {(entry["url"], entry["timestamp"]) for entry in index(package)}
    digits = str.maketrans("", "", "-:TZ")
    assert {(p["url"], p["ts"].split(".")[0].translate(digits)) for p in pages} <= shown


def test_since_and_site(kept, tmp_path, sent):
    data = shutil.copytree(kept, tmp_path / "data")
    archive = Archive(data)
    archive.db.execute("UPDATE runs SET finished_at = '2026-01-01T03:00:00Z' WHERE id = 1")
    archive.close()
    package = pack(data, tmp_path / "since.wacz", "--since", "2026-01-02", "--site", "kao")
    assert accepted(package)
    with zipfile.ZipFile(package) as opened:
        names = {name for name in opened.namelist() if name.startswith("archive/")}
    assert names == {"archive/kao-2-1.warc.gz", "archive/originals.warc.gz"}
    # Both were met in the second run only as unchanged.
    assert replayed(package, PAGE) == sent[0]
    assert replayed(package, quote(FILE, safe=":/")) == sent[1]
    _, *pages = map(json.loads, lines(package, "pages/pages.jsonl"))
    assert {page["url"] for page in pages} == {PAGE, FILE}
    for wrong in (["--site", "nowhere"], ["--since", "2126-01-01"]):
        done = run_command("export", "wacz", "-o", tmp_path / "no.wacz", "--data", data, *wrong)
        assert done.exit_code == 1
        assert "no WARC file" in done.output
        assert not (tmp_path / "no.wacz").exists()


def test_a_package_that_can_not_be_written_leaves_the_one_before(kept, package):
    before = package.read_bytes()
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, -1));"
        "from crawler.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "export", "wacz", "-o", package, "--data", kept],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert package.read_bytes() == before
    assert not list(package.parent.glob(".writing-*"))


def test_damaged_files_are_not_packed(kept, tmp_path):
    data = shutil.copytree(kept, tmp_path / "data")
    file = min((data / "warc").iterdir())
    whole = bytearray(file.read_bytes())
    whole[:40] = bytes(40)
    file.write_bytes(whole)
    done = run_command("export", "wacz", "-o", tmp_path / "no.wacz", "--data", data)
    assert done.exit_code == 1
    assert "nianbao verify" in done.output


def test_a_changed_page_shows_both_versions(kept, tmp_path):
    data = shutil.copytree(kept, tmp_path / "data")
    archive = Archive(data)
    archive_exchange(archive, exchange(2, Clock(4), PAGE, "<html>改</html>".encode()))
    archive.close()
    package = pack(data, tmp_path / "two.wacz")
    assert accepted(package)
    assert replayed(package, PAGE) == "<html>改</html>".encode()
    assert replayed(package, PAGE, "20260103000000") != "<html>改</html>".encode()
