"""The builder of a site tree: columns, articles, attachments, manifest, server notes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from tests.replica.pages import (
    Attachment,
    Entry,
    ListStyle,
    Pager,
    Place,
    article_page,
    list_page,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replica.data import ReportData

CHINA = timezone(timedelta(hours=8))
LIST_DATE = "2026-01-05"
Href = Literal["plain", "backslash", "spaced", "absolute"]
DEFAULT_PAGER = Pager()


@dataclass(slots=True)
class Column:
    """A column: address of its folder, name, breadcrumb parent, list markup and pager.

    ``announced_stub``: the pager counts one page more than there are entries for.
    """

    path: str
    name: str
    parent: Column | None = None
    pager: Pager = DEFAULT_PAGER
    style: ListStyle = "zdgkc"
    size: int = 8
    announced_stub: bool = False
    entries: list[Entry] = field(default_factory=list)
    children: list[tuple[str, str]] = field(default_factory=list)

    @property
    def href(self) -> str:
        """The address others link to."""
        return self.path if self.pager.page_name(0) == "index.html" else self.page_path(0)

    @property
    def page_count(self) -> int:
        """Number of list pages, at least one."""
        return max(1, -(-len(self.entries) // self.size))

    def page_path(self, index: int) -> str:
        """Return the address of the list page with a 0-based index."""
        return self.path + self.pager.page_name(index)

    def trail(self) -> list[Column]:
        """Return the columns from the outermost to this one."""
        return [*(self.parent.trail() if self.parent else []), self]


class Tree:
    """The folder of all hosts with manifest and notes for the server."""

    def __init__(self, folder: Path) -> None:
        """Take the folder to write into; it is created."""
        self.folder = folder
        self.hosts: dict[str, dict[str, Any]] = {}
        self.types: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.sites: list[dict[str, Any]] = []
        self.traps: list[dict[str, str]] = []
        self.pages = 0

    def write(
        self,
        host: str,
        path: str,
        data: bytes,
        date: str = LIST_DATE,
        kind: str | None = None,
    ) -> None:
        """Write one resource; ``kind`` overrides the content type that follows from the name."""
        file = self.folder / host / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        stamp = datetime.fromisoformat(f"{date}T10:19:00").replace(tzinfo=CHINA).timestamp()
        os.utime(file, (stamp, stamp))
        if kind:
            self.types[f"{host}{path}"] = kind
        self.pages += 1

    def trap(self, name: str, url: str, expect: str) -> None:
        """Note a trap for the manifest."""
        self.traps.append({"name": name, "url": url, "expect": expect})

    def source(self, report: ReportData, source: dict[str, Any]) -> None:
        """Note where a form of a report stands."""
        entry = self.reports.setdefault(report.slug, {**report.expected(), "sources": []})
        entry["sources"].append(source)

    def finish(self) -> dict[str, Any]:
        """Write ``_server.json`` and ``manifest.json``; return the manifest."""
        server = {"hosts": self.hosts, "types": self.types, "redirects": self.redirects}
        manifest = {
            "schema": 1,
            "about": "演示副本：五份真实年报的数字，其余内容均为虚构。",
            "sites": self.sites,
            "pages": self.pages,
            "reports": list(self.reports.values()),
            "traps": self.traps,
        }
        for name, content in (("_server.json", server), ("manifest.json", manifest)):
            text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            (self.folder / name).write_text(text, encoding="utf-8")
        return manifest


class Site:
    """One host of a tree."""

    def __init__(self, tree: Tree, host: str, name: str, code: str, first_id: int) -> None:
        """Begin a site; article numbers count up from ``first_id``."""
        self.tree = tree
        self.host = host
        self.name = name
        self.code = code
        self._next_id = first_id
        self._columns: list[Column] = []
        tree.hosts.setdefault(
            host,
            {"redirect": None, "https_prefixes": [], "soft_404": [], "robots": None},
        )

    def url(self, path: str) -> str:
        """Return the public address of a path."""
        return f"https://{self.host}{path}"

    def column(self, column: Column) -> Column:
        """Add a column; its parent gets a link to it."""
        self._columns.append(column)
        if column.parent:
            column.parent.children.append((column.name, column.href))
        return column

    def place(self, column: Column | None) -> Place:
        """Return where a page of a column stands."""
        trail = column.trail() if column else []
        return Place(self.name, self.host, self.code, tuple((c.name, c.href) for c in trail))

    def article(
        self,
        column: Column,
        title: str,
        date: str,
        body: str,
        attachments: tuple[Attachment, ...] = (),
        *,
        href: Href = "plain",
        encoding: str = "utf-8",
        charset: str | None = "utf-8",
        missing: tuple[str, ...] = (),
        mobile: bool = False,
    ) -> str:
        """Write an article with its attachments and list it; return its address path.

        Args:
            column: column that lists it.
            title: article title.
            date: ISO date of publication; makes the address.
            body: markup of the body container.
            attachments: files beside the page.
            href: how the list writes the link.
            encoding: encoding of the bytes.
            charset: encoding the page declares, None for no declaration.
            missing: names of attachments that are linked and not there.
            mobile: link and write a ``_wap.html`` copy beside the page.
        """
        number = self._next_id
        self._next_id += 1
        folder = f"{date[:4]}{date[5:7]}"
        name = f"t{date.replace('-', '')}_{number}.html"
        path = f"{column.path}{folder}/{name}"
        for item in attachments:
            if item.name not in missing:
                self.tree.write(
                    self.host,
                    f"{column.path}{folder}/{item.name}",
                    item.data,
                    date,
                    item.content_type,
                )
        written = {
            "plain": f"./{folder}/{name}",
            "backslash": f".\\{folder}\\{name}",
            "spaced": f"  ./{folder}/{name}\n ",
            "absolute": self.url(path),
        }[href]
        column.entries.append(Entry(title, date, written))
        if mobile:
            copy = name.replace(".html", "_wap.html")
            small = f'<meta charset="utf-8"><title>{title}</title><h1>{title}</h1>\n{body}\n'
            self.tree.write(self.host, f"{column.path}{folder}/{copy}", small.encode(), date)
            body += f'\n<p class="mobile"><a href="./{copy}">手机版</a></p>'
        entry = Entry(title, date, self.url(path))
        page = article_page(self.place(column), entry, body, list(attachments), charset)
        self.tree.write(self.host, path, page.encode(encoding), date)
        return path

    def report_source(
        self,
        report: ReportData,
        column: Column,
        path: str,
        source: tuple[str, str, str],
        **more: str,
    ) -> None:
        """Note a source of a report at an address of this site: (form, role, ISO date)."""
        form, role, date = source
        self.tree.source(
            report,
            {
                "url": self.url(path),
                "form": form,
                "role": role,
                "column": " > ".join(c.name for c in column.trail()),
                "published": date,
                **more,
            },
        )

    def finish(self) -> None:
        """Write the list pages of all columns, newest entry first."""
        for column in self._columns:
            entries = sorted(column.entries, key=lambda entry: entry.date, reverse=True)
            for index in range(column.page_count):
                shown = entries[index * column.size : (index + 1) * column.size]
                page = list_page(
                    self.place(column),
                    column.children,
                    shown,
                    column.style,
                    column.pager.script(column.page_count + column.announced_stub, index),
                )
                self.tree.write(self.host, column.page_path(index), page.encode())
