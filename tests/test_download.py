"""Download: bytes, WARC record and rows of one exchange."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest

from archive.home import Archive
from archive.runs import Site, SiteBusyError, finish_run, sole_walk, start_run
from pipeline import coding as content_coding
from pipeline import download
from pipeline.coding import ContentCodingError, decode_body
from pipeline.download import Exchange, archive_exchange
from tests.crawl_site import check_warc

SITE = Site("kao", "考试县", "990000", "考试县", (), "https://www.kao.test/", ("www.kao.test",))
PAGE = "<html>正文</html>".encode()


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path, create=True)
    yield archive
    check_warc(tmp_path)
    archive.close()


@pytest.fixture
def exchange(archive):
    return Exchange(
        site_id="kao",
        run_id=start_run(archive, SITE),
        url="https://www.kao.test/a.html",
        method="GET",
        requested_at="2026-01-02T03:04:05.000006Z",
        status=200,
        reason="",
        request_headers=[("User-Agent", "nianbao")],
        response_headers=[("Content-Type", "text/html"), ("ETag", '"1"')],
        body=PAGE,
        referrer="https://www.kao.test/",
    )


def rows(archive, table):
    return archive.db.execute(f"SELECT * FROM {table}").fetchall()


def test_new_exchange_is_bytes_record_and_rows(archive, exchange):
    capture = archive_exchange(archive, exchange)
    assert capture.is_new
    assert archive.blobs.get(capture.digest) == PAGE
    row = archive.db.execute(
        "SELECT status, etag, content_type, referrer, captured_at FROM captures"
    ).fetchone()
    assert row == (200, '"1"', "text/html", "https://www.kao.test/", exchange.requested_at)
    assert len(rows(archive, "run_visits")) == 1


def test_same_bytes_again_add_only_a_visit(archive, exchange):
    first = archive_exchange(archive, exchange)
    before = rows(archive, "captures"), rows(archive, "payloads")
    later = archive_exchange(archive, replace(exchange, requested_at="2026-02-01T00:00:00Z"))
    assert (later.id, later.is_new) == (first.id, False)
    assert (rows(archive, "captures"), rows(archive, "payloads")) == before
    assert len(rows(archive, "run_visits")) == 2


def test_not_modified_confirms_the_capture(archive, exchange):
    first = archive_exchange(archive, exchange)
    answer = replace(exchange, status=304, body=b"", revisited=first.id)
    capture = archive_exchange(archive, answer)
    assert (capture.id, capture.status, capture.digest) == (first.id, 200, first.digest)
    statuses = archive.db.execute("SELECT status, capture_id FROM run_visits").fetchall()
    assert statuses == [(200, first.id), (304, first.id)]
    assert len(rows(archive, "captures")) == 1


def test_what_an_address_gave_last_is_what_is_asked_about(archive, exchange):
    first = archive_exchange(archive, exchange)
    archive_exchange(archive, replace(exchange, body=b"other", requested_at="2026-02-01T00:00:00Z"))
    archive_exchange(archive, replace(exchange, requested_at="2026-03-01T00:00:00Z"))
    latest = download.latest_capture(archive, exchange.url)
    assert latest is not None
    assert latest.id == first.id
    gone = replace(exchange, status=404, body=b"gone", requested_at="2026-04-01T00:00:00Z")
    archive_exchange(archive, gone)
    assert download.latest_capture(archive, exchange.url) == latest


@pytest.mark.parametrize(
    ("coding", "body"),
    # The time of a gzip header would give each test process another name for the test.
    [
        ("gzip", gzip.compress(PAGE, mtime=0)),
        ("x-gzip", gzip.compress(PAGE, mtime=0)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("gzip, identity", gzip.compress(PAGE, mtime=0)),
        ("gzip", gzip.compress(PAGE[:5], mtime=0) + gzip.compress(PAGE[5:], mtime=0)),
        ("deflate, gzip", gzip.compress(zlib.compress(PAGE), mtime=0)),
    ],
)
def test_payload_is_what_was_meant(archive, exchange, coding, body):
    headers = [*exchange.response_headers, ("Content-Encoding", coding)]
    capture = archive_exchange(archive, replace(exchange, body=body, response_headers=headers))
    assert archive.blobs.get(capture.digest) == PAGE
    assert capture.note == ""


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", PAGE), ("gzip", gzip.compress(PAGE, mtime=0)[:-9]), ("zstd", b"x")],
)
def test_what_cannot_be_decoded_is_kept_as_sent_and_noted(archive, exchange, coding, body):
    headers = [("Content-Encoding", coding)]
    capture = archive_exchange(archive, replace(exchange, body=body, response_headers=headers))
    assert archive.blobs.get(capture.digest) == body
    assert capture.note.startswith("kept as sent")
    assert archive.db.execute("SELECT note FROM run_visits").fetchone() == (capture.note,)


def test_compression_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(content_coding, "MAX_DECODED_BYTES", 10_000)
    assert len(decode_body(gzip.compress(bytes(10_000)), "gzip")) == 10_000
    with pytest.raises(ContentCodingError, match="grows past"):
        decode_body(gzip.compress(bytes(10_001)), "gzip")


def test_members_and_codings_are_bounded_in_number():
    assert decode_body(gzip.compress(b"x", mtime=0) * 3_000 + b"rest", "gzip") == b"x" * 3_000
    with pytest.raises(ContentCodingError, match="gzip members"):
        decode_body(gzip.compress(b"", mtime=0) * 100_000, "gzip")
    with pytest.raises(ContentCodingError, match="codings in a row"):
        decode_body(gzip.compress(b"", mtime=0), ", ".join(["gzip"] * 900))


def test_same_text_compressed_otherwise_stays_replayable(archive, exchange):
    archive_exchange(archive, exchange)
    headers = [("Content-Encoding", "gzip")]
    other = replace(exchange, body=gzip.compress(PAGE, mtime=0), response_headers=headers)
    assert not archive_exchange(archive, other).is_new


def test_killed_run_is_closed_by_the_next(archive, exchange):
    archive_exchange(archive, exchange)
    file = archive.folder / "warc" / f"kao-{exchange.run_id}-1.warc.gz"
    file.write_bytes(file.read_bytes() + b"\x1f\x8b torn")
    run = start_run(archive, SITE)
    outcomes = archive.db.execute("SELECT id, outcome, finished_at FROM runs").fetchall()
    assert outcomes == [
        (exchange.run_id, "interrupted", exchange.requested_at),
        (run, None, None),
    ]
    finish_run(archive, run, "finished", None)


def test_one_walk_at_a_time(archive):
    with sole_walk(archive, "kao"), pytest.raises(SiteBusyError), sole_walk(archive, "kao"):
        pass
    with sole_walk(archive, "kao"):
        pass
