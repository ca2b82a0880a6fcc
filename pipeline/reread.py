"""Reread: archived documents are read again by the present reader, with no request to a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from pipeline.cluster.stored import NotRead, StoredReaders
from pipeline.parse import READER_VERSION
from pipeline.pool import STOPPED
from pipeline.store import restore_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archive.home import Archive
    from pipeline.report import Report

_A_PAGE = 1000  # digests
_AT_A_TIME = 32  # documents a transaction, which writes a tenth of what one for each does


@dataclass(slots=True)
class Reread:
    """What came of reading documents again.

    Args:
        read: documents whose new reading is stored.
        stopped: digests whose reading had to be stopped; they keep what was read before.
        unreadable: digest, rule and message of those that can't be read.
        damaged: one sentence for each whose stored bytes are missing or damaged.

    """

    read: int = 0
    stopped: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Documents to be read.

    Args:
        count: how many there are.
        digests: SHA-256 of each, hex, in the order of their ids; fetched some at a time, as those
            of a whole country would not fit into memory.

    """

    count: int
    digests: Iterator[str]


def documents(archive: Archive) -> Chosen:
    """Return all documents."""
    return _choose(archive, "")


def outdated(archive: Archive) -> Chosen:
    """Return the documents that an earlier version of the reader has read."""
    return _choose(archive, READER_VERSION)


def _choose(archive: Archive, but: str) -> Chosen:
    """Return the documents that any version of the reader but one has read."""
    (count,) = archive.db.execute(
        "SELECT count(*) FROM documents WHERE reader <> ?", (but,)
    ).fetchone()
    return Chosen(count, _digests(archive, but))


def _digests(archive: Archive, but: str) -> Iterator[str]:
    last = 0
    while rows := archive.db.execute(
        "SELECT id, digest FROM documents WHERE reader <> ? AND id > ? ORDER BY id LIMIT ?",
        (but, last, _A_PAGE),
    ).fetchall():
        yield from (digest for _, digest in rows)
        last = rows[-1][0]


def reread(
    archive: Archive,
    digests: Iterable[str],
    readers: StoredReaders,
    late: Callable[[], bool] = lambda: False,
    told: Callable[[], object] = lambda: None,
) -> Reread:
    """Read documents again; some at a time are stored, so that little is lost when it is cut off.

    Args:
        archive: the archive, which holds their bytes.
        digests: SHA-256 of each, hex.
        readers: those who read them.
        late: tells when no further document is to be begun.
        told: called after each document.

    Raises:
        pipeline.pool.ReaderStartError: no reader can be started.
        pipeline.cluster.scheduler.ClusterError: the cluster that reads can't be used any longer.

    """
    done = Reread()
    answers = readers.parse_stored(archive.blobs, takewhile(lambda _: not late(), digests))
    while some := list(islice(answers, _AT_A_TIME)):
        with archive.transaction():
            for digest, answer in some:
                _take(archive, done, digest, answer)
                told()
    return done


def _take(archive: Archive, done: Reread, digest: str, answer: Report | NotRead) -> None:
    if isinstance(answer, NotRead):
        if answer.damaged:
            done.damaged.append(answer.reason)
        else:
            done.unreadable.append(f"{digest}: {answer.reason}; it keeps what was read before")
            done.stopped.append(digest)
        return
    if answer.status == "unreadable":
        done.unreadable.extend(f"{digest}: {f.rule} {f.message}" for f in answer.findings)
    if any(finding.rule in STOPPED for finding in answer.findings):
        done.stopped.append(digest)
    else:
        restore_reading(archive, digest, answer)
        done.read += 1
