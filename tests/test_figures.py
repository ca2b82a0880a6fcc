"""Figures of the narrative: every result and nothing else, with value, unit, kind and clause."""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.codebook import metrics
from archive.measures import measures
from pipeline.read.docx_numbering import chinese_number
from pipeline.recognise.figures import narrative_figures
from pipeline.recognise.narrative import narratives_of
from pipeline.recognise.numerals import chinese_value
from pipeline.recognise.statements import narrative_statements
from pipeline.report import Figure, Section

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "reports"


def figures(text: str, ordinal: int = 1) -> tuple[Figure, ...]:
    return narrative_figures(narratives_of((Section(ordinal, "标题", text, "line=1"),)))


def brief(text: str) -> list[tuple[str, str, str]]:
    return [(str(f.value), f.unit, f.kind) for f in figures(text)]


# Sentences of our own around the figures of real reports.
RESULTS = [
    (
        "当年经区政府网站主动公开信息 98 条，公文 44篇",
        [("98", "条", "count"), ("44", "篇", "count")],
    ),
    (
        "救助资金合计发给1330人531.8625万元，其中低保373.3379万元",
        [("1330", "人", "count"), ("531.8625", "万元", "amount"), ("373.3379", "万元", "amount")],
    ),
    ("为222名困难群众发放救助", [("222", "名", "count")]),
    ("用好两个新媒体账号", [("2", "个", "count")]),
    ("请来代表等10余人走进大厅", [("10", "人", "approximate")]),
    ("参训干部近 300人", [("300", "人", "approximate")]),
    (
        "全年公开80余万条，比上年多20万条",
        [("800000", "条", "approximate"), ("200000", "条", "count")],
    ),
    ("浏览量3.5万人次", [("35000", "人次", "count")]),
    ("经费5万余元", [("5", "万元", "approximate")]),
    ("经费约12.5万元", [("12.5", "万元", "approximate")]),
    ("网上可办率86.76%，不见面率达８１％", [("86.76", "%", "rate"), ("81", "%", "rate")]),
    ("办结率提高3个百分点", [("3", "个百分点", "rate")]),
    ("满意率百分之九十五", [("95", "%", "rate")]),
    ("发布1,202条，点击１２３次", [("1202", "条", "count"), ("123", "次", "count")]),
    ("分两次下乡指导，举办三期培训班", [("2", "次", "count"), ("3", "期", "count")]),
    ("开展测试二十余次，印发一百零五份", [("20", "次", "approximate"), ("105", "份", "count")]),
    ("组织专题培训一次，配备一名专员", [("1", "次", "count"), ("1", "名", "count")]),
    ("凡公开的文件在5个工作日内上网", [("5", "个工作日", "norm")]),
    ("平台24小时监测", [("24", "小时", "norm")]),
    ("每季度至少通报1次", [("1", "次", "norm")]),
    ("做到每季度发布通报，年中检查1次", [("1", "次", "count")]),
    ("7×24小时在线", [("24", "小时", "norm")]),
    ("公开信息38其中动态30", [("38", "", "count"), ("30", "", "count")]),
    ("完成4批次800余件测试", [("4", "批次", "count"), ("800", "件", "approximate")]),
    ("政策解读0件", [("0", "件", "count")]),
    ("转办市民热线7573件", [("7573", "件", "count")]),
    ("发放“掌上”APP宣传页3000份", [("3000", "份", "count")]),
    ("发布2024条，其中2020条为动态", [("2024", "条", "count"), ("2020", "条", "count")]),
    ("受理申请41件（含上年度结转3件）", [("41", "件", "count"), ("3", "件", "count")]),
    ("答复用时3-5个工作日", [("3", "个工作日", "norm"), ("5", "个工作日", "norm")]),
    ("节约300万元", [("300", "万元", "amount")]),
    ("办好10件民生实事", [("10", "件", "count")]),
    ("1.发布信息7条；2.回应3次", [("7", "条", "count"), ("3", "次", "count")]),
]


