"""CDXJ: the index by which replay tools find a record.

Source: https://specs.webrecorder.net/cdxj/0.1.0/; written by cdxj-indexer.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cdxj_indexer.main import CDXJIndexer  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

# A metadata record tells of the archive, not of the web: a replay must never answer with one.
_RECORDS = "response,revisit,resource"
_BLOCK_LINES = 1024


class _Indexer(CDXJIndexer):  # type: ignore[misc]
    """cdxj-indexer without answers 304.

    They say that the answer before still holds; a replay that is pointed at one passes on its
    status and shows an empty page (pywb 2.10 does).
    """

    def filter_record(self, record: ArcWarcRecord) -> bool:
        """Tell whether a record goes into the index."""
        http = record.http_headers
        confirms = record.rec_type == "revisit" and http and http.get_statuscode() == "304"
        return not confirms and bool(super().filter_record(record))


def write_cdxj(files: Sequence[Path], out: BinaryIO) -> None:
    """Write a sorted index, a line a record.

    Args:
        files: WARC files; named in the index without their folders.
        out: where to.

    """
    text = TextIOWrapper(out, "utf-8", write_through=True)
    _Indexer(text, [str(file) for file in files], sort=True, records=_RECORDS).process_all()
    text.detach()


def write_compressed(files: Sequence[Path], name: str, data: BinaryIO, blocks: BinaryIO) -> None:
    """Write a sorted index in compressed blocks, and the index of the blocks (ZipNum).

    Args:
        files: WARC files; named in the index without their folders.
        name: name of the compressed index, which the index of the blocks says.
        data: where the compressed index goes.
        blocks: where the index of the blocks goes.

    """
    text = TextIOWrapper(blocks, "utf-8", write_through=True)
    _Indexer(
        text,
        [str(file) for file in files],
        sort=True,
        compress=data,
        lines=_BLOCK_LINES,
        data_out_name=name,
        digest_records=True,
        records=_RECORDS,
    ).process_all()
    text.detach()
