"""Verify says what is damaged, wherever the damage is, and nothing else."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from archive import warc
from archive.blobs import BlobStore
from archive.keeping.verify import verify
from archive.records import Damage, read_records
from archive.store import FolderStore
from archive.store_setting import open_store
from archive.warc_files import RunFiles
from tests.kept_archive import FILE, PAGE, keep, run_command


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    return keep(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def published(kept, tmp_path_factory) -> Path:
    folder = shutil.copytree(kept, tmp_path_factory.mktemp("published") / "data")
    assert run_command("publish", "--data", folder).exit_code == 0
    return folder


@pytest.fixture
def data(kept, tmp_path) -> Path:
    return shutil.copytree(kept, tmp_path / "data")


def row(data: Path, sql: str):
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        return db.execute(sql).fetchone()


def change(data: Path, sql: str) -> None:
    with closing(sqlite3.connect(data / "nianbao.db", isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(sql)


def flip(path: Path, offset: int) -> None:
    path.chmod(0o644)
    whole = bytearray(path.read_bytes())
    whole[offset] ^= 0x55
    path.write_bytes(whole)


def warc_place(data: Path, url: str) -> tuple[Path, int, int]:
    name, offset, length = row(
        data, f"SELECT warc_file, warc_offset, warc_length FROM captures WHERE url = '{url}'"
    )
    return data / "warc" / name, offset, length


def kinds(data: Path) -> set[str]:
    return {problem.kind for problem in verify(data).problems}


def test_a_whole_archive_is_clean(data):
    done = run_command("verify", "--data", data)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "clean")
    told = json.loads(run_command("verify", "--data", data, "--json").output)
    assert told["clean"]
    assert told["problems"] == told["notes"] == []
    assert told["checked"]["blobs"] == row(data, "SELECT count(*) FROM payloads")[0]
    assert told["checked"]["records"] > row(data, "SELECT count(*) FROM run_visits")[0]


@pytest.mark.parametrize("damage", ["changed", "missing", "emptied"])
def test_stored_files(data, damage):
    digest = row(data, f"SELECT digest FROM captures WHERE url = '{FILE}'")[0]
    path = Path(BlobStore(open_store(data)).place(digest))
    if damage == "changed":
        flip(path, 1000)
    elif damage == "missing":
        path.unlink()
    else:
        path.chmod(0o644)
        path.write_bytes(b"")
    done = run_command("verify", "--data", data)
    assert done.exit_code == 3
    assert digest in done.output
    assert "what to do: copy it back from a backup" in done.output
    assert kinds(data) == {"blob"}


def test_a_flipped_bit_in_a_record_is_found_where_it_is(data):
    file, offset, length = warc_place(data, PAGE)
    flip(file, offset + length // 2)
    (problem,) = verify(data).problems
    assert problem.kind == "warc"
    assert f"At {offset}" in problem.message
    assert "1 of the records that the database names" in problem.message


def test_bytes_changed_and_compressed_anew_are_found_by_the_digest(data):
    file, offset, length = warc_place(data, FILE)
    whole = file.read_bytes()
    record = gzip.decompress(whole[offset : offset + length]).replace(b"%PDF", b"%PDX")
    forged = gzip.compress(record, 9)
    file.write_bytes(whole[:offset] + forged + whole[offset + length :])
    told = " ".join(problem.message for problem in verify(data).problems)
    assert "digest failed" in told


def test_a_missing_warc_file(data):
    file, _, _ = warc_place(data, PAGE)
    file.unlink()
    problems = verify(data).problems
    assert {problem.kind for problem in problems} == {"warc"}
    assert any("missing" in problem.message for problem in problems)
    # That later records lean on it is not said once more for each of them.
    assert not any("repeats an answer" in problem.message for problem in problems)


@pytest.mark.parametrize("ended", [True, False])
def test_a_torn_end_matters_when_the_run_is_over(data, ended):
    file = max((data / "warc").iterdir())
    with file.open("ab") as out:
        out.write(gzip.compress(b"WARC/1.1\r\n" + bytes(5000))[:30])
    if not ended:
        change(data, "UPDATE runs SET finished_at = NULL, outcome = NULL WHERE id = 2")
    found = verify(data)
    assert bool(found.problems) is ended
    assert bool(found.notes) is not ended


def test_a_record_cut_short(data):
    file = min((data / "warc").iterdir())
    file.write_bytes(file.read_bytes()[:-40])
    assert kinds(data) == {"warc"}


def test_rows_that_name_another_record(data):
    change(data, f"UPDATE captures SET warc_offset = warc_offset + 7 WHERE url = '{PAGE}'")
    change(data, f"UPDATE run_visits SET url = 'https://else.test/' WHERE url = '{FILE}'")
    told = " ".join(problem.message for problem in verify(data).problems)
    assert "No record begins at" in told
    assert "the database says https://else.test/" in told


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("DELETE FROM sites", "reference"),
        ("DELETE FROM payloads WHERE format = 'pdf'", "reference"),
        ("UPDATE payloads SET size = size + 1", "database"),
        ("DELETE FROM captures WHERE status = 302", "reference"),
        ("DROP TABLE run_visits", "database"),
    ],
)
def test_database(data, sql, kind):
    change(data, sql)
    assert kind in kinds(data)


def test_damaged_database_file(data):
    change(data, "PRAGMA wal_checkpoint(TRUNCATE)")
    path = data / "nianbao.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(3, size // 4096, 7):
            file.seek(page * 4096)
            file.write(b"\xff" * 64)
    done = run_command("verify", "--data", data)
    assert done.exit_code == 3
    assert "nianbao restore" in done.output
    path.write_bytes(b"no database at all" * 1000)
    assert kinds(data) == {"database"}


@pytest.mark.parametrize("damage", ["pointer", "database", "gone", "table"])
def test_published_release(published, tmp_path, damage):
    data = shutil.copytree(published, tmp_path / "data")
    assert kinds(data) == set()
    pointer = data / "public" / "current.json"
    released = data / "public" / json.loads(pointer.read_text())["file"]
    if damage == "pointer":
        pointer.write_text("{")
    elif damage == "database":
        flip(released, 5000)
    elif damage == "gone":
        released.unlink()
    else:
        flip(next((data / "public").glob("*/cells.csv.gz")), 30)
    assert kinds(data) == {"release"}
    done = run_command("verify", "--data", data)
    assert "nianbao publish" in done.output


def test_nothing_there(tmp_path):
    done = run_command("verify", "--data", tmp_path)
    assert done.exit_code == 2
    assert "no archive in" in done.output


def test_a_revisit_that_leans_on_nothing(data):
    files = RunFiles(FolderStore(data / "warc"), "kao", 2)
    pair = warc.Pair("https://www.kao.test/y", "2026-01-03T00:00:00Z", "GET", "/y", [], "200 OK",
                     [], b"")  # fmt: skip
    original = warc.Original("https://www.kao.test/never", "2026-01-01T00:00:00Z", "sha1:X")
    warc.write_revisit(files, pair, original, warc.SAME_PAYLOAD)
    (problem,) = verify(data).problems
    assert "https://www.kao.test/never" in problem.message


def test_damage_costs_no_other_record(data):
    file, offset, length = warc_place(data, PAGE)
    before = [
        r.place
        for r in read_records(FolderStore(file.parent), file.name)
        if not isinstance(r, Damage)
    ]
    flip(file, offset + 12)
    found = list(read_records(FolderStore(file.parent), file.name))
    places = [r.place for r in found if not isinstance(r, Damage)]
    assert [place for place in before if place not in places] == [
        warc.Place(file.name, offset, length)
    ]


def test_large_records_take_little_memory(tmp_path):
    files = RunFiles(FolderStore(tmp_path), "kao", 1)
    pair = warc.Pair("https://a.test/", "2026-01-01T00:00:00Z", "GET", "/", [], "200 OK", [],
                     bytes(60_000_000))  # fmt: skip
    warc.write_response(files, pair)
    tracemalloc.start()
    try:
        assert not any(
            isinstance(found, Damage) for found in read_records(files.store, files.name(1))
        )
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
