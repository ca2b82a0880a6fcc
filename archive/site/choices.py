"""Choices: the filters of a search as lists to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

from archive.site import words

Choice = tuple[str, str, int]
"""Value of a choice, what it is called, and how many reports it leaves."""


def filters(
    lists: Iterable[tuple[str, str, str, list[Choice]]], named: Callable[[str], str]
) -> list[tuple[str, str, Markup]]:
    """Return filters for a page: label, parameter, and the choices as options.

    What is chosen is always among them, with 0 when nothing is left of it; a filter that leaves no
    choice is left out.

    Args:
        lists: label, parameter, what is chosen (empty for nothing), and the choices.
        named: tells what a value is called that is not among the choices.

    """
    found = []
    for label, parameter, chosen, choices in lists:
        if chosen and all(value != chosen for value, _, _ in choices):
            name = words.AGENCY_TYPES.get(chosen) or named(chosen)
            choices.append((chosen, name, 0))
        if chosen or len(choices) > 1:
            found.append((label, parameter, _options(chosen, choices)))
    return found


def _options(chosen: str, choices: Iterable[Choice]) -> Markup:
    # A template takes longer for a thousand regions and agencies than for all the rest of the page.
    return Markup(  # noqa: S704 - each part is escaped
        "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
            f"{escape(words.cut(name, 60))}（{count}）</option>"
            for value, name, count in choices
        )
    )
