"""Compare: what is put side by side, and what is marked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.site_seed import Seeded, seed
from tests.site_server import client_of, page

EARLIER, LATER = "999901-water/2021", "999901-water/2022"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed(tmp_path_factory.mktemp("compare"))


@pytest.fixture(scope="module")
def client(seeded: Seeded) -> Iterator[httpx.Client]:
    with client_of(seeded.folder) as opened:
        yield opened


def codes_of(row: Any) -> set[str]:
    return {link.get("href").rpartition("/")[2] for link in row.xpath(".//td/a")}


def test_every_differing_cell_is_marked_and_no_other(client: httpx.Client, seeded: Seeded) -> None:
    one, other = (
        seeded.cells["999901:water", int(slug.rpartition("/")[2])] for slug in (EARLIER, LATER)
    )
    shown = page(client, f"/compare?r={EARLIER}&r={LATER}")
    rows = shown.xpath("//table[contains(@class, 'compare')]//tr[td]")
    marked = {c for row in rows if row.get("class") == "differs" for c in codes_of(row)}
    expected = {
        code
        for code in one.keys() & other.keys()
        if (one[code]["value"], one[code]["state"]) != (other[code]["value"], other[code]["state"])
        or (one[code]["state"] == "note" and one[code]["raw"] != other[code]["raw"])
    }
    assert marked == expected
    assert {c for row in rows for c in codes_of(row)} == one.keys() | other.keys()
    only = page(client, f"/compare?r={EARLIER}&r={LATER}&only=different")
    assert {c for row in only.xpath("//tr[td]") for c in codes_of(row)} == expected


def test_agencies_stand_side_by_side_over_the_years(client: httpx.Client) -> None:
    shown = page(client, "/compare?a=999901-water&a=999901-government&figure=result_total")
    heads = [cell.text_content() for cell in shown.xpath("//table//thead//th")]
    assert heads[0] == "年度"
    assert len(heads) == 3
    assert len(shown.xpath("//svg")) >= 2
    years = [cell.text_content() for cell in shown.xpath("//table//tbody//th")]
    assert years == [str(year) for year in range(int(years[0]), int(years[-1]) + 1)]


def test_a_comparison_is_put_together_by_links_alone(client: httpx.Client) -> None:
    start = page(client, f"/compare?r={EARLIER}&q=云溪")
    link = start.xpath("//ul[@class='suggested']//a[text()='加入这份年报']/@href")[0]
    both = page(client, link)
    assert len(both.xpath("//ul[@class='picked']/li")) == 2
    fewer = page(client, both.xpath("//a[@class='drop']/@href")[0])
    assert len(fewer.xpath("//ul[@class='picked']/li")) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("r=999901-water/2021&a=999901-water", 400),
        ("r=999901-water", 400),
        ("r=999901-water/1890", 404),
        ("a=nobody", 404),
        ("a=999901-water&figure=nothing", 400),
        ("&".join(f"r=999901-water/20{n}" for n in range(10, 17)), 400),
    ],
)
def test_what_cannot_be_compared_is_said(client: httpx.Client, query: str, status: int) -> None:
    answer = client.get(f"/compare?{query}")
    assert answer.status_code == status
    assert "Traceback" not in answer.text
