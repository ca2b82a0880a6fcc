"""Reader: sends bytes to the reader of their kind, or says why there is none."""

from __future__ import annotations

from pipeline.read.document import Document, UnreadableError
from pipeline.read.sniff import Kind, sniff

_NOT_READ: dict[Kind, tuple[str, str]] = {
    "empty": ("E-EMPTY", "文件为空（0 字节或只有空白），请重新下载或向发布机关核实。"),
    "encrypted": ("E-DOCX-ENCRYPTED", "Office 文件已加密，需要密码才能打开，请取得未加密的文件。"),
    "ofd": ("E-OFD", "OFD 版式文件，目前不支持读取；原件已存档，请转换为 PDF 后再读。"),
    "unknown": ("E-UNKNOWN-FORMAT", "无法识别的文件格式；原件已存档，请用原发布页面核对。"),
}
_ARCHIVES: dict[Kind, str] = {"zip": "ZIP", "rar": "RAR", "7z": "7-Zip", "gzip": "GZIP"}
_OFFICE: dict[Kind, str] = {"xlsx": "Excel", "xls": "Excel", "pptx": "演示文稿", "ppt": "演示文稿"}
_IMAGES: frozenset[Kind] = frozenset({"png", "jpg", "gif", "tiff", "bmp", "webp"})


def read(data: bytes) -> Document:
    """Read the bytes of one file into a neutral document.

    A legacy file is converted alone, which takes a second; ``pipeline.pool`` converts several
    at once before it sends them to a worker.

    Args:
        data: the whole file, as archived.

    Raises:
        UnreadableError: there is no reader for the kind, or its reader found the file broken.

    """
    kind = sniff(data)
    if kind == "html":
        from pipeline.read.html import read_html  # noqa: PLC0415  each reader loads on demand

        return read_html(data)
    if kind == "docx":
        from pipeline.read.docx import read_docx  # noqa: PLC0415

        return read_docx(data)
    if kind == "pdf":
        from pipeline.read.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(data)
    if kind == "text":
        from pipeline.read.text import read_text  # noqa: PLC0415

        return read_text(data)
    if kind == "mhtml":
        from pipeline.read.mhtml import read_mhtml  # noqa: PLC0415

        return read_mhtml(data)
    if kind in {"doc", "wps", "rtf"}:
        from pipeline.read.legacy import read_legacy  # noqa: PLC0415

        return read_legacy(data)
    if kind in _IMAGES:
        from pipeline.read.image_file import read_image  # noqa: PLC0415

        return read_image(data)
    raise _unreadable(kind)


def _unreadable(kind: Kind) -> UnreadableError:
    if kind in _ARCHIVES:
        return UnreadableError(
            "E-ARCHIVE-FILE",
            f"{_ARCHIVES[kind]} 压缩包，不会自动解开；原件已存档，请解压后逐个文件读取。",
        )
    if kind in _OFFICE:
        return UnreadableError(
            "E-OFFICE-FILE",
            f"{_OFFICE[kind]} 文件，不是年报的文本格式，目前不支持读取；原件已存档。",
        )
    rule, message = _NOT_READ[kind]
    return UnreadableError(rule, message)
