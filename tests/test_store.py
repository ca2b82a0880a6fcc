"""One report is one row with all its sources, and storing twice changes nothing."""

from __future__ import annotations

import sqlite3

import pytest

from archive.home import Archive
from archive.search import search
from pipeline.finding import Finding
from pipeline.parse import parse
from pipeline.store import (
    Source,
    add_source,
    note_agency,
    note_register,
    settle,
    store,
    store_site_finding,
)
from tests.replica.data import reports
from tests.replica.documents import write_documents

OFFICE = "shapotou-gov-office-2024"


@pytest.fixture(scope="session")
def forms(tmp_path_factory):
    """Return the bytes of one report in each form, by file ending."""
    folder = tmp_path_factory.mktemp("forms")
    write_documents(folder)
    return {
        path.suffix[1:]: path.read_bytes()
        for path in folder.iterdir()
        if path.stem == OFFICE and path.suffix != ".json"
    }


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path / "data", create=True)
    archive.db.table("sites").insert(
        {
            "id": "spt",
            "name": "沙坡头区",
            "region_code": "640502",
            "region_name": "沙坡头区",
            "region_parents": '["宁夏回族自治区", "中卫市"]',
            "home": "https://www.spt.gov.cn/",
            "hosts": '["www.spt.gov.cn"]',
        }
    )
    yield archive
    archive.close()


def put(archive, data, url, day="2025-01-01", **source):
    digest = archive.blobs.put(data)
    with archive.transaction() as db:
        db.table("payloads").insert({"digest": digest, "size": len(data)}, ignore=True)
        capture = db.execute(
            "INSERT INTO captures (site_id, url, status, digest, captured_at, headers, warc_file, "
            "warc_offset, warc_length) VALUES ('spt', ?, 200, ?, ?, '[]', 'w', 0, 0) "
            "ON CONFLICT DO UPDATE SET status = 200 RETURNING id",
            (url, digest, day),
        ).fetchone()[0]
    store(archive, digest, parse(data), Source(url, capture, "spt", "article", **source))
    return digest


def rows(archive, sql):
    return archive.db.execute(sql).fetchall()


def everything(archive):
    tables = [name for name in archive.db.table_names() if not name.startswith("run")]
    return {table: sorted(map(repr, rows(archive, f'SELECT * FROM "{table}"'))) for table in tables}


def test_three_forms_are_one_report_with_three_sources(archive, forms):
    for form in ("pdf", "docx", "html"):
        put(archive, forms[form], f"https://www.spt.gov.cn/a.{form}", published="2025-01-24 10:19")
    assert rows(archive, "SELECT year, status, template, published FROM reports") == [
        (2024, "verified", "2021", "2025-01-24 10:19")
    ]
    assert rows(archive, "SELECT count(*) FROM sources") == [(3,)]
    shown = "SELECT d.format FROM reports r JOIN documents d ON d.id = r.document_id"
    assert rows(archive, shown) == [("html",)]
    assert rows(archive, "SELECT key FROM agencies") == [("640502:government_office",)]
    assert rows(archive, "SELECT count(*) FROM findings WHERE report_id IS NOT NULL") == [(0,)]


def test_a_form_that_disagrees_is_reported_and_the_better_one_shown(archive, forms):
    broken = forms["html"].replace(b">6643", b">6644").replace(b">24<", b">25<", 1)
    assert broken != forms["html"]
    page = "https://www.spt.gov.cn/a.html"
    put(archive, broken, page)
    put(archive, forms["docx"], "https://www.spt.gov.cn/a.docx", parent_url=page)
    found = rows(archive, "SELECT message FROM findings WHERE rule = 'W-FORMS-DIFFER'")
    assert len(found) == 1
    assert "1 个单元格不同" in found[0][0]
    assert "t2_normative_docs_in_force" in found[0][0]


def test_a_form_that_reads_worse_is_not_shown(archive, forms):
    worse = forms["html"].replace("一、本年新收政府信息公开申请数量".encode(), "一、来访".encode())
    assert worse != forms["html"]
    put(archive, worse, "https://www.spt.gov.cn/a.html")
    assert rows(archive, "SELECT status FROM reports") == [("partial",)]
    put(archive, forms["pdf"], "https://www.spt.gov.cn/a.pdf")
    assert rows(archive, "SELECT status FROM reports") == [("verified",)]


def test_storing_twice_changes_no_row(archive, forms):
    for form in ("pdf", "html"):
        put(archive, forms[form], f"https://www.spt.gov.cn/a.{form}")
    settle(archive)
    before = everything(archive)
    for form in ("pdf", "html"):
        put(archive, forms[form], f"https://www.spt.gov.cn/a.{form}")
    settle(archive)
    assert everything(archive) == before


def test_the_same_bytes_at_a_second_address_are_a_source_more(archive, forms):
    digest = put(archive, forms["html"], "https://www.spt.gov.cn/a.html")
    capture = rows(archive, "SELECT id FROM captures")[0][0]
    for _ in range(2):
        second = Source("https://www.spt.gov.cn/b.html", capture, "spt", "article")
        add_source(archive, digest, second)
    assert rows(archive, "SELECT count(*) FROM documents") == [(1,)]
    assert rows(archive, "SELECT url, is_current FROM sources ORDER BY url") == [
        ("https://www.spt.gov.cn/a.html", 1),
        ("https://www.spt.gov.cn/b.html", 1),
    ]


