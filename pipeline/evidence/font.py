"""Font: finds one with Chinese characters among those of the system."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

from pipeline.evidence.place import EvidenceError

# Best first. Every name is a file as the font's own packages install it.
_NAMES = (
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "NotoSansCJK-Regular.ttc",
    "SourceHanSans-Regular.ttc",
    "NotoSansCJK-VF.otf.ttc",
    "NotoSansSC-VF.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "msyh.ttc",
    "msyh.ttf",
    "simhei.ttf",
    "simsun.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "uming.ttc",
)
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/System/Library/AssetsV2",  # where newer versions of macOS keep PingFang
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
_FACES = 32  # most faces of one collection; Noto's has ten
_SIMPLIFIED = (" SC", " CN", " GB", "YaHei", "SimSun")


class FontMissingError(EvidenceError):
    """The system has no font with Chinese characters, or the one that was named has none."""


def find_font(named: Path | None = None) -> Path:
    """Return the file of a font with Chinese characters.

    Args:
        named: the user's choice; None to search the usual folders of Linux, macOS and Windows.

    Raises:
        FontMissingError: there is none, or ``named`` is none.

    """
    if named is not None:
        if not _is_chinese(named):
            raise FontMissingError(f"{named} is no font with Chinese characters; name another")
        return named
    found = _installed()
    for name in _NAMES:
        if name in found and _is_chinese(found[name]):
            return found[name]
    raise FontMissingError(
        "no font with Chinese characters on this machine: install one (Debian, Ubuntu: "
        "apt-get install fonts-noto-cjk), or name its file with --font or NIANBAO_FONT"
    )


def _installed() -> dict[str, Path]:
    """Return the fonts in the usual folders that are on our list, by name."""
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for file in sorted(Path(folder).expanduser().rglob("*.[to]t[fc]")):
            if file.name in _NAMES:
                found.setdefault(file.name, file)
    return found


def _is_chinese(file: Path) -> bool:
    try:
        font = ImageFont.truetype(file, 24)
    except OSError:
        return False
    # What a font lacks, it draws as one and the same box.
    drawn = {bytes(font.getmask(sign)) for sign in "年报机关"}
    return len(drawn) == 4


@cache
def load_font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """Return a font in a size.

    Args:
        file: of the font; of a collection the face with the forms of simplified Chinese is taken.
        size: pixels an em.

    """
    return ImageFont.truetype(file, size, index=_face(file))


@cache
def _face(file: Path) -> int:
    if file.suffix.lower() != ".ttc":
        return 0
    for index in range(_FACES):
        try:
            family, _ = ImageFont.truetype(file, 12, index=index).getname()
        except OSError:
            break
        if family and any(mark in family for mark in _SIMPLIFIED):
            return index
    return 0
