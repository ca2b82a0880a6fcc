"""An archive published region by region: nothing lost, nothing twice, the same figures."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import duckdb
import frictionless
import pandas as pd
import pytest
from click.testing import CliRunner

from archive.commands import publish as publish_command
from archive.commands import status
from archive.home import Archive
from archive.keeping.verify import verify
from archive.publish import Release, ReleaseDamagedError, current, digest_of, publish
from archive.regions import country
from archive.regions.country import (
    Country,
    NoRoomError,
    Published,
    RegionsFailedError,
    division,
    publish_regions,
    published,
)
from archive.regions.divide import SHARED, UNKNOWN, UndividedTableError, shares
from archive.search import index_report, search
from tests.site_seed import seed, seed_many

# What is said of a site goes wherever its documents go, and bytes wherever they are named.
FOLLOWS = {"sites", "runs", "run_columns", "run_lines", "run_acceptances", "payloads"}


def add_strays(folder: Path) -> None:
    """Add an agency of no known region, and documents that are no reports."""
    archive = Archive(folder)
    with archive.transaction() as db:
        db.execute(
            "INSERT INTO agencies VALUES (9001, 'name:某处办公室', '某处办公室（虚构）', 'other',"
            " '', NULL, '测试编造')"
        )
        db.execute(
            "INSERT INTO reports VALUES (9001, 9001, 2021, NULL, 'unreadable', NULL,"
            " '某处办公室（虚构）2021年年报', NULL)"
        )
        for number in (9001, 9002, 9003):
            digest = archive.blobs.put(f"stray {number}".encode())
            db.execute("INSERT INTO payloads VALUES (?, 10, 'html')", (digest,))
            db.execute(
                "INSERT INTO documents (id, digest, format, status, report_id, reader)"
                " VALUES (?, ?, 'html', 'not_a_report', ?, 'x')",
                (number, digest, 9001 if number == 9001 else None),
            )
            db.execute(
                "INSERT INTO captures (id, site_id, url, status, digest, captured_at, headers,"
                " warc_file, warc_offset, warc_length) VALUES (?, 'demo', ?, 200, ?,"
                " '2025-01-01T00:00:00Z', '[]', 'w', 0, 1)",
                (number, f"https://stray.invalid/{number}", digest),
            )
            if number != 9003:  # which no address is known of
                db.execute(
                    "INSERT INTO sources VALUES (?, ?, ?, 'demo', 'article', NULL, NULL, NULL,"
                    " NULL, 1)",
                    (number, f"https://stray.invalid/{number}", number),
                )
        db.execute(
            "INSERT INTO findings (id, document_id, site_id, rule, severity, message, quote, place)"
            " VALUES ('s1', 9002, 'demo', 'E-X', 'error', '测试编造', '', ''),"
            " ('s2', NULL, 'demo', 'W-X', 'warning', '测试编造', '', ''),"
            " ('s3', NULL, NULL, 'W-X', 'warning', '测试编造', '', '')"
        )
        # An address that gave a report of one county and then one of the other.
        db.execute("INSERT INTO run_visits (run_id, url, visited_at, status)"
                   " VALUES (1, 'https://stray.invalid/9001', '2025-02-01T00:00:00Z', 404),"
                   " (1, 'https://nowhere.invalid/', '2025-02-01T00:00:00Z', 404)")  # fmt: skip
        index_report(db, 9001)
    archive.close()


def publish_by(folder: Path, by: str = "county") -> Published:
    archive = Archive(folder)
    try:
        return publish_regions(archive, by, workers=2)
    finally:
        archive.close()


def publish_whole(folder: Path) -> Release:
    archive = Archive(folder)
    try:
        return publish(archive)
    finally:
        archive.close()


def rename(folder: Path, agency: str, title: str) -> None:
    archive = Archive(folder)
    with archive.transaction() as db:
        report = db.execute(
            "SELECT r.id FROM reports r JOIN agencies a ON a.id = r.agency_id WHERE a.key = ?"
            " ORDER BY r.id LIMIT 1",
            (agency,),
        ).fetchone()[0]
        db.execute("UPDATE reports SET title = ? WHERE id = ?", (title, report))
        index_report(db, report)
    archive.close()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Country]:
    """Return an archive published as a whole and then by county; the former stays for one more."""
    folder = tmp_path_factory.mktemp("both")
    seed(folder)
    add_strays(folder)
    whole = publish_whole(folder)
    return whole, publish_by(folder).country


def rows(path: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def of_each(divided: Country, sql: str) -> list[tuple]:
    return [row for code in divided.codes() for row in rows(divided.region(code).release.path, sql)]


def test_every_row_is_in_one_region_and_in_no_other(both: tuple[Release, Country]) -> None:
    whole, divided = both
    databases = {code: divided.region(code).release.path for code in divided.codes()}
    assert set(databases) == {"999901", "999902", UNKNOWN}
    with closing(sqlite3.connect(whole.path)) as connection:
        tables = [share.table for share in shares(connection)]
    assert {"agencies", "reports", "documents", "sources", "captures", "payloads", "sections",
            "cells", "findings", "changes", "run_visits"} <= set(tables)  # fmt: skip
    for table in tables:
        of_all = Counter(rows(whole.path, f'SELECT * FROM "{table}"'))
        parts = {code: Counter(rows(path, f'SELECT * FROM "{table}"'))
                 for code, path in databases.items()}  # fmt: skip
        held = sum(parts.values(), Counter())
        assert set(held) == set(of_all), table
        if table in SHARED:
            assert all(one == of_all for one in parts.values()), table
        elif table == "findings":
            # What a walk says of a site goes with the site.
            assert {row[0] for row, count in held.items() if count > 1} <= {"s2"} | {
                row[0] for row in of_all if row[1] is None and row[2] is None
            }
        elif table not in FOLLOWS:
            assert held == of_all, table


def test_what_belongs_to_nobody_is_not_lost(both: tuple[Release, Country]) -> None:
    _, divided = both
    unknown = divided.region(UNKNOWN)
    assert unknown.name == "未归属"
    assert unknown.facts["reports"] == 1
    assert unknown.facts["other_documents"] == 1  # 9003; 9002 is where its site is
    assert rows(unknown.release.path, "SELECT id FROM documents ORDER BY id") == [(9001,), (9003,)]
    assert rows(divided.region("999901").release.path,
                "SELECT count(*) FROM documents WHERE id = 9002") == [(1,)]  # fmt: skip


def test_each_database_is_whole(both: tuple[Release, Country]) -> None:
    _, divided = both
    for code in divided.codes():
        release = divided.region(code).release
        with closing(sqlite3.connect(release.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            titles = connection.execute("SELECT count(*) FROM reports").fetchone()[0]
            assert search(connection, "年").count == titles == release.counts["reports"]
            names = "SELECT name FROM sqlite_master WHERE name LIKE 'dividing%'"
            assert connection.execute(names).fetchall() == []


def test_pages_have_the_figures_that_the_whole_has(both: tuple[Release, Country]) -> None:
    whole, divided = both
    for query in (
        "SELECT * FROM summary_values",
        "SELECT * FROM summary_years",
        "SELECT * FROM summary_reports",
        "SELECT * FROM changes",
    ):
        of_all = sorted(rows(whole.path, query), key=repr)
        assert sorted(of_each(divided, query), key=repr) == of_all


def test_a_report_missing_in_a_region_is_missing_by_the_newest_of_the_country(
    both: tuple[Release, Country],
) -> None:
    whole, divided = both
    newest = rows(whole.path, "SELECT max(year) FROM reports")
    for code in divided.codes():
        path = divided.region(code).release.path
        asked = "SELECT value FROM summary_counts WHERE name = 'newest_year'"
        assert rows(path, asked) == newest


CELLS = (
    "SELECT substr(a.region_code, 1, 6) AS region, r.year, m.code, count(*), sum(c.value)"
    " FROM cells c JOIN metrics m ON m.id = c.metric_id JOIN documents d ON d.id = c.document_id"
    " JOIN reports r ON r.id = d.report_id JOIN agencies a ON a.id = r.agency_id"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


def test_duckdb_and_pandas_read_the_figures_that_the_databases_hold(
    both: tuple[Release, Country],
) -> None:
    whole, divided = both
    expected = rows(whole.path, CELLS)
    assert of_each(divided, CELLS) == expected
    link = divided.dataset.parent / "parquet"
    assert link.resolve() == divided.dataset.resolve()
    found = duckdb.sql(
        f"SELECT c.region, c.year, m.code, count(*), sum(c.value)"
        f" FROM read_parquet('{link}/cells/**/*.parquet', hive_partitioning=true,"
        f" hive_types={{'region': VARCHAR, 'year': BIGINT}}) c"
        f" JOIN read_parquet('{link}/metrics/data.parquet') m ON m.id = c.metric_id"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    ).fetchall()
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    assert [row[4] or 0 for row in found] == pytest.approx([row[4] or 0 for row in expected])
    frame = pd.read_parquet(link / "cells")
    frame["region"] = frame["region"].astype(str)
    grouped = frame.groupby(["region", "year", "metric_id"], observed=True)["value"].sum()
    assert grouped.sum() == pytest.approx(sum(row[4] or 0 for row in expected))
    assert len(grouped) == len(expected)


def test_the_data_package_describes_every_file(both: tuple[Release, Country]) -> None:
    _, divided = both
    package = frictionless.Package(str(divided.dataset / "datapackage.json"))
    resources = {resource.name: resource.to_descriptor() for resource in package.resources}
    named = {file["path"] for one in resources.values() for file in one["files"]}
    there = {str(path.relative_to(divided.dataset)) for path in divided.dataset.rglob("*.parquet")}
    assert named == there
    assert resources["cells"]["partitions"] == ["region", "year"]
    assert resources["agencies"]["partitions"] == ["region"]
    assert resources["metrics"]["partitions"] == []
    for name in ("cells", "reports", "metrics"):
        for file in resources[name]["files"]:
            path = divided.dataset / file["path"]
            assert path.stat().st_size == file["bytes"]
            assert digest_of(path) == file["hash"].removeprefix("sha256:")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    seed_many(tmp_path, ["640502", "640521", "110101"], 2)
    return tmp_path


def states(folder: Path) -> dict[str, str]:
    found = published(folder)
    assert isinstance(found, Country)
    return {code: found.region(code).release.digest for code in found.codes()}


def test_only_what_changed_is_built_and_switched(folder: Path) -> None:
    first = publish_by(folder, "city")
    assert (first.switched, first.unchanged) == (("1101", "6405"), ())
    before, parquet = states(folder), first.country.dataset
    again = publish_by(folder, "city")
    assert (again.switched, again.unchanged) == ((), ("1101", "6405"))
    assert states(folder) == before
    assert again.country.dataset == parquet
    rename(folder, "110101:a0", "改过的标题")
    third = publish_by(folder, "city")
    assert (third.switched, third.unchanged) == (("1101",), ("6405",))
    assert states(folder)["6405"] == before["6405"]
    titles = duckdb.sql(
        f"SELECT title FROM read_parquet('{folder}/public/parquet/reports/**/*.parquet')"
    ).fetchall()
    assert len(titles) == 12
    assert ("改过的标题",) in titles
    # The release before stays for who is still answering from it, and no more.
    rename(folder, "110101:a0", "又改过的标题")
    publish_by(folder, "city")
    assert len(list((folder / "public/regions/city/1101").glob("*.db"))) == 2
    assert len(list((folder / "public").glob("parquet-*"))) == 2


def test_the_newest_way_is_served_and_the_one_before_stays_for_one_more(folder: Path) -> None:
    whole = publish_whole(folder)
    divided = publish_by(folder, "province").country
    assert published(folder) == divided
    assert (current(folder), division(folder)) == (None, "province")
    assert divided.codes() == ["11", "64"]
    assert divided.region("64").name == "宁夏回族自治区"
    assert whole.path.exists()
    by_city = publish_by(folder, "city").country
    assert published(folder) == by_city
    assert not whole.path.exists()
    assert divided.folder.exists()
    again = publish_whole(folder)
    assert published(folder) == current(folder) == again
    assert by_city.folder.exists()
    assert not divided.folder.exists()
    rename(folder, "110101:a0", "改过的标题")
    publish_whole(folder)
    assert {path.suffix for path in (folder / "public").iterdir() if path.is_file()} == {
        "", ".db", ".json"
    }  # fmt: skip
    assert not list((folder / "public/regions").iterdir())
    assert not list((folder / "public").glob("parquet*"))


def test_a_region_without_rows_goes(folder: Path) -> None:
    publish_by(folder, "city")
    archive = Archive(folder)
    with archive.transaction() as db:
        theirs = "SELECT id FROM agencies WHERE region_code = '110101'"
        reports = f"SELECT id FROM reports WHERE agency_id IN ({theirs})"
        for table in ("findings", "search_texts"):
            db.execute(f"DELETE FROM {table} WHERE report_id IN ({reports})")
        db.execute(f"DELETE FROM reports WHERE agency_id IN ({theirs})")
        db.execute("DELETE FROM agencies WHERE region_code = '110101'")
    archive.close()
    assert publish_by(folder, "city").country.codes() == ["6405"]


PUBLISHER = """
import sys
from pathlib import Path
from archive.home import Archive
from archive.regions.country import publish_regions
if __name__ == "__main__":
    publish_regions(Archive(Path(sys.argv[1])), "county", workers=1,
                    tell=lambda line: print(line, flush=True))
