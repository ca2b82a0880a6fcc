"""The public page of findings: by rule, agency, year and severity, with title and source."""

from __future__ import annotations

import urllib.request
from urllib.parse import quote

import pytest

from archive.home import Archive
from pipeline.store import settle
from tests.series_reports import YEARS, add_site, put, requests, year_report
from tests.site_server import running_site


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("findings")
    archive = Archive(folder, create=True)
    add_site(archive)
    put(archive, year_report(2023, YEARS[2023]), published="2024-02-20")
    put(archive, year_report(2024, YEARS[2024] | requests(3, 4, 0)))
    put(archive, year_report(2024, YEARS[2024], agency="沙坡头区财政局"), published="2025-02-03")
    settle(archive)
    archive.close()
    with running_site(folder) as address:
        yield address


def page(address, query):
    url = f"{address}/findings?{quote(query, safe='=&-')}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def test_a_rule_is_explained_where_it_is_chosen(address):
    text = page(address, "rule=W-DEADLINE")
    assert "共 <strong>2</strong> 处" in text
    assert "按期公布" in text
    assert "依据：条例第四十九条" in text
    assert "发布于 2024-02-20，晚于条例规定的 2024-01-31" in text
    assert "E-CARRY</code>" not in text


def test_findings_narrow_down_by_agency_year_and_severity(address):
    assert "共 <strong>1</strong> 处" in page(address, "rule=W-DEADLINE&year=2023")
    bureau = page(address, "agency=640502:财政局")
    assert "共 <strong>1</strong> 处" in bureau
    assert "2025-02-03" in bureau
    errors = page(address, "severity=error")
    assert "结转下年度继续办理" in errors
    assert "共 <strong>1</strong> 处" in errors


def test_the_data_tables_of_the_audit_are_open(address):
    for table in ("rules", "verdicts", "derived", "indicator_by_agency_year"):
        with urllib.request.urlopen(
            f"{address}/nianbao/{table}.json?_size=1", timeout=30
        ) as answer:
            assert answer.status == 200
