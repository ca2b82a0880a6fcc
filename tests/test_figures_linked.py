"""Wholes with their parts and rates with their figures, as reports of other places print them."""

from __future__ import annotations

import pytest

from tests.test_figures_elsewhere import Sample, said

LINKED = {
    "shares of requests": Sample(
        "（二）依申请公开\n57件申请中，予以公开21件，占36.84%；部分公开5件，占8.77%；其他处理3件，占5.26%。",
        (
            "57 件 count requests_received",
            "21 件 count requests_granted <1",
            "36.84 % rate - 2/1",
            "5 件 count requests_partial <1",
            "8.77 % rate - 4/1",
            "3 件 count requests_other <1",
            "5.26 % rate - 6/1",
        ),
    ),
    "difference is no whole": Sample(
        "收到政府信息公开申请57件，较上年同期减少13件，其中公民申请52件，法人及其他组织申请5件。",
        (
            "57 件 count requests_received",
            "13 件 count -",
            "52 件 count requests_natural_person <1",
            "5 件 count requests_organisation <1",
        ),
    ),
    "list in brackets": Sample(
        "办理依申请公开14件（网上10件、信函3件、现场1件），比2020年的20件减少30%。",
        (
            "14 件 count requests_handled",
            "10 件 count requests_online <1",
            "3 件 count requests_letter <1",
            "1 件 count requests_in_person <1",
            "20 件 count - previous",
            "30 % rate - 1~5",
        ),
    ),
    "accounts are no posts": Sample(
        "共有政务新媒体3个，其中微信公众号1个，微博1个，抖音号1个，年内关停1个。",
        (
            "3 个 count new_media_accounts",
            "1 个 count new_media_accounts <1",
            "1 个 count new_media_accounts <1",
            "1 个 count new_media_accounts <1",
            "1 个 count -",
        ),
    ),
    "rate of the two before": Sample(
        "每月通报1次，全年印发通报12期；开展季度检查4次，发现问题56个，整改到位54个，整改率96.43%。",
        (
            "1 次 norm bulletins",
            "12 期 count bulletins",
            "4 次 count inspections",
            "56 个 count -",
            "54 个 count -",
            "96.43 % rate - 5/4",
        ),
    ),
    "reviews": Sample(
        "被申请行政复议2件，其中维持1件、撤销1件；行政诉讼案件1件，一审胜诉。",
        (
            "2 件 count reviews",
            "1 件 count - <1",
            "1 件 count - <1",
            "1 件 count lawsuits",
        ),
    ),
    "documents by kind": Sample(
        "全年发文25份，其中：主动公开文件18份，依申请公开文件2份，不予公开文件5份。",
        (
            "25 份 count documents_issued",
            "18 份 count documents_disclosed <1",
            "2 份 count - <1",
            "5 份 count - <1",
        ),
    ),
    "many channels": Sample(
        "一年来共主动公开政府信息2.35万条，其中，通过区政府门户网站公开1.2万条、“掌上”微信公众号公开8600条、"
        "政务微博公开2100条，其他方式公开800条。全市73家政府网站、268个政务新媒体发布信息86.5万条。",
        (
            "23500 条 count posts_total",
            "12000 条 count posts_website <1",
            "8600 条 count posts_wechat <1",
            "2100 条 count posts_weibo <1",
            "800 条 count - <1",
            "73 家 count -",
            "268 个 count -",
            "865000 条 count posts_across_channels",
        ),
    ),
    "list behind a colon": Sample(
        "政府网站共更新信息1056条：概况类3条，政务动态类889条，信息公开目录类164条。",
        (
            "1056 条 count posts_website",
            "3 条 count - <1",
            "889 条 count posts_news <1",
            "164 条 count - <1",
        ),
    ),
    "differences of money and years": Sample(
        "2021年“三公”经费预算15.6万元，比2020年减少2.1万元，下降11.9%。"
        "共发布信息56条，较2020年度的48条增加8条，增长16.67%。",
        (
            "15.6 万元 amount -",
            "2.1 万元 amount -",
            "11.9 % rate -",
            "56 条 count posts_total",
            "48 条 count - previous",
            "8 条 count -",
            "16.67 % rate - 4~5",
        ),
    ),
    "outcomes under a heading": Sample(
        "（二）依申请公开\n全年收到申请126件，上年无结转。\n在办结的121件中，予以公开45件（占37.19%），"
        "部分公开12件（占9.92%），结转下年度5件。\n（三）政府信息管理\n审核公开文件5件。",
        (
            "126 件 count requests_received",
            "121 件 count requests_handled",
            "45 件 count requests_granted <2",
            "37.19 % rate - 3/2",
            "12 件 count requests_partial <2",
            "9.92 % rate - 5/2",
            "5 件 count requests_carried_out",
            "5 件 count documents_disclosed",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKED)
def test_figures_know_their_wholes_and_rates(name: str) -> None:
    assert said(LINKED[name]) == list(LINKED[name].figures)