@pytest.mark.parametrize(("text", "expected"), RESULTS, ids=[text for text, _ in RESULTS])
def test_results(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert brief(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2023年1月1日至12月31日，2024年度，2025 将继续",
        "1-6月及10月25日，1至3季度，近3年",
        "依据国办公开办函〔2021〕30号、卫沙政办发〔2023〕95号、(2019)60号和国令第711号",
        "第3期，第二十条第（五）项，第2次会议",
        "地址：鼓楼西街387号202室，邮编：755000，电话（传真）：0955-8806097，邮箱：ab12@163.com",
        "邮编 755000；电话7068878；手机13900000000；QQ群：123456789",
        "依托“12345”热线和12345平台，12388举报",
        "网址 https://www.example.gov.cn/2023/01/t20230101_4112.html",
        "在大厅二楼和3楼设立专区，一楼设岗",
        "一是抓学习，二是抓落实；（一）主动公开。（2）其他。①甲",
        "“互联网+政务服务”“一网通办”“三审三校”“5个一”，打通最后一公里，一对一指导",
        "从三个方面、四个环节入手，存在两个问题，增强四个意识",
        "《事项清单（2023年版）》《10件实事》",
        "5G应用，H5作品，AB岗，平台2.0版，1+N体系",
        "进一步统一标准，有一个好的开端，一次性告知，每周一次",
        "发布时间9:30",
    ],
)
def test_numbers_that_are_no_results(text: str) -> None:
    assert figures(text) == ()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        (
            "全年成效好。当年发布信息6643条，其中政府网站6218条；回应20条。",
            ["当年发布信息6643条", "其中政府网站6218条", "回应20条"],
        ),
        (
            "公开文件包括部门文件2条、计划总结2条、预决算1条，另发微博270条",
            ["公开文件包括部门文件2条", "计划总结2条", "预决算1条", "另发微博270条"],
        ),
        ("通过视频、图文等形式解读85次", ["通过视频、图文等形式解读85次"]),
        ("办理申请41件（含上年结转3件）", ["办理申请41件（含上年结转3件）", "含上年结转3件"]),
        ("主动公开政府信息，共98条。", ["主动公开政府信息，共98条"]),
        ("（一）主动公开\n当年发布7条", ["当年发布7条"]),
        (
            "当年柔远镇通过区人民政府网站主动公开政府信息\n98条，其中公文44篇",
            ["当年柔远镇通过区人民政府网站主动公开政府信息98条", "其中公文44篇"],
        ),
    ],
)
def test_clause_carries_the_subject(text: str, clauses: list[str]) -> None:
    assert [figure.clause for figure in figures(text)] == clauses


def test_raw_keeps_what_is_printed() -> None:
    found = figures("参训近 300人，来访10余人，设两个账号，公开80余万条，发布1,202条")
    assert [figure.raw for figure in found] == ["近300", "10余", "两", "80余万", "1,202"]
    assert isinstance(figures("支出53.770万元")[0].value, Decimal)


def test_only_narrative_sections_and_no_table_rows() -> None:
    assert [f.section for f in figures("发布3条", 5)] == [5]
    assert figures("收到3件", 3) == ()
    assert figures("项目\t数量\n文件\t12件") == ()


@given(st.integers(1, 9999), st.sampled_from(["件", "条", "次", "人次", "万元", "%", "期"]))
def test_any_plain_number_is_found(number: int, unit: str) -> None:
    (found,) = figures(f"本机关全年共办理{number}{unit}。")
    assert (found.value, found.unit) == (number, unit)


@given(st.integers(1, 9999))
def test_chinese_numerals_have_their_value(number: int) -> None:
    assert chinese_value(chinese_number(number)) == number


@given(
    st.text(
        alphabet="一二两三十百千万亿零0123456789,.%条件人次年月日第余近约（）“”《》、，。 \n是内",
        max_size=60,
    )
)
def test_any_text_ends_with_figures_that_stand_in_it(text: str) -> None:
    squeezed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    for figure in figures(text):
        clause = re.sub(r"\s+", "", unicodedata.normalize("NFKC", figure.clause))
        assert clause in squeezed


HEADING = re.compile(
    r"(?:#+ *)?([一二三四五六])、(?:总体|主动公开政府|收到和|因?政府信息公开行政|存在的|其他需)"
)


def sections_of(path: Path) -> tuple[Section, ...]:
    found: list[tuple[int, list[str]]] = []
    for line in path.read_text(encoding="utf-8").replace("*", "").splitlines():
        heading = HEADING.match(line.strip())
        if heading:
            found.append(("一二三四五六".index(heading[1]) + 1, []))
        elif found:
            found[-1][1].append(line)
    return tuple(Section(ordinal, "", "\n".join(lines), "") for ordinal, lines in found)


