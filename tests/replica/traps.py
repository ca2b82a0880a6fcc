"""Traps of the two sites that are no report: dead links, stubs, foreign hosts, odd pages."""

from __future__ import annotations

from tests.replica.pages import Entry, Pager
from tests.replica.skeleton import Skeleton, notice_body, notices
from tests.replica.tree import Column, Tree

STUB_SIZE = 300


def add_spt_traps(tree: Tree, built: Skeleton) -> None:
    """Add the traps of www.spt.gov.cn."""
    site = built.site
    server = tree.hosts[site.host]
    robots = "User-agent: *\nCrawl-delay: 0.05\nDisallow: /nxsearch/\n"
    tree.write(site.host, "/robots.txt", robots.encode())
    tree.trap("robots-disallow", site.url("/nxsearch/search.html"), "robots.txt禁止，不得请求")

    yearly = built.yearly
    notices(site, yearly, 6, 2023, "沙坡头区年度报告栏目说明")
    forbidden = (
        ("旧版年报（内网地址）", "http://169.254.169.254/latest/meta-data/", "link-to-metadata"),
        ("国务院部门年报", "http://www.example.org/nianbao/", "link-to-other-host"),
        ("年报（测试端口）", f"https://{site.host}:8443/xxgk/", "link-to-other-port"),
        ("年报打印", "javascript:window.print()", "javascript-link"),
    )
    for name, href, trap in forbidden:
        yearly.children.append((name, href))
        tree.trap(trap, href, "不得请求")
    yearly.children.append(("往年年报", "/xxgk/wnnb.html"))
    tree.redirects[f"{site.host}/xxgk/wnnb.html"] = "http://169.254.169.254/latest/meta-data/"
    tree.trap("redirect-to-metadata", site.url("/xxgk/wnnb.html"), "跳转目标不得请求，应有发现")

    centre = built.reports["sptqzwfwzx"]
    dead = "./201901/t20190131_1200001.html"
    title = "沙坡头区政务服务中心2018年政府信息公开工作年度报告（示例）"
    centre.entries.append(Entry(title, "2019-01-31", dead))
    dead_path = f"{centre.path}{dead[2:]}"
    server["soft_404"].append(f"{centre.path}201901/")
    tree.trap("soft-404", site.url(dead_path), "状态200的“页面不存在”，不是年报，应有发现")

    own = built.bodies["sptqclz"]
    column = site.column(Column(f"{own.path}shjz_51959/", "社会救助", own, size=4))
    notices(site, column, 9, 2025, "残联服务栏目公告")


def add_nxzw_traps(tree: Tree, built: Skeleton) -> None:
    """Add the traps of www.nxzw.gov.cn and its former host."""
    site = built.site
    tree.hosts["www.nxzww.gov.cn"] = {
        "redirect": "http://www.nxzw.gov.cn",
        "https_prefixes": [],
        "soft_404": [],
        "robots": None,
    }
    tree.trap("host-moved", "http://www.nxzww.gov.cn/", "跳转到www.nxzw.gov.cn，视为同一站")
    tree.hosts[site.host]["https_prefixes"].append("/zwgk/")
    tree.trap("http-to-https", f"http://{site.host}/zwgk/", "跳转到https地址")

    column = built.reports["szfbgs"]
    notices(site, column, 2, 2022, "中卫市政府信息公开专栏说明")
    tree.trap("pager-placeholder", site.url(column.page_path(0)), "翻页脚本里留有${PAGE_COUNT}")

    notices(site, built.yearly, 6, 2021, "中卫市年报栏目说明")
    built.yearly.announced_stub = True
    stub = built.yearly.page_path(built.yearly.page_count)
    page = "<html><head><title>stub</title></head><body></body></html>"
    tree.write(site.host, stub, page.encode().ljust(STUB_SIZE))
    tree.trap("stub-list-page", site.url(stub), "300字节的空列表页，应有发现")
    rules = built.parts[1]
    title = "信息公开工作制度（示例，GBK网页）"
    site.article(
        rules,
        title,
        "2020-05-06",
        notice_body("制度正文。"),
        encoding="gb18030",
        charset=None,
    )
    own = built.bodies["sczj"]
    archive = site.column(
        Column(f"{own.path}tzgg_7790/", "通知公告", own, Pager(), "nx-list", size=3),
    )
    notices(site, archive, 7, 2024, "财政局通知公告")
