"""Reread: archived documents are read again by the present reader, with no request to a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.blobs import BlobDamagedError, BlobMissingError
from pipeline.parse import READER_VERSION
from pipeline.pool import STOPPED, ReaderPool
from pipeline.store import restore_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archive.home import Archive


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


def outdated(archive: Archive) -> list[str]:
    """Return the digests of the documents that an earlier version of the reader has read."""
    rows = archive.db.execute(
        "SELECT digest FROM documents WHERE reader <> ? ORDER BY id", (READER_VERSION,)
    )
    return [digest for (digest,) in rows]


def reread(
    archive: Archive,
    digests: Iterable[str],
    readers: ReaderPool,
    late: Callable[[], bool] = lambda: False,
) -> Reread:
    """Read documents again; each is stored as soon as it is read.

    Args:
        archive: the archive, which holds their bytes.
        digests: SHA-256 of each, hex.
        readers: an open pool.
        late: tells when no further document is to be begun.

    Raises:
        pipeline.pool.ReaderStartError: no reader can be started.

    """
    done = Reread()

    def originals() -> Iterator[tuple[str, bytes]]:
        for digest in digests:
            if late():
                return
            try:
                yield digest, archive.blobs.get(digest)
            except (BlobMissingError, BlobDamagedError) as error:
                done.damaged.append(str(error))

    for digest, report in readers.parse_many(originals()):
        if report.status == "unreadable":
            done.unreadable.extend(f"{digest}: {f.rule} {f.message}" for f in report.findings)
        if any(finding.rule in STOPPED for finding in report.findings):
            done.stopped.append(digest)
        else:
            restore_reading(archive, digest, report)
            done.read += 1
    return done
