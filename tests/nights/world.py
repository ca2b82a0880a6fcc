"""The two replica sites with more reports than they have: those that something happens to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.replica.html_form import HtmlStyle, report_body
from tests.replica.invented import invent
from tests.replica.pages import LIST_MARK, Entry, article_page
from tests.replica.pdf_form import PdfStyle, render_pdf
from tests.replica.server import ReplicaServer
from tests.replica.sites import (
    NXZW,
    SPT,
    _finance_report,
    _office_reports,
    _petition_report,
    _service_centre_report,
    _township_report,
)
from tests.replica.skeleton import CONTAINERS, Skeleton, build_skeleton, file_of
from tests.replica.traps import add_nxzw_traps, add_spt_traps
from tests.replica.tree import Column, Tree

HOSTS = {"spt": "www.spt.gov.cn", "nxzw": "www.nxzw.gov.cn"}
STYLE = HtmlStyle(CONTAINERS[0])
# Name of a report, its site, the body whose column lists it, agency and year.
EXTRA = {
    "edited": ("spt", "binhezhen", "沙坡头区滨河镇人民政府", 2022),
    "cell": ("spt", "binhezhen", "沙坡头区滨河镇人民政府", 2023),
    "bytes": ("spt", "wenchangzhen", "沙坡头区文昌镇人民政府", 2022),
    "moving": ("spt", "wenchangzhen", "沙坡头区文昌镇人民政府", 2023),
    "lost": ("spt", "zhenluozhen", "沙坡头区镇罗镇人民政府", 2022),
    "gone": ("spt", "zhenluozhen", "沙坡头区镇罗镇人民政府", 2023),
    "soft": ("nxzw", "sczj", "中卫市财政局", 2020),
    "home": ("nxzw", "sczj", "中卫市财政局", 2021),
    "unlisted": ("nxzw", "sczj", "中卫市财政局", 2022),
    "file": ("nxzw", "sczj", "中卫市财政局", 2023),
}
# Reports that turn up later.
LATER = {
    "added": ("spt", "wenchangzhen", "沙坡头区文昌镇人民政府", 2024),
    "broken": ("nxzw", "sczj", "中卫市财政局", 2024),
    "last": ("spt", "rouyuanzhen", "沙坡头区柔远镇人民政府", 2024),
}
# Townships of the small world: those that reports are about.
FEW = {"binhezhen", "wenchangzhen", "rouyuanzhen", "zhenluozhen"}


@dataclass(slots=True)
class World:
    """The sites and what can happen to them.

    Attributes:
        server: answers for both.
        urls: address by name of a report.
        lists: address of the list page by site and body.

    """

    server: ReplicaServer
    urls: dict[str, str]
    lists: dict[str, str]
    _bodies: dict[str, Skeleton]
    _columns: dict[str, Column]
    _taken: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, name: str, date: str = "2026-12-01") -> None:
        """Put a report of LATER on its site and at the head of its list."""
        site, slug, agency, year = LATER[name]
        column = self._columns[slug]
        report = invent(f"nights-{name}", agency, year, 40 + year)
        number = 9_000_000 + len(self.urls)
        path = f"{column.path}202612/t{date.replace('-', '')}_{number}.html"
        url = f"https://{HOSTS[site]}{path}"
        place = self._bodies[site].site.place(column)
        entry = Entry(report.title, date, url)
        page = article_page(place, entry, report_body(report, STYLE), [], "utf-8")
        self.server.add(url, page.encode())
        self.server.list_article(
            self.lists[slug], f"./202612/{path.rpartition('/')[2]}", report.title, date
        )
        self.urls[name] = url

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a report's page, once."""
        text = self.server.read(self.urls[name]).decode()
        assert old in text, old
        self.server.add(self.urls[name], text.replace(old, new, 1).encode())

    def edit_cell(self, name: str, number: int) -> None:
        """Change the figure in a cell of the page's last table."""
        url = self.urls[name]
        text = self.server.read(url).decode()
        cells = list(re.finditer(r">(\d+)</span></p></td>", text))
        found = cells[-number]
        changed = text[: found.start(1)] + str(int(found[1]) + 7) + text[found.end(1) :]
        self.server.add(url, changed.encode())

    def lines(self, slug: str) -> list[str]:
        """Return the lines of a list."""
        text = self.server.read(self.lists[slug]).decode()
        return re.findall(r"<li><a href=.*?</li>|<tr><td>.*?</tr>", text.partition(LIST_MARK)[2])

    def _line(self, name: str) -> tuple[str, str]:
        slug = {**EXTRA, **LATER}[name][1]
        file = self.urls[name].rpartition("/")[2]
        (line,) = [line for line in self.lines(slug) if file in line]
        return slug, line

    def relist(self, name: str, old: str, new: str) -> None:
        """Change the line that lists a report."""
        slug, line = self._line(name)
        assert old in line, line
        self.server.edit(self.lists[slug], line, line.replace(old, new))

    def unlist(self, name: str) -> None:
        """Take a report off its list."""
        slug, line = self._line(name)
        self._taken[name] = slug, line
        self.server.edit(self.lists[slug], "\n" + line, "")

    def list_again(self, name: str) -> None:
        """Put it back, at the head."""
        slug, line = self._taken.pop(name)
        self.server.edit(self.lists[slug], LIST_MARK, f"{LIST_MARK}\n{line}")

    def reorder(self, slug: str) -> None:
        """Turn a list page upside down."""
        lines = self.lines(slug)
        url = self.lists[slug]
        text = self.server.read(url).decode()
        self.server.edit(url, "\n".join(lines), "\n".join(reversed(lines)))
        assert self.server.read(url).decode() != text

    def move(self, name: str, folder: str) -> None:
        """Move a report to another folder of its column; the old address answers 404."""
        old = self.urls[name]
        head, _, file = old.rpartition("/")
        earlier = head.rpartition("/")[2]
        new = f"{head.rpartition('/')[0]}/{folder}/{file}"
        self.server.add(new, self.server.read(old))
        self.relist(name, f"./{earlier}/{file}", f"./{folder}/{file}")
        self.server.remove(old)
        self.urls[f"{name} before"], self.urls[name] = old, new

    def move_column(self, slug: str, folder: str) -> None:
        """Move a body's report column with all it holds to another folder."""
        old = self.lists[slug]
        base = old[: old.rindex("/") + 1]
        new = f"{base.rstrip('/').rpartition('/')[0]}/{folder}/"
        files = self.server.file(base).parent
        for file in sorted(path for path in files.rglob("*") if path.is_file()):
            at = str(file.relative_to(files))
            self.server.add(new + at, file.read_bytes())
            self.server.remove(base + at)
        body = f"{base.rstrip('/').rpartition('/')[0]}/"
        path = base.partition("//")[2].partition("/")[2]
        self.server.edit(
            body, f'href="/{path}"', f'href="/{new.partition("//")[2].partition("/")[2]}"'
        )
        for name, url in list(self.urls.items()):
            if url.startswith(base):
                self.urls[f"{name} before"], self.urls[name] = url, url.replace(base, new)
        self.lists[slug] = old.replace(base, new)

    def replace_file(self, name: str) -> None:
        """Put another edition of the report in the place of its file."""
        _, _, agency, year = EXTRA[name]
        report = invent(f"nights-{name}-again", agency, year, 77)
        self.server.add(self.urls[f"{name} pdf"], render_pdf(report, PdfStyle()))


