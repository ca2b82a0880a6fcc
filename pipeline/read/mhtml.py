"""MHTML reader: a page saved as one file ("单个文件网页"), often under the name .doc."""

from __future__ import annotations

import email
from dataclasses import replace
from email import errors, policy

from pipeline.read.document import Document, UnreadableError
from pipeline.read.html import read_html


def html_part(data: bytes) -> bytes:
    """Return the page within an MHTML file: its first part that is HTML.

    Args:
        data: bytes of the file.

    Raises:
        UnreadableError: E-MHTML-BROKEN, it holds no page, or is cut off within it.

    Source: RFC 2557.

    """
    try:
        # What stands before the head, such as an empty line, would end it.
        message = email.message_from_bytes(data.lstrip(), policy=policy.compat32)
        parts = [part for part in message.walk() if not part.is_multipart()]
    except RecursionError as error:  # parts within parts, more than any program saves
        raise _broken() from error
    cut_off = any(isinstance(d, errors.CloseBoundaryNotFoundDefect) for d in message.defects)
    for part in parts[:-1] if cut_off else parts:
        if part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and page.strip():
                return page
    raise _broken()


def _broken() -> UnreadableError:
    return UnreadableError(
        "E-MHTML-BROKEN", "单文件网页（MHTML）中没有完整的正文，可能已损坏，请重新下载。"
    )


def read_mhtml(data: bytes) -> Document:
    """Read an MHTML file; places are paths in the page that it holds.

    Args:
        data: bytes of the file.

    Raises:
        UnreadableError: E-MHTML-BROKEN, or as ``pipeline.read.html.read_html``.

    """
    return replace(read_html(html_part(data)), format="mhtml")
