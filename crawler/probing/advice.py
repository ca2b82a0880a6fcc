"""Advice: what was met, what was expected, which line of the profile to change and to what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.profile import Profile


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one key of a profile.

    Args:
        key: the key.
        why: what speaks for it.
        value: the proposal; None when only a person can tell.

    """

    key: str
    why: str
    value: str | bool | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that went otherwise than expected.

    Args:
        met: what was met.
        expected: what was expected instead.
        changes: keys of the profile to change.
        actions: what else to do, one sentence each.
        seen: the pages it rests on, described.

    """

    met: str
    expected: str
    changes: tuple[Change, ...] = ()
    actions: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    def lines(self, profile: Profile) -> list[str]:
        """Return it as lines to print.

        Args:
            profile: names file, line and present value of each key.

        """
        lines = [f"met:       {self.met}"]
        lines += [f"           {one}" for one in self.seen]
        lines.append(f"expected:  {self.expected}")
        for change in self.changes:
            lines.append(f"change:    {profile.place(change.key)}")
            if change.value is None:
                lines.append(f"    how:   {change.why}")
            else:
                lines.append(f"    to:    {toml_line(change.key, change.value)}  # {change.why}")
        lines += [f"do:        {action}" for action in self.actions]
        return lines

    def sentence(self, profile: Profile) -> str:
        """Return it in one sentence, as the record of a run keeps it."""
        parts = [self.met, f"expected {self.expected}"]
        if self.changes:
            first = self.changes[0]
            verb = "see" if first.value is None else "change"
            parts.append(f"{verb} {profile.place(first.key)}")
        return "; ".join(parts)


def toml_line(key: str, value: str | bool | tuple[str, ...]) -> str:  # noqa: FBT001 - a TOML value
    """Return ``key = value`` as TOML writes it."""
    # JSON's strings, arrays and booleans are TOML's too.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
