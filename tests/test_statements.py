"""Statements of zero or none: each is found with its words, and no aim or condition is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive.home import Archive
from pipeline.parse import parse
from pipeline.recognise.figures import narrative_figures
from pipeline.recognise.narrative import narratives_of
from pipeline.recognise.statements import narrative_statements
from pipeline.report import Report, Section, Statement
from pipeline.store import Source, store

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "reports"


def statements(text: str, ordinal: int = 1) -> tuple[Statement, ...]:
    section = Section(ordinal, "标题", text, "line=1")
    return narrative_statements(narratives_of((section,)), 2021)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("全年未收到公民、法人和其他组织的政府信息公开申请", "requests_received 0"),
        ("无依申请公开事项", "requests_received 0"),
        ("无上年结转的申请", "requests_carried_in 0"),
        ("没有发生逾期答复申请的情况", "requests_overdue 0"),
        ("未收取任何费用", "information_fee_charged False"),
        ("收取信息处理费情况：2021年未收取", "information_fee_charged False"),
        ("没有因政府信息公开被申请行政复议", "reviews 0"),
        ("全年未收到政府信息公开行政复议申请", "reviews 0"),
        ("全年没有行政诉讼", "lawsuits 0"),
        ("行政复议、行政诉讼案件数均为零", "review_or_litigation_occurred False"),
        ("收到行政复议、行政诉讼均为0", "review_or_litigation_occurred False"),
        ("亦未发生被申请复议、提起诉讼的情况", "review_or_litigation_occurred False"),
        ("无一例行政复议和行政诉讼", "review_or_litigation_occurred False"),
        ("没有发生一起因政府信息公开引起的行政诉讼", "lawsuits 0"),
        ("未发生因工作不力被问责的情形", "accountability_cases 0"),
        ("一是未制发行政规范性文件", "normative_docs_issued 0"),
        ("实现信息公开零投诉", "complaints 0"),
        ("没有出现失泄密问题", "secrecy_incidents 0"),
        ("未收到人大代表建议和政协提案", "proposals 0"),
    ],
)
def test_nothing_is_said_in_many_ways(text: str, expected: str) -> None:
    (found,) = statements(f"工作有序。{text}。")
    assert f"{found.code} {found.value}" == expected
    assert text.endswith(found.quote)


def test_one_clause_can_deny_several_things() -> None:
    found = statements("全年未收到信息公开申请、行政复议和行政诉讼以及投诉。")
    assert {s.code for s in found} == {
        "requests_received",
        "review_or_litigation_occurred",
        "complaints",
    }


@pytest.mark.parametrize(
    "text",
    [
        "下一步，确保零投诉",
        "如未收到答复，可来电咨询",
        "防止发生行政复议",
        "对没有收到申请的单位加强指导",
        "没有现成信息需要另行制作的申请2件",
        "无法提供1件，无正当理由大量反复申请1件",
        "未收到申请2件以外的材料",
        "打造零距离服务，群众投诉无门的问题得到解决",
        "行政复议0件，行政诉讼0件",
        "部分信息未及时公开，群众没有充分了解申请渠道",
    ],
)
def test_aims_conditions_and_figures_are_no_statements(text: str) -> None:
    assert statements(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "无",
        "无。",
        "本机关2021年度暂无其他需要报告的事项。",
        "没有需要报告的其他事项",
        "除上述情况外，没有其他应当报告的事项。",
        "（三）其他事项：无。",
    ],
)
def test_nothing_to_report_in_the_last_section_only(text: str) -> None:
    assert [(s.code, s.value) for s in statements(text, 6)] == [("nothing_to_report", True)]
    assert statements("无。", 1) == ()


def test_several_in_one_sentence_with_their_years() -> None:
    found = statements(
        "2021年，我局未收到公开申请，也没有行政复议；2020年未收取信息处理费，去年没有投诉。"
    )
    assert [(s.code, s.quote, s.period) for s in found] == [
        ("requests_received", "2021年，我局未收到公开申请", "current"),
        ("reviews", "也没有行政复议", "current"),
        ("information_fee_charged", "2020年未收取信息处理费", "previous"),
        ("complaints", "去年没有投诉", "previous"),
    ]


def test_a_statement_is_no_figure() -> None:
    section = Section(1, "标题", "未收到政府信息公开申请，没有一例行政复议。", "line=1")
    assert narrative_figures(narratives_of((section,))) == ()


@pytest.mark.parametrize(
    "name",
    ["rouyuan-town-2021", "shapotou-gov-office-2024", "zhongwei-petition-bureau-2020"],
)
def test_statements_and_measures_of_the_real_reports(name: str) -> None:
    if not SHARED.exists():
        pytest.skip("the real reports are not here")
    wanted = json.loads((SHARED / "expected" / f"{name}.json").read_text(encoding="utf-8"))
    report = parse((SHARED / f"{name}.txt").read_bytes())
    assert [(s.section, s.code, s.value, s.quote) for s in report.statements] == [
        (e["section"], e["code"], e["value"], e["quote"]) for e in wanted["statements"]
    ]
    measured = [figure.measure for figure in report.figures]
    assert measured == [entry["measure"] for entry in wanted["narrative_figures"]]


@pytest.mark.parametrize(
    ("name", "expected", "wholes"),
    [
        (
            "rouyuan-town-2021",
            "1 requests_received 0, 1 information_fee_charged False, 6 nothing_to_report True",
            {
                1: [44, 54],
                6: [875, 197, 36, 222],
                7: [373.3379, 74.251, 30.5036, 53.77],
            },
        ),
        (
            "shapotou-gov-office-2021",
            "6 information_fee_charged False, 6 review_or_litigation_occurred False",
            {6: [7, 10, 66], 16: [3, 0, 6]},
        ),
        (
            "shapotou-service-centre-2023",
            "1 requests_received 0, 1 accountability_cases 0, 6 information_fee_charged False",
            {2: [2, 2, 2, 1, 1, 2, 1, 4], 19: [207, 5850]},
        ),
    ],
)
def test_statements_and_wholes_read_by_eye(
    name: str, expected: str, wholes: dict[int, list[float]]
) -> None:
    if not SHARED.exists():
        pytest.skip("the real reports are not here")
    report = parse((SHARED / f"{name}.txt").read_bytes())
    assert [f"{s.section} {s.code} {s.value}" for s in report.statements] == expected.split(", ")
    texts = {section.ordinal: section.text for section in report.sections}
    for figure in report.figures:
        printed = texts[figure.section][figure.offset : figure.offset + figure.length]
        assert "".join(printed.split()) == figure.raw
    found: dict[int, list[float]] = {}
    for figure in report.figures:
        if figure.part_of:
            found.setdefault(figure.part_of, []).append(float(figure.value))
    assert found == wholes


def test_figures_and_statements_are_kept_with_their_measures(tmp_path: Path) -> None:
    text = "去年收到公开申请9件，其中予以公开3件；公开率33.3%。未收取信息处理费。"
    section = Section(1, "总体情况", text, "line=3", ((0, "line=4"),))
    narratives = narratives_of((section,))
    report = Report(
        "text",
        "read",
        agency_printed="柔远镇人民政府",
        year=2021,
        title="2021年年度报告",
        sections=(section,),
        figures=narrative_figures(narratives, 2021),
        statements=narrative_statements(narratives, 2021),
    )
    archive = Archive(tmp_path / "data", create=True)
    db = archive.db
    db.execute("INSERT INTO sites VALUES ('s', '站', '640502', '沙坡头区', '[]', 'h', '[]')")
    digest = archive.blobs.put(text.encode())
    db.execute("INSERT INTO payloads (digest, size) VALUES (?, 1)", (digest,))
    db.execute(
        "INSERT INTO captures (id, site_id, url, status, digest, captured_at, headers, warc_file,"
        " warc_offset, warc_length) VALUES (1, 's', 'u', 200, ?, 'd', '[]', 'w', 0, 0)",
        (digest,),
    )
    store(archive, digest, report, Source("u", 1, "s", "article"))
    figures = db.execute(
        "SELECT f.raw, m.label, f.period, f.part_of, f.ratio, f.numerator, f.denominator, f.place,"
        " substr(s.text, f.offset + 1, f.length) FROM figures f JOIN sections s"
        " ON s.document_id = f.document_id AND s.ordinal = f.section"
        " LEFT JOIN measures m ON m.code = f.measure ORDER BY f.ordinal"
    ).fetchall()
    assert figures == [
        ("9", "收到的申请", "previous", None, None, None, None, "line=4", "9"),
        ("3", "予以公开的申请", "previous", 1, None, None, None, "line=4", "3"),
        ("33.3", None, "previous", None, "share", 2, 1, "line=4", "33.3"),
    ]
    said = db.execute("SELECT measure, value, quote, period FROM statements").fetchall()
    assert said == [("information_fee_charged", 0, "未收取信息处理费", "current")]
    assert len(db.execute("SELECT * FROM measures").fetchall()) > 100
    archive.close()
