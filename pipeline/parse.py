"""Read, recognise and check in one step: from bytes to a checked report."""

from __future__ import annotations

from dataclasses import replace

from pipeline.agree import agree
from pipeline.check.checker import check
from pipeline.finding import Finding
from pipeline.read.document import UnreadableError
from pipeline.read.legacy import read_converted
from pipeline.read.pdf import read_pdf
from pipeline.read.reader import read
from pipeline.read.sniff import Kind, LegacyKind, sniff
from pipeline.recognise import recognise
from pipeline.report import Report

# Raised with every change that can alter what is read, so that `reparse` knows what is stale.
READER_VERSION = "4"


def unreadable(kind: Kind, error: UnreadableError) -> Report:
    """Return the report of a file that no reader takes: no figures, one finding that says why."""
    finding = Finding(error.rule, "error", error.message)
    return Report(format=kind, status="unreadable", findings=(finding,))


def parse(data: bytes, converted_from: LegacyKind | None = None) -> Report:
    """Return what a file says.

    Call it through ``pipeline.pool.ReaderPool``, which limits its time and memory, unless the
    bytes are known to be harmless.

    Args:
        data: the bytes of one file of any kind.
        converted_from: format of the original where the bytes are the DOCX made of it.

    Returns:
        A checked report; status unreadable with a finding when the bytes can't be read.

    """
    try:
        document = read_converted(data, converted_from) if converted_from else read(data)
    except UnreadableError as error:
        return unreadable(converted_from or sniff(data), error)
    report = recognise(document)
    if document.second is not None:
        report = agree(report, recognise(document.second))
    elif document.format == "pdf" and report.cells:
        report = _second_reading(data, report)
    return check(report)


def _second_reading(data: bytes, report: Report) -> Report:
    """Hold the reading of a PDF against that of pdfminer.six, which shares no code with pdfium."""
    try:
        second = recognise(read_pdf(data, engine="pdfminer"))
    except UnreadableError as error:
        message = f"只有一种读法读出了这份 PDF，没有第二种可以对照：{error.message}"
        finding = Finding("I-ONE-READING", "info", message)
        return replace(report, findings=(*report.findings, finding))
    return agree(report, second)
