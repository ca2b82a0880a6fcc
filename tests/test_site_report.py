"""The page of a report: its words, its rules, its versions, and how to cite it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html as lxml_html

from archive.home import Archive
from archive.site.prose import prose
from archive.site.versions import compared
from tests.replica.data import reports
from tests.replica.documents import html_style
from tests.replica.html_form import report_page
from tests.site_server import running_site
from tests.test_limits_reparse import fill

REPORT = "/report/640502-government_office/2024"


@dataclass(frozen=True)
class Shown:
    client: httpx.Client
    folder: Path
    digests: dict[str, str]
    page: Any
    json: dict[str, Any]


def replaced(folder: Path, digest: str) -> None:
    """Make a document one that its address gave out before the one it gives out now."""
    archive = Archive(folder)
    with archive.transaction() as db:
        db.execute(
            "UPDATE captures SET url = 'https://www.spt.gov.cn/b.html',"
            " captured_at = '2025-01-24T00:00:00Z' WHERE digest = ?",
            (digest,),
        )
        db.execute(
            "UPDATE sources SET url = 'https://www.spt.gov.cn/b.html', is_current = 0"
            " WHERE document_id = (SELECT id FROM documents WHERE digest = ?)",
            (digest,),
        )
        db.execute(
            "UPDATE reports SET document_id = (SELECT id FROM documents WHERE digest <> ?)",
            (digest,),
        )
        # The address was visited when it gave the one and when it gave the other.
        db.execute(
            "INSERT INTO runs (id, site_id, started_at, finished_at, outcome) VALUES"
            " (99, 'spt', '2025-01-24T00:00:00Z', '2025-01-24T00:00:00Z', 'finished')"
        )
        db.execute(
            "INSERT INTO run_visits (run_id, url, visited_at, status, capture_id)"
            " SELECT 99, url, captured_at, 200, id FROM captures"
            " WHERE url = 'https://www.spt.gov.cn/b.html'"
        )
    archive.close()


def blanked(folder: Path, digest: str) -> None:
    """Make a total blank, with the value that follows from its parts beside it."""
    archive = Archive(folder)
    with archive.transaction() as db:
        where = (
            "document_id = (SELECT id FROM documents WHERE digest = ?)"
            " AND metric_id = (SELECT id FROM metrics WHERE code = 't4_review_total')"
        )
        db.execute(
            f"UPDATE cells SET raw = '', value = NULL, state = 'blank' WHERE {where}", (digest,)
        )
        db.execute(
            "INSERT INTO derived SELECT d.id, m.id, 0, '0＋0＋0＋0' FROM documents d, metrics m"
            " WHERE d.digest = ? AND m.code = 't4_review_total'",
            (digest,),
        )
    archive.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    report = reports()["shapotou-gov-office-2024"]
    now = report_page(report, html_style(report)).decode()
    assert "6643条" in now
    before = now.replace("6643条", "6600条")
    folder = tmp_path_factory.mktemp("report") / "data"
    digests = fill(folder, {"b.html": now.encode(), "a.html": before.encode()})
    replaced(folder, digests["a.html"])
    blanked(folder, digests["b.html"])
    with (
        running_site(folder) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        page = lxml_html.fromstring(client.get(REPORT).text)
        yield Shown(client, folder, digests, page, client.get(f"{REPORT}.json").json())


def test_every_figure_of_the_text_is_marked_where_it_stands(shown: Shown) -> None:
    marked = {
        link.get("href"): link.text_content() for link in shown.page.xpath("//a[@class='said']")
    }
    figures, statements = shown.json["figures"], shown.json["statements"]
    assert len(figures) > 20
    assert statements
    for figure in figures:
        raw = "".join(marked[f"#n{figure['ordinal']}-row"].split())
        assert raw == figure["raw"]
        (row,) = shown.page.xpath(f"//tr[@id='n{figure['ordinal']}-row']")
        assert str(figure["value"]) in row.text_content()
        assert (figure["label"] or "没有归类") in row.text_content()
    for statement in statements:
        raw = "".join(marked[f"#z{statement['ordinal']}-row"].split())
        assert raw == "".join(statement["quote"].split())
    anchors = set(shown.page.xpath("//@id"))
    for link in shown.page.xpath("//main//a[starts-with(@href, '#')]/@href"):
        assert link[1:] in anchors, link
    for described in shown.page.xpath("//@aria-describedby"):
        assert described in anchors


def test_the_marks_change_no_word_of_the_text(shown: Shown) -> None:
    (section,) = [s for s in shown.json["sections"] if s["ordinal"] == 1]
    paragraphs = shown.page.xpath("//section[@id='s1']//div[@class='prose']/p")
    for why in shown.page.xpath("//a[@class='why']"):
        why.drop_tree()
    printed = [line for line in section["text"].split("\n") if line.strip()]
    assert [paragraph.text_content() for paragraph in paragraphs] == printed


def test_a_finding_and_the_sentence_that_it_quotes_lead_to_each_other(shown: Shown) -> None:
    found = [f for f in shown.json["findings"] if f["rule"] == "W-NARR-TABLE"]
    page = lxml_html.fromstring(shown.client.get(REPORT).text)
    own = [f for f in found if page.xpath(f"//span[@id='quote-{f['id']}']")]
    assert own
    for finding in own:
        (item,) = page.xpath(f"//li[@id='finding-{finding['id']}']")
        assert f"#quote-{finding['id']}" in item.xpath(".//a/@href")
        assert finding["quote"] in item.text_content()
        (mark,) = page.xpath(f"//mark[.//span[@id='quote-{finding['id']}']]")
        assert f"#finding-{finding['id']}" in mark.xpath(".//a/@href")
        for why in mark.xpath(".//a[@class='why']"):
            why.drop_tree()
        assert "".join(mark.text_content().split()) == finding["quote"]
        # What the text says against a table is marked in the table as well.
        codes = re.findall(r"t2_\w+", finding["message_en"])
        assert page.xpath(f"//td[@id='{codes[0]}' and contains(@class, 'warned')]")


def test_the_rules_that_passed_failed_and_could_not_judge_are_listed(shown: Shown) -> None:
    (verdicts,) = shown.page.xpath("//details[@class='verdicts']")
    said = verdicts.text_content()
    counts = dict.fromkeys(("passed", "failed", "not_judged"), 0)
    for verdict in shown.json["verdicts"]:
        counts[verdict["outcome"]] += 1
        assert verdict["rule"] in said
        if verdict["outcome"] == "not_judged":
            assert verdict["reason"] in said
    assert all(counts.values())
    summary = verdicts.xpath("summary")[0].text_content()
    assert [int(number) for number in re.findall(r"\d+", summary)] == list(counts.values())


def test_an_earlier_version_shows_what_was_changed(shown: Shown) -> None:
    before = shown.digests["a.html"]
    history = shown.page.xpath("//ol[@class='history']")[0].text_content()
    assert "新收录" in history
    assert "被更改" in history
    assert "2025-01-24" in history
    (card,) = shown.page.xpath(f"//div[contains(@class, 'form-card')][contains(., '{before}')]")
    said = [change.text_content() for change in card.xpath(".//del | .//ins")]
    assert any("（这个文件：" in text for text in said)
    assert any("（所示文件：" in text for text in said)
    assert "6600" in card.xpath(".//p[@class='diff']/del/text()")
    assert "6643" in card.xpath(".//p[@class='diff']/ins/text()")
    (link,) = card.xpath(".//details//table//a/@href")
    assert link == f"{REPORT}/cell/t4_review_total"


def test_the_page_can_be_cited_and_taken_away(shown: Shown) -> None:
    (cite,) = shown.page.xpath("//p[@class='cite']")
    release = re.search(r"数据版本 ([0-9a-f]{12})", cite.text_content())
    assert release
    database = next((shown.folder / "public").glob("nianbao-*.db"))
    assert database.stem == f"nianbao-{release[1]}"
    for suffix in ("json", "csv", "xlsx"):
        assert shown.page.xpath(f"//a[@href='{REPORT}.{suffix}']")
        assert shown.client.get(f"{REPORT}.{suffix}").status_code == 200


def test_a_derived_value_stands_apart_from_the_blank_cell(shown: Shown) -> None:
    cell = shown.json["cells"]["t4_review_total"]
    assert (cell["value"], cell["state"]) == (None, "blank")
    assert shown.json["derived"] == {"t4_review_total": {"value": 0, "formula": "0＋0＋0＋0"}}
    page = lxml_html.fromstring(shown.client.get(f"{REPORT}/cell/t4_review_total").text)
    assert page.xpath("//p[@class='big-figure']")[0].text_content().strip() == "空白"
    assert page.xpath("//dd[@class='derived']")[0].text_content().strip().startswith("0")
    (box,) = shown.page.xpath("//td[@id='t4_review_total']")
    assert box.text_content().strip().startswith("空白")


def span(text: str, raw: str, **more: Any) -> dict[str, Any]:
    return {
        "offset": text.index(raw), "length": len(raw), "printed": raw, "place": "line=1", **more
    }  # fmt: skip


def finding(quote: str, **more: Any) -> dict[str, Any]:
    return {"id": quote, "quote": quote, "place": "line=9", **more}


def test_a_figure_that_the_text_does_not_have_there_is_not_marked() -> None:
    text = "公开信息98条。"
    row = span(text, "98")
    for wrong in ({"offset": 1}, {"offset": None}, {"length": 0}, {"offset": 500}):
        runs = prose(text, [{**row, **wrong}]).paragraphs[0]
        assert [piece.row for run in runs for piece in run.pieces] == [None]


def test_a_quote_may_run_over_spaces_lines_and_figures() -> None:
    text = "全年公开 信息98条，\n其中网站 54 条。\n别的话。"
    made = prose(
        text, [span(text, "98"), span(text, "54")], [finding("公开信息98条，其中网站54条")]
    )
    first, second, third = made.paragraphs
    assert ["".join(p.text for p in run.pieces) for run in first] == ["全年", "公开 信息98条，"]
    assert [bool(run.findings) for run in (*first, *second, *third)] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert sum(len(run.begins) for line in made.paragraphs for run in line) == 1
    assert [p.text for run in second for p in run.pieces if p.row] == ["54"]


def test_of_words_that_stand_twice_the_finding_s_own_are_marked() -> None:
    text = "办理信访5件全部办结。\n又办理信访5件全部办结。"
    row = {**span(text, "5"), "offset": text.rindex("5"), "place": "line=9"}
    made = prose(text, [row], [finding("办理信访5件全部办结")])
    assert [any(run.findings for run in line) for line in made.paragraphs] == [False, True]


def test_a_comparison_gives_back_both_texts() -> None:
    before = "一是公开信息66条。二是办理申请。三是培训。四是宣传。五是检查。"
    after = "一是公开信息64条。二是办理申请。三是培训。四是宣传。五是检查。六是考核。"
    changes = compared(before, after)
    kinds = [change.kind for change in changes]
    assert kinds == ["same", "removed", "added", "same", "same", "gap", "same", "added"]
    assert [c.text for c in changes if c.kind == "removed"] == ["66"]
    assert [c.text for c in changes if c.kind == "added"] == ["64", "六是考核。"]
    assert compared("啊" * 30_000, after) == []
    assert compared("。" * 5_000, after) == []
