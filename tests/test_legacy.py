"""DOC, WPS and RTF: converted by LibreOffice in batches, held within limits, never half read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.commands import parse as parse_command
from pipeline.commands import reparse
from pipeline.parse import parse
from pipeline.pool import ReaderPool
from pipeline.read import legacy, ole, soffice
from pipeline.read.document import UnreadableError
from pipeline.read.docx import read_docx
from tests.replica.data import reports
from tests.replica.docx_form import render_docx
from tests.test_limits_reparse import fill, rows

FILTERS = {"doc": "doc:MS Word 97", "rtf": "rtf:Rich Text Format"}
KEYS = ("rouyuan-town-2021", "zhongwei-petition-bureau-2020")
_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{path}:1.0"'
    for name, path in {
        "office": "office",
        "text": "text",
        "draw": "drawing",
        "svg": "svg-compatible",
    }.items()
)
PICTURE = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMESPACES} '
    'xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2" '
    'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>'
    '<text:p>x<draw:frame svg:width="2cm" svg:height="2cm" text:anchor-type="as-char">'
    '<draw:image xlink:href="ADDRESS" xlink:type="simple" xlink:show="embed" '
    'xlink:actuate="onLoad"/></draw:frame></text:p></office:text></office:body></office:document>'
)

needs_office = pytest.mark.skipif(
    soffice.program() is None, reason="LibreOffice (libreoffice-writer-nogui) is not installed"
)


def make(folder: Path, target: str, *files: Path) -> None:
    """Convert files to a legacy format, as their authors do: with LibreOffice itself."""
    command = [str(soffice.program()), f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += ["--headless", "--convert-to", FILTERS[target], "--outdir", str(folder)]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("legacy")
    files = [folder / f"{key}.docx" for key in KEYS]
    for file, key in zip(files, KEYS, strict=True):
        file.write_bytes(render_docx(reports()[key]))
    for target in FILTERS:
        make(folder, target, *files)
    return {f"{k}.{e}": (folder / f"{k}.{e}").read_bytes() for k in KEYS for e in ("doc", "rtf")}


@pytest.fixture
def waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file to which a LibreOffice that never ends writes its number."""
    stand_in(tmp_path, monkeypatch, f'sleep 600 & echo $! >>"{tmp_path / "number"}"; wait')
    return tmp_path / "number"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program of ours in front of LibreOffice."""
    program = folder / "bin" / "soffice"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nreal={soffice.program()}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def is_alive(number: int) -> bool:
    stat = Path(f"/proc/{number}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def until_dead(number: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(number):
        assert time.monotonic() < deadline, "still alive"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def own_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what tests running at the same time leave for a moment out of each other's sight."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)


def leftovers() -> set[str]:
    return {path.name for path in Path(os.environ["TMPDIR"]).glob("nianbao-*")}


def rule_of(answer: bytes | UnreadableError) -> str:
    assert isinstance(answer, UnreadableError)
    return answer.rule


@needs_office
def test_legacy_files_read_as_the_docx_they_were_made_of(documents: dict[str, bytes]) -> None:
    before = leftovers()
    with ReaderPool() as readers:
        answers = dict(readers.parse_many(documents.items()))
    for name, report in answers.items():
        key, _, kind = name.rpartition(".")
        expected = parse(render_docx(reports()[key]))
        assert (report.format, report.status) == (kind, "verified")
        assert report.title == expected.title
        assert [(s.ordinal, s.heading, s.text) for s in report.sections] == [
            (s.ordinal, s.heading, s.text) for s in expected.sections
        ]
        assert {code: (c.raw, c.value, c.state) for code, c in report.cells.items()} == {
            code: (c.raw, c.value, c.state) for code, c in expected.cells.items()
        }
        (finding,) = [f for f in report.findings if f.rule == "I-CONVERTED"]
        assert finding.quote.startswith("LibreOffice ")
        assert finding.quote in finding.message
    assert leftovers() == before


@needs_office
def test_places_are_those_of_the_converted_file(documents: dict[str, bytes]) -> None:
    data = documents["rouyuan-town-2021.doc"]
    report = parse(data)
    (converted,) = legacy.convert([data])
    assert isinstance(converted, bytes)
    texts = {c.place: c.text for table in read_docx(converted).tables() for c in table.cells}
    assert report.cells
    assert all(texts[cell.place].strip() == cell.raw for cell in report.cells.values())


@needs_office
def test_several_files_take_one_start(
    documents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    stand_in(tmp_path, monkeypatch, f'echo x >>"{starts}"; exec "$real" "$@"')
    with ReaderPool(2) as readers:
        answers = list(readers.parse_many((n, documents[KEYS[0] + ".doc"]) for n in range(8)))
    assert [report.status for _, report in answers] == ["verified"] * 8
    assert len(starts.read_text().splitlines()) <= 2


@needs_office
def test_a_file_that_takes_libreoffice_down_costs_no_other(
    documents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Dies of any run with a second file that is an RTF, as a crash in the midst of a batch does.
    script = 'case "$*" in *1.rtf*|*" 0.rtf") kill -SEGV $$;; esac; exec "$real" "$@"'
    stand_in(tmp_path, monkeypatch, script)
    doc, rtf = documents[KEYS[0] + ".doc"], documents[KEYS[0] + ".rtf"]
    first, second, third = legacy.convert([doc, rtf, doc])
    assert isinstance(first, bytes)
    assert isinstance(third, bytes)
    assert rule_of(second) == "E-READ-CRASH"


def test_a_libreoffice_that_hangs_is_killed_with_all_it_started(
    waits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "SECONDS", 1.0)
    before = leftovers()
    (answer,) = legacy.convert([b"{\\rtf1 x}"])
    assert rule_of(answer) == "E-READ-TIMEOUT"
    assert "1秒" in str(answer)
    (number,) = map(int, waits.read_text().split())
    until_dead(number)
    assert leftovers() == before


def test_a_pool_that_is_closed_ends_libreoffice(waits: Path) -> None:
    with ReaderPool(1) as readers, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(readers.parse, b"{\\rtf1 x}")
        while not waits.exists() or not waits.read_text().strip():
            time.sleep(0.02)
        readers.__exit__()
        assert "closed" in str(asked.exception(20))
    until_dead(int(waits.read_text()))


def test_libreoffice_ends_with_a_run_that_is_killed(
    waits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where its folder stays
    program = "from pipeline.read.legacy import convert; convert([b'{\\\\rtf1 x}'])"
    run = subprocess.Popen([sys.executable, "-c", program])
    while not waits.exists() or not waits.read_text().strip():
        time.sleep(0.02)
    run.kill()
    run.wait()
    until_dead(int(waits.read_text()))


@needs_office
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", FILTERS)
def test_a_file_that_is_cut_off_is_refused(
    documents: dict[str, bytes], kind: str, share: float
) -> None:
    data = documents[f"{KEYS[0]}.{kind}"]
    report = parse(data[: int(len(data) * share)])
    assert (report.format, report.status, report.cells) == (kind, "unreadable", {})
    assert [finding.rule for finding in report.findings] == ["E-LEGACY-BROKEN"]


@needs_office
def test_a_doc_with_a_password_says_so(documents: dict[str, bytes]) -> None:
    data = bytearray(documents[KEYS[0] + ".doc"])
    data[ole.streams(bytes(data))["WordDocument"].offset + 11] |= 1  # fEncrypted
    (answer,) = legacy.convert([bytes(data)])
    assert rule_of(answer) == "E-LEGACY-ENCRYPTED"
    assert "密码" in str(answer)


@needs_office
def test_a_doc_of_noise_is_refused(documents: dict[str, bytes]) -> None:
    data = bytearray(documents[KEYS[0] + ".doc"])
    offset = ole.streams(bytes(data))["WordDocument"].offset
    data[offset : offset + 1024] = bytes(range(256)) * 4
    assert rule_of(legacy.convert([bytes(data)])[0]) == "E-LEGACY-BROKEN"


def test_without_libreoffice_the_finding_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "report.doc"
    file.write_bytes(b"{\\rtf1 x}")
    result = CliRunner().invoke(parse_command, [str(file)])
    assert result.exit_code == 5
    assert "E-LEGACY-NO-OFFICE" in result.output
    assert "LibreOffice Writer" in result.output
    assert "reparse" in result.output


@needs_office
def test_reading_again_without_libreoffice_keeps_what_was_read(
    documents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "data", {"a.doc": documents[KEYS[0] + ".doc"]})
    before = rows(tmp_path / "data")
    assert len(before["cells"]) == 200
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(reparse, ["--data", str(tmp_path / "data")])
    assert "E-LEGACY-NO-OFFICE" in result.output
    assert rows(tmp_path / "data") == before


def test_only_legacy_files_are_converted() -> None:
    with pytest.raises(ValueError, match="DOC, WPS and RTF"):
        legacy.convert([b"<html>"])


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server, and what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@needs_office
def test_nothing_that_a_file_links_to_is_fetched(
    tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    address, asked = server
    file = tmp_path / "linked.fodt"
    file.write_text(PICTURE.replace("ADDRESS", f"{address}/picture.png"), encoding="utf-8")
    make(tmp_path, "doc", file)
    asked.clear()
    data = (tmp_path / "linked.doc").read_bytes()
    assert f"{address}/picture.png".encode("utf-16-le") in data
    make(tmp_path, "rtf", tmp_path / "linked.doc")
    assert asked, "LibreOffice as it comes does fetch it"
    asked.clear()
    assert isinstance(legacy.convert([data])[0], bytes)
    assert not asked
