"""Restore: the archive made again from its WARC files.

Two passes. The first makes bytes, captures and visits again, record by record, and puts aside what
the journal tells. The second gives that to the functions that were given it by the walks, in the
same order; what they read is read again. So every number that they gave out comes out again.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from archive import atomic, journal
from archive.home import Archive
from archive.records import Damage
from archive.store import FolderStore, Store
from archive.store_setting import SETTING, open_store
from archive.warc_files import files_of
from pipeline.cluster.stored import read_stored
from pipeline.download import archive_exchange
from pipeline.pool import ReaderPool
from pipeline.restoring.adopt import exchange_of
from pipeline.restoring.records import Told, in_order
from pipeline.restoring.replay import Replay
from pipeline.restoring.runs_again import RunsAgain
from pipeline.store import settle

WORKPLACE = ".restoring"
_UNTOLD = (
    "how addresses were listed and which findings were sent to the operator is kept in the "
    "database only: the next walk asks for every known address once"
)
Track = Callable[[Iterable[Any], str, int | None], Iterable[Any]]
"""Passes items on and shows how far it is: items, what is done to them, how many there are."""


class RestoreError(RuntimeError):
    """The archive can't be restored to where it was asked for, or from there."""


@dataclass(slots=True)
class Restored:
    """What came back.

    Args:
        counts: WARC files, records, documents.
        lost: what is damaged or leans on something damaged, one sentence each.
        untold: what no record tells, one sentence each.

    """

    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)


def restore(warc: Path | None, folder: Path, pool: ReaderPool, track: Track) -> Restored:
    """Make an archive from WARC files alone.

    Args:
        warc: folder of the WARC files; they are copied. None for those that are in the store which
            ``store.toml`` in the new data folder names; they stay there.
        folder: the new data folder. Nothing but ``store.toml`` and what an earlier attempt left
            may be in it; the archive stands there when it is complete and not before.
        pool: readers, open.
        track: shows progress.

    Raises:
        RestoreError: there are no WARC files, or the folder is in use.
        OSError: the disk or the store refuses; run it again.

    """
    work = folder / WORKPLACE
    if work.exists():
        shutil.rmtree(work)
    source = FolderStore(warc) if warc is not None else open_store(folder).at("warc")
    files = _look_at(source, folder)
    work.mkdir(parents=True)
    if (folder / SETTING).exists():
        shutil.copy(folder / SETTING, work / SETTING)
    restored = Restored()
    with closing(Archive(work, create=True)) as archive:
        if warc is not None:
            for name in track(files, "copying", len(files)):
                _copy(source, archive.warc, name)
        archive.replays = True
        _fill(archive, restored, pool, track)
    for name in ("blobs", "warc", "nianbao.db"):
        if (work / name).exists():
            (work / name).rename(folder / name)
    atomic.settle_name(folder / "nianbao.db")
    shutil.rmtree(work)
    return restored


def _look_at(source: Store, folder: Path) -> list[str]:
    files = files_of(source)
    if not files:
        raise RestoreError(
            f"no WARC files of an archive in {source.place('')}: name the folder 'warc' of one"
        )
    others = [path.name for path in folder.glob("*") if path.name != SETTING]
    if others:
        raise RestoreError(
            f"{folder} holds {min(others)}: name a new or empty folder for the restored archive"
        )
    return files


def _copy(source: Store, target: Store, name: str) -> None:
    if isinstance(target, FolderStore):
        with source.open(name) as stream, atomic.writing(target.path(name)) as out:
            shutil.copyfileobj(stream, out, 1 << 20)
    elif not target.put(name, source.get(name)):
        raise RestoreError(f"{target.place(name)} is another file: name an empty place for a store")


def _fill(archive: Archive, restored: Restored, pool: ReaderPool, track: Track) -> None:
    damages: list[Damage] = []
    runs = RunsAgain(archive)
    told = archive.folder / "journal.jsonl"
    files = files_of(archive.warc)
    restored.counts["WARC files"] = len(files)
    with told.open("w", encoding="utf-8") as out:
        for item in track(in_order(archive.warc, files, damages), "records", None):
            restored.counts["records"] += 1
            take(archive, runs, item, out, restored)
    runs.close(damages)
    restored.lost.extend(
        f"{d.file}: at {d.offset}, {d.length} bytes are no record ({d.what})"
        for d in damages
        if d not in runs.torn
    )
    replay = Replay(archive, told)
    digests = track(replay.digests, "reading", len(replay.digests))
    replay.run(read_stored(pool, archive.blobs, digests, pool.parse))
    settle(archive)
    restored.counts["documents"] = len(replay.digests)
    restored.lost.extend(replay.lost)
    restored.untold.extend((*runs.untold, _UNTOLD))
    told.unlink()


def take(archive: Archive, runs: RunsAgain, item: Told, out: TextIO, restored: Restored) -> None:
    """Make the rows of one record; put aside what the journal tells.

    Args:
        archive: the archive; it replays.
        runs: sites and runs of it.
        item: the record.
        out: gets a line for each entry of the journal.
        restored: is told what is lost.

    """
    entry = journal.entry(item.record)
    if entry is not None:
        runs.note(item, entry)
        _put_aside(out, item, entry)
        return
    if item.record.kind not in {"response", "revisit"}:
        return
    if runs.meet(item, item.record.url):  # a walk of which no journal tells
        _put_aside(out, item, {"kind": "walk"})
    exchange = exchange_of(archive, item)
    if item.record.kind == "revisit" and exchange.revisited is None:
        restored.lost.append(
            f"{item.record.url}: the answer of {item.record.date} repeats one that is damaged"
        )
        return
    capture = archive_exchange(archive, exchange, item.record.place)
    if capture.is_new and capture.status == 200 and not runs.has_journal(item.run_id):
        _put_aside(
            out,
            item,
            {
                "kind": "guess",
                "url": capture.url,
                "capture": [capture.url, capture.status, capture.digest],
                "digest": capture.digest,
                "parent_url": item.referrer,
            },
        )


def _put_aside(out: TextIO, item: Told, entry: dict[str, Any]) -> None:
    whose = {"site": item.site_id, "run": item.run_id, "at": item.record.date}
    out.write(json.dumps([whose, entry], ensure_ascii=False) + "\n")
