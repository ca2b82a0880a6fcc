"""Hostile and broken files: each costs one clear finding, never the run."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.commands import parse
from pipeline.pool import MOST_BYTES, ReaderPool
from pipeline.read.soffice import program
from tests.hostile import MAKERS, MIB
from tests.replica.data import reports
from tests.replica.html_form import HtmlStyle, report_page

# What no report is, but can be opened, ends as not_a_report with what was odd about it.
ENDS = {
    "empty": ("unreadable", "E-EMPTY"),
    "blank": ("unreadable", "E-EMPTY"),
    "png": ("unreadable", "E-IMAGE-NO-TEXT"),
    "random_bytes": ("unreadable", "E-UNKNOWN-FORMAT"),
    "gzipped_report": ("unreadable", "E-ARCHIVE-FILE"),
    "zip_bomb": ("unreadable", "E-ARCHIVE-FILE"),
    "ole_head": ("unreadable", "E-UNKNOWN-FORMAT"),
    "ole_head_of_doc": ("unreadable", "E-LEGACY-BROKEN"),
    "error_page": ("not_a_report", "I-NOT-A-REPORT"),
    "nested_divs": ("unreadable", "E-HTML-DEPTH"),
    "nested_tables": ("unreadable", "E-HTML-DEPTH"),
    "huge_spans": ("not_a_report", "W-TABLE-SIZE"),
    "comment_row": ("not_a_report", "I-NOT-A-REPORT"),
    "too_large": ("unreadable", "E-TOO-LARGE"),
    "ragged_text": ("not_a_report", "W-TABLE-SIZE"),
    "truncated_pdf": ("unreadable", "E-PDF-BROKEN"),
    "encrypted_pdf": ("unreadable", "E-PDF-ENCRYPTED"),
    "scanned_pdf": ("unreadable", "E-PDF-NO-TEXT"),
    "pdf_of_500_pages": ("unreadable", "E-PDF-PAGES"),
    "pdf_page_tree_loop": ("unreadable", "E-PDF-BROKEN"),
    "pdf_of_a_billion_pages": ("unreadable", "E-PDF-BROKEN"),
    "docx_bomb": ("unreadable", "E-DOCX-BOMB"),
    "docx_of_many_parts": ("unreadable", "E-DOCX-BOMB"),
    "docx_that_lies_about_its_size": ("unreadable", "E-DOCX-BROKEN"),
    "docx_with_external_entity": ("not_a_report", "I-TITLE-ONLY"),
    "docx_with_billion_laughs": ("unreadable", "E-DOCX-BROKEN"),
    "docx_without_document": ("unreadable", "E-DOCX-BROKEN"),
    "docx_nested": ("unreadable", "E-DOCX-DEPTH"),
    "docx_truncated": ("unreadable", "E-DOCX-BROKEN"),
    "table_of_100_000_rows": ("not_a_report", "I-NOT-A-REPORT"),
    "spans_over_100_000_rows": ("not_a_report", "I-NOT-A-REPORT"),
    "one_vast_attribute": ("not_a_report", "I-NOT-A-REPORT"),
    "page_of_references": ("not_a_report", "I-NOT-A-REPORT"),
    "markdown_of_20_000_rows": ("not_a_report", "I-NOT-A-REPORT"),
    "pdf_with_docx_behind": ("unreadable", "E-PDF-BROKEN"),
    "docx_with_pdf_in_front": ("unreadable", "E-PDF-BROKEN"),
    "picture_with_page_behind": ("unreadable", "E-IMAGE-BROKEN"),
    "zip_within_zip": ("unreadable", "E-ARCHIVE-FILE"),
    "pdf_with_javascript": ("unreadable", "E-PDF-NO-TEXT"),
    "pdf_of_100_000_objects": ("unreadable", "E-PDF-NO-TEXT"),
    "pdf_with_cyclic_tables": ("unreadable", "E-PDF-BROKEN"),
    "pdf_with_deep_page_tree": ("unreadable", "E-PDF-BROKEN"),
    "pdf_with_deep_arrays": ("unreadable", "E-PDF-NO-TEXT"),
    "pdf_jbig2_bomb": ("unreadable", "E-IMAGE-SIZE"),
    "pdf_jpx_bomb": ("unreadable", "E-IMAGE-SIZE"),
    "pdf_flate_picture_bomb": ("unreadable", "E-IMAGE-SIZE"),
    "png_of_a_billion_pixels": ("unreadable", "E-IMAGE-SIZE"),
    "docx_of_20_000_rows": ("not_a_report", "I-NOT-A-REPORT"),
    "docx_with_vast_span": ("not_a_report", "I-NOT-A-REPORT"),
    "mhtml_of_empty_parts": ("unreadable", "E-MHTML-BROKEN"),
    "ole_that_goes_round": ("unreadable", "E-UNKNOWN-FORMAT"),
    "doc_of_noise": ("unreadable", "E-LEGACY-BROKEN"),
}
# Under the usual limits these take up to half a minute; under tight ones they hit the same wall.
MEMORY_HOGS = ["vast_page", "vast_paragraphs", "vast_text", "pdf_operator_bomb", "pdf_text_bomb"]
MEMORY_HOGS += ["pdf_form_that_draws_itself", "pdf_forms_that_double"]
# What these give hangs on what is installed: LibreOffice, models for OCR.
OTHERS = ["rtf_of_nested_groups", "rtf_of_nested_tables", "pdf_without_unicode"]
FORMATS = {"vast_page": "html", "vast_paragraphs": "html", "vast_text": "text"}


@pytest.fixture(scope="module")
def pool():
    with ReaderPool(1) as readers:
        yield readers


def run(*arguments: object) -> Result:
    return CliRunner().invoke(parse, [str(argument) for argument in arguments])


def test_every_hostile_file_has_its_end() -> None:
    assert set(MAKERS) == {*ENDS, *MEMORY_HOGS, *OTHERS}


@pytest.mark.parametrize("name", ENDS)
def test_a_hostile_file_ends_with_its_finding(pool: ReaderPool, name: str) -> None:
    data = MAKERS[name]()
    before = time.monotonic()
    report = pool.parse(data)
    assert time.monotonic() - before < 60
    status, rule = ENDS[name]
    assert (report.status, report.findings[0].rule) == (status, rule)
    assert not report.cells
    if status == "unreadable":
        (finding,) = report.findings
        assert finding.severity == "error"
        assert "请" in finding.message, "says what to do"


@pytest.mark.parametrize("name", MEMORY_HOGS)
def test_a_file_that_eats_memory_is_stopped(name: str) -> None:
    with ReaderPool(1, memory=128 * MIB) as tight:
        report = tight.parse(MAKERS[name]())
        (finding,) = report.findings
        assert (report.status, finding.rule) == ("unreadable", "E-READ-MEMORY")
        assert "128 MiB" in finding.message
        assert report.format == FORMATS.get(name, "pdf")
        assert tight.parse(b"").findings[0].rule == "E-EMPTY", "the run goes on"


@pytest.mark.skipif(program() is None, reason="LibreOffice is not installed")
def test_hostile_rtf_costs_one_finding_each() -> None:
    nested, tables = MAKERS["rtf_of_nested_groups"](), MAKERS["rtf_of_nested_tables"]()
    with ReaderPool(1, seconds=6) as readers:
        answers = dict(readers.parse_many([("tables", tables), ("nested", nested)]))
        assert readers.parse(b"").findings[0].rule == "E-EMPTY", "the run goes on"
    assert answers["nested"].format == "rtf"
    assert not answers["nested"].cells
    (finding,) = answers["tables"].findings
    assert (answers["tables"].format, finding.rule) == ("rtf", "E-READ-TIMEOUT")
    assert "LibreOffice" in finding.message


def test_letters_without_a_meaning_give_no_wrong_figure(pool: ReaderPool) -> None:
    truth = next(iter(reports().values())).cells
    report = pool.parse(MAKERS["pdf_without_unicode"]())
    assert report.status in {"unreadable", "partial", "read", "verified"}
    assert report.findings, "it says so"
    for code, cell in report.cells.items():
        if cell.state == "value":
            assert str(cell.value) == truth[code], code


def test_an_earlier_encrypted_file_does_not_colour_a_later_broken_one(pool: ReaderPool) -> None:
    for name in ("encrypted_pdf", "pdf_of_a_billion_pages"):
        report = pool.parse(MAKERS[name]())
        assert report.findings[0].rule == ENDS[name][1]


def test_an_external_entity_brings_nothing_in(pool: ReaderPool) -> None:
    report = pool.parse(MAKERS["docx_with_external_entity"]())
    assert report.title == "2021年政府信息公开工作年度报告"
    assert "root:" not in repr(report)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    page = report_page(reports()["rouyuan-town-2021"], HtmlStyle())
    text = page.decode()
    odd = text.replace("行政处罚", "某某事项")
    assert odd != text
    (folder / "whole.html").write_bytes(page)
    (folder / "odd.html").write_bytes(odd.encode())
    (folder / "error.pdf").write_bytes(MAKERS["error_page"]())
    (folder / "cut.pdf").write_bytes(MAKERS["truncated_pdf"]())
    (folder / "empty.docx").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("whole.html", 0, "verified"),
        ("odd.html", 3, "partial"),
        ("error.pdf", 4, "not_a_report"),
        ("cut.pdf", 5, "E-PDF-BROKEN"),
        ("empty.docx", 5, "E-EMPTY"),
        ("missing.pdf", 2, "does not exist"),
    ],
)
def test_the_exit_code_says_how_it_went(folder: Path, name: str, code: int, words: str) -> None:
    result = run(folder / name)
    assert result.exit_code == code
    assert words in result.output
    assert "Traceback" not in result.output


def test_wrong_use_is_exit_code_2() -> None:
    assert run().exit_code == 2
    assert run("--jsn", "x").exit_code == 2


def test_many_files_come_in_the_order_asked_for_and_the_worst_counts(folder: Path) -> None:
    names = ["whole.html", "empty.docx", "odd.html", "error.pdf", "cut.pdf", "whole.html"] * 2
    result = run("--json", *(folder / name for name in names))
    assert result.exit_code == 5
    printed = [json.loads(line) for line in result.output.splitlines()]
    assert [Path(item["file"]).name for item in printed] == names
    statuses = ["verified", "unreadable", "partial", "not_a_report", "unreadable", "verified"] * 2
    assert [item["status"] for item in printed] == statuses


def test_the_json_leads_back_to_the_source(folder: Path) -> None:
    printed = json.loads(run("--json", folder / "odd.html").output)
    cells = printed["cells"].values()
    assert {"value", "raw", "state", "where"} <= set.intersection(*map(set, cells))
    unread = [cell for cell in cells if cell["state"] == "unread"]
    assert unread
    assert all(cell["note"] for cell in unread), "with the reason"
    assert all(cell["where"].startswith("path=") for cell in cells if cell["state"] == "value")
    assert all(figure["where"].startswith("path=") for figure in printed["figures"])
    assert {"derived", "statements", "rules", "findings"} <= set(printed)
    assert {rule["outcome"] for rule in printed["rules"]} <= {"passed", "failed", "not_judged"}


@pytest.mark.parametrize(("count", "shown"), [(1, False), (3, True)])
def test_several_files_show_progress_on_a_terminal(
    folder: Path, count: int, *, shown: bool
) -> None:
    command = [sys.executable, "-m", "crawler.cli", "parse", "--json"]
    near, far = pty.openpty()
    files = [str(folder / "whole.html")] * count
    done = subprocess.run([*command, *files], stdout=subprocess.PIPE, stderr=far, check=False)
    os.close(far)
    terminal = b""
    with suppress(OSError), os.fdopen(near, "rb", buffering=0) as screen:
        while piece := screen.read(4096):
            terminal += piece
    assert done.returncode == 0
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["verified"] * count
    assert (f"{count}/{count}".encode() in terminal) is shown


def test_of_a_vast_file_no_more_than_the_limit_is_taken(tmp_path: Path) -> None:
    vast = tmp_path / "vast.pdf"
    with vast.open("wb") as stream:
        stream.write(b"%PDF-1.7\n")
        stream.truncate(1000 * MOST_BYTES)  # a hole: it takes no room on the disk
    result = run("--json", vast)
    printed = json.loads(result.output)
    assert (result.exit_code, printed["format"]) == (5, "pdf")
    assert [finding["rule"] for finding in printed["findings"]] == ["E-TOO-LARGE"]
