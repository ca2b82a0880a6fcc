"""Maker: draws cells for the public site, which reads no documents itself."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from archive.site.evidence import NoPictureError

_LOG = logging.getLogger("nianbao.site")
# A visitor waits; the command line may take longer.
_SECONDS = 20.0


class Drawer:
    """Draws a cell in a child process; an ``archive.site.evidence.Maker``."""

    @cached_property
    def version(self) -> str:
        """Digest of what draws and reads."""
        whole = hashlib.sha256()
        here = Path(__file__).parent
        for folder in (here, here.parent / "read"):
            for path in sorted(folder.glob("*.py")):
                whole.update(path.read_bytes())
        return whole.hexdigest()[:16]

    def __call__(self, data: bytes, place: str, tables: Sequence[Sequence[str]]) -> bytes:
        """Return a PNG file, without a caption: the page has the words beside it.

        Args:
            data: the original.
            place: of the cell.
            tables: places of the cells of each statutory table, in printed order.

        Raises:
            NoPictureError: it can't be drawn; the log has the reason in English.

        """
        # Imported here because 'nianbao' makes a drawer for every command.
        from pipeline.evidence.font import FontMissingError, find_font  # noqa: PLC0415
        from pipeline.evidence.place import EvidenceError  # noqa: PLC0415
        from pipeline.evidence.sandbox import Order, draw  # noqa: PLC0415

        named = os.environ.get("NIANBAO_FONT")
        try:
            font = find_font(Path(named) if named else None)
            order = Order(place, tuple(map(tuple, tables)), None, font)
            return draw(data, order, seconds=_SECONDS)
        except FontMissingError as error:
            _LOG.warning("no pictures of evidence: %s", error)
            raise NoPictureError("本站的机器上没有中文字体，画不出图。") from error
        except EvidenceError as error:
            _LOG.warning("no picture of %s: %s", place, error)
            raise NoPictureError("存档原件中的这个位置没有画成图，请下载原件对照。") from error
