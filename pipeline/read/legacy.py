"""Legacy formats: DOC, WPS and RTF become DOCX by LibreOffice, several files in one run.

Its start takes most of a second and each further file a tenth (measured), so that whoever waits
while it runs is taken along together in the next run.
"""

from __future__ import annotations

import re
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.finding import Finding
from pipeline.read import ole, soffice
from pipeline.read.document import Document, UnreadableError
from pipeline.read.sniff import RTF_MAGIC, LegacyKind, sniff

SECONDS = 60.0
"""Wall clock for one run of LibreOffice."""

MEMORY = 2 * 2**30
"""Bytes of address space of LibreOffice; it takes less than a quarter."""

MISSING = "E-LEGACY-NO-OFFICE"
"""Rule of the finding that LibreOffice is not installed."""

NAMES: dict[LegacyKind, str] = {
    "doc": "旧版 Word/WPS 文件（.doc、.wps）",
    "wps": "Works 文件（.wps）",
    "rtf": "RTF 文件",
}
_MOST_FILES = 32  # in one run
_GATHER_SECONDS = 0.1
_ENCRYPTED = 0x0100  # of the flags at byte 10 of the file information block, [MS-DOC] 2.5.2
_WORD_MARK = 0xA5EC
_BRACES = re.compile(rb"\\[\\{}]|[{}]")
_RTF_END = b"\x00\x1a \t\r\n"


def legacy_kind(data: bytes) -> LegacyKind | None:
    """Return which legacy format the bytes are, None for any other kind of file."""
    if not data.startswith((ole.MAGIC, RTF_MAGIC)):
        return None
    kind = sniff(data)
    return kind if kind in ("doc", "wps", "rtf") else None


def _kind(data: bytes) -> LegacyKind:
    kind = legacy_kind(data)
    if kind is None:
        raise ValueError("only DOC, WPS and RTF files are converted")
    return kind


def convert(data_list: Sequence[bytes]) -> list[bytes | UnreadableError]:
    """Return legacy files as DOCX, converted in one run of LibreOffice.

    Args:
        data_list: bytes of DOC, WPS or RTF files.

    Returns:
        For each the bytes of a DOCX file, or the error that says why there is none: encrypted
        (E-LEGACY-ENCRYPTED), cut off or refused (E-LEGACY-BROKEN), LibreOffice not installed
        (E-LEGACY-NO-OFFICE), hanging (E-READ-TIMEOUT) or breaking down (E-READ-CRASH).

    Raises:
        ValueError: one of the files is of no legacy format.

    """
    office = soffice.Soffice(SECONDS, MEMORY)
    try:
        return _convert(office, SECONDS, data_list)
    finally:
        office.close()


def read_legacy(data: bytes) -> Document:
    """Read one legacy file, which takes a second.

    Raises:
        UnreadableError: as ``convert`` gives it, or as ``pipeline.read.docx.read_docx``.
        ValueError: the file is of no legacy format.

    """
    (converted,) = convert([data])
    if isinstance(converted, UnreadableError):
        raise converted
    return read_converted(converted, _kind(data))


def read_converted(data: bytes, kind: LegacyKind) -> Document:
    """Read the DOCX that LibreOffice made of a legacy file.

    Args:
        data: bytes of the DOCX file.
        kind: format of the original.

    Returns:
        A document in the format of the original; its places are those of the DOCX file, and a
        finding says so.

    Raises:
        UnreadableError: as ``pipeline.read.docx.read_docx``.

    """
    from pipeline.read.docx import read_docx  # noqa: PLC0415 - only workers need the reader
    from pipeline.read.docx_package import Package  # noqa: PLC0415

    document = read_docx(data)
    properties = Package(data).xml("docProps/app.xml")
    made_by = (properties.findtext("{*}Application") if properties is not None else None) or ""
    version = made_by.split("$")[0].replace("/", " ")  # LibreOffice/7.4.7.2$Linux_X86_64 …
    finding = Finding(
        "I-CONVERTED",
        "info",
        f"本文件为{NAMES[kind]}，由 {version} 转换为 DOCX 后读取；"
        "所记位置是转换后文件中的路径，用同一版本转换存档原件即可对照。",
        quote=version,
    )
    return replace(document, format=kind, findings=(finding, *document.findings))


@dataclass
class _Request:
    data: bytes
    answer: bytes | UnreadableError | None = None


