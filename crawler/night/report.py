"""The report of a night: what it came to, its exit code, its words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from archive.runs import night
from crawler.night.plan import BEIJING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.home import Archive
    from archive.publish import Release
    from archive.regions.country import Published
    from crawler.outcome import Ended
    from pipeline.reread import Reread

SCHEMA = 1
WELL, SITE_FAILED, TROUBLE, PERSON = 0, 1, 3, 4
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """Something new that a person is to look at.

    Args:
        id: the same for the same thing in every night.
        rule: of the finding; "unreadable" for a document.
        site: the site, None when it is not known.
        url: where it is, None when it is nowhere in particular.
        message: Chinese for findings.

    """

    id: str
    rule: str
    site: str | None
    url: str | None
    message: str


@dataclass(slots=True)
class Night:
    """One night; filled as it goes on.

    Args:
        began_at: when.
        deadline: when walking and reading have to end; None while that is not known.
        cut_off: when the work before began, if that was killed.
        sites: how the walk of each site ended.
        events: by site, what became of addresses tonight: kind and number.
        reread: documents read again.
        release: what was published; None when nothing was, or regions were.
        regions: what was published region by region; None for an archive that is not divided.
        troubles: name and message of what disk, database or clock did.
        notices: what is new and needs a person.
        failed_hooks: one sentence each.

    """

    began_at: datetime
    deadline: datetime | None = None
    cut_off: str | None = None
    sites: Sequence[Ended] = ()
    events: dict[str, dict[str, int]] = field(default_factory=dict)
    reread: Reread | None = None
    release: Release | None = None
    regions: Published | None = None
    troubles: list[tuple[str, str]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    failed_hooks: list[str] = field(default_factory=list)

    @property
    def work_began_at(self) -> datetime:
        """When the night's work began: that of one which was killed counts, this one goes on."""
        if self.cut_off is None or night(self.cut_off) != night(_iso(self.began_at)):
            return self.began_at
        return datetime.fromisoformat(self.cut_off)

    def meet(self, error: Exception) -> None:
        """Note an error under its name."""
        self.note(type(error).__name__, str(error))

    def note(self, name: str, message: str) -> None:
        """Note trouble; the same that two sites or two steps met is one."""
        if (name, message) not in self.troubles:
            self.troubles.append((name, message))

    @property
    def exit_code(self) -> int:
        """3 trouble with disk, database or clock, else 1 a site failed, else 4 look, else 0."""
        if self.troubles or any(end.outcome in {"storage", "busy"} for end in self.sites):
            return TROUBLE
        if any(end.outcome != "finished" for end in self.sites):
            return SITE_FAILED
        return PERSON if self.notices or self.failed_hooks or self._is_damaged else WELL

    @property
    def _is_damaged(self) -> bool:
        return bool(self.reread and self.reread.damaged)

    def as_json(self) -> dict[str, Any]:
        """Return the night for machines."""
        release = self.release
        return {
            "schema": SCHEMA,
            "began_at": _iso(self.began_at),
            "ended_at": _iso(datetime.now(UTC)),
            "deadline_at": _iso(self.deadline) if self.deadline else None,
            "night_before_cut_off": self.cut_off,
            "exit_code": self.exit_code,
            "headline": self.headline(),
            "sites": [
                {
                    "site": end.site_id,
                    "outcome": end.outcome,
                    "reason": end.reason,
                    "counts": dict(end.counts),
                    "events": self.events.get(end.site_id, {}),
                }
                for end in self.sites
            ],
            "reread": asdict(self.reread) if self.reread else None,
            "release": {
                "id": release.id,
                "file": release.path.name,
                "digest": release.digest,
                "size": release.size,
                "published_at": release.published_at,
            }
            if release
            else None,
            "regions": {
                "by": self.regions.country.by,
                "switched": list(self.regions.switched),
                "unchanged": len(self.regions.unchanged),
                "published_at": self.regions.country.published_at,
            }
            if self.regions
            else None,
            "troubles": [{"name": name, "message": message} for name, message in self.troubles],
            "notices": [asdict(notice) for notice in self.notices],
            "failed_hooks": list(self.failed_hooks),
        }

    def headline(self) -> str:
        """Return the night in one line."""
        said = [name for name, _ in self.troubles]
        said += [f"{end.site_id} {end.outcome}" for end in self.sites]
        if self.notices:
            said.append(f"{len(self.notices)} new to look at")
        if self.failed_hooks:
            said.append(f"{len(self.failed_hooks)} hooks failed")
        day = self.began_at.astimezone(BEIJING)
        return f"nianbao {day:%Y-%m-%d %H:%M} Beijing time: {', '.join(said) or 'nothing done'}"

    def words(self) -> str:
        """Return the night in plain words, the headline first."""
        lines = [self.headline()]
        if self.cut_off:
            lines.append(f"the night that began at {self.cut_off} was cut off; this one went on")
        lines += [f"{name}: {message}" for name, message in self.troubles]
        for end in self.sites:
            lines.append(f"{end.site_id}: {_of_walk(end.outcome, end.counts)}")
            if end.reason:
                lines.append(f"  {end.reason}")
            if events := self.events.get(end.site_id):
                told = ", ".join(f"{number} {kind}" for kind, number in events.items())
                lines.append(f"  addresses: {told}")
        if self.reread and (self.reread.read or self.reread.stopped or self.reread.damaged):
            done = self.reread
            lines.append(
                f"{done.read} documents read again by the present reader, {len(done.stopped)} "
                f"stopped, {len(done.damaged)} damaged"
            )
            lines += [f"  {line}" for line in done.damaged[:_SHOWN]]
        if self.release:
            lines.append(f"published {self.release.path.name} ({self.release.size} bytes)")
        elif self.regions:
            lines.append(
                f"published {len(self.regions.switched)} regions, "
                f"{len(self.regions.unchanged)} unchanged"
            )
        elif not self.troubles:
            lines.append("nothing was published")
        if self.notices:
            lines.append(f"new to look at: {len(self.notices)}")
            lines += [
                f"  {notice.rule} {notice.site or ''} {notice.url or ''} {notice.message}"
                for notice in self.notices[:_SHOWN]
            ]
            if len(self.notices) > _SHOWN:
                lines.append(f"  … and {len(self.notices) - _SHOWN} more, see nightly.json")
        lines += [f"failed: {line}" for line in self.failed_hooks]
        lines.append(f"exit code {self.exit_code}: {_MEANING[self.exit_code]}")
        return "\n".join(lines)


