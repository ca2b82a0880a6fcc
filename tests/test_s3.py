"""Object storage: the archive is the same there, whatever the server and the walk go through."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive import object_server, warc
from archive.home import Archive
from archive.keeping.verify import verify
from archive.records import Record, read_records
from archive.runs import finish_run, sole_walk, start_run
from archive.store import ObjectMissingError, StoreRefusedError, StoreSettingError
from archive.store_setting import SETTING, object_store, open_store
from archive.warc_files import RunFiles, files_of
from pipeline.download import archive_exchange
from pipeline.restoring.adopt import adopt
from tests.kept_archive import (
    FILE,
    HOME,
    PAGE,
    SITE,
    Clock,
    exchange,
    fill,
    report_files,
    run_command,
)
from tests.s3_server import CREDENTIALS, S3Server, setting

PLACES = {"warc_file", "warc_offset", "warc_length"}


@pytest.fixture(scope="module")
def server():
    with S3Server() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture
def anew():
    """Make new connections: credentials and timeouts are those of the test."""
    object_server._files.cache_clear()  # noqa: SLF001
    yield
    object_server._files.cache_clear()  # noqa: SLF001


@pytest.fixture(scope="module")
def forms(tmp_path_factory) -> tuple[bytes, bytes]:
    return report_files(tmp_path_factory.mktemp("forms"))


@pytest.fixture(scope="module")
def in_folder(forms, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("folder") / "data"
    fill(folder, *forms)
    return folder


@pytest.fixture(scope="module")
def in_s3(server, forms, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("s3") / "data"
    setting(folder, server.store())
    fill(folder, *forms)
    return folder


def tables(folder: Path, *, places: bool = False) -> dict[str, list[str]]:
    """Return every table; on request with the places of records, which differ between stores."""
    with closing(sqlite3.connect(folder / "nianbao.db")) as db:
        db.row_factory = sqlite3.Row
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(
                repr([(k, row[k]) for k in row.keys() if places or k not in PLACES])  # noqa: SIM118
                for row in db.execute(f'SELECT * FROM "{name}"')
            )
            for name in names
            if not name.startswith(("search_index", "sqlite_", "runs", "_sqlite"))
        }


def checked(folder: Path) -> dict[str, object]:
    done = run_command("verify", "--data", folder, "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["problems"]) == (0, []), done.output
    return told["checked"]


def test_the_same_archive_in_a_folder_and_in_s3(in_folder, in_s3):
    assert not (in_s3 / "blobs").exists()
    assert not (in_s3 / "warc").exists()
    one, other = checked(in_folder), checked(in_s3)
    assert {n: one[n] for n in ("blobs", "blob_bytes")} == {
        n: other[n] for n in ("blobs", "blob_bytes")
    }
    assert tables(in_folder) == tables(in_s3)
    digests = [set(Archive(folder).blobs.digests()) for folder in (in_folder, in_s3)]
    assert digests[0] == digests[1]
    store = open_store(in_s3).at("warc")
    told = [
        [(r.kind, r.url, r.date) for f in files_of(s) for r in read_records(s, f)
         if isinstance(r, Record) and r.kind not in {"warcinfo", "metadata"}]
        for s in (open_store(in_folder).at("warc"), store)
    ]  # fmt: skip
    assert told[0] == told[1]


def test_an_object_is_written_once(server):
    store = server.store()
    assert store.put("blobs/a", b"first")
    assert not store.put("blobs/a", b"other")
    assert store.put("blobs/a", b"first")
    assert store.get("blobs/a") == b"first"
    assert (store.exists("blobs/a"), store.exists("blobs")) == (True, False)
    with store.open("blobs/a") as stream:
        stream.seek(2)
        assert stream.read() == b"rst"


def test_names_come_in_order_however_many(server, monkeypatch):
    monkeypatch.setattr("archive.object_store._PAGE", 3)
    store = server.store()
    for number in (3, 1, 7, 5, 2, 6, 4, 8):
        store.put(f"warc/{number}", b"")
    store.put("warc-1", b"")
    assert list(store.names("warc/")) == [f"warc/{n}" for n in range(1, 9)]
    assert list(store.at("warc").names("")) == [str(n) for n in range(1, 9)]
    store.delete("warc/1")
    assert next(store.names("warc/")) == "warc/2"


@pytest.mark.usefixtures("anew")
def test_what_can_not_be_is_named(server, monkeypatch):
    with pytest.raises(ObjectMissingError):
        server.store().get("nothing")
    with pytest.raises(StoreSettingError, match="no such bucket"):
        object_store("s3://nowhere/x", server.endpoint_url).put("a", b"")
    bucket = server.store().url
    object_server._files.cache_clear()  # noqa: SLF001
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(StoreRefusedError, match="credentials"):
        object_store(bucket, server.endpoint_url).get("a")


def pair(number: int) -> warc.Pair:
    url = f"https://www.kao.test/{number}"
    return warc.Pair(url, "2026-01-02T03:04:05Z", "GET", f"/{number}", [], "200 OK", [], b"x")


def test_every_write_of_a_walk_has_the_next_number(server):
    store = server.store()
    files = RunFiles(store, "kao", 1)
    asked = len(server.requests())
    places = [warc.write_response(files, pair(number)) for number in range(4)]
    assert [place.file for place in places] == [f"kao-1-{n}.warc.gz" for n in range(1, 5)]
    lists = [line for line in server.requests()[asked:] if "list-type=2" in line]
    assert len(lists) == 1  # not one a write
    # Another run and another site have numbers of their own; a new process goes on.
    assert warc.write_response(RunFiles(store, "kao", 11), pair(1)).file == "kao-11-1.warc.gz"
    assert warc.write_response(RunFiles(store, "kao-1", 2), pair(1)).file == "kao-1-2-1.warc.gz"
    assert warc.write_response(RunFiles(store, "kao", 1), pair(5)).file == "kao-1-5.warc.gz"
    # The first one does not know of that; nothing is overwritten.
    assert warc.write_response(files, pair(6)).file == "kao-1-6.warc.gz"
    told = [r.url for f in files_of(store, "kao") for r in read_records(store, f)
            if isinstance(r, Record) and r.kind == "response"]  # fmt: skip
    assert [url.rpartition("/")[2] for url in told] == ["0", "1", "2", "3", "5", "6", "1"]


def test_what_a_killed_walk_wrote_last_gets_its_row(server, tmp_path):
    setting(tmp_path, server.store())
    archive = Archive(tmp_path, create=True)
    run = start_run(archive, SITE)
    archive_exchange(archive, exchange(run, Clock(1), HOME, b"<html>1</html>"))
    warc.write_response(archive.run_files("kao", run), pair(2))
    archive.close()
    archive = Archive(tmp_path)
    second = start_run(archive, SITE)
    adopt(archive, "kao", second)
    urls = [url for (url,) in archive.db.execute("SELECT url FROM captures ORDER BY id")]
    assert urls == [HOME, "https://www.kao.test/2"]
    finish_run(archive, second, "finished", None)
    archive.close()
    assert verify(tmp_path).problems == []


def test_damage_is_found_and_named(server, in_s3, tmp_path):
    data = Path(shutil.copytree(in_s3, tmp_path / "data"))
    store = server.store("other")
    source = open_store(data)
    for part in ("blobs/", "warc/"):
        for name in source.names(part):
            store.put(name, source.get(name))
    setting(data, store)
    blob = next(store.names("blobs/"))
    store.delete(blob)
    store.put(blob, b"something else")
    record = files_of(store.at("warc"))[1]
    store.delete(f"warc/{record}")
    places = {problem.place for problem in verify(data).problems}
    assert {f"{store.url}/{blob}", f"{store.url}/warc/{record}"} <= places


def test_a_package_from_s3_holds_the_same_pages(in_folder, in_s3, tmp_path):
    pytest.importorskip("cdxj_indexer")
    listed = []
    for data, out in ((in_folder, "a.wacz"), (in_s3, "b.wacz")):
        done = run_command("export", "wacz", "-o", tmp_path / out, "--data", data)
        assert done.exit_code == 0, done.output
        assert "2 WARC files, 3 reports listed" in done.output
        with zipfile.ZipFile(tmp_path / out) as package:
            listed.append(package.read("pages/pages.jsonl"))
            index = gzip.decompress(package.read("indexes/index.cdx.gz")).decode().splitlines()
            for line in index:  # a replay finds each record where the index says
                place = json.loads(line.partition(" {")[2].join(("{", "")))
                with package.open(f"archive/{place['filename']}") as stream:
                    stream.seek(int(place["offset"]))
                    record = gzip.decompress(stream.read(int(place["length"])))
                assert f"WARC-Target-URI: {place['url']}".encode() in record
    assert listed[0] == listed[1]


def test_a_lost_database_comes_back_from_s3(in_s3, tmp_path):
    shutil.copytree(in_s3, tmp_path / "new", ignore=shutil.ignore_patterns("nianbao.db*", ".*"))
    done = run_command("restore", "--data", tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert tables(tmp_path / "new", places=True) == tables(in_s3, places=True)
    checked(tmp_path / "new")


def test_a_backup_of_s3_is_a_folder(in_s3, tmp_path):
    done = run_command("backup", tmp_path / "copy", "--data", in_s3)
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "copy" / SETTING).exists()
    assert checked(tmp_path / "copy") == checked(in_s3)
    assert tables(tmp_path / "copy", places=True) == tables(in_s3, places=True)
    again = run_command("backup", tmp_path / "copy", "--data", in_s3)
    assert ": 0 files copied" in again.output


def test_originals_are_read_from_s3(in_s3, forms):
    archive = Archive(in_s3)
    (digest,) = archive.db.execute("SELECT digest FROM captures WHERE url = ?", (FILE,)).fetchone()
    assert archive.blobs.get(digest) == forms[1]
    assert archive.blobs.place(digest).startswith("s3://")
    archive.close()


def move(data: Path, *arguments: str, code: int = 0) -> str:
    done = run_command("store", *arguments, "--data", data)
    assert done.exit_code == code, done.output
    return done.output


def test_an_archive_moves_to_s3_and_back(server, in_folder, tmp_path):
    data = Path(shutil.copytree(in_folder, tmp_path / "data"))
    before, counts = tables(data, places=True), checked(data)
    url = f"s3://{server.bucket()}/a"
    move(data, url, "--endpoint-url", server.endpoint_url)
    assert open_store(data).url == url
    shutil.rmtree(data / "blobs")
    shutil.rmtree(data / "warc")
    assert checked(data) == counts
    assert move(data).strip() == url
    # It is walked there, and what it met comes back with it.
    archive = Archive(data)
    run = start_run(archive, SITE)
    archive_exchange(archive, exchange(run, Clock(9), PAGE, b"<html>new</html>"))
    finish_run(archive, run, "finished", None)
    archive.close()
    move(data, "folder")
    assert not (data / SETTING).exists()
    assert len(list((data / "warc").iterdir())) > 3
    checked(data)
    assert set(before["captures"]) < set(tables(data, places=True)["captures"])


def test_a_move_that_was_cut_off_goes_on(server, in_folder, tmp_path):
    data = Path(shutil.copytree(in_folder, tmp_path / "data"))
    store = server.store()
    names = [n for part in ("blobs/", "warc/") for n in open_store(data).names(part)]
    for name in names[:3]:
        store.put(name, open_store(data).get(name))
    # A WARC file that grew between the attempts.
    store.put(names[-1], open_store(data).get(names[-1])[:100])
    told = move(data, store.url, "--endpoint-url", str(store.endpoint_url))
    assert f"{len(names)} objects" in told
    assert f"{len(names) - 4} copied just now" in told
    checked(data)


def test_a_move_stops_where_it_would_lose_something(server, in_folder, tmp_path):
    data = Path(shutil.copytree(in_folder, tmp_path / "data"))
    to = ("--endpoint-url", server.endpoint_url)
    other, mixed = server.store(), server.store()
    other.put("warc/fremd-1-1.warc.gz", b"x")
    assert "not of this archive" in move(data, other.url, *to, code=1)
    mixed.put("warc/kao-1-1.warc.gz", b"x")
    assert "other bytes" in move(data, mixed.url, *to, code=1)
    free = server.store().url
    archive = Archive(data)
    with sole_walk(archive, "kao"):
        assert "walks sites into" in move(data, free, *to, code=1)
    archive.close()
    assert "no such bucket" in move(data, "s3://nowhere/x", *to, code=1)
    assert not (data / SETTING).exists()
    checked(data)


def test_revisits_lean_on_objects(server, tmp_path):
    setting(tmp_path, server.store())
    archive = Archive(tmp_path, create=True)
    run = start_run(archive, SITE)
    first = exchange(run, Clock(1), HOME, b"<html>1</html>")
    archive_exchange(archive, first)
    archive_exchange(archive, replace(first, requested_at="2026-01-01T09:00:00Z"))
    kinds = [r.kind for f in files_of(archive.warc) for r in read_records(archive.warc, f)
             if isinstance(r, Record) and r.kind in {"response", "revisit"}]  # fmt: skip
    archive.close()
    assert kinds == ["response", "revisit"]
