"""Replay: what the journal tells is given to the functions that were given it by the walks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archive.home import Archive
from pipeline.cluster.stored import Answer, NotRead
from pipeline.dedupe import known
from pipeline.finding import Finding
from pipeline.report import Report
from pipeline.restoring.runs_again import capture_id
from pipeline.store import (
    Source,
    add_source,
    note_agency,
    note_register,
    promote_sources,
    store,
    store_site_finding,
)

_READABLE = frozenset(("verified", "read", "partial"))
_SOURCE = ("url", "site_id", "role", "parent_url", "link_text", "column_path", "published")

Entry = tuple[dict[str, Any], dict[str, Any]]


class Replay:
    """The second pass of a restore or merge.

    Args:
        archive: the archive, with its sites, runs, captures, visits and stored files.
        told: the journal, a line an entry: whose it is, and what it tells.

    Attributes:
        digests: the documents that the present reader has not read, in the order in which they
            were first handed over.
        lost: what can't be given back, one sentence each.

    """

    def __init__(self, archive: Archive, told: Path) -> None:
        self._archive = archive
        self._told = told
        self.lost: list[str] = []
        self._untold: set[int] = set()
        self._untold = _told_again(self._entries())
        handed_over = (e["digest"] for _, e in self._entries() if e["kind"] in {"source", "guess"})
        there = [d for d in dict.fromkeys(handed_over) if d in archive.blobs]
        self.digests = [d for d in there if not known(archive, d)]
        self._there = set(there)
        self._unread = set(self.digests)

    def _entries(self) -> Iterator[Entry]:
        with self._told.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                whose, entry = json.loads(line)
                if number not in self._untold:
                    yield whose, entry

    def run(self, readings: Iterator[Answer]) -> None:
        """Replay the journal.

        Args:
            readings: what is read of ``digests``, in the same order.

        """
        for whose, entry in self._entries():
            kind, site = entry["kind"], whose["site"]
            if kind in {"begun", "walk"}:
                note_register(self._archive, site)
            elif kind == "agency":
                note_agency(self._archive, site, entry["name"])
            elif kind == "finding":
                finding = Finding(**entry["finding"])
                store_site_finding(self._archive, site, entry["url"], finding)
            elif kind in {"source", "guess"}:
                self._hand_over(whose, entry, readings)
            elif kind == "ended":
                self._end(site, entry)

    def _hand_over(
        self, whose: dict[str, Any], entry: dict[str, Any], readings: Iterator[Answer]
    ) -> None:
        digest = entry["digest"]
        report: Report | None = None
        if digest in self._unread:
            self._unread.remove(digest)
            _, reading = next(readings)
            if isinstance(reading, NotRead):
                self.lost.append(f"{entry['url']}: {reading.reason}")
                self._there.remove(digest)
                return
            report = reading
        capture = capture_id(self._archive, entry["capture"])
        if capture is None or digest not in self._there:
            self.lost.append(f"{entry['url']}: the record of the document is damaged")
            return
        if entry["kind"] == "guess":
            kind = self._kind_if_report(digest, report)
            if kind is None:
                return
            entry = _guessed(whose["site"], entry, kind)
        source = Source(capture_id=capture, **{name: entry[name] for name in _SOURCE})
        waits_for = whose["run"] if entry["waits"] else None
        if report is None:
            add_source(self._archive, digest, source, waits_for)
        else:
            store(self._archive, digest, report, source, waits_for)

    def _kind_if_report(self, digest: str, report: Report | None) -> str | None:
        """Return the format of what reads as a report, else None."""
        if report is not None:
            return report.format if report.status in _READABLE else None
        row = self._archive.db.execute("SELECT format FROM documents WHERE digest = ?", (digest,))
        known = row.fetchone()
        return str(known[0]) if known else None

    def _end(self, site_id: str, entry: dict[str, Any]) -> None:
        with self._archive.transaction() as db:
            if not entry["waiting"]:
                promote_sources(db, site_id)
            for event in entry["events"]:
                self._tell(db, site_id, event)
            stand = set(entry["findings"])
            rows = db.execute(
                "SELECT id FROM findings"
                " WHERE site_id = ? AND document_id IS NULL AND report_id IS NULL",
                (site_id,),
            ).fetchall()
            for (identity,) in rows:
                if identity not in stand:
                    db.execute("DELETE FROM findings WHERE id = ?", (identity,))

    def _tell(self, db: Database, site_id: str, event: dict[str, Any]) -> None:
        row = dict(event)
        document = db.execute(
            "SELECT id FROM documents WHERE digest = ?", (row.pop("digest"),)
        ).fetchone()
        if document is None:
            self.lost.append(f"{row['url']}: the document of an event is damaged")
            return
        row |= {"site_id": site_id, "document_id": document[0]}
        db.execute(
            f"INSERT OR IGNORE INTO events ({', '.join(row)})"  # noqa: S608 - our own column names
            f" VALUES ({', '.join('?' * len(row))})",
            tuple(row.values()),
        )


def _told_again(entries: Iterable[Entry]) -> set[int]:
    """Return the numbers of entries that were on disk when a walk was killed, but not their rows.

    Such a one is the last of its walk, and a later walk tells the same again, which it does not of
    what is in the database.
    """
    last: dict[int, int] = {}
    keys: dict[int, str] = {}
    latest: dict[str, int] = {}
    for number, (whose, entry) in enumerate(entries):
        if entry["kind"] in {"source", "agency"}:
            key = entry.get("name") or f"{entry['digest']} {entry['url']}"
            last[whose["run"]] = number
            keys[number] = f"{whose['site']} {key}"
            latest[keys[number]] = number
        elif entry["kind"] != "ended" or entry["outcome"] != "interrupted":
            last.pop(whose["run"], None)
    return {number for number in last.values() if latest[keys[number]] > number}


def _guessed(site_id: str, entry: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return what a walk would have said of a report that only its record tells of."""
    return {
        **entry,
        "site_id": site_id,
        "role": "article" if kind == "html" else "attachment",
        "link_text": None,
        "column_path": None,
        "published": None,
        "waits": False,
    }