@pytest.mark.parametrize(
    "name",
    ["rouyuan-town-2021", "shapotou-gov-office-2024", "zhongwei-petition-bureau-2020"],
)
def test_figures_of_the_real_reports(name: str) -> None:
    if not SHARED.exists():
        pytest.skip("the real reports are not here")
    wanted = json.loads((SHARED / "expected" / f"{name}.json").read_text(encoding="utf-8"))
    found = narrative_figures(narratives_of(sections_of(SHARED / f"{name}.txt")))
    expected = wanted["narrative_figures"]
    assert [(f.section, float(f.value), f.raw, f.unit, f.kind) for f in found] == [
        (
            e["section"],
            e["value"],
            e["value_raw"],
            e["unit"],
            e["kind"].replace("approx", "approximate"),
        )
        for e in expected
    ]
    for figure, entry in zip(found, expected, strict=True):
        assert entry["context"] in figure.clause or figure.clause in entry["context"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "shapotou-gov-office-2021",
            "1202 849 861 75 172 81 7 10 66 42 5 10 17 11 35 9 3 0 6 5 48 7 3 2",
        ),
        (
            "shapotou-service-centre-2023",
            "17 15 2 2 2 1 1 2 1 4 270 438 4 800 816 86.76 81 3000 7573 207 5850 94.34 95.43 5 4",
        ),
    ],
)
def test_figures_read_by_eye(name: str, values: str) -> None:
    if not SHARED.exists():
        pytest.skip("the real reports are not here")
    found = narrative_figures(narratives_of(sections_of(SHARED / f"{name}.txt")))
    assert [str(figure.value) for figure in found] == values.split()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "发布信息12条，", "12条", "其中3件、", "共计3件，", "占3%，", "分别3、", "（其中3件",
        "2020年的3件，", "未收到", "没有因", "未收到，", "申请", "《", "“", "1", "1,234",
    ],
)  # fmt: skip
def test_hostile_strings_end(text: str) -> None:
    """Strings on which a pattern could backtrack for minutes; the test's own time limit judges."""
    section = Section(1, "标题", text * 3000, "line=1")
    narratives = narratives_of((section,))
    assert len(narrative_figures(narratives)) <= 3000
    assert len(narrative_statements(narratives)) <= 3000


def printed_at(text: str, offset: int, length: int) -> str:
    return re.sub(r"\s", "", text[offset : offset + length])


@given(
    st.lists(
        st.sampled_from(
            ["发布信息", "12", "近 300", "3 5", "条，", "\n", "　", "其中：", "８１％", "（2）",
             "未收到申请。", "8.5万余元", "两次", "《2021年》", "0955-7012345", "1,202",
             "“12345”", "上年", "无", "是"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_figures_and_statements_lead_to_their_characters(pieces: list[str]) -> None:
    text = "".join(pieces)
    narratives = narratives_of((Section(6, "标题", text, "line=1"),))
    for figure in narrative_figures(narratives, 2021):
        assert printed_at(text, figure.offset, figure.length) == figure.raw
        assert figure.raw in figure.clause
    for statement in narrative_statements(narratives, 2021):
        assert printed_at(text, statement.offset, statement.length) == re.sub(
            r"\s", "", statement.quote
        )


NO_RESULTS = [
    st.integers(1990, 2035).map("{}年".format),
    st.integers(1990, 2035).map("{}年度".format),
    st.dates().map(lambda day: f"2021年{day.month}月{day.day}日"),
    st.dates().map(lambda day: f"2021-{day.month:02}-{day.day:02}"),
    st.integers(1, 999).map("国办发〔2021〕{}号".format),
    st.integers(1, 99).map("（2020）{}号".format),
    st.integers(1, 9999).map("第{}号".format),
    st.integers(7000000, 8999999).map("电话：0955-{}".format),
    st.integers(7000000, 8999999).map("电话0955 {}".format),
    st.integers(10**9, 2 * 10**9 - 1).map("手机：1{}".format),
    st.integers(100000, 999999).map("邮编：{}".format),
    st.integers(1, 999).map("人民路{}号".format),
    st.integers(1, 99).map("3号楼{}室".format),
    st.sampled_from(["12345热线", "12388平台", "“12345”", "5A级", "5G", "1+N", "《10件实事》"]),
]


@given(st.one_of(*NO_RESULTS), st.integers(1, 9999), st.sampled_from(["，", "。", "；", "\n"]))
def test_no_figure_lies_in_a_date_a_number_of_a_document_or_an_address(
    name: str, number: int, mark: str
) -> None:
    text = f"我局{name}{mark}公开信息{number}条{mark}{name}{mark}"
    assert [figure.raw for figure in figures(text)] == [str(number)]


def test_places_are_those_of_the_paragraphs() -> None:
    text = "发布信息\n12条。\n\n发布 30 条，未收到申请。"
    section = Section(1, "标题", text, "line=1", ((0, "line=2"), (5, "line=3"), (10, "line=5")))
    narratives = narratives_of((section,))
    assert [f.place for f in narrative_figures(narratives)] == ["line=3", "line=5"]
    assert [s.place for s in narrative_statements(narratives)] == ["line=5"]


@pytest.mark.parametrize("code", measures())
def test_the_list_of_measures_is_whole(code: str) -> None:
    measure = measures()[code]
    assert measure.label
    assert measure.counts
    assert measure.units
    assert all(cell in metrics() for cell in measure.cells)
    said_by_figures = measure.words or (measure.words_in_context and measure.context)
    assert said_by_figures or measure.units == ("是否",)
    assert bool(measure.words_in_context) == bool(measure.context)