def build_world(folder: Path, *, small: bool) -> World:
    """Write the sites; the small world leaves traps and most townships out."""
    tree = Tree(folder)
    plan = SPT
    if small:
        few = tuple(body for body in SPT.township_bodies if body.slug in FEW)
        plan = replace(SPT, township_bodies=few)
    spt = build_skeleton(tree, plan)
    _office_reports(spt)
    _service_centre_report(spt)
    _township_report(spt)
    nxzw = build_skeleton(tree, NXZW)
    _petition_report(nxzw)
    _finance_report(nxzw)
    if not small:
        add_spt_traps(tree, spt)
        add_nxzw_traps(tree, nxzw)
    bodies = {"spt": spt, "nxzw": nxzw}
    urls = _extra(bodies)
    for built in bodies.values():
        built.site.finish()
    manifest = tree.finish()
    for report in manifest["reports"]:
        for source in report["sources"]:
            urls.setdefault(f"{report['slug']} {source['form']}", source["url"])
    columns = {**nxzw.reports, **spt.reports}
    lists = {
        slug: built.site.url(column.href)
        for built in bodies.values()
        for slug, column in built.reports.items()
    }
    return World(ReplicaServer(folder), urls, lists, bodies, columns)


def _extra(bodies: Mapping[str, Skeleton]) -> dict[str, str]:
    urls = {}
    for number, (name, (site_id, slug, agency, year)) in enumerate(EXTRA.items()):
        built = bodies[site_id]
        column = built.reports[slug]
        report = invent(f"nights-{name}", agency, year, 5 + 3 * number)
        date = f"{year + 1}-01-{11 + number}"
        files = ()
        body = report_body(report, STYLE)
        if name == "file":
            body = f"{CONTAINERS[0]}<p>　　报告全文见附件。</p></div>"
            pdf = render_pdf(report, PdfStyle())
            files = (file_of("P", f"{year + 1}0115093015", "pdf", report.title, pdf),)
        path = built.site.article(column, report.title, date, body, files)
        urls[name] = built.site.url(path)
        for item in files:
            urls[f"{name} pdf"] = built.site.url(f"{path.rpartition('/')[0]}/{item.name}")
    return urls
