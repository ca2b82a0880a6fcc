"""What leaves the site as a whole: release, tables as files, workbook of a report."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from frictionless import Package, system
from pyarrow import parquet

from archive.home import Archive
from archive.publish import Release, current, is_outdated, publish
from archive.site.metadata import CLOSED_TABLES
from tests.site_seed import HOSTILE, Seeded, seed
from tests.site_server import running_site


@dataclass(frozen=True)
class Served:
    client: httpx.Client
    seeded: Seeded
    release: Release

    @property
    def base(self) -> str:
        return f"/data/{self.release.id}"


FORMULAS_IN = "999902:xinfang"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("https://example.invalid")', HOSTILE)


def write_formulas(folder: Path) -> None:
    """Let a report print what a spreadsheet program would take for formulas."""
    archive = Archive(folder)
    with archive.transaction() as db:
        document = db.execute(
            "SELECT document_id FROM reports r JOIN agencies a ON a.id = r.agency_id"
            " WHERE a.key = ? AND year = 2021",
            (FORMULAS_IN,),
        ).fetchone()[0]
        numbers = db.execute(
            "SELECT metric_id FROM cells WHERE document_id = ? LIMIT 6", (document,)
        ).fetchall()
        for text, (number,) in zip(FORMULAS, numbers, strict=True):
            db.execute(
                "UPDATE cells SET state = 'note', value = NULL, raw = ?, note = ?"
                " WHERE document_id = ? AND metric_id = ?",
                (text, text + "x" * 40_000, document, number),
            )
        db.execute("UPDATE reports SET title = '=1+1' WHERE document_id = ?", (document,))
    archive.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    seeded = seed(tmp_path_factory.mktemp("data"))
    write_formulas(seeded.folder)
    with running_site(seeded.folder) as address, httpx.Client(base_url=address) as client:
        release = current(seeded.folder)
        assert release is not None
        yield Served(client, seeded, release)


def test_the_database_is_given_out_as_it_was_published(site: Served) -> None:
    answer = site.client.get(f"{site.base}/nianbao-{site.release.id}.db")
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == site.release.digest
    assert f'filename="nianbao-{site.release.id}.db"' in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.client.get("/nianbao.db").status_code == 404


def test_a_download_goes_on_where_it_stopped(site: Served) -> None:
    path = f"{site.base}/nianbao-{site.release.id}.db"
    whole = site.client.get(path)
    size = len(whole.content)
    rest = site.client.get(path, headers={"Range": f"bytes={size - 100}-"})
    assert (rest.status_code, rest.content) == (206, whole.content[-100:])
    assert rest.headers["content-range"] == f"bytes {size - 100}-{size - 1}/{size}"
    assert site.client.get(path, headers={"Range": "bytes=-7"}).content == whole.content[-7:]
    middle = site.client.get(path, headers={"Range": "bytes=16-31"})
    assert middle.content == whole.content[16:32]
    assert site.client.get(path, headers={"Range": f"bytes={size}-"}).status_code == 416
    other = {"Range": "bytes=0-3", "If-Range": '"another"'}
    assert len(site.client.get(path, headers=other).content) == size
    known = {"If-None-Match": whole.headers["etag"]}
    assert site.client.get(path, headers=known).status_code == 304
    head = site.client.head(path)
    assert (head.headers["content-length"], head.content) == (str(size), b"")


@pytest.mark.parametrize(
    "path",
    ["/data/000000000000/datapackage.json", "/data/{id}/current.json",
     "/data/{id}/..%2fcurrent.json",
     "/data/{id}/unsettled.csv.gz", "/data/{id}/nianbao-000000000000.db", "/data/{id}/",
     "/data/..%2f..%2fnianbao.db"],
)  # fmt: skip
def test_nothing_else_is_given_out(site: Served, path: str) -> None:
    answer = site.client.get(path.format(id=site.release.id), follow_redirects=True)
    assert answer.status_code == 404


def test_the_data_package_is_valid_with_types_and_keys(site: Served) -> None:
    with system.use_context(trusted=True):
        report = Package(str(site.release.exports / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "type", "message"])
    package = site.client.get(f"{site.base}/datapackage.json").json()
    cells = next(item for item in package["resources"] if item["name"] == "cells")
    assert cells["schema"]["primaryKey"] == ["document_id", "metric_id"]
    targets = {key["reference"]["resource"] for key in cells["schema"]["foreignKeys"]}
    assert targets == {"documents", "metrics"}
    fields = {field["name"]: field for field in cells["schema"]["fields"]}
    assert fields["value"]["type"] == "number"
    assert fields["value"]["title"] == "数值"
    assert all(item["title"] and item["description"] for item in package["resources"])


def test_a_false_table_is_noticed(site: Served, tmp_path: Path) -> None:
    for path in site.release.exports.glob("*"):
        if path.suffix != ".parquet":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    text = gzip.decompress((tmp_path / "reports.csv.gz").read_bytes()).decode()
    (tmp_path / "reports.csv.gz").write_bytes(gzip.compress(text.replace("2021", "x").encode()))
    with system.use_context(trusted=True):
        assert not Package(str(tmp_path / "datapackage.json")).validate().valid


def test_every_public_table_is_there_with_all_its_rows(site: Served) -> None:
    package = site.client.get(f"{site.base}/datapackage.json").json()
    held = {name for name in site.release.counts if name not in CLOSED_TABLES}
    assert {item["name"] for item in package["resources"]} == held
    for item in package["resources"]:
        assert item["rows"] == site.release.counts[item["name"]]
        for file in (item, item["parquet"]):
            answer = site.client.get(f"{site.base}/{file['path']}")
            assert len(answer.content) == file["bytes"]
            assert f"sha256:{hashlib.sha256(answer.content).hexdigest()}" == file["hash"]


def test_the_files_hold_what_the_database_holds(site: Served) -> None:
    with closing(sqlite3.connect(site.release.path)) as connection:
        expected = connection.execute(
            "SELECT document_id, metric_id, raw, value, state FROM cells ORDER BY 1, 2"
        ).fetchall()
    names = ["document_id", "metric_id", "raw", "value", "state"]
    table = parquet.read_table(site.release.exports / "cells.parquet", columns=names)
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
    packed = (site.release.exports / "cells.csv.gz").read_bytes()
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(packed).decode())))
    assert [float(row["value"]) if row["value"] else None for row in rows] == [
        row[3] for row in expected
    ]
    assert {row["state"] for row in rows if row["value"] == ""} >= {"blank", "unread", "dash"}


def test_old_files_go_with_their_release_and_equal_rows_give_equal_files(tmp_path: Path) -> None:
    seed(tmp_path)
    archive = Archive(tmp_path)
    releases, sums = [], []
    try:
        for title in ("一", "二", "三"):
            with archive.transaction() as db:
                db.execute("UPDATE reports SET title = ? WHERE id = 1", (title,))
            release = publish(archive)
            releases.append(release)
            sums.append((release.exports / "cells.csv.gz").read_bytes())
        assert publish(archive).digest == releases[-1].digest
    finally:
        archive.close()
    assert sums[0] == sums[1] == sums[2]
    folders = {path.name for path in (tmp_path / "public").iterdir() if path.is_dir()}
    assert folders == {release.id for release in releases[1:]}


def test_without_pyarrow_there_is_csv_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(tmp_path)
    monkeypatch.setattr("archive.exports.find_spec", {}.get)
    archive = Archive(tmp_path)
    try:
        release = publish(archive)
    finally:
        archive.close()
    assert not list(release.exports.glob("*.parquet"))
    package = json.loads((release.exports / "datapackage.json").read_text())
    assert "parquet" not in package["resources"][0]
    with running_site(tmp_path) as address:
        page = httpx.get(f"{address}/data").text
    assert "只有 CSV" in page
    assert ".parquet" not in page


def test_a_release_of_an_earlier_version_is_replaced_when_the_site_starts(tmp_path: Path) -> None:
    seed(tmp_path)
    archive = Archive(tmp_path)
    release = publish(archive)
    archive.close()
    assert not is_outdated(release)
    with closing(sqlite3.connect(release.path)) as connection, connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0006_changes'")
    assert is_outdated(release)
    with running_site(tmp_path) as address:
        assert httpx.get(f"{address}/changes").status_code == 200
    served = current(tmp_path)
    assert served is not None
    assert not is_outdated(served)


def test_the_page_tells_what_a_citation_needs(site: Served) -> None:
    page = site.client.get("/data").text
    for part in (site.release.id, site.release.digest, site.release.published_at[:10], "56 份年报"):
        assert part in page


# The workbook of a report.


def book(site: Served, path: str) -> Any:
    answer = site.client.get(f"/report/{path}.xlsx")
    assert answer.status_code == 200
    name = path.replace("/", "-")
    assert f'filename="{name}.xlsx"' in answer.headers["content-disposition"]
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def test_the_workbook_holds_every_cell_in_the_official_layout(site: Served) -> None:
    found = book(site, "999901-water/2022")
    assert found.sheetnames[0].startswith("表二")
    assert found.sheetnames[3:] == ["单元格", "来源"]
    third = found.worksheets[1]
    merged = {str(area) for area in third.merged_cells.ranges}
    assert {"A4:C6", "D4:J4", "D5:D6", "E5:I5"} <= merged
    rows = list(found["单元格"].iter_rows(min_row=2, values_only=True))
    cells = site.seeded.cells["999901:water", 2022]
    assert {row[0]: row[5] for row in rows} == {code: c["value"] for code, c in cells.items()}
    assert {row[0]: row[6] for row in rows if row[6] == "未识别"} == {
        code: "未识别" for code, c in cells.items() if c["state"] == "unread"
    }
    # 一、本年新收: blank for natural persons, 1,036 in total; the row stands below the heads.
    new = [cell.value for cell in third[7]]
    assert new[3] is None
    assert new[9] == 1036
    assert "未识别" in {cell.value for row in third.iter_rows() for cell in row}
    second = found.worksheets[0]
    assert "/" in {cell.value for row in second.iter_rows() for cell in row}


def test_zero_is_a_number_and_blank_is_nothing(site: Served) -> None:
    cells = site.seeded.cells["999901:government", 2021]
    zeros = sum(c["value"] == 0 for c in cells.values())
    found = book(site, "999901-government/2021")
    shown = [
        cell.value
        for sheet in found.worksheets[:3]
        for row in sheet.iter_rows(min_row=4)
        for cell in row
        if isinstance(cell.value, (int, float))
    ]
    assert shown.count(0) == zeros
    assert len(shown) == len(cells)


def test_text_that_looks_like_a_formula_stays_text(site: Served) -> None:
    found = book(site, FORMULAS_IN.replace(":", "-") + "/2021")
    cells = [cell for sheet in found for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert not [cell for cell in cells if cell.hyperlink]
    assert set(FORMULAS) <= {cell.value for cell in cells if cell.data_type == "s"}
    assert any(str(cell.value).endswith("余下部分见原件）") for cell in cells)


def test_a_report_without_tables_is_a_workbook_as_well(site: Served) -> None:
    assert book(site, "999902-hostile/2022").sheetnames == ["单元格", "来源"]
