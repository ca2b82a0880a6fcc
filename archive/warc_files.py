"""The WARC files of a run: how they are named, how they grow, and how a torn end is cut off.

In a folder the files of a run grow up to a bound. Object storage can't append, so there every
write is a file of its own. Both begin with a warcinfo record (ISO 28500:2017, 6.2).
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO

from warcio.warcwriter import WARCWriter

from archive.store import Store

MAX_FILE_BYTES = 500 * 1024 * 1024
_CHUNK = 1 << 20
_NAME = re.compile(r"(?P<site>.+)-(?P<run>\d+)-(?P<number>\d+)\.warc\.gz")


def named(name: str) -> tuple[str, int, int] | None:
    """Return site, run and number that the name of a WARC file says; None for another name."""
    found = _NAME.fullmatch(name)
    return (found["site"], int(found["run"]), int(found["number"])) if found else None


def files_of(store: Store, site_id: str | None = None) -> list[str]:
    """Return the names of WARC files, by site, run and number.

    Args:
        store: where they are.
        site_id: only those of a site; None for all.

    """
    prefix = f"{site_id}-" if site_id is not None else ""
    found = [(about, name) for name in store.names(prefix) if (about := named(name)) is not None]
    return [name for about, name in sorted(found) if site_id in {None, about[0]}]


def gzip_writer() -> tuple[WARCWriter, BytesIO]:
    """Return a writer of compressed records, and what it writes to."""
    out = BytesIO()
    return WARCWriter(out, gzip=True, warc_version="1.1"), out


class RunFiles:
    """The WARC files of one run; where they can't grow, one process writes those of a run.

    Args:
        store: where WARC files are.
        site_id: first part of the file names.
        run_id: second part of the file names.

    """

    def __init__(self, store: Store, site_id: str, run_id: int) -> None:
        self.store = store
        self.site_id = site_id
        self.run_id = run_id
        self._last: int | None = None

    def name(self, number: int) -> str:
        """Return the name of the file with a number, from 1."""
        return f"{self.site_id}-{self.run_id}-{number}.warc.gz"

    def last(self) -> int:
        """Return the number of the newest file; 0 when there is none."""
        if self.store.appends:
            number = 0
            while self.store.exists(self.name(number + 1)):
                number += 1
            return number
        if self._last is None:  # asked once; from then on the numbers are given here
            mine = self.site_id, self.run_id
            names = self.store.names(f"{self.site_id}-{self.run_id}-")
            numbers = [about[2] for name in names if (about := named(name)) and about[:2] == mine]
            self._last = max(numbers, default=0)
        return self._last

    def write(self, records: bytes) -> tuple[str, int]:
        """Write records, whole or not at all; return the file and where in it they begin.

        No file grows past MAX_FILE_BYTES; only an exchange that is larger by itself has a file
        that is, and has it alone.

        Raises:
            OSError: the disk or the store refuses; the files are as before.

        """
        if not self.store.appends:
            return self._write_alone(records)
        number = max(1, self.last())
        name = self.name(number)
        is_there = self.store.exists(name)
        if is_there and self.store.size(name) + len(records) > MAX_FILE_BYTES:
            name, is_there = self.name(number + 1), False
        if not is_there:
            self.store.append(name, self._info(name))
        return name, self.store.append(name, records)

    def _write_alone(self, records: bytes) -> tuple[str, int]:
        number = self.last()
        while True:
            number += 1
            name = self.name(number)
            info = self._info(name)
            if self.store.put(name, info + records):
                self._last = number
                return name, len(info)
            # Somebody else's, or a write of ours whose answer was lost: it stays as it is.

    def _info(self, name: str) -> bytes:
        writer, out = gzip_writer()
        info = {
            "software": "nianbao",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/"
            "warc-1.1/",
            "isPartOf": f"{self.site_id}, run {self.run_id}",
        }
        writer.write_record(writer.create_warcinfo_record(name, info))
        return out.getvalue()

    def mend(self) -> int:
        """Cut off what a killed run left behind its last complete record; return the bytes cut.

        Call it for a run that is over. Where files can't grow, none is ever torn.
        """
        cut = 0
        for number in range(1, self.last() + 1) if self.store.appends else ():
            name = self.name(number)
            size, whole = self.store.size(name), self._whole_records(name)
            if whole < size:
                cut += size - whole
                self.store.cut(name, whole)
        return cut

    def _whole_records(self, name: str) -> int:
        """Return the bytes of a file up to the end of its last complete gzip member."""
        whole = read = 0
        member = zlib.decompressobj(wbits=31)
        with self.store.open(name) as stream:
            while chunk := stream.read(_CHUNK):
                read += len(chunk)
                while chunk:
                    try:
                        # Output is thrown away; asked for in pieces, a bomb can't fill the memory.
                        member.decompress(chunk, _CHUNK)
                        while member.unconsumed_tail and not member.eof:
                            member.decompress(member.unconsumed_tail, _CHUNK)
                    except zlib.error:
                        return whole
                    if not member.eof:
                        break
                    chunk = member.unused_data  # the rest is the next member's
                    whole = read - len(chunk)
                    member = zlib.decompressobj(wbits=31)
        return whole
