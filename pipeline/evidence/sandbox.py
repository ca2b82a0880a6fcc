"""Sandbox: pictures are made in a child process with limits, as reading is."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.evidence.caption import Caption, with_caption
from pipeline.evidence.pictures import picture
from pipeline.evidence.place import EvidenceError
from pipeline.pool import MEMORY, MOST_BYTES, OUT_OF_MEMORY
from pipeline.read.document import UnreadableError
from pipeline.read.legacy import convert, legacy_kind

SECONDS = 60.0
"""Wall clock for one picture; one takes a third of a second."""

_REFUSED = 71
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Order:
    """What to draw.

    Args:
        place: of the cell.
        tables: places of the cells of each statutory table, in printed order.
        caption: words below the picture; None for the picture alone.
        font: file of a font with Chinese characters.

    """

    place: str
    tables: tuple[tuple[str, ...], ...]
    caption: Caption | None
    font: Path


def draw(data: bytes, order: Order, seconds: float = SECONDS, memory: int = MEMORY) -> bytes:
    """Return a picture, with its caption if there is one, as a PNG file.

    Args:
        data: bytes of the original; a legacy file is converted first, as for reading.
        order: what to draw.
        seconds: wall clock.
        memory: bytes of address space beyond the modules'; enforced on Linux.

    Raises:
        EvidenceError: nothing lies at the place, the original can't be drawn, or drawing it went
            beyond the limits.

    """
    if len(data) > MOST_BYTES:
        raise EvidenceError(f"the original is larger than {MOST_BYTES // 2**20} MiB")
    if legacy_kind(data):
        (converted,) = convert([data])
        if isinstance(converted, UnreadableError):
            raise EvidenceError(f"{converted.rule}: {converted.message}")
        data = converted
    head = {
        "place": order.place,
        "tables": order.tables,
        "caption": order.caption and [order.caption.title, order.caption.lines],
        "font": str(order.font),
        "memory": memory,
    }
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pipeline.evidence.sandbox"],
            input=json.dumps(head).encode() + b"\n" + data,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    except subprocess.TimeoutExpired as error:
        raise EvidenceError(f"drawing took longer than {seconds:g} seconds") from error
    if done.returncode == 0:
        return done.stdout
    words = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if done.returncode == _REFUSED:
        raise EvidenceError(words)
    if done.returncode == OUT_OF_MEMORY:
        raise EvidenceError(f"drawing took more than {memory // 2**20} MiB of memory")
    raise EvidenceError(f"drawing broke off (exit code {done.returncode}): {words}")


def _serve() -> bytes:
    from pipeline.worker import limit_memory  # noqa: PLC0415  the parent needs none of it

    head = json.loads(sys.stdin.buffer.readline())
    limit_memory(head["memory"])
    tables: Sequence[Sequence[str]] = head["tables"]
    font = Path(head["font"])
    shown = picture(sys.stdin.buffer.read(), head["place"], tables, font)
    whole = shown
    if head["caption"] is not None:
        title, lines = head["caption"]
        whole = with_caption(shown, Caption(title, tuple(lines)), font)
    written = io.BytesIO()
    whole.save(written, "PNG", optimize=True)
    return written.getvalue()


def main() -> None:
    """Draw what the parent asks for."""
    logging.disable()
    try:
        png = _serve()
    except EvidenceError as error:
        sys.stderr.write(f"{error}\n")
        os._exit(_REFUSED)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(png)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
