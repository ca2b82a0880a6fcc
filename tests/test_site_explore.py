"""Explore: figures and indicators in order, with their definitions; ten questions of visitors."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from archive.home import Archive
from archive.publish import publish
from archive.site.agency import agency_data
from archive.site.home import home_data
from archive.site.matrix import agencies_of, counts, regions
from archive.site.ranking import CLASSES, Chosen, explore_data, trimmed
from archive.summary import explored
from tests.site_seed import AGENCIES, HOSTILE, Seeded, seed
from tests.site_server import client_of, page

NAMES = {key: name for key, name, _, _ in AGENCIES}
DENIED = "t3_denied_"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    made = seed(tmp_path_factory.mktemp("explore"))
    archive = Archive(made.folder)
    with archive.transaction() as db:
        db.execute(
            "INSERT INTO findings (id, report_id, rule, severity, message, quote, place)"
            " SELECT 'late', r.id, 'W-DEADLINE', 'warning', '晚于条例规定的期限。', '', ''"
            " FROM reports r JOIN agencies a ON a.id = r.agency_id"
            " WHERE a.key = '999902:xinfang' AND r.year = 2021"
        )
    archive.close()
    return made


@pytest.fixture(scope="module")
def client(seeded: Seeded) -> Iterator[httpx.Client]:
    with client_of(seeded.folder) as opened:
        yield opened


def ranking(shown: Any) -> list[tuple[str, str, str]]:
    """Rank, agency and value of each line."""
    return [
        (
            row.xpath("string(td[1])").strip(),
            row.xpath("string(th/a)"),
            row.xpath("string(td[2])").strip(),
        )
        for row in shown.xpath("//table[contains(@class, 'ranking')]/tbody/tr")
    ]


def figures(seeded: Seeded, year: int, code: Callable[[str], bool]) -> dict[str, float | None]:
    """Sums of cells by agency name; None where a part has no number."""
    found: dict[str, float | None] = {}
    for (key, held), cells in seeded.cells.items():
        if held == year:
            parts = [cell["value"] for name, cell in cells.items() if code(name)]
            found[NAMES[key]] = None if None in parts or not parts else sum(parts)
    return found


def expected(values: dict[str, float | None]) -> list[tuple[int, str, float]]:
    held = [(name, value) for name, value in values.items() if value is not None]
    ranked = [(1 + sum(other > value for _, other in held), name, value) for name, value in held]
    return sorted(ranked)


CODES: list[tuple[str, Callable[[str], bool]]] = [
    ("new_requests", lambda code: code == "t3_new__total"),
    ("denied", lambda code: code.startswith(DENIED) and code.endswith("__total")),
    ("carried_out", lambda code: code == "t3_carried_out__total"),
    (
        "suits_corrected",
        lambda code: code in ("t4_suit_direct_corrected", "t4_suit_after_review_corrected"),
    ),
]


@pytest.mark.parametrize(("code", "cells"), CODES, ids=[code for code, _ in CODES])
@pytest.mark.parametrize("year", [2020, 2022])
def test_the_order_is_that_of_the_figures_of_the_reports(
    client: httpx.Client, seeded: Seeded, code: str, cells: Callable[[str], bool], year: int
) -> None:
    shown = ranking(page(client, f"/explore?code={code}&year={year}"))
    valued = sorted((int(rank), name, float(value)) for rank, name, value in shown if rank)
    assert valued == expected(figures(seeded, year, cells))
    assert [rank for rank, _, _ in shown if rank] == [str(rank) for rank, _, _ in valued]
    low = ranking(page(client, f"/explore?code={code}&year={year}&order=low"))
    amounts = [float(value) for rank, _, value in low if rank]
    assert amounts == sorted(value for _, _, value in valued)
    assert {name for _, name, _ in low} == {name for _, name, _ in shown}


def test_a_rate_is_its_two_figures(client: httpx.Client, seeded: Seeded) -> None:
    denied = figures(seeded, 2023, CODES[1][1])
    handled = figures(seeded, 2023, lambda code: code == "t3_result_total__total")
    told = client.get("/explore.json?code=denial_rate&year=2023").json()
    assert told["counted"] == len(told["rows"])
    for row in told["rows"]:
        assert row["numerator"] == denied[row["agency"]]
        assert row["denominator"] == handled[row["agency"]]
        assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
    whole = next(row for row in told["years"] if row["year"] == 2023)
    assert whole["numerator"] == sum(value for value in denied.values() if value is not None)


def test_no_value_has_a_reason_and_is_never_zero(client: httpx.Client) -> None:
    shown = page(client, "/explore?code=review_corrected_rate&year=2022")
    reasons = {name: value for rank, name, value in ranking(shown) if not rank}
    assert reasons["云溪县水务局（虚构）"] == "空白：结果维持"
    assert reasons[f"临川市“{HOSTILE}”办公室（虚构）"] == "无法读取"
    found = set()
    for year in range(2019, 2025):
        for code in ("review_corrected_rate", "normative_docs_issued"):
            told = client.get(f"/explore.json?code={code}&year={year}").json()
            for row in told["rows"]:
                assert (row["value"] is None) == bool(row["reason"]) == (row["rank"] is None)
                if row["denominator"] == 0:
                    assert row["reason"] == "无法计算：分母为 0"
                found.add(row["reason"])
    assert {"无法计算：分母为 0", "2019 年格式没有这一项"} <= found
    people = page(client, "/explore?code=requests_per_10k")
    assert "无法计算：所需的数据不在年报中" in people.text_content()


def test_filters_narrow_down_and_sums_follow(client: httpx.Client, seeded: Seeded) -> None:
    shown = ranking(page(client, "/explore?year=2021&region=999902"))
    assert {name for _, name, _ in shown} == {
        NAMES[key] for key, year in seeded.cells if year == 2021 and key.startswith("999902")
    }
    whole = client.get("/explore.json?year=2021").json()
    kinds = {key: kind for key, _, kind, _ in AGENCIES}
    for region in ("999901", "999902"):
        for kind in ("department", "township", ""):
            told = client.get(f"/explore.json?year=2021&region={region}&type={kind}").json()
            rows = [
                row for row in whole["rows"]
                if row["region_code"] == region and kind in ("", kinds[row["agency_key"]])
            ]  # fmt: skip
            assert [row["agency_key"] for row in told["rows"]] == [
                row["agency_key"] for row in rows
            ]
            total = [row for row in told["years"] if row["year"] == 2021]
            assert sum(row["value"] for row in total) == sum(row["value"] for row in rows)
    departments = client.get("/explore.json?year=2021&type=department").json()
    assert {kinds[row["agency_key"]] for row in departments["rows"]} == {"department"}


def test_regions_are_ranked_by_their_sums(client: httpx.Client) -> None:
    told = client.get("/explore.json?year=2021&by=region").json()
    agencies = client.get("/explore.json?year=2021").json()["rows"]
    for row in told["rows"]:
        assert row["value"] == sum(
            other["value"] for other in agencies
            if other["region_code"] == row["region_code"] and other["value"] is not None
        )  # fmt: skip
    covered = client.get("/explore.json?code=coverage&year=2022").json()
    assert {(row["region_code"], row["numerator"], row["denominator"])
            for row in covered["rows"]} == {("999901", 6, 7), ("999902", 4, 5)}  # fmt: skip


def test_page_csv_and_json_say_the_same(client: httpx.Client) -> None:
    query = "code=carry_rate&year=2023"
    shown = page(client, f"/explore?{query}")
    links = [link for link in shown.xpath("//a/@href") if link.startswith("/explore.")]
    table = csv.DictReader(io.StringIO(client.get(links[0]).text.removeprefix("\ufeff")))
    rows = client.get(links[1]).json()["rows"]
    assert [(row["机关名称"], row["名次"]) for row in table] == [
        (row["agency"], str(row["rank"] or "")) for row in rows
    ]
    assert [name for _, name, _ in ranking(shown)] == [row["agency"] for row in rows]
    for words in ("结转下年的申请占", "t3_carried_out__total", "推定"):
        assert words in shown.xpath("string(//section[@class='definition'])")


@pytest.mark.parametrize(
    "query", ["code=nothing", "year=x", "type=king", "by=moon", "order=up", "page=0"]
)
def test_what_cannot_be_asked_is_said(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/explore?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_hostile_values_are_text(client: httpx.Client) -> None:
    answer = client.get("/explore", params={"region": HOSTILE, "code": "new_requests"})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "<script" not in client.get("/explore?year=2021").text
    assert "<script" not in client.get("/agency/999902-hostile").text


@pytest.mark.parametrize("rate", [False, True])
def test_every_value_lies_in_one_class(rate: bool) -> None:  # noqa: FBT001 - a case of the test
    values = (-1.0, -0.001, 0.0, 0.001, 0.1, 0.11, 1.0, 1.5, 9, 10, 49, 12345)
    for value in values:
        assert sum(low < value <= high for _, low, high in CLASSES[rate]) == 1, value
    counts = [sum(low < value <= high for value in values) for _, low, high in CLASSES[rate]]
    told = dict(trimmed(counts, rate=rate))
    assert told["小于 0"] == 2
    assert told["0"] == 1
    assert told["0–10%"] == 2 if rate else told["10–49"] == 2
    assert trimmed([0] * len(counts), rate=rate) == ()


def test_the_spread_holds_every_value_once(client: httpx.Client) -> None:
    for query in ("code=denied&year=2021", "code=denial_rate&year=2021&type=department"):
        shown = page(client, f"/explore?{query}")
        told = client.get(f"/explore.json?{query}").json()
        valued = [row["value"] for row in told["rows"] if row["value"] is not None]
        said = shown.xpath("//section[@aria-labelledby='spread-title']//svg/@aria-label")[0]
        counts = [int(number) for number in re.findall(r"，(\d+) 个", said)]
        assert sum(counts) == len(valued) == told["counted"]


def follow(client: httpx.Client, path: str, words: str) -> tuple[str, Any]:
    """Click on the first link with these words."""
    shown = page(client, path)
    link = next(a for a in shown.xpath("//a") if words in a.text_content())
    address = link.get("href")
    return address, page(client, address.partition("#")[0])


def test_who_received_most_requests_in_2021(client: httpx.Client, seeded: Seeded) -> None:
    address, _ = follow(client, "/", "谁收到的申请最多")
    _, shown = follow(client, address, "2021")
    best = max(figures(seeded, 2021, CODES[0][1]).items(), key=lambda item: item[1] or 0)
    assert ranking(shown)[0] == ("1", best[0], str(best[1]))


def test_which_report_refused_most_and_where_its_original_is(client: httpx.Client) -> None:
    address, shown = follow(client, "/", "不予公开最多")
    rank, name, value = ranking(shown)[0]
    assert rank == "1"
    report = shown.xpath("//table[contains(@class, 'ranking')]//td/a/@href")[0].partition("#")[0]
    found = page(client, report)
    assert name in found.text_content()
    assert found.xpath("//a[starts-with(@href, '/original/')]")
    assert int(value) > 0
    assert urlsplit(address).path == "/explore"


def test_which_reports_disagree_with_themselves(client: httpx.Client) -> None:
    _, shown = follow(client, "/", "自相矛盾")
    assert "各类申请人之和不等于总计" in shown.text_content()
    assert set(shown.xpath("//ul[@class='findings']//span[contains(@class, 'sev')]/text()")) == {
        "不符"
    }


def test_what_a_town_wrote_on_relief(client: httpx.Client) -> None:
    shown = page(client, "/search?q=柳渡镇 低保")
    assert "柳渡镇" in shown.xpath("string(//ol[@class='hits'])")
    assert "低保" in shown.xpath("//mark/text()")


def test_who_was_late(client: httpx.Client) -> None:
    _, shown = follow(client, "/", "谁公布得晚")
    assert "临川市信访局（虚构） 2021 年" in shown.xpath("string(//ul[@class='findings'])")


def test_how_many_suits_an_agency_lost(client: httpx.Client, seeded: Seeded) -> None:
    _, shown = follow(client, "/", "诉讼被纠正最多")
    lost = figures(seeded, 2024, CODES[3][1])
    assert {name: float(value) for rank, name, value in ranking(shown) if rank} == {
        name: value for name, value in lost.items() if value is not None
    }


def test_who_carries_most_over(client: httpx.Client, seeded: Seeded) -> None:
    _, shown = follow(client, "/", "结转下年最多")
    most = max(value or 0 for value in figures(seeded, 2024, CODES[2][1]).values())
    assert ranking(shown)[0][2] == str(most)


def test_whose_report_is_missing_for_2022(client: httpx.Client) -> None:
    shown = page(client, "/")
    years = [head.text_content() for head in shown.xpath("//table[@class='matrix']//thead//th")]
    missing = [
        row.xpath("string(th/a)")
        for row in shown.xpath("//table[@class='matrix']//tr[td]")
        if "应有未见" in row.xpath("td")[years.index("2022") - 1].text_content()
    ]
    assert missing == ["云溪县民政局（虚构）"]


def test_how_documents_in_force_changed_at_an_agency(client: httpx.Client, seeded: Seeded) -> None:
    _, shown = follow(client, "/", "云溪县财政局")
    said = shown.xpath("//section[@aria-labelledby='picture-documents']//svg/@aria-label")[0]
    for year in range(2021, 2025):
        value = seeded.cells["999901:finance", year]["t2_normative_docs_in_force"]["value"]
        told = said.partition(f"{year} 年")[2].partition("；")[0]
        assert f"现行有效 {value}" in told


def test_where_the_original_of_a_figure_is(client: httpx.Client) -> None:
    shown = page(client, "/explore?year=2022")
    _, cell = follow(client, "/explore?year=2022", ranking(shown)[0][2])
    original = cell.xpath("//a[starts-with(@href, '/original/')]/@href")[0]
    assert client.get(original).status_code == 200


BIG = ("cells", "findings", "summary_values", "summary_reports", "documents", "sources",
       "captures", "reports", "agencies", "changes")  # fmt: skip


def test_no_page_goes_through_a_whole_table(seeded: Seeded) -> None:
    archive = Archive(seeded.folder)
    path = publish(archive).path
    archive.close()
    held = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    copy = sqlite3.connect(":memory:")
    held.backup(copy)
    held.close()
    # SQLite may choose to go through what it knows to be small; with many reports it is not.
    copy.execute("DELETE FROM sqlite_stat1")
    copy.commit()
    copy.execute("ANALYZE sqlite_schema")
    asked: list[str] = []
    copy.set_trace_callback(asked.append)

    def chosen(code: str, **more: str) -> Chosen:
        given = {"region": "", "type": "", "by": "agency", "order": "high", **more}
        return Chosen(code, 2022, **given)

    for code in explored():
        explore_data(copy, chosen(code), 50, 0)
    for more in (
        {"type": "department"}, {"region": "999901"}, {"by": "region"}, {"order": "low"},
        {"region": "999901", "type": "department"},
    ):  # fmt: skip
        explore_data(copy, chosen("denial_rate", **more), 50, 50)
    agency_data(copy, "999901-water")
    counted = counts(copy)
    agencies_of(copy, counted, {"code": "999901"}, 1)
    regions(copy, counted)
    home_data(copy)
    copy.set_trace_callback(None)
    # A home page that shows every agency is one of a small archive.
    small = ("FROM agencies ORDER BY",)
    whole = set()
    for statement in set(asked):
        if any(words in statement for words in small):
            continue
        for *_, plan in copy.execute(f"EXPLAIN QUERY PLAN {statement}"):
            words = plan.split()
            if words[0] == "SCAN" and "INDEX" not in words:
                whole.add((plan, statement))
    names = {"c": "cells", "f": "findings", "v": "summary_values", "r": "reports", "a": "agencies",
             "s": "summary_reports", "d": "documents"}  # fmt: skip
    assert [
        (plan, sql) for plan, sql in whole
        if names.get(plan.split()[1], plan.split()[1]) in BIG
    ] == []  # fmt: skip
