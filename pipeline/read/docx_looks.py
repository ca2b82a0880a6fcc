"""DOCX looks: fonts, colours and borders, left out before parsing as no reading asks for them."""

from __future__ import annotations

import re

from pipeline.read.docx_names import WORD

# Four fifths of a Word file say what each run and each border looks like.
_LOOKS = ("rPr", "tcBorders")
# What the reader asks of a run: hidden, struck out, raised or lowered.
_ASKED = re.compile(rb"vanish|strike|vertAlign")
# Only in a part that begins like this is every "<" of its bytes one that opens a tag.
_USUAL_START = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml version=[\"']1\.0[\"'] encoding=[\"']UTF-8[\"'][^?>]*\?>\s*"
    rb"<w:document [^<>]*\bxmlns:w=[\"']" + re.escape(WORD.encode()) + rb"[\"'][^<>]*>",
    re.IGNORECASE,
)


def without_looks(part: bytes) -> bytes:
    """Return a main document part without what it says on looks; no path in it changes.

    A part with comments, marked sections or instructions, and one that is not as Word writes it,
    is returned as it is.

    Args:
        part: ``word/document.xml``.

    """
    usual = _USUAL_START.match(part)
    if usual is None or b"!" in part or part.count(b"?") > 2:
        return part
    if part.count(b"xmlns:w") > usual[0].count(b"xmlns:w"):  # w might be another name below
        return part
    for name in _LOOKS:
        part = _without(part, name.encode())
    return part


def _without(part: bytes, name: bytes) -> bytes:
    opening, closing = b"<w:%b>" % name, b"</w:%b>" % name
    before, *pieces = part.split(opening)
    kept = [before]
    asked: dict[bytes, bool] = {}  # a file has few different looks
    for piece in pieces:
        look, closed, rest = piece.partition(closing)
        if not closed:  # one within another
            return part
        if look not in asked:
            asked[look] = _ASKED.search(look) is not None
        kept.append(opening + piece if asked[look] else rest)
    return b"".join(kept)
