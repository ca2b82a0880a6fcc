"""A crawl of many sites on a scheduler with two workers: what one process gives, whatever dies."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.home import Archive
from archive.keeping.verify import verify
from archive.run_blocks import give_blocks
from pipeline.restoring.merge import LateReaders, merge
from pipeline.store import settle
from tests.cluster.drive import CONTACT, begin, finish, resolve
from tests.cluster.machines import Machines, lives, until
from tests.cluster.sites import Server, SmallSites
from tests.crawl_site import check_warc
from tests.same_archive import differences

pytest.importorskip("distributed")

DELAY = 0.5
EMPTY = "s03"


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    with Machines(tmp_path_factory.mktemp("machines"), ("one", "two")) as machines:
        yield machines


@pytest.fixture(scope="module")
def sites() -> SmallSites:
    """Five sites, one without reports, two with the same host."""
    return SmallSites(5, empty=EMPTY)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory, sites) -> Path:
    folder = tmp_path_factory.mktemp("profiles")
    sites.profiles(folder, DELAY)
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory, sites, profiles):
    """What the same sites give to one process; its archive and what it printed."""
    data = tmp_path_factory.mktemp("alone") / "data"
    with Server(sites.answer) as server:
        named = [part for file in sorted(profiles.iterdir()) for part in ("--profile", file)]
        walked = begin(data, *named, *resolve(list(sites.hosts.values()), server.address))
        out, _ = finish(walked, 1)
    return data, out


def rows(data: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        return db.execute(query).fetchall()


def outcomes(out: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+): ([\w-]+), \d+ requests", out, re.MULTILINE))


def delays(sites: SmallSites) -> dict[str, float]:
    return dict.fromkeys(sites.hosts.values(), DELAY)


def test_a_worker_that_dies_changes_nothing(tmp_path, machines, sites, profiles, alone):
    expected, printed = alone
    with Server(sites.answer) as server:
        hosts = resolve(list(sites.hosts.values()), server.address)
        data = tmp_path / "data"
        walked = begin(data, "--sites", profiles, "--scheduler", machines.scheduler, *hosts)
        walking: list[str] = []
        until(lambda: bool(walking.extend(machines.in_a_walk()) or walking), crawl=walked)
        walks = machines.kill_worker(walking[0])
        assert walks, "no walk was hit"
        until(lambda: not any(map(lives, walks)))
        out, err = finish(walked, 1)
    assert outcomes(out) == outcomes(printed)
    assert outcomes(out)[EMPTY] == "no-results"
    assert "5 of 5 sites" in err
    assert differences(expected, data) == []
    assert server.rudeness(delays(sites)) == []
    assert {one.sender for one in server.asked} == {CONTACT}
    # The killed walks are told of, and what they had stored was not fetched again.
    killed = rows(data, "SELECT site_id FROM runs WHERE outcome = 'interrupted'")
    assert killed, "no walk was hit"
    assert len(rows(data, "SELECT id FROM runs")) == 5 + len(killed)
    assert not rows(
        data,
        "SELECT r.site_id, v.url FROM run_visits v JOIN runs r ON r.id = v.run_id"
        " WHERE v.status = 200 GROUP BY 1, 2 HAVING count(*) > 1",
    )
    assert verify(data).problems == []
    check_warc(data)
    assert rows(data, "SELECT count(*) FROM run_lines") == rows(
        expected, "SELECT count(*) FROM run_lines"
    )


@pytest.mark.proof
def test_a_crawl_that_is_begun_anew_goes_on(tmp_path, machines, sites, profiles, alone):
    data = tmp_path / "data"
    with Server(sites.answer) as server:
        hosts = resolve(list(sites.hosts.values()), server.address)
        command = ("--sites", profiles, "--scheduler", machines.scheduler, *hosts)
        killed = begin(data, *command)
        until(lambda: sum(1 for _ in data.glob("state/s*/*.db.gz")) >= 2, crawl=killed)
        done = {path.parent.name for path in data.glob("state/s*/*.db.gz")}
        begun = len(server.asked)
        second = begin(data, *command)
        assert "SiteBusyError" in finish(second, 3)[1]
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        out, _ = finish(begin(data, *command), 1)
    assert outcomes(out) == outcomes(alone[1])
    assert differences(alone[0], data) == []
    assert server.rudeness(delays(sites)) == []
    again = {one.path.split("/")[1] for one in server.asked[begun:]}
    assert not again & done, "what had ended was walked again"
    assert server.bodies_twice() in ([], [f"{sites.hosts['s05']}/robots.txt"])


class Failing:
    """Readers whose disk fails after some documents."""

    def __init__(self, readers: LateReaders, after: int) -> None:
        self.readers, self.left = readers, after

    def parse_stored(self, blobs, digests):
        for answer in self.readers.parse_stored(blobs, digests):
            if not self.left:
                raise OSError(28, "No space left on device")
            self.left -= 1
            yield answer


def test_a_merge_that_is_cut_off_is_done_again(tmp_path, alone):
    data = tmp_path / "data"
    shutil.copytree(alone[0] / "blobs", data / "blobs")
    shutil.copytree(alone[0] / "warc", data / "warc")
    expected = dict(rows(alone[0], "SELECT site_id, id FROM runs"))
    with closing(Archive(data, create=True)) as archive, LateReaders() as readers:
        # The files of one process, under the numbers that it gave.
        archive.db.executescript("DELETE FROM run_blocks")
        archive.db.conn.executemany(
            "INSERT INTO run_blocks VALUES (?, ?, ?)",
            [(number, number, site) for site, number in expected.items()],
        )
        with pytest.raises(OSError, match="No space"):
            merge(archive, "s01", Failing(readers, 2))
        assert archive.db.execute("SELECT count(*) FROM documents").fetchone() == (0,)
        for site, number in expected.items():
            assert merge(archive, site, readers).runs == [number]
            assert merge(archive, site, readers).runs == []
        settle(archive)
        given = give_blocks(archive, ["s01"])
        assert min(given["s01"]) > max(expected.values())
    assert differences(alone[0], data) == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--scheduler", "tcp://127.0.0.1:9"), 3, "SchedulerMissingError"),
        (("--scheduler", "10.0.0.5"), 2, "tcp://10.0.0.5:8786"),
        (("--workers", "0"), 2, "--workers"),
    ],
)
def test_a_crawl_that_can_t_begin_says_why(tmp_path, profiles, arguments, code, told):
    out, err = finish(begin(tmp_path / "data", "--sites", profiles, *arguments), code)
    assert told in out + err


def test_sites_are_named(tmp_path, profiles):
    (tmp_path / "none").mkdir()
    for arguments, told in (
        (("--sites", tmp_path / "none"), "no profile files"),
        (("--sites", tmp_path / "nowhere.toml"), "no such profile"),
        (("--sites", profiles, "--sites", profiles / "s01.toml"), "named twice"),
        (("spt", "--workers", 2), "goes with --sites"),
    ):
        _, err = finish(begin(tmp_path / "data", *arguments), 2)
        assert told in err
    assert not (tmp_path / "data").exists()
