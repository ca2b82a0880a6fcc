"""Each figure of the site leads to a picture of its place in the archived original."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from lxml import html as lxml_html
from PIL import Image

from archive.blobs import BlobStore
from archive.site import evidence
from archive.site.evidence import BusyError, NoPictureError, Pictures, Spot
from archive.store_setting import open_store
from pipeline.evidence.font import FontMissingError, find_font
from tests.replica.data import reports
from tests.replica.documents import html_style, pdf_style
from tests.replica.html_form import report_page
from tests.replica.pdf_form import render_pdf
from tests.site_server import WHOLE, running_site
from tests.test_limits_reparse import fill

REPORT = "/report/640502103-township/2021"
CODES = ("t2_normative_docs_issued", "t3_granted__total", "t4_suit_direct_total")


def png(width: int = 9, height: int = 5) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height)).save(written, "PNG")
    return written.getvalue()


@dataclass
class Maker:
    """Draws one grey picture of everything, and counts."""

    version: str = "1"
    seconds: float = 0.0
    drawn: int = 0
    at_once: int = 0
    most_at_once: int = 0
    data: bytes = field(default_factory=png)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _data: bytes, place: str, _tables: Sequence[Sequence[str]]) -> bytes:
        with self.lock:
            self.drawn += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.seconds)
        with self.lock:
            self.at_once -= 1
        if place == "line=0":
            raise NoPictureError("画不出。")
        return self.data


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, BlobStore, Spot]:
    blobs = BlobStore(open_store(tmp_path))
    digest = blobs.put("原件".encode())
    return tmp_path / "cache", blobs, Spot(digest, "1", "line=3", (("line=3",),))


Kept = tuple[Path, BlobStore, Spot]


def test_a_picture_is_drawn_once_and_then_comes_from_disk(kept: Kept) -> None:
    folder, blobs, spot = kept
    maker = Maker()
    first = asyncio.run(Pictures(folder, blobs, maker).get(spot))
    again = asyncio.run(Pictures(folder, blobs, maker).get(spot))
    assert (first.width, first.height) == (9, 5)
    assert again == first
    assert maker.drawn == 1
    assert [path.parent.name for path in folder.rglob("*.png")] == [spot.digest]
    assert not list(folder.rglob(".writing-*"))


def test_a_kept_picture_that_was_cut_short_is_drawn_again(kept: Kept) -> None:
    folder, blobs, spot = kept
    maker = Maker()
    first = asyncio.run(Pictures(folder, blobs, maker).get(spot))
    (path,) = folder.rglob("*.png")
    path.write_bytes(first.png[:-10])
    assert asyncio.run(Pictures(folder, blobs, maker).get(spot)) == first
    assert path.read_bytes() == first.png


@pytest.mark.parametrize(
    "change",
    [
        lambda spot: replace(spot, reader="2"),
        lambda spot: replace(spot, place="line=4"),
        lambda spot: replace(spot, tables=(("line=3", "line=4"),)),
    ],
)
def test_another_reader_place_or_table_is_another_picture(
    kept: Kept, change: Callable[[Spot], Spot]
) -> None:
    folder, blobs, spot = kept
    maker = Maker()
    pictures = Pictures(folder, blobs, maker)

    async def both() -> None:
        first, second = await pictures.get(spot), await pictures.get(change(spot))
        assert first.key != second.key

    asyncio.run(both())
    assert maker.drawn == 2


def test_another_way_to_draw_is_another_picture(kept: Kept) -> None:
    folder, blobs, spot = kept
    asyncio.run(Pictures(folder, blobs, Maker("1")).get(spot))
    newer = Maker("2", data=png(30, 20))
    assert asyncio.run(Pictures(folder, blobs, newer).get(spot)).width == 30


def test_a_crowd_takes_turns_and_its_end_is_told_to_come_again(kept: Kept) -> None:
    folder, blobs, spot = kept
    maker = Maker(seconds=0.02)
    pictures = Pictures(folder, blobs, maker)
    spots = [replace(spot, place=f"line={line}") for line in range(1, 51)]

    async def crowd() -> list[object]:
        wanted = [pictures.get(each) for each in spots for _ in range(2)]
        return await asyncio.gather(*wanted, return_exceptions=True)

    answers = asyncio.run(crowd())
    refused = [answer for answer in answers if isinstance(answer, BusyError)]
    most = evidence.AT_ONCE + evidence.MOST_WAITING
    assert maker.most_at_once <= evidence.AT_ONCE
    assert refused
    assert len(answers) - len(refused) >= most
    # Two who ask for the same picture are given one drawing.
    assert maker.drawn <= (len(answers) - len(refused)) // 2 + 1


def test_who_stops_waiting_does_not_stop_the_drawing(kept: Kept) -> None:
    folder, blobs, spot = kept
    maker = Maker(seconds=0.2)
    pictures = Pictures(folder, blobs, maker)

    async def impatient() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pictures.get(spot), 0.05)
        return (await pictures.get(spot)).width

    assert asyncio.run(impatient()) == 9
    assert maker.drawn == 1


def test_what_cannot_be_drawn_is_not_tried_again_at_once(kept: Kept) -> None:
    folder, blobs, spot = kept
    maker = Maker()
    pictures = Pictures(folder, blobs, maker)

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(NoPictureError, match="画不出"):
                await pictures.get(replace(spot, place="line=0"))

    asyncio.run(twice())
    assert maker.drawn == 1


def test_the_longest_unused_pictures_make_room(kept: Kept) -> None:
    folder, blobs, spot = kept
    size = len(png())
    pictures = Pictures(folder, blobs, Maker(), room=size * 10)

    async def many() -> None:
        for line in range(1, 40):
            await pictures.get(replace(spot, place=f"line={line}"))
            await pictures.get(replace(spot, place="line=1"))
            await asyncio.sleep(0.002)

    asyncio.run(many())
    left = list(folder.rglob("*.png"))
    assert 5 <= len(left) <= 10
    first = asyncio.run(Pictures(folder, blobs, Maker()).get(replace(spot, place="line=1")))
    assert folder / spot.digest / f"{first.key}.png" in left


def test_missing_and_damaged_originals_and_no_picture_are_sentences(kept: Kept) -> None:
    folder, blobs, spot = kept
    gone = replace(spot, digest="0" * 64)
    with pytest.raises(NoPictureError, match="没有它的文件"):
        asyncio.run(Pictures(folder, blobs, Maker()).get(gone))
    with pytest.raises(NoPictureError, match="没有给出图片"):
        asyncio.run(Pictures(folder, blobs, Maker(data=b"<svg>")).get(spot))
    with pytest.raises(NoPictureError, match="没有找到这一格"):
        asyncio.run(Pictures(folder, blobs, Maker()).get(replace(spot, place="")))
    path = Path(blobs.place(spot.digest))
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(NoPictureError, match="SHA-256"):
        asyncio.run(Pictures(folder, blobs, Maker()).get(spot))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        find_font()
    except FontMissingError as error:
        pytest.skip(str(error))
    report = reports()["rouyuan-town-2021"]
    path = tmp_path_factory.mktemp("pictures") / "data"
    fill(
        path,
        {
            "a.html": report_page(report, html_style(report)),
            "a.pdf": render_pdf(report, pdf_style(report)),
        },
    )
    return path


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with (
        running_site(folder, WHOLE) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


def test_the_page_of_a_figure_shows_its_place_in_the_original(
    client: httpx.Client, folder: Path
) -> None:
    report = lxml_html.fromstring(client.get(REPORT).text)
    assert "etag" in client.get(REPORT).headers
    for code in CODES:
        (link,) = report.xpath(f"//td[@id='{code}']/a/@href")
        page = lxml_html.fromstring(client.get(link).text)
        (shown,) = page.xpath("//figure[@class='crop']//img")
        assert "红框" in shown.get("alt")
        answer = client.get(shown.get("src"))
        assert answer.headers["content-type"] == "image/png"
        assert "immutable" in answer.headers["cache-control"]
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (int(shown.get("width")), int(shown.get("height")))
            assert image.width > 400
            assert image.height > 100
    assert len(list((folder / "cache" / "evidence").rglob("*.png"))) == len(CODES)


def test_every_form_of_the_report_has_a_picture(client: httpx.Client) -> None:
    page = lxml_html.fromstring(client.get(f"{REPORT}/cell/{CODES[1]}").text)
    links = page.xpath("//table[contains(@class, 'plain')]//a[contains(@href, '.png')]/@href")
    assert len(links) == 2
    seen = {client.get(link).content for link in links}
    assert len(seen) == 2
    assert all(data.startswith(b"\x89PNG") for data in seen)
    assert "immutable" not in client.get(links[0]).headers["cache-control"]


def test_there_is_no_picture_of_what_is_not_held(client: httpx.Client) -> None:
    for address in (
        f"{REPORT}/cell/t9_nothing.png",
        f"{REPORT}/cell/{CODES[0]}.png?form={'0' * 64}",
        f"{REPORT}/cell/{CODES[0]}.png?form=%3Cscript%3E",
    ):
        assert client.get(address).status_code == 404


def test_without_a_font_the_page_says_so(folder: Path, tmp_path: Path) -> None:
    missing = str(tmp_path / "no.ttf")
    code = "t3_denied_state_secret__total"  # of which no picture has been kept
    with (
        running_site(folder, WHOLE, NIANBAO_FONT=missing) as address,
        httpx.Client(base_url=address) as client,
    ):
        answer = client.get(f"{REPORT}/cell/{code}")
        assert answer.status_code == 200
        assert "没有中文字体" in answer.text
        assert "<img" not in answer.text
        # Once a font is there, a browser asks again and is not told that nothing has changed.
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert client.get(f"{REPORT}/cell/{code}.png").status_code == 404


def test_the_bare_site_shows_the_words_without_a_picture(folder: Path) -> None:
    with running_site(folder) as address, httpx.Client(base_url=address) as client:
        answer = client.get(f"{REPORT}/cell/{CODES[1]}")
    assert "没有带绘图程序" in answer.text
    assert "/original/" in answer.text
