"""Evidence: the place of a figure in its archived original, drawn when asked for and kept.

Who draws is handed in, because this package reads no documents. Pictures lie beside the database,
under the digest of the original and a key that names everything they depend on.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from archive import atomic
from archive.blobs import BlobDamagedError, BlobMissingError, BlobStore
from archive.store import StoreError

_LOG = logging.getLogger("nianbao.site")
_PNG = b"\x89PNG\r\n\x1a\n"
AT_ONCE = 2
"""Pictures drawn at the same time: each takes a process, and a crowd must not take them all."""
MOST_WAITING = 16
"""Pictures asked for and not yet drawn; whoever asks for one more is told to come again."""
SILENT = "存放原件的对象存储暂时没有应答，请稍后再试。"
_ROOM = 512 * 2**20
# What could not be drawn is not tried again for so long: a file may take all the time there is.
_REFUSED_FOR = 600.0
_MOST_REFUSED = 1000


class NoPictureError(Exception):
    """There is no picture; the message is a Chinese sentence that says why."""


class OriginalsSilentError(NoPictureError):
    """The object storage that holds the originals does not answer now."""


class BusyError(NoPictureError):
    """Too many pictures are being drawn."""


class Maker(Protocol):
    """Draws a place in the bytes of an original, with limits on time and memory.

    Args:
        version: changes whenever the same place would be drawn otherwise.

    """

    @property
    def version(self) -> str:
        """Name of the way it draws."""

    def __call__(self, data: bytes, place: str, tables: Sequence[Sequence[str]], /) -> bytes:
        """Return a PNG file.

        Args:
            data: the original.
            place: of the cell, as the database has it.
            tables: places of the cells of each statutory table, in printed order.

        Raises:
            NoPictureError: it can't be drawn.

        """


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell in an original.

    Args:
        digest: SHA-256 of the original, hex.
        reader: version of the reader that recorded the place.
        place: where the cell stands.
        tables: places of the cells of each statutory table, in printed order.

    """

    digest: str
    reader: str
    place: str
    tables: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a PNG file, with its size in pixels and its key."""

    png: bytes
    width: int
    height: int
    key: str


def manner(form: str, place: str) -> str:
    """Say in Chinese what the picture of a place is made of.

    Args:
        form: format of the original.
        place: as the database has it.

    """
    if place.startswith("page="):
        name = "图片" if form == "image" else "PDF 文件" if form == "pdf" else "转换成的页面"
        page = place.removeprefix("page=").partition(";")[0]
        return f"本图由存档的原件（{name}第 {page} 页）裁出，红框为本格。"
    if place.startswith("line="):
        return "本图按存档文本逐行绘制，左侧为行号，红框为本格所在的行。"
    names = {"html": "网页", "mhtml": "网页", "docx": " Word 文件"}
    name = names.get(form, "原件转换成的 Word 文件")
    return f"本图按存档{name}的表格结构绘制，字体与版式和原件不同，红框为本格。"


def _picture(png: bytes, key: str) -> Picture:
    # The first chunk of a PNG gives its size, the last one ends it (ISO/IEC 15948, 11.2.2 and 5).
    if not png.startswith(_PNG) or png[12:16] != b"IHDR" or png[-8:-4] != b"IEND":
        raise NoPictureError("绘图程序没有给出图片。")
    width, height = struct.unpack(">II", png[16:24])
    return Picture(png, width, height, key)


class Pictures:
    """Pictures of cells: kept on disk, drawn at most ``AT_ONCE`` at a time.

    Args:
        folder: where to keep them; made when the first one is drawn.
        blobs: the originals.
        maker: who draws; None where nobody does.
        room: bytes to keep; what has not been asked for the longest goes first.

    """

    def __init__(
        self, folder: Path, blobs: BlobStore, maker: Maker | None, room: int = _ROOM
    ) -> None:
        self._folder = folder
        self._blobs = blobs
        self._maker = maker
        self._room = room
        self._kept: int | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[Picture]] = {}
        self._refused: dict[str, tuple[float, NoPictureError]] = {}

    @property
    def are_made(self) -> bool:
        """Tell whether there is anybody who draws."""
        return self._maker is not None

    async def get(self, spot: Spot) -> Picture:
        """Return the picture of a cell; who stops waiting does not stop it from being drawn.

        Raises:
            BusyError: too many pictures are being drawn.
            NoPictureError: it can't be drawn, or the cell has no place.

        """
        if not spot.place:
            raise NoPictureError("原件中没有找到这一格，因此没有可以显示的位置。")
        if self._maker is None:
            raise NoPictureError("本站这次没有带绘图程序运行，请下载存档原件对照。")
        key = self._key(spot, self._maker.version)
        if (kept := await asyncio.to_thread(self._read, spot, key)) is not None:
            return kept
        if key in self._refused:
            since, error = self._refused[key]
            if time.monotonic() - since < _REFUSED_FOR:
                raise NoPictureError(str(error))
            del self._refused[key]
        if key not in self._under_way:
            if len(self._under_way) >= AT_ONCE + MOST_WAITING:
                raise BusyError("正在绘制的图太多，请过几秒再打开。")
            task = asyncio.create_task(self._draw(spot, key, self._maker))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(self._under_way[key])

    @staticmethod
    def _key(spot: Spot, version: str) -> str:
        named = json.dumps([spot.reader, spot.place, spot.tables, version])
        return hashlib.sha256(named.encode()).hexdigest()[:32]

    def _path(self, spot: Spot, key: str) -> Path:
        return self._folder / spot.digest / f"{key}.png"

    def _read(self, spot: Spot, key: str) -> Picture | None:
        path = self._path(spot, key)
        try:
            picture = _picture(path.read_bytes(), key)
        except (FileNotFoundError, NoPictureError):  # one cut short by a crash is drawn again
            return None
        # The time of the last use; where it can't be written, others are deleted first.
        with suppress(OSError):
            os.utime(path)
        return picture

    def _ended(self, key: str, task: asyncio.Task[Picture]) -> None:
        del self._under_way[key]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, NoPictureError) and not isinstance(error, OriginalsSilentError):
            if len(self._refused) >= _MOST_REFUSED:
                del self._refused[next(iter(self._refused))]
            self._refused[key] = (time.monotonic(), error)

    async def _draw(self, spot: Spot, key: str, maker: Maker) -> Picture:
        async with self._turns:
            return await asyncio.to_thread(self._make, spot, key, maker)

    def _make(self, spot: Spot, key: str, maker: Maker) -> Picture:
        try:
            data = self._blobs.get(spot.digest)
        except StoreError as error:
            raise OriginalsSilentError(SILENT) from error
        except BlobMissingError as error:
            raise NoPictureError("数据库登记了这份原件，但存档中没有它的文件。") from error
        except BlobDamagedError as error:
            raise NoPictureError("存档文件的内容与登记的 SHA-256 不符，不予显示。") from error
        picture = _picture(maker(data, spot.place, spot.tables), key)
        try:
            self._keep(self._path(spot, key), picture.png)
        except OSError as error:
            _LOG.warning("a picture could not be kept and will be drawn again: %s", error)
        return picture

    def _keep(self, path: Path, png: bytes) -> None:
        atomic.write(path, png)
        if self._kept is not None:
            self._kept += len(png)
        if self._kept is None or self._kept > self._room:
            self._kept = self._clear()

    def _clear(self) -> int:
        """Delete what was not used the longest until a tenth is free; return what is kept."""
        found = []
        for path in self._folder.glob("*/*.png"):
            try:
                about = path.stat()
            except FileNotFoundError:  # another server keeps the same folder
                continue
            found.append((about.st_mtime_ns, about.st_size, path))
        kept = sum(size for _, size, _ in found)
        if kept <= self._room:
            return kept
        for _, size, path in sorted(found):
            if kept <= self._room * 9 // 10:
                break
            path.unlink(missing_ok=True)
            kept -= size
        return kept