_MEANING = {
    WELL: "all well",
    SITE_FAILED: "a site failed or was not finished; what it showed before stays published",
    TROUBLE: "trouble with disk, database or clock, or another process is at work",
    PERSON: "something new needs a person",
}


def _of_walk(outcome: str, counts: Mapping[str, int]) -> str:
    return (
        f"{outcome}, {counts.get('requests', 0)} requests, {counts.get('bytes', 0)} bytes, "
        f"{counts.get('unchanged', 0)} unchanged, {counts.get('documents', 0)} documents, "
        f"{counts.get('findings', 0)} findings"
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def events_since(archive: Archive, moment: datetime) -> dict[str, dict[str, int]]:
    """Return, by site and kind, how many events happened since a moment."""
    found: dict[str, dict[str, int]] = {}
    rows = archive.db.execute(
        "SELECT site_id, kind, count(*) FROM events WHERE happened_at >= ?"
        " GROUP BY site_id, kind ORDER BY site_id, kind",
        (_iso(moment),),
    )
    for site, kind, number in rows.fetchall():
        found.setdefault(site, {})[kind] = number
    return found


def new_notices(archive: Archive, rules: Sequence[str]) -> list[Notice]:
    """Return what no night has told of yet: findings of some rules, and unreadable documents.

    Args:
        archive: the archive.
        rules: rules; * stands for any letters.

    """
    matches = " OR ".join(["f.rule GLOB ?"] * len(rules)) or "0"
    rows = archive.db.execute(
        "SELECT f.id, f.rule, coalesce(f.site_id, s.site_id), coalesce(f.url, s.url), f.message"  # noqa: S608 - question marks
        " FROM findings f LEFT JOIN sources s ON s.document_id = f.document_id"
        f" WHERE ({matches}) AND f.id NOT IN (SELECT id FROM run_notices)"
        " GROUP BY f.id ORDER BY f.severity, f.rule, f.id",
        tuple(rules),
    ).fetchall()
    rows += archive.db.execute(
        "SELECT 'unreadable ' || d.digest, 'unreadable', s.site_id, min(s.url),"
        " coalesce((SELECT f.rule || ' ' || f.message FROM findings f WHERE f.document_id = d.id"
        " ORDER BY f.rule LIMIT 1), '')"
        " FROM documents d JOIN sources s ON s.document_id = d.id WHERE d.status = 'unreadable'"
        " AND 'unreadable ' || d.digest NOT IN (SELECT id FROM run_notices)"
        " GROUP BY d.id ORDER BY d.id"
    ).fetchall()
    return [Notice(*row) for row in rows]


def note_told(archive: Archive, notices: Sequence[Notice], moment: datetime) -> None:
    """Note that a person was told; what is no longer found may be told again one day."""
    with archive.transaction() as db:
        db.conn.executemany(
            "INSERT OR IGNORE INTO run_notices VALUES (?, ?)",
            [(notice.id, _iso(moment)) for notice in notices],
        )
        db.execute(
            "DELETE FROM run_notices WHERE id NOT IN (SELECT id FROM findings)"
            " AND id NOT IN (SELECT 'unreadable ' || digest FROM documents"
            " WHERE status = 'unreadable')"
        )
