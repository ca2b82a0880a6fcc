"""Fuzz: damaged copies of good documents give a report each, and never take a worker down."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator

import pytest

from pipeline.pool import STOPPED, ReaderPool
from pipeline.report import Report
from tests.replica.documents import write_documents

SEED = 20210101
ROUNDS = 250
PIECES = (b"<", b">", b"</td>", b"<table>", b"<w:tbl>", b"0", b"99999", b" 0 R", b"endobj", b"\t")
PIECES += (b"\x00", b"&#x110000;", b"-1", b"\xff\xfe", "（六）".encode(), "件".encode("gb18030"))
NUMBERS = (b'"0"', b'"99999999"', b'"-5"', b'"x"', b'""')


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Return bytes with some changed, lost, doubled, moved or put in."""
    mangled = bytearray(data)
    for _ in range(rng.choice((1, 3, 10, 40))):
        at = rng.randrange(len(mangled) + 1)
        size = rng.choice((1, 2, 8, 100, 2000))
        kind = rng.randrange(5)
        if kind == 0:
            del mangled[at : at + size]
        elif kind == 1:
            start = rng.randrange(len(mangled) + 1)
            mangled[at:at] = mangled[start : start + size]
        elif kind == 2:
            mangled[at : at + size] = rng.randbytes(size)
        elif kind == 3:
            mangled[at:at] = rng.choice(PIECES)
        else:
            mangled[at : at + 1] = rng.randbytes(1)
    return bytes(mangled)


def other_number(rng: random.Random, data: bytes) -> bytes:
    """Return markup with one number among its attributes changed."""
    numbers = list(re.finditer(rb'"\d+"', data))
    if not numbers:
        return data
    found = rng.choice(numbers)
    return data[: found.start()] + rng.choice(NUMBERS) + data[found.end() :]


def damaged_inside(rng: random.Random, data: bytes) -> bytes:
    """Return a zip file with its parts damaged, its own checksums right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            change = rng.choice((damaged, other_number, lambda _, content: content))
            new.writestr(name, change(rng, old.read(name)))
    return stream.getvalue()


def damaged_copies(documents: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(SEED)
    names = list(documents)
    for number in range(ROUNDS):
        name = names[number % len(names)]
        inside = name.endswith(".docx") and rng.random() < 0.8
        change = damaged_inside if inside else damaged
        yield f"{number}-{name}", change(rng, documents[name])


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder)
    files = sorted(path for path in folder.iterdir() if path.suffix != ".json")
    return {path.name: path.read_bytes() for path in files}


def test_damaged_documents_give_a_report_each(documents: dict[str, bytes]) -> None:
    seen: Counter[str] = Counter()
    with ReaderPool(seconds=30) as readers:
        for name, report in readers.parse_many(damaged_copies(documents)):
            assert isinstance(report, Report), name
            stopped = [finding for finding in report.findings if finding.rule in STOPPED]
            assert not stopped, f"{name}: {stopped}"
            if report.status == "unreadable":
                assert len(report.findings) == 1, name
                assert not report.cells, name
            seen[report.status] += 1
    assert seen.total() == ROUNDS
    # Damage from none that matters to all that matters, or the test tests nothing.
    assert set(seen) >= {"verified", "partial", "unreadable"}, seen
