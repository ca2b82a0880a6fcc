"""Kills at random moments, and whether the archive is the same in the end.

``python -m tests.kills 200`` kills ``nianbao nightly`` with all its children so many times, over
archives of two nights each, with and without validators on the sites; what follows each kill is the
same night begun anew. The exit code is 1 when anything is not as it would be without.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import click

from tests.crawl_site import ROOT, check_warc
from tests.nights.drive import WINDOW, Hurry, sites
from tests.nights.script import lose
from tests.nights.world import World, build_world
from tests.replica.server import RequestRecord
from tests.same_archive import differences

BEIJING = timezone(timedelta(hours=8))
SOONEST = 0.1


@dataclass(slots=True)
class Attack:
    """Kills over archives of two nights.

    Attributes:
        folder: where archives and worlds are made.
        dice: says when.
        a_night: so many times one night is killed before it is left alone.
        problems: what was not as it should be.
        kills: so many have hit.
        during: what the kills hit, by the last thing that the archive knew of.

    """

    folder: Path
    dice: random.Random
    a_night: int = 5
    problems: list[str] = field(default_factory=list)
    kills: int = 0
    during: dict[str, int] = field(default_factory=dict)
    _calm: dict[bool, tuple[Path, list[float]]] = field(default_factory=dict)

    def run(self, kills: int) -> None:
        """Kill so many times."""
        with Hurry(self.folder / "log") as hurry:
            number = 0
            while self.kills < kills:
                self._archive(hurry, number, kills, validators=number % 2 == 0)
                number += 1
                click.echo(f"{number} archives, {self.kills} kills", err=True)

    def _world(self, name: str, *, validators: bool) -> World:
        # Both archives of a pair meet the same addresses, numbers and times of change.
        tree = self.folder / name
        shutil.rmtree(tree, ignore_errors=True)
        world = build_world(tree, small=True)
        world.server.validators = validators
        return world

    def _undisturbed(self, hurry: Hurry, *, validators: bool) -> tuple[Path, list[float]]:
        if validators not in self._calm:
            data = self.folder / f"calm-{validators}"
            took = []
            world = self._world("calm-tree", validators=validators)
            with world.server:
                for night in (1, 2):
                    _before(world, night)
                    code, seconds = hurry.run(_moment(night, 0), _command(world, data))
                    if code not in {0, 4}:
                        self.problems.append(f"undisturbed night {night}: exit code {code}")
                    took.append(seconds)
            self._calm[validators] = data, took
        return self._calm[validators]

    def _archive(self, hurry: Hurry, number: int, most: int, *, validators: bool) -> None:
        calm, took = self._undisturbed(hurry, validators=validators)
        data = self.folder / f"killed-{number}"
        world = self._world("tree", validators=validators)
        with world.server:
            for night, seconds in zip((1, 2), took, strict=True):
                _before(world, night)
                self._night(hurry, (world, data), (number, night), seconds, most)
        told = differences(calm, data)
        command = [sys.executable, "-m", "crawler.cli", "verify", "--data", str(data)]
        verified = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if verified.returncode:
            told.append(f"verify: {verified.stdout}{verified.stderr}")
        check_warc(data)
        self.problems += [f"archive {number}: {line}" for line in told]
        if not told:
            shutil.rmtree(data)

    def _night(
        self, hurry: Hurry, where: tuple[World, Path], name: tuple[int, int], took: float, most: int
    ) -> None:
        world, data = where
        number, night = name
        for attempt in range(self.a_night + 1):
            stored = _stored(data, _moment(night, 0))
            begun = len(world.server.requests)
            last = attempt == self.a_night or self.kills >= most
            kill = None if last else self.dice.uniform(SOONEST, took)
            code, _ = hurry.run(_moment(night, attempt), _command(world, data), kill)
            asked = world.server.requests[begun:]
            if attempt:
                self._look_for_second_bodies(asked, stored, name)
            if code == -9:
                self.kills += 1
                if _is_over(data, _moment(night, 0)):
                    break  # it was about to say what it came to; one more would be a second night
                what = _state(data)
                self.during[what] = self.during.get(what, 0) + 1
                continue
            if code not in {0, 4}:
                self.problems.append(f"archive {number}, night {night}: exit code {code}")
            break

    def _look_for_second_bodies(
        self, asked: list[RequestRecord], stored: set[str], name: tuple[int, int]
    ) -> None:
        for one in asked:
            url = f"{'https' if one.https else 'http'}://{one.host}{one.path}"
            if one.status == 200 and url in stored:
                self.problems.append(f"archive {name[0]}, night {name[1]}: {url} came twice")


def _before(world: World, night: int) -> None:
    if night == 2:
        world.add("added")
        world.edit_cell("cell", 3)
        world.relist("cell", "2024-01-12", "2026-12-03")
        world.move("moving", "202612")
        lose(world, "soft")
        world.unlist("soft")


def _moment(night: int, attempt: int) -> str:
    begin = datetime(2026, 12, night, 1, tzinfo=BEIJING)
    return (begin + timedelta(minutes=10 * attempt)).isoformat()


def _command(world: World, data: Path) -> list[str]:
    return ["nightly", WINDOW, *sites(world.server), "--data", str(data)]


def _rows(data: Path, query: str) -> list[tuple[str, ...]]:
    if not (data / "nianbao.db").exists():
        return []
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'run_visits'").fetchone()
        return db.execute(query).fetchall() if known else []


def _stored(data: Path, begin: str) -> set[str]:
    """Return the addresses whose bodies of a night are stored."""
    since = datetime.fromisoformat(begin).astimezone(UTC).isoformat()
    query = f"SELECT url FROM run_visits WHERE status = 200 AND visited_at >= '{since[:19]}'"
    return {url for (url,) in _rows(data, query)}


def _is_over(data: Path, begin: str) -> bool:
    """Tell whether the work of a killed night was done: it is told, and the lock was let go of."""
    lock, report = data / ".nightly.lock", data / "nightly.json"
    if not report.exists() or lock.stat().st_size:
        return False
    began = datetime.fromisoformat(json.loads(report.read_bytes())["began_at"])
    return began >= datetime.fromisoformat(begin)


def _state(data: Path) -> str:
    """Return what a killed night was doing, as far as its archive tells."""
    last = "SELECT max(id) FROM runs GROUP BY site_id"
    rows = _rows(data, f"SELECT finished_at IS NULL FROM runs WHERE id IN ({last})")
    if not rows:
        return "begin"
    if any(row[0] for row in rows):
        return "walk"
    drafts = list((data / "public").glob("*draft*")) if (data / "public").exists() else []
    return "publish" if drafts else "between"


@click.command()
@click.argument("number", type=click.IntRange(1), default=200)
@click.option("--seed", type=int, default=None, help="For the same moments again.")
def main(number: int, seed: int | None) -> None:
    """Kill NUMBER times and compare."""
    seed = random.randrange(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix="nianbao-kills-"))
    attack = Attack(folder, random.Random(seed))
    attack.run(number)
    for line in attack.problems:
        click.echo(line)
    click.echo(f"{attack.kills} kills during {attack.during}, {len(attack.problems)} problems")
    if attack.problems:
        click.echo(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(bool(attack.problems))


if __name__ == "__main__":
    main()
