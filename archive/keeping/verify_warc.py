"""Verify one WARC file: every record, and that those which rows name stand where they say."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive.records import Damage, Record, read_records
from archive.store import Store, StoreError

Named = dict[int, set[tuple[int, str]]]
"""Records that rows name in a file: by offset, length and address."""

_ANSWERS = {"response", "revisit"}


@dataclass(slots=True)
class WarcReport:
    """What was found in a file.

    Args:
        records: whole records.
        damages: what is wrong, one sentence each, and whether it is no more than an end that a
            run which is not over may leave.
        originals: address and date of the responses that no row names; a revisit may lean on one.
        leaning: place of each revisit, and the address and date of the response it leans on.

    """

    records: int = 0
    damages: list[tuple[str, bool]] = field(default_factory=list)
    originals: set[tuple[str, str]] = field(default_factory=set)
    leaning: list[tuple[str, str, str]] = field(default_factory=list)


def verify_file(store: Store, file: str, named: Named) -> WarcReport:
    """Read a WARC file and compare it with the rows that name its records.

    Args:
        store: where WARC files are.
        file: name of the file.
        named: the records that must be in it.

    Raises:
        archive.store.StoreError: the store does not say what is in it.

    """
    report = WarcReport()
    met: set[int] = set()
    try:
        for found in read_records(store, file):
            if isinstance(found, Damage):
                beyond = found.offset + found.length
                hit = sum(found.offset <= offset < beyond for offset in named)
                met |= {offset for offset in named if found.offset <= offset < beyond}
                what = (
                    f"At {found.offset}, {found.length} bytes are no record: {found.what}; "
                    f"{hit} of the records that the database names lie there."
                )
                report.damages.append((what, beyond >= store.size(file) and not hit))
                continue
            report.records += 1
            offset = found.place.offset
            met.add(offset)
            if offset in named:
                report.damages.extend((what, False) for what in _differences(found, named[offset]))
            _note_leaning(found, named, report)
    except StoreError:
        raise
    except OSError as error:
        report.damages.append((f"The file can't be read: {error}.", False))
        return report
    for offset in sorted(set(named) - met):
        report.damages.append(
            (f"No record begins at {offset}, where the database names one.", False)
        )
    return report


def _differences(record: Record, claims: set[tuple[int, str]]) -> list[str]:
    place = record.place
    if record.kind not in _ANSWERS:
        return [f"At {place.offset} stands a {record.kind} record, the database names an answer."]
    found = [
        f"The record at {place.offset} is {place.length} bytes long, the database says {length}."
        for length, _ in claims
        if length != place.length
    ]
    found.extend(
        f"The record at {place.offset} is of {record.url}, the database says {url}."
        for _, url in claims
        if url.replace(" ", "%20") != record.url
    )
    return found


def _note_leaning(record: Record, named: Named, report: WarcReport) -> None:
    if record.kind == "response" and record.place.offset not in named:
        report.originals.add((record.url, record.date))
    if record.kind == "revisit":
        place = f"{record.place.file} at {record.place.offset}"
        url = record.headers.get("warc-refers-to-target-uri", "")
        report.leaning.append((place, url, record.headers.get("warc-refers-to-date", "")))
