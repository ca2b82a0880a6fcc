"""Reparse reads the archive again within limits; the same bytes give the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.home import Archive
from pipeline import pool
from pipeline.commands import reparse
from pipeline.parse import parse
from pipeline.store import Source, settle, store
from tests.hostile import MAKERS
from tests.replica.documents import write_documents

HOSTILE = ["truncated_pdf", "docx_bomb", "error_page"]


def fill(folder: Path, files: dict[str, bytes]) -> dict[str, str]:
    """Archive files as if a crawl had found them; return their digests by name."""
    archive = Archive(folder, create=True)
    db = archive.db
    db.table("sites").insert(
        {
            "id": "spt",
            "name": "沙坡头区人民政府",
            "region_code": "640502",
            "region_name": "沙坡头区",
            "region_parents": "[]",
            "home": "https://www.spt.gov.cn/",
            "hosts": "[]",
        }
    )
    digests = {}
    for number, (name, data) in enumerate(files.items(), 1):
        url = f"https://www.spt.gov.cn/{name}"
        digests[name] = digest = archive.blobs.put(data)
        db.table("payloads").insert({"digest": digest, "size": len(data)})
        db.table("captures").insert(
            {
                "id": number,
                "site_id": "spt",
                "url": url,
                "status": 200,
                "digest": digest,
                "captured_at": "2026-11-21T00:00:00Z",
                "headers": "[]",
                "warc_file": "a.warc.gz",
                "warc_offset": 0,
                "warc_length": 1,
            }
        )
        store(archive, digest, parse(data), Source(url, number, "spt", "article"))
    settle(archive)
    archive.close()
    return digests


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all tables that are not an index of the search."""
    archive = Archive(folder)
    tables = [name for name in archive.db.table_names() if "search" not in name]
    found = {
        table: sorted(archive.db.execute(f"SELECT * FROM [{table}]").fetchall(), key=repr)
        for table in tables
    }
    archive.close()
    return found


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    write_documents(tmp_path / "documents")
    paths = sorted((tmp_path / "documents").glob("rouyuan*"))
    files = {path.name: path.read_bytes() for path in paths if path.suffix != ".json"}
    return files | {name: MAKERS[name]() for name in HOSTILE}


def run(folder: Path) -> Result:
    return CliRunner().invoke(reparse, ["--data", str(folder)])


def test_the_same_bytes_give_the_same_rows(tmp_path: Path, files: dict[str, bytes]) -> None:
    digests = fill(tmp_path / "data", files)
    before = rows(tmp_path / "data")
    assert len(before["cells"]) >= 800
    result = run(tmp_path / "data")
    assert result.exit_code == 0, result.output
    assert f"{len(files)} documents read again, 2 of them unreadable, 0 damaged" in result.output
    for name, rule in (("truncated_pdf", "E-PDF-BROKEN"), ("docx_bomb", "E-DOCX-BOMB")):
        assert f"unreadable: {digests[name]}: {rule}" in result.output
    assert rows(tmp_path / "data") == before


def test_what_must_be_stopped_keeps_its_earlier_reading(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = fill(tmp_path / "data", files)
    before = rows(tmp_path / "data")
    no_time_at_all = (None, 0.0, pool.MEMORY)
    monkeypatch.setattr(pool.ReaderPool.__init__, "__defaults__", no_time_at_all)
    result = run(tmp_path / "data")
    pdf = digests["rouyuan-town-2021.pdf"]
    assert f"unreadable: {pdf}: E-READ-TIMEOUT" in result.output
    assert rows(tmp_path / "data") == before


def test_a_damaged_original_is_named_and_the_rest_is_read(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    digests = fill(tmp_path / "data", files)
    before = rows(tmp_path / "data")
    archive = Archive(tmp_path / "data")
    Path(archive.blobs.place(digests["rouyuan-town-2021.pdf"])).unlink()
    archive.close()
    result = run(tmp_path / "data")
    assert result.exit_code == 3
    assert f"{len(files) - 1} documents read again" in result.output
    assert digests["rouyuan-town-2021.pdf"] in result.output
    assert rows(tmp_path / "data") == before
