"""Page markup of the platform: frame with the national meta names, list pages, article pages."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

LIST_MARK = "<!-- list begin -->"
ListStyle = Literal["zdgkc", "nx-list", "list_ul", "table", "xxgk_wrap"]
STYLES: tuple[ListStyle, ...] = ("zdgkc", "nx-list", "list_ul", "table", "xxgk_wrap")


@dataclass(frozen=True, slots=True)
class Pager:
    """How a column numbers its pages.

    Args:
        name: page name, ``index`` where the folder address shows the first page.
        suffix: file ending.
        base: 0 for ``createPageHTML(N, i, name, suffix)``, 1 for the form with a box name first.
        placeholder: the template's ``${PAGE_COUNT}`` was left in the page.
    """

    name: str = "index"
    suffix: str = "html"
    base: Literal[0, 1] = 0
    placeholder: bool = False

    def page_name(self, index: int) -> str:
        """Return the file name of the page with a 0-based index."""
        if index == 0:
            return f"{self.name}.{self.suffix}"
        return f"{self.name}_{index + self.base}.{self.suffix}"

    def script(self, pages: int, index: int) -> str:
        """Return the script line that draws the pager in a browser."""
        count = "${PAGE_COUNT}" if self.placeholder else str(pages)
        if self.base == 1:
            arguments = f"'page_div',{count},{index + 1},'{self.name}','{self.suffix}',325"
        else:
            arguments = f'{count}, {index}, "{self.name}", "{self.suffix}"'
        return f'<div id="page_div"><script>createPageHTML({arguments});</script></div>'


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: title, ISO date, address as written."""

    title: str
    date: str
    href: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside an article: name on disk, shown title, bytes, content type if not by name."""

    name: str
    title: str
    data: bytes
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: site name, host, code, breadcrumb of (name, address) without home."""

    site_name: str
    host: str
    site_code: str
    crumbs: tuple[tuple[str, str], ...]


def list_line(entry: Entry, style: ListStyle) -> str:
    """Write one line of a list in a list markup."""
    title, href = escape(entry.title), escape(entry.href)
    link = f'<a href="{href}" target="_blank" title="{title}">{title}</a>'
    if style == "zdgkc":
        return f"<li>{link}<b>{entry.date}</b></li>"
    if style == "table":
        return f"<tr><td>{link}</td><td>{entry.date}</td></tr>"
    return f"<li>{link}<span>{entry.date}</span></li>"


def list_block(entries: list[Entry], style: ListStyle) -> str:
    """Write a list with the containers of its markup."""
    lines = LIST_MARK + "\n" + "\n".join(list_line(entry, style) for entry in entries)
    if style == "zdgkc":
        return f'<div class="scroll_main"><div class="zfxxgk_zdgkc"><ul>{lines}</ul></div></div>'
    if style == "table":
        return f'<table id="dataListSearch"><tbody>{lines}</tbody></table>'
    if style == "xxgk_wrap":
        return f'<div class="xxgk_wrap"><ul>{lines}</ul></div>'
    return f'<ul class="{style}">{lines}</ul>'


def frame(place: Place, title: str, meta: dict[str, str], content: str, charset: str | None) -> str:
    """Put content into the site's frame."""
    names = {
        "SiteName": place.site_name,
        "SiteDomain": place.host,
        "SiteIDCode": place.site_code,
        "ColumnName": place.crumbs[-1][0] if place.crumbs else "首页",
        "ColumnType": "政府信息公开",
        "ColumnKeywords": "政府信息公开",
        "ColumnDescription": "演示副本中的栏目",
        **meta,
    }
    metas = "\n".join(
        f'<meta name="{name}" content="{escape(value)}">' for name, value in names.items()
    )
    declared = f'<meta charset="{charset}">\n' if charset else ""
    crumbs = " > ".join(
        f'<a href="{escape(href)}">{escape(name)}</a>'
        for name, href in (("首页", "/"), *place.crumbs)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n{declared}<title>{escape(title)}</title>\n'
        f"{metas}\n</head>\n<body>\n"
        '<div class="header"><a href="javascript:void(0)" onclick="setHome()">设为首页</a></div>\n'
        f'<div class="location">当前位置：{crumbs}</div>\n{content}\n'
        f'<div class="footer">{place.site_name} 演示副本</div>\n</body>\n</html>\n'
    )


def list_page(
    place: Place,
    children: list[tuple[str, str]],
    entries: list[Entry],
    style: ListStyle,
    pager: str,
) -> str:
    """Write a column page: links to sub-columns, a list, a pager."""
    name = place.crumbs[-1][0]
    menu = "\n".join(
        f'<li><a href="{escape(href)}">{escape(child)}</a></li>' for child, href in children
    )
    parts = [f"<h1>{escape(name)}</h1>"]
    if menu:
        parts.append(f'<div class="xxgk_menu"><ul>{menu}</ul></div>')
    if entries or not children:
        parts.append(list_block(entries, style))
        parts.append(pager if entries else '<p class="empty">暂无信息</p>')
    return frame(place, f"{name}_{place.site_name}", {}, "\n".join(parts), "utf-8")


def article_page(
    place: Place,
    entry: Entry,
    body: str,
    attachments: list[Attachment],
    charset: str | None,
) -> str:
    """Write an article page with body container and attachment links; ``entry.href`` is its own."""
    files = "\n".join(
        '<li><a appendix="true" data-appendix="true" needdownload="true" '
        f'href="./{escape(item.name)}" title="{escape(item.title)}" '
        f'download="{escape(item.title)}">{escape(item.title)}</a></li>'
        for item in attachments
    )
    block = f'<div class="fujian"><p>附件：</p><ul>{files}</ul></div>\n' if files else ""
    meta = {
        "ArticleTitle": entry.title,
        "PubDate": f"{entry.date} 10:19",
        "ContentSource": place.site_name,
        "Keywords": "政府信息公开",
        "Author": "演示",
        "Url": entry.href,
    }
    content = (
        f'<div class="article"><h1>{escape(entry.title)}</h1>\n'
        f'<p class="info">发布时间：{entry.date} 10:19　来源：{escape(place.site_name)}</p>\n'
        f"{body}\n{block}</div>"
    )
    return frame(place, f"{entry.title}_{place.site_name}", meta, content, charset)
