"""The five real reports as plain text, with every kind of damage that extraction does."""

from __future__ import annotations

import json
import re

import pytest

from pipeline.check.checker import check
from pipeline.read.text import read_text
from pipeline.recognise import recognise
from tests.careful_reader import FOUND

NAMES = (
    "rouyuan-town-2021",
    "shapotou-gov-office-2021",
    "shapotou-gov-office-2024",
    "shapotou-service-centre-2023",
    "zhongwei-petition-bureau-2020",
)


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture
def parse(shared):
    def run(name):
        return check(recognise(read_text((shared / "reports" / f"{name}.txt").read_bytes())))

    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_is_read_and_every_sum_holds(parse, name):
    report = parse(name)
    wanted = 198 if report.template == "2019" else 200
    assert len(report.cells) == wanted
    assert {cell.state for cell in report.cells.values()} == {"value"}
    assert all(cell.place.startswith("line=") for cell in report.cells.values())
    assert report.status == "verified"
    graver = sorted(f.rule for f in report.findings if f.severity != "info")
    assert graver == sorted(rule for rule, _ in FOUND[name])


@pytest.mark.parametrize("name", [n for n in NAMES if "2023" not in n and "office-2021" not in n])
def test_everything_equals_what_was_worked_out_by_hand(parse, shared, name):
    expected = json.loads((shared / "reports" / "expected" / f"{name}.json").read_text("utf-8"))
    report = parse(name)
    cells = {code: value for table in expected["tables"].values() for code, value in table.items()}
    assert {code: cell.value for code, cell in report.cells.items()} == cells
    assert report.title == expected["title"]
    assert report.agency_printed == expected["agency"]["name_in_title"]
    assert report.year == expected["report_year"]
    assert report.template == expected["template"]["structure"][:4]
    assert report.period == (
        expected["statistics_period"]["start"],
        expected["statistics_period"]["end"],
    )
    assert report.signed == expected["signoff"]["date"]
    for detail in ("office", "address", "postcode", "phone", "fax", "email", "website"):
        assert getattr(report.contact, detail) == expected["contact"][detail], detail
    assert [s.ordinal for s in report.sections] == [1, 2, 3, 4, 5, 6]
    for section, wanted in zip(report.sections, expected["sections"], strict=True):
        text = plain(section.text)
        assert section.heading == wanted["heading"]
        assert text.startswith(wanted.get("logical_first20", wanted["first20"]))
        assert text.endswith(wanted.get("logical_last20", wanted["last20"]))
        if "logical_lines" not in wanted:
            assert len(text) == wanted["chars_plain"]


def test_the_two_reports_without_a_hand_made_list(parse):
    office = parse("shapotou-gov-office-2021")
    assert (office.cells["t3_new__total"].value, office.cells["t3_granted__total"].value) == (9, 3)
    assert office.cells["t3_unavailable_not_held__natural_person"].value == 6
    assert [
        office.cells[f"t2_normative_docs_{c}"].value for c in ("issued", "repealed", "in_force")
    ] == [10, 22, 33]
    assert sum(bool(cell.value) for cell in office.cells.values()) == 11
    assert office.contact.fax == office.contact.phone == "0955-8806097"
    centre = parse("shapotou-service-centre-2023")
    assert not any(cell.value for cell in centre.cells.values())
    assert centre.contact.website == "http://www.spt.gon.cn/"
    assert centre.contact.address == "中卫市沙坡头区丰安东路9号"
