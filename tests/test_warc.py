"""WARC files: what went over the wire, checkable and replayable, whatever happened to the run."""

from __future__ import annotations

import errno
import gzip
import json
import random
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive import warc, warc_files
from archive.records import read_record
from archive.store import FolderStore
from archive.warc_files import RunFiles
from tests.crawl_site import check_warc

BODY = gzip.compress("<html>正文</html>".encode())


def files_of(folder: Path, run: int = 1, site: str = "kao") -> RunFiles:
    return RunFiles(FolderStore(folder / "warc"), site, run)


def path(files: RunFiles, number: int = 1) -> Path:
    return Path(files.store.place(files.name(number)))


def pair(url: str = "https://www.kao.test/a?b=1", body: bytes = BODY) -> warc.Pair:
    return warc.Pair(
        url,
        "2026-01-02T03:04:05.000006Z",
        "GET",
        "/a?b=1",
        [("Host", "www.kao.test"), ("User-Agent", "nianbao")],
        "200 OK",
        [
            ("Content-Encoding", "gzip"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Transfer-Encoding", "chunked"),
        ],
        body,
    )


def records(file: Path):
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=False):
            yield record, record.raw_stream.read()


def test_response_and_request_are_kept_as_sent(tmp_path):
    place = warc.write_response(files_of(tmp_path), pair())
    check_warc(tmp_path)
    file = tmp_path / "warc" / place.file
    kinds = [record.rec_type for record, _ in records(file)]
    assert kinds == ["warcinfo", "response", "request"]
    (response, body) = list(records(file))[1]
    assert body == BODY
    names = [name for name, _ in response.http_headers.headers]
    assert names.count("Set-Cookie") == 2
    assert "Transfer-Encoding" not in names
    assert response.rec_headers.get_header("WARC-Date") == "2026-01-02T03:04:05.000006Z"
    with file.open("rb") as stream:
        stream.seek(place.offset)
        assert gzip.decompress(stream.read(place.length)).startswith(b"WARC/1.1")


def test_revisit_points_at_the_first_record(tmp_path):
    place = warc.write_response(files_of(tmp_path), pair())
    original = warc.read_original(FolderStore(tmp_path / "warc"), place)
    again = warc.write_revisit(files_of(tmp_path, 2), pair(), original, warc.SAME_PAYLOAD)
    check_warc(tmp_path)
    assert again.file == "kao-2-1.warc.gz"
    record, body = list(records(tmp_path / "warc" / again.file))[1]
    assert record.rec_type == "revisit"
    assert body == b""
    named = record.rec_headers.get_header
    assert named("WARC-Refers-To-Target-URI") == "https://www.kao.test/a?b=1"
    assert named("WARC-Payload-Digest") == warc.payload_digest(BODY)


@pytest.mark.parametrize("kept", [0, 1, 10, 200, -1])
def test_torn_end_is_cut_off(tmp_path, kept):
    files = files_of(tmp_path)
    warc.write_response(files, pair())
    file = path(files)
    whole = file.read_bytes()
    warc.write_response(files, pair("https://www.kao.test/2"))
    record = file.read_bytes()[len(whole) :]
    torn = record[:kept] if kept >= 0 else record[: len(record) // 2]
    file.write_bytes(whole + torn)
    files.mend()
    check_warc(tmp_path)
    assert file.read_bytes()[: len(whole)] == whole
    assert len(list(records(file))) >= 3


def test_large_records_are_whole_records(tmp_path):
    files = files_of(tmp_path)
    noise = random.Random(1).randbytes(3_000_000)
    for body in (bytes(5_000_000), noise, BODY):
        warc.write_response(files, pair(body=body))
    whole = path(files).read_bytes()
    assert files.mend() == 0
    path(files).write_bytes(whole + whole[: len(whole) // 2])
    assert files.mend() > 0
    assert path(files).read_bytes().startswith(whole)
    check_warc(tmp_path)


def test_file_torn_in_its_first_record_goes(tmp_path):
    files = files_of(tmp_path)
    warc.write_response(files, pair())
    path(files).write_bytes(path(files).read_bytes()[:50])
    assert files.mend() == 50
    assert not path(files).exists()


def test_other_runs_and_sites_are_left_alone(tmp_path):
    warc.write_response(files_of(tmp_path, 1, "kao-1"), pair())
    other = path(files_of(tmp_path, 1, "kao-1"))
    other.write_bytes(other.read_bytes() + b"torn")
    before = other.read_bytes()
    files_of(tmp_path, 1, "kao").mend()
    assert other.read_bytes() == before


def test_files_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(warc_files, "MAX_FILE_BYTES", 2000)
    places = [warc.write_response(files_of(tmp_path), pair(f"https://a/{n}")) for n in range(8)]
    assert len({place.file for place in places}) > 1
    check_warc(tmp_path)


def test_a_file_never_grows_past_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(warc_files, "MAX_FILE_BYTES", 6000)
    noise = random.Random(2)
    sizes = [900, 2500, 100, 20_000, 900, 900, 4000]
    places = [
        warc.write_response(files_of(tmp_path), pair(f"https://a/{n}", noise.randbytes(size)))
        for n, size in enumerate(sizes)
    ]
    check_warc(tmp_path)
    large = places[3].file
    for file in (tmp_path / "warc").iterdir():
        assert file.name == large or file.stat().st_size <= 6000
    # An exchange that is larger by itself shares its file with no other.
    assert [place.file for place in places].count(large) == 1
    for place, size in zip(places, sizes, strict=True):
        record = read_record(FolderStore(tmp_path / "warc"), place)
        assert len(record.body) == size


def test_headers_are_kept_as_they_were_sent(tmp_path):
    chinese = "attachment; filename=年报.pdf".encode("gbk").decode("latin-1")
    sent = replace(
        pair(),
        response_headers=[("Content-Disposition", chinese), ("X-Title", "年报"), ("X-A", "a=b; c")],
    )
    place = warc.write_response(files_of(tmp_path), sent)
    check_warc(tmp_path)
    assert read_record(FolderStore(tmp_path / "warc"), place).http_headers == tuple(
        sent.response_headers
    )
    with (tmp_path / "warc" / place.file).open("rb") as stream:
        stream.seek(place.offset)
        raw = gzip.decompress(stream.read(place.length))
    assert "filename=年报.pdf".encode("gbk") in raw
    assert "X-Title: 年报".encode() in raw


def test_metadata_describes_a_record(tmp_path):
    place = warc.write_response(files_of(tmp_path), pair())
    identity = warc.read_original(FolderStore(tmp_path / "warc"), place).identity
    told = warc.write_metadata(
        files_of(tmp_path), "urn:nianbao:source:x", "2026-01-02T03:04:06Z", {"role": "页"}, identity
    )
    check_warc(tmp_path)
    record = read_record(FolderStore(tmp_path / "warc"), told)
    assert (record.kind, record.date) == ("metadata", "2026-01-02T03:04:06Z")
    assert json.loads(record.body) == {"role": "页"}
    named = read_record(FolderStore(tmp_path / "warc"), place).headers
    assert record.headers["warc-refers-to"] == identity == named["warc-record-id"]


def test_full_disk_leaves_the_file_as_it_was(tmp_path):
    files = files_of(tmp_path)
    warc.write_response(files, pair())
    before = path(files).read_bytes()
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
    try:
        with pytest.raises(OSError, match=r".") as caught:
            warc.write_response(files, pair())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handled)
    assert caught.value.errno == errno.EFBIG
    assert path(files).read_bytes() == before
    check_warc(tmp_path)
