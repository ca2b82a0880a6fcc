"""The rows of sites and runs, made again from what the WARC files tell of them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from archive.home import Archive
from archive.records import Damage
from archive.runs import note_visit
from archive.warc_files import named
from pipeline.restoring.records import Told

_UNKNOWN = "000000"
_NO_JOURNAL = "restored from WARC files that hold no journal: how it ended is not known"


class RunsAgain:
    """Sites and runs of an archive that is being restored.

    Args:
        archive: the archive.

    Attributes:
        torn: ends of files that a run which did not come to its end left behind.
        untold: what no record tells, one sentence each.

    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._met: dict[int, list[str]] = {}  # run without a journal: site, first and last date
        self._guessed_sites: set[str] = set()
        self.torn: list[Damage] = []
        self.untold: list[str] = []

    def has_ended(self, run_id: int) -> bool:
        """Tell whether the journal tells how a run ended."""
        return run_id in self._ended

    def has_journal(self, run_id: int) -> bool:
        """Tell whether the journal tells of a run."""
        return run_id in self._begun

    def note(self, item: Told, entry: dict[str, Any]) -> None:
        """Take over what an entry of the journal tells of runs."""
        kind, date = entry["kind"], item.record.date
        if kind == "begun":
            self._begun.add(item.run_id)
            self._guessed_sites.discard(item.site_id)
            with self._archive.transaction() as db:
                db.table("sites").upsert(entry["site"], pk="id")
                db.execute(
                    "INSERT INTO runs (id, site_id, started_at) VALUES (?, ?, ?)"
                    # One that was killed before its row was stored begins a second time.
                    " ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at",
                    (item.run_id, item.site_id, date),
                )
        elif kind == "visit":
            self._visit(item, entry)
        elif kind == "accepted":
            with self._archive.transaction() as db:
                db.execute(
                    "INSERT OR REPLACE INTO run_acceptances VALUES (?, ?)", (item.run_id, date)
                )
        elif kind == "ended":
            self._end(item.run_id, entry)

    def _visit(self, item: Told, entry: dict[str, Any]) -> None:
        self.meet(item, entry["url"])
        capture = capture_id(self._archive, entry["capture"])
        note_visit(
            self._archive,
            item.run_id,
            entry["url"],
            entry["status"],
            capture,
            note=entry["note"],
            visited_at=item.record.date,
        )

    def _end(self, run_id: int, entry: dict[str, Any]) -> None:
        self._ended.add(run_id)
        counts = entry["counts"]
        with self._archive.transaction() as db:
            db.execute(
                "UPDATE runs SET finished_at = ?, outcome = ?, reason = ?, counts = ? WHERE id = ?",
                (
                    entry["finished_at"],
                    entry["outcome"],
                    entry["reason"],
                    json.dumps(counts) if counts is not None else None,
                    run_id,
                ),
            )
            db.conn.executemany(
                "INSERT OR REPLACE INTO run_columns (run_id, url, name, items, pages, pager)"
                " VALUES (:run_id, :url, :name, :items, :pages, :pager)",
                [{"run_id": run_id, **column} for column in entry["columns"]],
            )

    def meet(self, item: Told, url: str) -> bool:
        """Take what a run met; return whether it is the first of a run without a journal."""
        if self.has_journal(item.run_id):
            return False
        known = self._met.get(item.run_id)
        if known is not None:
            known[2] = item.at
            return False
        self._met[item.run_id] = [item.site_id, item.at, item.at]
        self._guess_site(item.site_id, url)
        with self._archive.transaction() as db:
            db.execute(
                "INSERT INTO runs (id, site_id, started_at) VALUES (?, ?, ?)",
                (item.run_id, item.site_id, item.record.date),
            )
        return True

    def _guess_site(self, site_id: str, url: str) -> None:
        parts = urlsplit(url)
        row = {
            "id": site_id,
            "name": site_id,
            "region_code": _UNKNOWN,
            "region_name": site_id,
            "region_parents": "[]",
            "home": f"{parts.scheme}://{parts.netloc}/",
            "hosts": json.dumps([parts.netloc]),
        }
        with self._archive.transaction() as db:
            if not db.execute("SELECT 1 FROM sites WHERE id = ?", (site_id,)).fetchone():
                db.table("sites").insert(row)
                self._guessed_sites.add(site_id)

    def close(self, damages: list[Damage]) -> None:
        """Settle what only the last record tells; ``damages`` are those of all files."""
        for run_id in self._met.keys() - self._ended:
            last = self._met[run_id][2]
            with self._archive.transaction() as db:
                db.execute(
                    "UPDATE runs SET finished_at = ?, outcome = 'interrupted', reason = ?"
                    " WHERE id = ?",
                    (last, _NO_JOURNAL, run_id),
                )
        self.torn = [d for d in damages if self._is_torn_end(d)]
        if self._met:
            runs = ", ".join(f"{run} ({site})" for run, (site, _, _) in sorted(self._met.items()))
            self.untold.append(
                f"runs {runs} were made before the journal existed, or its beginning is damaged: "
                "their captures, stored files and visits are restored, and each capture that reads "
                "as a report is a source, with its address and the page that led there; link "
                "texts, columns, publication times, agencies without reports, findings of the "
                "crawl, addresses that did not answer and how the runs ended are not known"
            )
        for site in sorted(self._guessed_sites):
            self.untold.append(
                f"name and region of site {site} are not known: 'nianbao crawl' brings them, and "
                "'nianbao reparse' after that gives its reports their agencies"
            )

    def _is_torn_end(self, damage: Damage) -> bool:
        about = named(damage.file)
        at_end = damage.offset + damage.length >= self._archive.warc.size(damage.file)
        return at_end and about is not None and about[1] not in self._ended | set(self._met)


def capture_id(archive: Archive, key: list[Any] | None) -> int | None:
    """Return the row of a capture that an entry of the journal names; None where there is none."""
    if key is None:
        return None
    row = archive.db.execute(
        "SELECT id FROM captures WHERE url = ? AND status = ? AND digest = ?", tuple(key)
    ).fetchone()
    return int(row[0]) if row else None