class Converter:
    """Converts the files that several threads bring, as many in one run as have come.

    Args:
        seconds: wall clock for one run.
        memory: bytes of address space of LibreOffice.

    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        """Note the limits; LibreOffice is started by the first file."""
        self._seconds = seconds
        self._office = soffice.Soffice(seconds, memory)
        self._waiting: list[_Request] = []
        self._lock = threading.Lock()
        self._running = threading.Lock()

    def convert(self, data: bytes) -> bytes | UnreadableError:
        """Return a legacy file as DOCX, or why there is none; see ``convert`` of this module."""
        request = _Request(data)
        with self._lock:
            self._waiting.append(request)
        try:
            with self._running:
                if request.answer is None:
                    time.sleep(_GATHER_SECONDS)
                    self._convert_waiting(request)
        finally:
            with self._lock:
                self._waiting.remove(request)
        if request.answer is None:
            raise AssertionError("a file was taken along and got no answer")
        return request.answer

    def _convert_waiting(self, first: _Request) -> None:
        with self._lock:
            others = [r for r in self._waiting if r.answer is None and r is not first]
        batch = [first, *others[: _MOST_FILES - 1]]
        answers = _convert(self._office, self._seconds, [request.data for request in batch])
        for request, answer in zip(batch, answers, strict=True):
            request.answer = answer

    def close(self) -> None:
        """End what is running."""
        self._office.close()


def _convert(
    office: soffice.Soffice, seconds: float, data_list: Sequence[bytes]
) -> list[bytes | UnreadableError]:
    """Convert what can be; after a run that went wrong, each file without a result alone."""
    answers: dict[int, bytes | UnreadableError] = {}
    left: list[int] = []
    command = soffice.program()
    for number, data in enumerate(data_list):
        refusal = _refusal(data) or (_missing(data) if command is None else None)
        if refusal is None:
            left.append(number)
        else:
            answers[number] = refusal
    runs = [left] if left else []
    while command is not None and runs:
        numbers = runs.pop(0)
        run = office.run(command, [(_kind(data_list[n]), data_list[n]) for n in numbers])
        for number, document in zip(numbers, run.documents, strict=True):
            if document is not None:
                answers[number] = document
            elif run.ended_well or len(numbers) == 1:
                answers[number] = _failure(run, seconds)
            else:
                runs.append([number])
    return [answers[number] for number in range(len(data_list))]


def _refusal(data: bytes) -> UnreadableError | None:
    """Return why a file is not given to LibreOffice, which would show a part of it as the whole.

    Source: [MS-CFB] for what the allocation table covers, RTF 1.9.1 for groups in braces.

    """
    if _kind(data) == "rtf":
        return _broken() if _is_cut_rtf(data) else None
    try:
        streams = ole.streams(data)
        if "WordDocument" in streams and _is_encrypted(data, streams["WordDocument"].offset):
            return UnreadableError(
                "E-LEGACY-ENCRYPTED", "Word 文件已加密，需要密码才能打开，请取得未加密的文件。"
            )
    except (struct.error, IndexError):
        return _broken()
    return None if all(stream.whole for stream in streams.values()) else _broken()


def _is_encrypted(data: bytes, offset: int) -> bool:
    mark, flags = struct.unpack_from("<H8xH", data, offset)
    return bool(mark == _WORD_MARK and flags & _ENCRYPTED)


def _is_cut_rtf(data: bytes) -> bool:
    if b"\\bin" in data:  # followed by bytes that may be braces
        return not data.rstrip(_RTF_END).endswith(b"}")
    depth = 0
    for mark in _BRACES.findall(data):
        depth += (mark == b"{") - (mark == b"}")
        if depth == 0 and mark == b"}":
            return False
    return True


def _broken() -> UnreadableError:
    return UnreadableError(
        "E-LEGACY-BROKEN",
        "文件已损坏或下载不完整，LibreOffice 无法转换，请重新下载或人工核对原件。",
    )


def _missing(data: bytes) -> UnreadableError:
    return UnreadableError(
        MISSING,
        f"{NAMES[_kind(data)]}要由 LibreOffice 转换后读取，本机没有安装；原件已存档，"
        "请安装 LibreOffice Writer（Debian 和 Ubuntu：libreoffice-writer-nogui），"
        "再运行 nianbao reparse。",
    )


def _failure(run: soffice.Run, seconds: float) -> UnreadableError:
    if run.late:
        return UnreadableError(
            "E-READ-TIMEOUT",
            f"LibreOffice 转换超过{seconds:g}秒仍未完成，已中止；文件可能异常复杂或已损坏，"
            "请人工核对原件，或改用同一报告的其他格式。",
        )
    if run.ended_well:
        return _broken()
    return UnreadableError(
        "E-READ-CRASH",
        f"LibreOffice 转换时意外中止（退出码{run.code}：{run.last_words or '无输出'}）；"
        "请人工核对原件，或改用同一报告的其他格式。",
    )
