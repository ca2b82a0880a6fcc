"""Wholes and parts of the narrative: 98条，其中文件44篇，动态54篇."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.recognise.counts import Counts, is_piece

_SENTENCE_END = re.compile(r"[。！？\n]")
# Each begins with a character of its own, which a search finds fast.
_OPENER = re.compile(
    r"其中|包[括含](?:(?<=[（，]..)|(?=[^，。；]{0,12}$))|含(?<=[（，].)|分别|分为(?=[^，。；]{0,12}$)"
)
# 14件（网上10件、信函4件）, 9条：甲5条，乙4条: a list right behind its whole.
_BRACKET = re.compile(r"[（：](?=[^，。；（）]{1,12}$)")
_LOOSE = re.compile(r"其中：")
# What says itself that it is all there is: 网站50条，微信70条，共计120条.
_TOGETHER = re.compile(r"[，；：]?(?:以上)?(?:总共|共计|合计|总计|累计|共)(?:有|为)?")
_CLOSE = 4
_LONGEST_PART = 2000
# Outcomes and channels of requests are parts of the requests even without 其中.
_REQUESTS = ("requests_received", "requests_handled")
_NO_OUTCOME = frozenset(
    {*_REQUESTS, "requests_carried_in", "requests_carried_out", "requests_overdue"}
)


@dataclass(slots=True)
class _Scope:
    """What an opener such as 其中 reaches: the wholes by their unit, and the parts so far."""

    wholes: dict[str, int]
    loose: bool
    in_bracket: bool
    enumerated: bool = False
    families: dict[int, str] = field(default_factory=dict)
    sums: dict[int, int | Decimal] = field(default_factory=dict)

    def whole_of(self, family: str) -> int | None:
        """Return the whole that a number is a part of; None when its unit fits none."""
        if family in self.wholes:
            return self.wholes[family]
        # 98条，其中文件44篇，动态54篇: the first part sets the unit of the parts.
        for whole, first in self.families.items():
            if first == family:
                return whole
        counted = [whole for unit, whole in self.wholes.items() if is_piece(unit)]
        return counted[0] if counted and is_piece(family) and not self.families else None


def link_parts(counts: Counts, measures: Sequence[str | None]) -> list[int | None]:
    """Return for each result the index of the whole that it is a part of.

    A part stands after 其中, 包括, 含 or 分别 behind its whole, or is an outcome of the requests
    counted before it, or is summed up by a 共计 behind it. Parts may overlap.

    Args:
        counts: the results of a narrative.
        measures: their measures.

    """
    return _Linker(counts, measures).link()


class _Linker:
    def __init__(self, counts: Counts, measures: Sequence[str | None]) -> None:
        self._counts = counts
        self._measures = measures
        self._scopes: list[_Scope] = []
        self._wholes: list[int | None] = [None] * len(counts.results)

    def link(self) -> list[int | None]:
        for index in range(len(self._wholes)):
            gap = self._counts.gap(index)
            self._close(index, gap)
            if self._counts.is_count(index) and not self._counts.is_change(index):
                self._open(index, gap)
                whole = self._take(index, gap)
                self._wholes[index] = self._requests_before(index) if whole is None else whole
                if self._wholes[index] is None and _TOGETHER.fullmatch(gap):
                    self._sum_up(index)
        return self._wholes

    def _close(self, index: int, gap: str) -> None:
        """Drop the scopes that end before a number."""
        if not index or self._counts.sentence(index) > self._counts.start(index - 1):
            self._scopes.clear()
        for _ in range(gap.count("）")):
            if self._scopes and self._scopes[-1].in_bracket:
                self._scopes.pop()
        if "；" in gap:
            while self._scopes and not self._scopes[-1].loose:
                self._scopes.pop()

    def _open(self, index: int, gap: str) -> None:
        """Open the scope of the 其中 or the like before a number, if a whole stands before it."""
        opener = _opener(gap)
        if opener is None or index == 0 or not _reaches(opener, gap):
            return
        whole = self._whole_before(index)
        if whole is None:
            return
        counts = self._counts
        wholes = {counts.families[whole]: whole}
        # 共计1330人531.8625万元，其中: one clause, two wholes.
        for beside in counts.before(index):
            same = counts.results[beside].clause == counts.results[whole].clause
            if same and counts.is_count(beside):
                wholes.setdefault(counts.families[beside], beside)
        bracket = gap.rfind("（", 0, opener.end())
        in_bracket = bracket >= 0 and "）" not in gap[bracket:]
        loose = _LOOSE.match(gap, opener.start()) is not None
        self._scopes.append(_Scope(wholes, loose, in_bracket))

    def _whole_before(self, index: int) -> int | None:
        """Return the nearest number before an opener that can be the whole of a part."""
        counts, family = self._counts, self._counts.families[index]
        first = counts.sentence(index - 1)
        for other in counts.before(index):
            if counts.start(other) < first:
                return None
            if not counts.is_count(other) or counts.is_change(other):
                continue
            pieces = is_piece(family) and is_piece(counts.families[other]) and other == index - 1
            if counts.families[other] == family or pieces:
                # 10件，其中自然人8件、法人2件；其中公开6件: what is too small was not meant.
                while (above := self._wholes[other]) is not None:
                    if counts.value(other) >= counts.value(index):
                        break
                    other = above  # noqa: PLW2901 - up to the whole of the whole
                return other
        return None

    def _take(self, index: int, gap: str) -> int | None:
        """Return the whole that a number is a part of by an open scope, and note it there."""
        counts, scopes = self._counts, self._scopes
        while scopes:
            scope = scopes[-1]
            whole = scope.whole_of(counts.families[index])
            # 其中自然人8件、法人2件，…: a list with 、 ends at the comma.
            ended = (
                scope.enumerated and gap.startswith("，") and not self._fills(scope, whole, index)
            )
            if whole is None or ended or self._is_full(scope, whole, index):
                scopes.pop()
                continue
            scope.enumerated |= bool(scope.families) and gap.startswith("、")
            scope.families.setdefault(whole, counts.families[index])
            scope.sums[whole] = scope.sums.get(whole, 0) + counts.value(index)
            return whole
        return None

    def _fills(self, scope: _Scope, whole: int | None, index: int) -> bool:
        """Tell whether a number is just what the parts lack: …、微博21条，其他8条."""
        if whole is None:
            return False
        return scope.sums.get(whole, 0) + self._counts.value(index) == self._counts.value(whole)

    def _is_full(self, scope: _Scope, whole: int, index: int) -> bool:
        """Tell whether the parts are all there, so that what follows is something else."""
        full = scope.sums.get(whole) == self._counts.value(whole)
        return full and self._counts.value(index) != 0

    def _requests_before(self, index: int) -> int | None:
        measure = self._measures[index]
        if measure is None or not measure.startswith("requests_") or measure in _NO_OUTCOME:
            return None
        start = self._counts.start(index)
        earliest = max(start - _LONGEST_PART, 0)
        heading = max(self._counts.text.rfind("\n（", earliest, start), earliest)
        for other in self._counts.before(index):
            if self._counts.start(other) < heading:
                return None
            if self._measures[other] in _REQUESTS:
                return other
        return None

    def _sum_up(self, index: int) -> None:
        """Make the numbers before 共计 its parts: a list of the same unit in one sentence."""
        counts = self._counts
        start = counts.sentence(index)
        parts: list[int] = []
        for other in counts.before(index):
            alike = counts.families[other] == counts.families[index] and counts.is_count(other)
            if counts.start(other) < start or not alike or self._wholes[other] is not None:
                break
            parts.append(other)
        if len(parts) > 1 and all(counts.value(part) <= counts.value(index) for part in parts):
            for part in parts:
                self._wholes[part] = index


def _opener(gap: str) -> re.Match[str] | None:
    """Return the 其中 between two numbers, else the last word that opens parts."""
    openers = list(_OPENER.finditer(gap))
    if not openers:
        return _BRACKET.match(gap)
    return next((opener for opener in openers if opener[0] == "其中"), openers[-1])


def _reaches(opener: re.Match[str], gap: str) -> bool:
    """Tell whether an opener speaks of the number before it."""
    ends = list(_SENTENCE_END.finditer(gap, 0, opener.start()))
    if opener[0] == "其中":
        # 发布信息120条。其中，…: at the very beginning it goes on with the sentence before.
        return not ends or (len(ends) == 1 and ends[0].end() == opener.start())
    return not ends and (opener[0] == "分别" or opener.start() <= _CLOSE)
