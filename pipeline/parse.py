"""Read, recognise and check in one step: from bytes to a checked report."""

from __future__ import annotations

from pipeline.check import check
from pipeline.finding import Finding
from pipeline.read.document import UnreadableError
from pipeline.read.reader import read
from pipeline.read.sniff import sniff
from pipeline.recognise import recognise
from pipeline.report import Report

# Raised with every change that can alter what is read, so that `reparse` knows what is stale.
READER_VERSION = "1"


def unreadable(data: bytes, error: UnreadableError) -> Report:
    """Return the report of bytes that no reader takes: no figures, one finding that says why."""
    finding = Finding(error.rule, "error", error.message)
    return Report(format=sniff(data), status="unreadable", findings=(finding,))


def parse(data: bytes) -> Report:
    """Return what a file says.

    Args:
        data: the bytes of one file of any kind.

    Returns:
        A checked report; status unreadable with a finding when the bytes can't be read.

    """
    try:
        document = read(data)
    except UnreadableError as error:
        return unreadable(data, error)
    return check(recognise(document))
