"""Searches that are asked for by POST: an address for what was asked, one for the wire.

An archive is looked up by address, so two searches at one address need two of them. As replay
tools do, the method and the fields of the body are written into the query.
Source: Webrecorder, "Request Body Canonicalization" (``__wb_method``), as pywb looks POSTs up.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "__wb_method=POST"


def posted_url(url: str, fields: Mapping[str, str | int]) -> str:
    """Return the address under which the answer to a JSON body is archived.

    Args:
        url: address that is posted to.
        fields: of the body, none of them nested.

    """
    return f"{url}{'&' if '?' in url else '?'}{_MARK}&{urlencode(fields)}"


def wire_url(url: str) -> str:
    """Return the address that goes over the wire: without the method and what follows it."""
    before, mark, _ = url.partition(_MARK)
    return before[:-1] if mark else url


def json_body(fields: Mapping[str, str | int]) -> bytes:
    """Return fields as the body of a request."""
    return json.dumps(fields, ensure_ascii=False).encode()
