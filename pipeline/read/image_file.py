"""Image files (JPG, PNG, TIFF of several pages, BMP, WebP, GIF) are read as scans."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.finding import Finding
from pipeline.read.document import Document, UnreadableError
from pipeline.read.ocr_models import require_ocr
from pipeline.read.page_flow import PageParts, flow

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipeline.read.ocr_image import PageImage
    from pipeline.read.ocr_page import ScannedPage

MOST_PIXELS = 60_000_000
"""Largest picture of a page that is decoded; A3 at 400 dpi has 31 million."""

MOST_SCANNED_PAGES = 40
"""Most scanned pages that are read, about a second each; a report has 4 to 30."""

_SHEET = 595.0  # points: a scan is taken for A4, as files state wrong resolutions
_FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")


def read_image(data: bytes) -> Document:
    """Read an image file by OCR into paragraphs and tables.

    Args:
        data: the whole file.

    Raises:
        UnreadableError: E-SCAN-NO-OCR (the extra is missing), E-IMAGE-BROKEN, E-IMAGE-SIZE (more
            pixels than a page has), E-IMAGE-PAGES, E-IMAGE-NO-TEXT (a picture without text).

    """
    require_ocr()
    from pipeline.read.ocr_page import read_pages  # noqa: PLC0415  needs the extra

    pages = read_pages(_pages(data))
    if not any(page.lines or page.tables for page in pages):
        raise UnreadableError(
            "E-IMAGE-NO-TEXT", "图片中没有识别出任何文字；原件已存档，请人工核对原件。"
        )
    found = tuple(finding for page in pages for finding in page.findings)
    findings = (by_ocr([page.number for page in pages]), *found)
    first, second = (
        Document("image", tuple(flow([parts(page, which) for page in pages])), findings=findings)
        for which in (0, 1)
    )
    return Document("image", first.blocks, findings=findings, second=second)


def parts(page: ScannedPage, reading: int) -> PageParts:
    """Return what stands on a scanned page, as read first (0) or second (1)."""
    tables = [(top, pair[reading]) for top, *pair in page.tables]
    return PageParts(page.number, page.frame, page.lines, tables)


def by_ocr(pages: list[int]) -> Finding:
    """Return the finding that says which pages were read by OCR."""
    named = "、".join(map(str, pages[:10])) + ("等" if len(pages) > 10 else "")
    message = (
        f"第{named}页是扫描图像，文字由程序识别（OCR）得到；把握不够的单元格按未识别处理，"
        "引用前请对照原件核实。"
    )
    return Finding("I-OCR", "info", message, place=f"page={pages[0]}")


def _pages(data: bytes) -> Iterator[PageImage]:
    """Yield the pictures of a file, each decoded only when its declared size is that of a page."""
    import numpy as np  # noqa: PLC0415
    from PIL import Image, ImageOps  # noqa: PLC0415

    from pipeline.read.ocr_image import PageImage  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # Our own limit is lower than the one that Pillow warns of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
                if count > MOST_SCANNED_PAGES:
                    raise too_many(count)
                for number in range(1, count + 1):
                    image.seek(number - 1)
                    check_size(*image.size)
                    upright = ImageOps.exif_transpose(image)
                    pixels = np.asarray(_plain(upright))
                    scale = min(pixels.shape[:2]) / _SHEET
                    yield PageImage(number, pixels, scale, (1, 0, 0, 1, 0, 0))
    except Image.DecompressionBombError as error:
        raise too_large() from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(
            # Pillow's own words hold the address of an object, which differs from run to run.
            "E-IMAGE-BROKEN",
            "图片文件不完整或已损坏，无法解码；请重新下载原文件后再读。",
        ) from error


def _plain(image: Image) -> Image:
    """Return a picture in grey or in colours, on white where it is transparent."""
    from PIL import Image as Pillow  # noqa: PLC0415

    if image.mode in {"1", "L"}:
        return image.convert("L")
    if image.mode in {"I;16", "I", "F"}:
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        coloured = image.convert("RGBA")
        paper = Pillow.new("RGBA", image.size, "white")
        return Pillow.alpha_composite(paper, coloured).convert("RGB")
    return image.convert("RGB")


def check_size(width: int, height: int) -> None:
    """Refuse a picture by its declared size.

    Raises:
        UnreadableError: E-IMAGE-SIZE.

    """
    if width * height > MOST_PIXELS:
        raise too_large(width, height)


def too_large(width: int = 0, height: int = 0) -> UnreadableError:
    """Return the error for a picture of more pixels than a page has."""
    size = f"{width}×{height}像素" if width else "像素数异常"
    return UnreadableError(
        "E-IMAGE-SIZE",
        f"图像过大（{size}，上限{MOST_PIXELS // 10_000}万像素），未解码；请确认它是否为扫描的年报，"
        "或改用同一报告的其他格式。",
    )


def too_many(pages: int) -> UnreadableError:
    """Return the error for more scanned pages than can be read in time."""
    return UnreadableError(
        "E-IMAGE-PAGES",
        f"共有{pages}页扫描图像，超过{MOST_SCANNED_PAGES}页的上限，未识别；"
        "请确认它是否为单份年度报告。",
    )
