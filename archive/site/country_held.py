"""What the pages of a country tell of, and how they are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from datasette.utils.asgi import Request, Response
from jinja2 import Environment, FileSystemLoader

from archive.regions.country import Country
from archive.regions.region import Region
from archive.regions.search import CountrySearch
from archive.site import plugin, words
from archive.site.address import PublicAddress

HERE = Path(__file__).parent
# Lines of a page of a long list of regions.
PER_PAGE = 200

Route = tuple[str, Callable[..., Awaitable[Response]]]


@dataclass(frozen=True, slots=True)
class Held:
    """What the pages tell of.

    Args:
        country: how the archive is divided, and when it was published.
        regions: by code, those that can be served.
        broken: codes of those whose newest release cannot be.
        search: over all regions.
        address: where visitors find the site; None when they come without a proxy.

    """

    country: Country
    regions: dict[str, Region]
    broken: tuple[str, ...]
    search: CountrySearch
    address: PublicAddress | None

    def absolute(self, request: Request, path: str) -> str:
        """Return the whole address of a path as visitors know it."""
        if self.address is not None:
            return self.address.absolute(path)
        return f"{request.scheme}://{request.host}{path}"

    def name(self, code: str) -> str:
        """Return the name of a region."""
        return self.regions[code].name if code in self.regions else code


@cache
def _templates() -> Environment:
    # The country's own base.html stands before that of the regions.
    places = [HERE / "templates" / "country", HERE / "templates"]
    env = Environment(
        loader=FileSystemLoader(places), autoescape=True, finalize=words.bounded, auto_reload=False
    )
    plugin.prepare_jinja2_environment(env)
    return env


def page_of(
    held: Held, request: Request, template: str, *, status: int = 200, **told: object
) -> Response:
    """Return a page made of one of the templates."""
    synthetic = any(region.facts["synthetic"] for region in held.regions.values())
    text = _templates().get_template(template).render(
        held=held, request=request, status=status, synthetic=synthetic, **told
    )  # fmt: skip
    return Response.html(text, status=status)


def error_page(held: Held, request: Request, status: int, message: str) -> Response:
    """Return the page that says what went wrong."""
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": message, "status": status}, status=status)
    return page_of(held, request, "error.html", status=status, error=message)


def sum_of(regions: list[Region]) -> dict[str, Any]:
    """Return what several regions hold together."""
    facts = [region.facts for region in regions]
    firsts = [fact["first_year"] for fact in facts if fact["first_year"] is not None]
    lasts = [fact["last_year"] for fact in facts if fact["last_year"] is not None]
    newest = [fact["newest"] for fact in facts if fact["newest"] and fact["newest"]["published"]]
    names = ("reports", "agencies", "cells", "unread", "findings", "other_documents")
    return {
        **{name: sum(fact[name] for fact in facts) for name in names},
        "first_year": min(firsts, default=None),
        "last_year": max(lasts, default=None),
        "newest": max(newest, key=lambda one: one["published"], default=None),
        "captured_at": max((fact["captured_at"] or "" for fact in facts), default=""),
    }
