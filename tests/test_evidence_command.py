"""``nianbao evidence`` writes a picture of a cell, or says what to name instead."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from archive.home import Archive
from pipeline.evidence import font as fonts
from pipeline.evidence.caption import Caption
from pipeline.evidence.commands import evidence
from pipeline.evidence.font import FontMissingError, find_font
from pipeline.evidence.place import EvidenceError
from pipeline.evidence.sandbox import Order, draw
from pipeline.read.document import page_place
from tests.replica.data import reports
from tests.replica.documents import html_style, pdf_style
from tests.replica.docx_form import render_docx
from tests.replica.html_form import report_page
from tests.replica.pdf_form import render_pdf
from tests.test_evidence_pages import reds
from tests.test_limits_reparse import fill

REPORT = "640502103-township/2021"
CODE = "t3_result_total__total"


@pytest.fixture(scope="module")
def font() -> Path:
    try:
        return find_font()
    except FontMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    report = reports()["rouyuan-town-2021"]
    files = {
        "a.html": report_page(report, html_style(report)),
        "a.pdf": render_pdf(report, pdf_style(report)),
        "a.docx": render_docx(report),
    }
    path = tmp_path_factory.mktemp("evidence") / "data"
    return path, fill(path, files)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(evidence, ["--data", str(folder), *arguments])


@pytest.mark.parametrize("name", ["a.html", "a.pdf", "a.docx"])
def test_a_picture_is_written_for_each_form(
    font: Path, folder: tuple[Path, dict[str, str]], tmp_path: Path, name: str
) -> None:
    data, digests = folder
    out = tmp_path / "cell.png"
    digest = digests[name]
    result = run(data, REPORT, CODE, "-o", str(out), "--document", digest[:9], "--font", str(font))
    assert result.exit_code == 0, result.output
    assert digest[:12] in result.output
    with Image.open(out) as image:
        assert image.format == "PNG"
        left, top, right, bottom = reds(image.convert("RGB"))
        assert image.width >= 900
        assert 15 < bottom - top < 120
        assert right - left < 200


def test_an_address_of_the_site_names_the_report_too(
    font: Path, folder: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    out = str(tmp_path / "cell.png")
    for name in (
        f"http://127.0.0.1:8001/report/{REPORT}/cell/{CODE}",
        f"/report/{REPORT}",
        "640502103:township/2021",
    ):
        result = run(folder[0], name, CODE, "-o", out, "--font", str(font))
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["柔远镇/2021", CODE], REPORT),
        (["640502103-township/2020", CODE], REPORT),
        (["640502103-townshp/2021", CODE], REPORT),
        (["nonsense", CODE], "AGENCY/YEAR"),
        ([REPORT, "t3_result_total"], CODE),
        ([REPORT, "t2_regulations_made"], "format of 2021"),
        ([REPORT, CODE, "--document", "zz"], "forms of the report"),
    ],
)
def test_a_wrong_name_is_refused_with_those_that_are_near(
    folder: tuple[Path, dict[str, str]], tmp_path: Path, arguments: list[str], told: str
) -> None:
    out = tmp_path / "cell.png"
    result = run(folder[0], *arguments, "-o", str(out))
    assert result.exit_code == 2
    assert told in result.output
    assert not out.exists()


def test_a_cell_that_was_not_found_gives_its_reason(
    folder: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    archive = Archive(folder[0])
    before = archive.db.execute("SELECT document_id, metric_id, raw, place FROM cells").fetchall()
    archive.db.execute("UPDATE cells SET state = 'unread', place = '', note = '表三没有这一行'")
    try:
        result = run(folder[0], REPORT, CODE, "-o", str(tmp_path / "cell.png"))
    finally:
        archive.db.conn.executemany(
            "UPDATE cells SET state = 'value', note = NULL, raw = ?3, place = ?4"
            " WHERE document_id = ?1 AND metric_id = ?2",
            before,
        )
        archive.close()
    assert result.exit_code == 1
    assert "表三没有这一行" in result.output


def test_missing_and_damaged_bytes_are_told_apart_from_wrong_use(
    font: Path, folder: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    data, digests = folder
    archive = Archive(data)
    path = Path(archive.blobs.place(digests["a.pdf"]))
    archive.close()
    kept = path.read_bytes()
    path.chmod(0o644)
    try:
        for damage in (b"damaged", None):
            path.unlink()
            if damage:
                path.write_bytes(damage)
            result = run(
                data, REPORT, CODE, "-o", str(tmp_path / "x.png"),
                "--document", digests["a.pdf"], "--font", str(font),
            )  # fmt: skip
            assert result.exit_code == 3
            assert digests["a.pdf"] in result.output
    finally:
        path.write_bytes(kept)


def order(font: Path, place: str) -> Order:
    return Order(place, ((place,),), Caption("标题", ("来源",)), font)


def test_a_hostile_original_costs_an_error_within_limits(font: Path) -> None:
    place = page_place(1, (1, 1, 9, 9))
    for data in (b"", b"%PDF-1.7 nothing", b"\x89PNG\r\n\x1a\n" + os.urandom(300)):
        with pytest.raises(EvidenceError, match="can't be"):
            draw(data, order(font, place))
    big = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(big, "PNG")
    with pytest.raises(EvidenceError, match=r"no scan|can't be opened"):
        draw(big.getvalue(), order(font, place))
    table = b"<table>" + b"<tr><td>1</td><td>2</td></tr>" * 60_000
    with pytest.raises(EvidenceError, match="longer than"):
        draw(table, order(font, "path=/html/body/table/tr[9]/td"), seconds=0.3)
    with pytest.raises(EvidenceError, match=r"memory|broke off"):
        draw(table, order(font, "path=/html/body/table/tr[9]/td"), memory=2**20)


def test_without_a_font_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "_FOLDERS", (str(tmp_path),))
    with pytest.raises(FontMissingError, match="fonts-noto-cjk"):
        find_font()
    latin = Path(__file__).parent / "replica" / "font"
    broken = tmp_path / "font.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(FontMissingError, match="name another"):
        find_font(broken)
    named = next(latin.glob("*.ttf"))
    assert find_font(named) == named
