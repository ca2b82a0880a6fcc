"""Nightly: walk, read what is new, settle, publish, report; one night at a time.

Whatever moment it is killed at, the next night goes on: what a walk stored is not asked for again,
a release is switched in whole or not at all, and what was not told yet is told then.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from archive import atomic
from archive.home import Archive
from archive.publish import publish
from archive.regions.country import division, publish_regions
from archive.runs import SiteBusyError, concluded
from archive.trouble import TroubleError, check_clock, check_database, check_room, named
from crawler.night.lock import NightLock
from crawler.night.notify import notify
from crawler.night.plan import deadline
from crawler.night.report import Night, events_since, new_notices, note_told
from crawler.outcome import Ended
from crawler.walk import settings_for, spider_for, walk
from pipeline.cluster.stored import LocalReaders
from pipeline.pool import ReaderStartError
from pipeline.reread import outdated, reread
from pipeline.store import settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from crawler.night.plan import Plan
    from crawler.profile import Profile

REPORT = "nightly.json"


class _Telling:
    """Tells what came of a night, however it ends: in a file, and by the hooks of the plan."""

    def __init__(self, night: Night, plan: Plan, lock: NightLock, data: Path) -> None:
        self.night, self.plan, self.lock, self.data = night, plan, lock, data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, trace
        if isinstance(error, Exception):
            # A mistake of the program: the operator hears of it, and the traceback goes on.
            self.night.meet(error)
        elif error is not None:
            return  # interrupted at the keyboard, where somebody knows
        self._keep()
        night = self.night
        told = notify(self.plan.hooks, night.as_json(), night.words(), trouble=night.exit_code != 0)
        night.failed_hooks.extend(told)
        if told:
            self._keep()
        if night.notices and not told:
            self._note_told()

    def _keep(self) -> None:
        if not self.lock.is_held:
            return  # the file is another night's, or nothing can be written
        text = json.dumps(self.night.as_json(), ensure_ascii=False, indent=2)
        try:
            atomic.write(self.data / REPORT, text.encode())
        except OSError as error:
            self.night.meet(named(error, self.data))

    def _note_told(self) -> None:
        try:
            with closing(Archive(self.data)) as archive:
                note_told(archive, self.night.notices, self.night.began_at)
        except (OSError, sqlite3.Error) as error:
            self.night.meet(named(error, self.data))


def run_night(
    plan: Plan,
    profiles: Sequence[Profile],
    data: Path,
    resolve: Mapping[str, str],
    *,
    trust_clock: bool = False,
) -> Night:
    """Do a night's work.

    Args:
        plan: of the night; its window lies open.
        profiles: of its sites.
        data: data folder; made when missing.
        resolve: address and port by host.
        trust_clock: go on though the clock does not fit the times in the archive.

    Returns:
        What came of it; trouble with disk, database and clock is in it.

    """
    night = Night(datetime.now(UTC))
    lock = NightLock(data)
    try:
        with _Telling(night, plan, lock, data):
            try:
                data.mkdir(parents=True, exist_ok=True)
                night.cut_off = lock.acquire()
                _work(night, plan, profiles, (data, resolve), trust_clock=trust_clock)
            except (OSError, sqlite3.Error) as error:
                night.meet(named(error, data))
            except (TroubleError, ReaderStartError) as error:
                night.meet(error)
    finally:
        lock.release()
    return night


def _work(
    night: Night,
    plan: Plan,
    profiles: Sequence[Profile],
    where: tuple[Path, Mapping[str, str]],
    *,
    trust_clock: bool,
) -> None:
    data, resolve = where
    check_room(data)
    with closing(Archive(data, create=True)) as archive:
        check_database(archive)
        if not trust_clock:
            check_clock(archive, night.began_at)
        walked = _walked_before(archive, profiles, night.work_began_at)
    night.deadline = deadline(plan, night.began_at)
    _walk(night, [profile for profile in profiles if profile.id not in walked], data, resolve)
    ends = walked | {end.site_id: end for end in night.sites}
    night.sites = [ends[profile.id] for profile in profiles]
    outcomes = {end.outcome for end in night.sites}
    if "storage" in outcomes or "stopped" in outcomes:
        return  # the disk would refuse again; and who stops the night wants it to stop
    with closing(Archive(data)) as archive:
        _read(night, archive)
        settle(archive)
        by = division(archive.folder)
        if by is None:
            night.release = publish(archive)
        else:
            night.regions = publish_regions(archive, by)
        night.events = events_since(archive, night.work_began_at)
        night.notices = new_notices(archive, plan.rules)


def _walked_before(
    archive: Archive, profiles: Sequence[Profile], since: datetime
) -> dict[str, Ended]:
    """Return by site how the walks ended that this night had done before it was killed.

    To walk such a site once more would ask for all its lists a second time.
    """
    ends = {}
    for profile in profiles:
        if (done := concluded(archive, profile.id, since=since)) is not None:
            ends[profile.id] = Ended(profile.id, done.outcome, done.reason, done.counts)
    return ends


def _walk(
    night: Night, profiles: Sequence[Profile], data: Path, resolve: Mapping[str, str]
) -> None:
    assert night.deadline is not None
    if not profiles:
        return
    settings = settings_for(
        data,
        resolve,
        {
            "NIANBAO_PROGRESS": sys.stderr.isatty(),
            "NIANBAO_DEADLINE": night.deadline.timestamp(),
        },
    )
    # Scrapy takes the signals over to end a walk in order, and does not give them back.
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        night.sites = walk([spider_for(profile) for profile in profiles], settings)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for end in night.sites:
        if end.outcome == "storage":
            name, _, message = (end.reason or "").partition(": ")
            night.note(name, message)
        elif end.outcome == "busy":
            night.note(SiteBusyError.__name__, end.reason or "")


def _read(night: Night, archive: Archive) -> None:
    """Read documents that an earlier version of the reader has read, while there is time."""
    chosen = outdated(archive)
    if not chosen.count:
        return
    end = night.deadline

    def late() -> bool:
        return end is not None and datetime.now(UTC) >= end

    with LocalReaders() as readers:
        night.reread = reread(archive, chosen.digests, readers, late)