def test_an_edited_page_is_shown_and_the_earlier_one_kept(archive, forms):
    put(archive, forms["html"], "https://www.spt.gov.cn/a.html")
    edited = forms["html"].replace(b">24<", b">25<", 1)
    digest = put(archive, edited, "https://www.spt.gov.cn/a.html")
    shown = "SELECT d.digest FROM reports r JOIN documents d ON d.id = r.document_id"
    assert rows(archive, shown) == [(digest,)]
    assert rows(archive, "SELECT count(*) FROM documents WHERE report_id IS NOT NULL") == [(2,)]
    # An earlier version is no other form: it is not compared.
    assert rows(archive, "SELECT rule FROM findings WHERE rule LIKE 'W-FORMS%'") == []
    put(archive, forms["html"], "https://www.spt.gov.cn/a.html")
    assert rows(archive, shown) != [(digest,)]


def test_body_and_year_come_from_the_column_when_the_title_names_none(archive):
    text = "2024年政府信息公开工作年度报告\n一、总体情况\n公开8条。\n二、主动公开政府信息情况\n无"
    put(
        archive,
        text.encode(),
        "https://www.spt.gov.cn/n.txt",
        column_path="政府信息公开 > 政府部门信息公开 > 水务局 > 政府信息公开年报",
    )
    assert rows(
        archive, "SELECT a.name, r.year FROM reports r JOIN agencies a ON a.id = r.agency_id"
    ) == [("中卫市沙坡头区水务局", 2024)]


def test_a_page_that_announces_a_report_and_has_none(archive):
    page = (
        "<html><head><meta name='ArticleTitle' "
        "content='沙坡头区财政局2022年政府信息公开工作年度报告'></head>"
        "<body><div id='zoom'><p>附件：年报.pdf</p></div></body></html>"
    )
    put(archive, page.encode(), "https://www.spt.gov.cn/t.html")
    settle(archive)
    settle(archive)
    assert rows(archive, "SELECT rule FROM findings ORDER BY rule") == [
        ("I-TITLE-ONLY",),
        ("W-NO-CONTENT",),
    ]
    assert rows(archive, "SELECT count(*) FROM reports") == [(0,)]


def test_cells_keep_raw_text_value_state_and_place(archive, forms):
    put(archive, forms["pdf"], "https://www.spt.gov.cn/a.pdf")
    row = rows(
        archive,
        "SELECT c.raw, c.value, c.state, c.place FROM cells c JOIN metrics m ON m.id = c.metric_id "
        "WHERE m.code = 't2_normative_docs_in_force'",
    )[0]
    assert row[:3] == ("24", 24, "value")
    assert row[3].startswith("page=")


def test_a_state_that_does_not_exist_is_refused_by_the_database(archive, forms):
    put(archive, forms["pdf"], "https://www.spt.gov.cn/a.pdf")
    with pytest.raises(sqlite3.IntegrityError):
        archive.db.execute("UPDATE cells SET state = 'zero'")


def test_the_same_finding_of_the_crawl_is_one_row(archive):
    for _ in range(2):
        store_site_finding(archive, "spt", "https://x/", Finding("W-X", "warning", "消息"))
    assert rows(archive, "SELECT count(*) FROM findings") == [(1,)]


def test_every_report_of_the_replica_in_every_form_equals_its_data(tmp_path):
    write_documents(tmp_path)
    for slug, report in reports().items():
        for path in sorted(tmp_path.glob(f"{slug}.*")):
            if path.suffix == ".json":
                continue
            read = parse(path.read_bytes())
            assert read.title == "".join(report.title_lines), path.name
            assert read.agency_printed == report.agency
            assert read.period == report.period
            assert read.signed == report.signed
            assert read.year == report.year
            assert read.template == report.template
            assert {code: str(cell.value) for code, cell in read.cells.items()} == {
                code: str(value) for code, value in report.cells.items()
            }, path.name
            assert read.status == ("verified" if report.cells else "read"), path.name


def test_the_tree_of_a_site_teaches_agencies(archive):
    note_register(archive, "spt")
    for _ in range(2):
        note_agency(archive, "spt", "区水务局")
        note_agency(archive, "spt", "滨河镇")
    found = dict(rows(archive, "SELECT key, basis FROM agencies"))
    assert found["640502:水务局"] == "site tree"
    assert found["640502100:township"] == "register"
    assert "640500:xinfang" not in found
    assert rows(archive, "SELECT name FROM agency_names WHERE kind = 'site' ORDER BY name") == [
        ("区水务局",),
        ("滨河镇",),
    ]


def test_a_report_is_found_under_a_name_learned_later(archive, forms):
    put(archive, forms["html"], "https://www.spt.gov.cn/a.html")
    note_agency(archive, "spt", "区政府办")
    assert search(archive.db, "区政府办").count == 1


def test_a_corrected_article_at_a_new_address_is_shown(archive, forms):
    put(archive, forms["html"], "https://www.spt.gov.cn/a.html")
    corrected = forms["html"].replace(b">24<", b">25<", 1)
    digest = put(archive, corrected, "https://www.spt.gov.cn/b.html", day="2025-02-01")
    shown = "SELECT d.digest FROM reports r JOIN documents d ON d.id = r.document_id"
    assert rows(archive, shown) == [(digest,)]
