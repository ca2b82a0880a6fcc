"""The common shape of a site on the platform: home, disclosure platform, four parts, two trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from tests.replica.data import INVENTED_NOTE
from tests.replica.pages import STYLES, Attachment, ListStyle, Pager, frame
from tests.replica.tree import DEFAULT_PAGER, LIST_DATE, Column, Site, Tree


@dataclass(frozen=True, slots=True)
class Body:
    """An agency in the tree.

    Args:
        slug: folder name.
        name: name as the tree prints it.
        report_folder: folder of its report column, None when it has none.
        pager: how its report column numbers pages.
        style: list markup of its columns.
        size: entries on a list page of its report column.
    """

    slug: str
    name: str
    report_folder: str | None = None
    pager: Pager = DEFAULT_PAGER
    style: ListStyle = "zdgkc"
    size: int = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs between sites of the platform; addresses begin and end with a slash.

    Args:
        host: host name.
        name: site name.
        code: site code.
        region: code of the region.
        first_id: number of the first article.
        platform: address of the disclosure platform.
        platform_name: its link text on the home page.
        parts: (folder, name) of guide, rules and statutory content.
        yearly: folder and name of the platform's own report column.
        yearly_pager: how that column numbers pages.
        departments: folder and name of the department tree.
        townships: folder and name of the township tree; None where the site has none.
        report_name: name of the report column of a body.
        search: address of the search page.
        department_bodies: bodies of the department tree.
        township_bodies: bodies of the township tree.
    """

    host: str
    name: str
    code: str
    region: str
    first_id: int
    platform: str
    platform_name: str
    parts: tuple[tuple[str, str], ...]
    yearly: tuple[str, str]
    yearly_pager: Pager
    departments: tuple[str, str]
    townships: tuple[str, str] | None
    report_name: str
    search: str
    department_bodies: tuple[Body, ...]
    township_bodies: tuple[Body, ...] = ()


@dataclass(slots=True)
class Skeleton:
    """The built shape: site, platform columns, and the columns of each body by slug."""

    site: Site
    platform: Column
    yearly: Column
    parts: list[Column]
    bodies: dict[str, Column] = field(default_factory=dict)
    reports: dict[str, Column] = field(default_factory=dict)


CONTAINERS = (
    '<div class="view TRS_UEDITOR trs_paper_default trs_web">',
    '<div class="trs_editor_view TRS_UEDITOR">',
    '<div class="TRS_Editor">',
    '<div id="zoom">',
    '<div class="con-article">',
    '<div id="ofdneed">',
)


def notice_body(text: str, container: str = CONTAINERS[0]) -> str:
    """Write the body of an invented ordinary page; it says that it is invented."""
    return f"{container}<p>　　{escape(text)}</p><p>　　{INVENTED_NOTE}</p></div>"


def notices(site: Site, column: Column, count: int, year: int, about: str) -> None:
    """Fill a column with invented notices so that its list needs paging."""
    for number in range(1, count + 1):
        site.article(
            column,
            f"{about}（示例第{number}号）",
            f"{year}-{(number - 1) % 12 + 1:02d}-{10 + number % 18}",
            notice_body(f"{about}，编号示例第{number}号。", CONTAINERS[number % len(CONTAINERS)]),
        )


def build_skeleton(tree: Tree, plan: Plan) -> Skeleton:
    """Build home page, platform, parts and trees of a site; columns are still without reports."""
    site = Site(tree, plan.host, plan.name, plan.code, plan.first_id)
    platform = site.column(Column(plan.platform, plan.platform_name, style="xxgk_wrap"))
    parts = []
    for folder, name in plan.parts:
        part = site.column(Column(f"{plan.platform}{folder}/", name, platform, style="nx-list"))
        site.article(
            part,
            f"{plan.name}{name}（示例）",
            "2025-03-03",
            notice_body(f"{name}的正文。"),
        )
        parts.append(part)
    yearly = site.column(
        Column(plan.yearly[0], plan.yearly[1], platform, plan.yearly_pager, "list_ul", size=4),
    )
    built = Skeleton(site, platform, yearly, parts)
    trees = [(plan.departments, plan.department_bodies)]
    if plan.townships:
        trees.append((plan.townships, plan.township_bodies))
    for (path, name), bodies in trees:
        directory = site.column(Column(path, name, platform))
        for index, body in enumerate(bodies):
            _add_body(built, plan, directory, body, index)
    _home_page(tree, site, plan, platform)
    bodies = (*plan.department_bodies, *plan.township_bodies)
    tree.sites.append(
        {
            "host": plan.host,
            "name": plan.name,
            "region": plan.region,
            "home": site.url("/"),
            "platform": site.url(platform.href),
            "bodies": [body.name for body in bodies],
            "report_columns": [site.url(column.href) for column in built.reports.values()],
        },
    )
    return built


def _add_body(built: Skeleton, plan: Plan, directory: Column, body: Body, index: int) -> None:
    site = built.site
    own = site.column(Column(f"{directory.path}{body.slug}/", body.name, directory))
    built.bodies[body.slug] = own
    style: ListStyle = STYLES[index % len(STYLES)]
    content = site.column(
        Column(f"{own.path}fdzdgknr_{51950 + index}/", "法定主动公开内容", own, style=style),
    )
    if index % 3 == 0:
        notices(site, content, 1 + index % 2, 2025, f"{body.name}信息公开栏目维护公告")
    if body.report_folder:
        built.reports[body.slug] = site.column(
            Column(
                f"{own.path}{body.report_folder}/",
                plan.report_name,
                own,
                body.pager,
                body.style,
                body.size,
            ),
        )


def _home_page(tree: Tree, site: Site, plan: Plan, platform: Column) -> None:
    content = (
        '<div class="nav"><ul>'
        f'<li><a href="{platform.href}">{plan.platform_name}</a></li>'
        f'<li><a href="{escape(plan.search)}">搜索</a></li>'
        '<li><a href="javascript:addFavorite();">收藏本站</a></li>'
        f'</ul></div><p class="note">{INVENTED_NOTE}</p>'
    )
    page = frame(site.place(None), f"{plan.name}", {}, content, "utf-8")
    tree.write(site.host, "/index.html", page.encode())
    search = frame(site.place(None), "搜索", {}, "<p>演示副本没有搜索接口。</p>", "utf-8")
    tree.write(site.host, plan.search.partition("?")[0], search.encode(), LIST_DATE)


def attachment_name(letter: str, moment: str, ending: str) -> str:
    """Return a platform attachment name: a letter and a time stamp of 21 digits.

    Args:
        letter: P or W.
        moment: digits of date and time; filled up with a fixed tail.
        ending: file ending without dot.
    """
    return f"{letter}0{moment:0<20}.{ending}"


def file_of(letter: str, moment: str, ending: str, title: str, data: bytes) -> Attachment:
    """Return an attachment with a platform name."""
    return Attachment(attachment_name(letter, moment, ending), f"{title}.{ending}", data)
