"""Narratives as other counties, departments and townships write them, read by hand before."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pipeline.recognise.figures import narrative_figures
from pipeline.recognise.narrative import narratives_of
from pipeline.report import Section


@dataclass(frozen=True)
class Sample:
    """A paragraph of a report for 2021, and what a careful reader finds in it.

    Args:
        text: the paragraph.
        figures: value, unit, kind, measure (- for none) and, where there is one, ``<n`` for the
            ordinal of its whole, ``n/m`` for the figures of a rate, ``n~m`` for those of a change,
            and the period unless it is the year of the report.
        section: its section.

    """

    text: str
    figures: tuple[str, ...] = ()
    section: int = 1


SAMPLES = {
    "county": Sample(
        "（一）主动公开。2021年，全县主动公开政府信息12,345条。其中，政府网站发布9800条，"
        "政务微博发布1545条，政务微信发布1000条。县政府网站全年浏览量达1.2万人次，"
        "制发行政规范性文件6件，发布政策解读28条（篇），图解率达100%。",
        (
            "12345 条 count posts_total",
            "9800 条 count posts_website <1",
            "1545 条 count posts_weibo <1",
            "1000 条 count posts_wechat <1",
            "12000 人次 count visits",
            "6 件 count normative_docs_issued",
            "28 条 count interpretations",
            "100 % rate -",
        ),
    ),
    "requests of two years": Sample(
        "（二）依申请公开。全年收到政府信息公开申请28件，由2020年的35件下降到28件，下降20%。"
        "按渠道分：网络申请20件、信函申请6件、当面申请2件。上年结转3件，共办理申请31件，"
        "其中予以公开18件，部分公开4件，不予公开2件，无法提供5件，结转下年度继续办理2件。",
        (
            "28 件 count requests_received",
            "35 件 count - previous",
            "28 件 count -",
            "20 % rate - 3~2",
            "20 件 count requests_online <1",
            "6 件 count requests_letter <1",
            "2 件 count requests_in_person <1",
            "3 件 count requests_carried_in",
            "31 件 count requests_handled",
            "18 件 count requests_granted <9",
            "4 件 count requests_partial <9",
            "2 件 count requests_denied <9",
            "5 件 count requests_unavailable <9",
            "2 件 count requests_carried_out <9",
        ),
    ),
    "carried in": Sample(
        "全年受理依申请公开政府信息41件（含上年度结转3件），已全部在20个工作日内答复，答复率100%。",
        (
            "41 件 count requests_received",
            "3 件 count requests_carried_in <1",
            "20 个工作日 norm -",
            "100 % rate completion_rate",
        ),
    ),
    "han numerals": Sample(
        "全年召开专题会议三次，举办培训班两场，参训人员一百二十余人次，开展督查十余次，"
        "新闻发布会一场，接受群众咨询近百人，群众满意度达百分之九十五点六。",
        (
            "3 次 count meetings",
            "2 场 count trainings",
            "120 人次 approximate trainees",
            "10 次 approximate inspections",
            "1 场 count press_conferences",
            "100 人 approximate -",
            "95.6 % rate satisfaction_rate",
        ),
    ),
    "names and slogans": Sample(
        "深入贯彻党的十九大和十九届六中全会精神，认真落实第十三届人大四次会议部署，围绕“七五”普法、"
        "“三公”经费、“两会”、四议两公开、一网通办、一站式服务、最多跑一次等工作，严格执行三审三校，"
        "落实中央八项规定，创建5A级景区和4A景区，推广12345热线、12388平台、5G应用和1+N模式，"
        "实行7×24小时值守，24小时不打烊。",
        ("24 小时 norm -", "24 小时 norm -"),
    ),
    "comparison": Sample(
        "全年公开信息320条，同比增长12.5%；比2020年增加40条；较上年280条增长14.3%。",
        (
            "320 条 count posts_total",
            "12.5 % rate -",
            "40 条 count -",
            "280 条 count - previous",
            "14.3 % rate - 1~4",
        ),
    ),
    "respectively": Sample(
        "2019年至2021年收到的申请分别为3件、4件和5件。全年网站、微信、微博分别发布信息50条、30条和20条。",
        (
            "3 件 count - other",
            "4 件 count - other",
            "5 件 count - other",
            "50 条 count posts_website",
            "30 条 count posts_wechat",
            "20 条 count posts_weibo",
        ),
    ),
    "hotline": Sample(
        "承办12345热线工单1024件，办结1010件，办结率98.63%，满意率97%以上。"
        "收到网民留言10余条，回复率100%。",
        (
            "1024 件 count hotline_cases",
            "1010 件 count hotline_closed",
            "98.63 % rate completion_rate 2/1",
            "97 % approximate satisfaction_rate",
            "10 条 approximate messages_answered",
            "100 % rate completion_rate",
        ),
    ),
    "proposals": Sample(
        "办理人大代表建议15件、政协委员提案22件，办复率均为100%；公开建议提案办理结果37件。"
        "建成政务公开专区1处、查阅点12个，开设政务新媒体账号3个，配备专职工作人员2名、兼职人员5人。",
        (
            "15 件 count proposals_people_congress",
            "22 件 count proposals_cppcc",
            "100 % rate completion_rate",
            "37 件 count proposals",
            "1 处 count disclosure_points",
            "12 个 count disclosure_points",
            "3 个 count new_media_accounts",
            "2 名 count staff",
            "5 人 count staff",
        ),
    ),
    "normative documents": Sample(
        "全年清理行政规范性文件56件，其中废止8件、宣布失效6件、修改2件，继续有效40件。"
        "集中公开现行有效规范性文件40件。",
        (
            "56 件 count normative_docs_reviewed",
            "8 件 count normative_docs_repealed <1",
            "6 件 count normative_docs_lapsed <1",
            "2 件 count normative_docs_amended <1",
            "40 件 count normative_docs_in_force <1",
            "40 件 count normative_docs_in_force",
        ),
    ),
    "decisions and money": Sample(
        "全年作出行政许可决定1,286件、行政处罚决定37件，收取行政事业性收费12.5万元，"
        "政府采购项目3个，采购金额100余万元，发放惠农补贴3560.8万元，预算执行率达98.2%，"
        "财政拨款1.2亿元，罚没收入5000元。",
        (
            "1286 件 count licensing_decisions",
            "37 件 count penalty_decisions",
            "12.5 万元 amount administrative_fees",
            "3 个 count procurement_items",
            "100 万元 approximate procurement_amount",
            "3560.8 万元 amount -",
            "98.2 % rate -",
            "1.2 亿元 amount -",
            "5000 元 amount -",
        ),
    ),
    "limits": Sample(
        "各单位每月至少更新2次，信息在形成之日起20个工作日内公开，申请答复不超过20个工作日，"
        "每季度通报一次，错敏信息1小时内整改，每年培训不少于4次，平均答复用时8个工作日，"
        "办理时限压缩至5个工作日。",
        (
            "2 次 norm -",
            "20 个工作日 norm -",
            "20 个工作日 norm -",
            "1 小时 norm -",
            "4 次 norm trainings",
            "8 个工作日 count -",
            "5 个工作日 count -",
        ),
    ),
    "addresses": Sample(
        "如有疑问，请联系：县城人民路12号行政中心3号楼306室，邮编751000，电话0955 7012345，"
        "传真：（0955）7012346，手机13800138000，邮箱abc123@163.com，微信号：nx2021，"
        "网址http://www.example.gov.cn/a1/2021.html，统一社会信用代码：11640500MB1234567X，"
        "备案号宁ICP备12000001号-1。",
        section=6,
    ),
    "dates": Sample(
        "截至2021年12月31日，1至11月和2021.12.20前，20211231统计，第二季度，4·15宣传日，上午9:30开始，"
        "十三五以来，2017210日，202511日至1231日，本届政府第3次常务会议，国令第711号，"
        "国办发〔2021〕12号、县政发[2021]3号、（2020）7号。",
    ),
    "list with one clause each": Sample(
        "1.发布信息120条;2.回应关切3次;3.开展政府开放日活动2场,邀请群众代表60余人参加;"
        "4.发放宣传手册2000余份、张贴海报50张。",
        (
            "120 条 count posts_total",
            "3 次 count hot_issue_responses",
            "2 场 count open_days",
            "60 人 approximate open_day_participants",
            "2000 份 approximate leaflets",
            "50 张 count leaflets",
        ),
    ),
    "parts then together": Sample(
        "网站发布信息150条，微信公众号发布信息70条，共计220条。线上培训2次，线下培训3次，累计培训400人次。",
        (
            "150 条 count posts_website <3",
            "70 条 count posts_wechat <3",
            "220 条 count -",
            "2 次 count trainings_online",
            "3 次 count trainings_offline",
            "400 人次 count trainees",
        ),
    ),
    "share": Sample(
        "（二）依申请公开。共收到申请805件，其中予以公开及部分公开258件，占32%；不予公开150件，占18.6%。",
        (
            "805 件 count requests_received",
            "258 件 count - <1",
            "32 % rate - 2/1",
            "150 件 count requests_denied <1",
            "18.6 % rate - 4/1",
        ),
    ),
    "means in the clause before": Sample(
        "依托政务新媒体，发布信息300条。通过县政府网站和微信公众号，公开信息500条。更新公开栏16期。",
        (
            "300 条 count posts_new_media",
            "500 条 count posts_across_channels",
            "16 期 count -",
        ),
    ),
    "ranges": Sample(
        "每村设置3-5个公开点，受理周期7至10天，抽查3—4次。",
        (
            "3 个 count -",
            "5 个 count -",
            "7 天 norm -",
            "10 天 norm -",
            "3 次 count inspections",
            "4 次 count inspections",
        ),
    ),
    "plans": Sample(
        "2021年，培训力度不够，全年仅举办1次。下一步，将组织培训4次，计划公开信息200条。",
        (
            "1 次 count -",
            "4 次 count trainings other",
            "200 条 count posts_total other",
        ),
        section=5,
    ),
    "lost units and brackets": Sample(
        "公开信息38其中动态30。答复申请5件(其中予以公开3件,部分公开2件),均按期办结。",
        (
            "38  count posts_total",
            "30  count posts_news <1",
            "5 件 count requests_handled",
            "3 件 count requests_granted <3",
            "2 件 count requests_partial <3",
        ),
    ),
    "minus": Sample(
        "全年网站访问量5.6万次，同比-8.3%；粉丝1.3万人。",
        ("56000 次 count visits", "-8.3 % rate -", "13000 人 count followers"),
    ),
}  # fmt: skip


def said(sample: Sample) -> list[str]:
    """Return what is found in a sample, in the words of ``Sample.figures``."""
    section = Section(sample.section, "标题", sample.text, "line=1")
    lines = []
    for figure in narrative_figures(narratives_of((section,)), 2021):
        parts = [f"{figure.value} {figure.unit} {figure.kind} {figure.measure or '-'}"]
        if figure.part_of:
            parts.append(f"<{figure.part_of}")
        if figure.ratio:
            sign = "/" if figure.ratio.kind == "share" else "~"
            parts.append(f"{figure.ratio.numerator}{sign}{figure.ratio.denominator}")
        if figure.period != "current":
            parts.append(figure.period)
        lines.append(" ".join(parts))
    return lines


@pytest.mark.parametrize("name", SAMPLES)
def test_figures_of_other_places(name: str) -> None:
    assert said(SAMPLES[name]) == list(SAMPLES[name].figures)
