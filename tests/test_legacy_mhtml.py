"""Pages saved as one file are read as the page within, whatever they are called."""

from __future__ import annotations

from email import policy
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from pipeline.parse import parse
from pipeline.read.document import UnreadableError
from pipeline.read.mhtml import read_mhtml
from pipeline.read.reader import read
from pipeline.read.sniff import sniff
from tests.replica.data import reports
from tests.replica.html_form import HtmlStyle, report_page

PAGE = report_page(reports()["rouyuan-town-2021"], HtmlStyle())


def saved(charset: str, *, picture_first: bool = False) -> bytes:
    """Return the page as Word saves it: the page and its pictures as parts of a mail."""
    message = MIMEMultipart("related", type="text/html")
    parts = [MIMEText(PAGE.decode(), "html", charset), MIMEImage(b"\x89PNG\r\n\x1a\n0")]
    for part in reversed(parts) if picture_first else parts:
        message.attach(part)
    return message.as_bytes(policy=policy.HTTP)


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gb18030"])
@pytest.mark.parametrize("picture_first", [True, False])
def test_the_page_within_is_read(charset: str, *, picture_first: bool) -> None:
    report = parse(saved(charset, picture_first=picture_first))
    expected = parse(PAGE)
    assert (report.format, report.status) == ("mhtml", "verified")
    assert report.cells == expected.cells
    assert report.sections == expected.sections


@pytest.mark.parametrize(
    "head",
    [
        b"MIME-Version: 1.0\r\n",
        b"\r\n\r\nMIME-Version: 1.0\r\n",
        b"From: <Saved by Blink>\r\nSubject: =?utf-8?Q?x?=\r\n y\r\nMIME-Version: 1.0\r\n",
        b"From: <Saved by WebKit>\n",
    ],
)
def test_the_head_tells_it_from_text(head: bytes) -> None:
    body = saved("utf-8").split(b"MIME-Version: 1.0\r\n", 1)
    data = head + b"".join(body)
    assert sniff(data) == "mhtml"
    assert len(list(read(data).tables())) == 3


def test_a_text_with_colons_is_no_mail() -> None:
    assert sniff("Title: 年报\n\nContent: multipart\n一、总体情况".encode()) == "text"
    assert sniff(b"a: b\n" * 800) == "text"


def test_a_page_that_is_cut_off_is_refused() -> None:
    data = saved("utf-8")
    with pytest.raises(UnreadableError) as caught:
        read_mhtml(data[: len(data) // 2])
    assert caught.value.rule == "E-MHTML-BROKEN"
    whole_but_for_the_end = data[:-30]
    assert len(list(read_mhtml(whole_but_for_the_end).tables())) == 3


def test_parts_within_parts_without_end_are_refused() -> None:
    head = b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n"
    data = b"MIME-Version: 1.0\n" + b"".join(head % (n, n) for n in range(3000))
    with pytest.raises(UnreadableError) as caught:
        read_mhtml(data)
    assert caught.value.rule == "E-MHTML-BROKEN"