"""


def children_of(process: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found += [int(path.parent.name), *children_of(int(path.parent.name))]
    return found


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_killed_publish_leaves_what_was_published(folder: Path, tmp_path: Path) -> None:
    whole = publish_whole(folder)
    script = tmp_path / "publisher.py"
    script.write_text(PUBLISHER)
    here = Path(__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(here)},
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        while not process.stdout.readline().startswith("switched"):
            assert process.poll() is None
        builders = children_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert published(folder) == whole
    end = time.monotonic() + 20
    while any(map(is_alive, builders)):
        assert time.monotonic() < end, "a process goes on building for nobody"
        time.sleep(0.1)
    done = publish_by(folder)
    assert done.unchanged  # what was built before the kill is not built again
    assert done.country.codes() == ["110101", "640502", "640521"]
    assert not [path for path in (folder / "public").iterdir()
                if path.name.startswith(("draft", ".writing"))]  # fmt: skip


def test_a_region_that_cannot_be_built_is_named_and_the_others_are_switched(folder: Path) -> None:
    publish_by(folder)
    before = states(folder)
    archive = Archive(folder)
    damage = "UPDATE agencies SET name = CAST(x'ff' AS TEXT) WHERE region_code = '110101'"
    archive.db.execute(damage)
    archive.close()
    rename(folder, "640502:a0", "改过的标题")
    with pytest.raises(RegionsFailedError, match=r"1 regions could not be built.*110101"):
        publish_by(folder)
    after = states(folder)
    assert {code for code in after if after[code] != before[code]} == {"640502"}


def test_a_table_that_says_no_region_is_told_of_before_anything_is_built(folder: Path) -> None:
    archive = Archive(folder)
    archive.db.execute("CREATE TABLE novelties (id INTEGER PRIMARY KEY, text TEXT)")
    archive.close()
    with pytest.raises(UndividedTableError, match="novelties"):
        publish_by(folder)
    assert published(folder) is None


def test_a_full_disk_is_told_of_before_anything_is_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(country, "_BYTES_NEEDED", 1e12)
    with pytest.raises(NoRoomError, match="make room"):
        publish_by(folder)
    assert published(folder) is None


def test_the_command_publishes_and_status_tells(folder: Path) -> None:
    result = CliRunner().invoke(publish_command, ["--data", str(folder), "--by", "city"])
    assert result.exit_code == 0, result.output
    assert "2 regions switched, 0 unchanged" in result.output
    assert "GB" in result.output
    told = CliRunner().invoke(status, ["--data", str(folder)]).output
    assert "by city, regions 2" in told
    wrong = CliRunner().invoke(publish_command, ["--data", str(folder), "--by", "village"])
    assert wrong.exit_code == 2


def test_regions_that_are_gone_are_named(folder: Path) -> None:
    found = publish_by(folder).country
    path = found.region("640502").release.path

    def missing() -> list[str]:
        return [problem.place for problem in verify(folder).problems if problem.kind == "release"]

    assert missing() == []
    path.unlink()
    assert missing() == [str(path)]
    with pytest.raises(ReleaseDamagedError, match="nianbao publish"):
        found.region("640502")
    assert publish_by(folder).switched == ("640502",)
