"""DOCX looks: fonts, borders and the like, left out before parsing as no reading asks for them."""

from __future__ import annotations

import re

from pipeline.read.docx_names import WORD

# Nine tenths of a Word file say what each run, paragraph and cell looks like. Beside the name of
# each such part: what the reader asks of it, so that it is kept.
_LOOKS = (
    (b"rPr", re.compile(rb"vanish|strike|vertAlign")),  # hidden, struck out, raised or lowered
    (b"tcPr", re.compile(rb"gridSpan|[vh]Merge")),  # joined with other cells
    (b"tcBorders", None),
    (b"tblPrEx", None),
    (b"pPr", re.compile(rb"numPr|pStyle")),  # numbered
)
# A place counts all that stands beside what is none of Word's own.
_COUNTED = (b"AlternateContent", b"txbxContent")
# Only in a part that begins like this is every "<" of its bytes one that opens a tag.
_USUAL_START = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml version=[\"']1\.0[\"'] encoding=[\"']UTF-8[\"'][^?>]*\?>\s*"
    rb"<w:document [^<>]*\bxmlns:w=[\"']" + re.escape(WORD.encode()) + rb"[\"'][^<>]*>",
    re.IGNORECASE,
)


def without_looks(part: bytes) -> tuple[bytes, bytes]:
    """Return a main document part without what it says on looks; no path in it changes.

    A part with comments, marked sections or instructions, and one that is not as Word writes it,
    is returned as it is.

    Args:
        part: ``word/document.xml``.

    Returns:
        The part; and the same with each different look that was left out, once, at its end.

    """
    usual = _USUAL_START.match(part)
    if usual is None or b"!" in part or usual[0].count(b"?") > 2:
        return part, part
    if part.find(b"?", usual.end()) >= 0:
        return part, part
    lean = part
    looks: set[bytes] = set()
    for name, asked in _LOOKS:
        lean = _without(lean, name, asked, looks)
    # Looked for in the little that is left; a look itself may hold what it likes.
    if lean.find(b"xmlns:w", usual.end()) >= 0:  # w might be another name below
        return part, part
    if any(name in lean for name in _COUNTED):
        return _without(part, b"tcBorders", None, set()), part
    return lean, b" ".join([lean, *looks])


def _without(part: bytes, name: bytes, asked: re.Pattern[bytes] | None, looks: set[bytes]) -> bytes:
    """Return a part without looks of a name, and add what these say to the looks."""
    opening, closing = b"<w:%b>" % name, b"</w:%b>" % name
    before, *pieces = part.split(opening)
    kept = [before]
    known: dict[bytes, bool] = {}  # a file has few different looks
    for piece in pieces:
        look, closed, rest = piece.partition(closing)
        if not closed:  # one within another
            return part
        if look not in known:
            known[look] = asked is not None and asked.search(look) is not None
        if known[look]:
            kept.append(opening)
            rest = piece
        kept.append(rest)
    looks.update(known)
    return b"".join(kept)
