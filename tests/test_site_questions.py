"""A person's ten questions: each answered by the page that three clicks or one search lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.site_seed import AGENCIES, Seeded, note_late, seed
from tests.site_server import running_site
from tests.test_site_browser import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM to its path"
)
NAMES = {key: name for key, name, _, _ in AGENCIES}


class Visitor:
    """Somebody at the home page, who has three clicks or one search."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._left = 3
        page.goto("/")

    def click(self, found: Locator) -> None:
        """Click what is seen."""
        assert found.count() == 1, (self.page.url, found.count())
        assert found.is_visible()
        self._left -= 1
        assert self._left >= 0, "more than three clicks"
        found.click()
        self.page.wait_for_load_state()

    def follow(self, words: str) -> None:
        """Click the link with these words."""
        self.click(self.page.get_by_role("link", name=words, exact=True).first)

    def search(self, words: str) -> None:
        """Search, and click nothing any more."""
        assert self._left == 3
        self._left = 0
        self.page.get_by_label("检索年报全文").fill(words)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/search?q=*")

    @property
    def seen(self) -> str:
        """The words of the page."""
        return self.page.locator("main").inner_text()

    def row(self, words: str) -> Locator:
        """The row of the matrix that begins with a name."""
        return self.page.locator(".matrix tr", has=self.page.get_by_role("link", name=words))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    made = seed(tmp_path_factory.mktemp("questions"))
    note_late(made.folder)
    return made


@pytest.fixture(scope="module")
def address(seeded: Seeded) -> Iterator[str]:
    with running_site(seeded.folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 390])
def visitor(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    context = browser.new_context(
        base_url=address, viewport={"width": request.param, "height": 844}
    )
    yield Visitor(context.new_page())
    context.close()


def most(seeded: Seeded, code: str, year: int) -> tuple[set[str], int]:
    """Return the names of those with the highest figure of a year, and the figure."""
    held = {
        key: cells[code]["value"]
        for (key, of_year), cells in seeded.cells.items()
        if of_year == year and cells and cells[code]["value"] is not None
    }
    highest = max(held.values())
    return {NAMES[key] for key, value in held.items() if value == highest}, highest


def test_who_received_most_requests_in_2021(visitor: Visitor, seeded: Seeded) -> None:
    visitor.follow("2024 年谁收到的申请最多")
    visitor.page.get_by_label("年度").select_option("2021")
    visitor.click(visitor.page.get_by_role("button", name="显示"))
    names, highest = most(seeded, "t3_new__total", 2021)
    first = visitor.page.locator(".ranking tbody tr").first
    assert first.get_by_role("rowheader").inner_text() in names
    assert str(highest) in first.inner_text().split()


def test_who_refused_most(visitor: Visitor, seeded: Seeded) -> None:
    visitor.follow("哪里不予公开最多")
    codes = [code for code in seeded.cells["999901:civil_affairs", 2024]
             if code.startswith("t3_denied_") and code.endswith("__total")]  # fmt: skip
    refused = {
        NAMES[key]: sum(cells[code]["value"] for code in codes)
        for (key, year), cells in seeded.cells.items()
        if year == 2024 and cells
    }
    first = visitor.page.locator(".ranking tbody tr").first
    name = first.get_by_role("rowheader").inner_text()
    assert refused[name] == max(refused.values())
    assert str(refused[name]) in first.inner_text().split()


def test_which_reports_disagree_with_themselves(visitor: Visitor) -> None:
    visitor.follow("哪些年报自相矛盾")
    assert "各类申请人之和不等于总计" in visitor.seen
    assert "1,036" in visitor.seen
    visitor.follow("云溪县水务局（虚构） 2022 年")
    assert visitor.page.locator("td.bad").inner_text().startswith("1036")


def test_what_did_a_township_write_on_dibao(visitor: Visitor) -> None:
    visitor.search("柳渡镇 低保")
    assert "云溪县柳渡镇人民政府（虚构）" in visitor.seen
    assert "围绕低保、信访、行政许可等群众关心的事项及时发布信息" in visitor.seen


def test_which_report_changed_after_it_was_published(visitor: Visitor) -> None:
    changed = visitor.page.locator(".newest li", has_text="被更改")
    assert "云溪县财政局（虚构）2022年" in changed.inner_text()
    visitor.click(changed.get_by_role("link"))
    # What it said before.
    assert "424242" in visitor.seen


def test_whose_report_is_missing(visitor: Visitor) -> None:
    row = visitor.row("云溪县民政局（虚构）").locator("td")
    years = visitor.page.locator(".matrix thead th").all_text_contents()[1:]
    said = dict(zip(years, row.all_text_contents(), strict=True))
    assert [year for year, words in said.items() if "应有未见" in words] == ["2022"]


def test_who_was_late(visitor: Visitor) -> None:
    visitor.follow("谁公布得晚")
    assert "临川市信访局（虚构） 2021 年" in visitor.seen
    assert "发布于 2022-05-01，晚于条例规定的 2022-01-31" in visitor.seen


def test_where_does_this_figure_stand_in_the_original(visitor: Visitor, seeded: Seeded) -> None:
    visitor.click(visitor.row("云溪县水务局（虚构）").get_by_role("link", name="2022 年"))
    visitor.click(visitor.page.locator("#t3_new__total a"))
    for words in ("1036", "1,036", "第 2 页", seeded.digests["999901:water", 2022][0]):
        assert words in visitor.seen
    visitor.page.get_by_role("link", name="下载").first.wait_for(state="visible")


def test_do_requests_become_more_over_the_years(visitor: Visitor, seeded: Seeded) -> None:
    visitor.follow("云溪县民政局（虚构）")
    row = {year: cells["t3_new__total"]["value"] for (key, year), cells in seeded.cells.items()
           if key == "999901:civil_affairs"}  # fmt: skip
    pictured = visitor.page.locator("svg").all_text_contents()
    for year, value in row.items():
        line = visitor.page.locator("table tr", has=visitor.page.get_by_role(
            "rowheader", name=str(year))).first  # fmt: skip
        assert str(value) in line.inner_text().split(), (year, value)
    assert any("2024" in words for words in pictured)


def test_what_changed_from_one_year_to_the_next(visitor: Visitor, seeded: Seeded) -> None:
    visitor.click(visitor.row("云溪县民政局（虚构）").get_by_role("link", name="2021 年"))
    visitor.follow("与 2020 年")
    for year in (2020, 2021):
        value = seeded.cells["999901:civil_affairs", year]["t3_new__total"]["value"]
        assert str(value) in visitor.seen.split()


def test_how_do_i_get_everything(visitor: Visitor) -> None:
    visitor.follow("数据")
    with visitor.page.expect_download() as started:
        visitor.page.locator("a[href$='.db'], a[href$='.db.gz']").first.click()
    assert started.value.suggested_filename.startswith("nianbao-")
