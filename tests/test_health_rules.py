"""Health: what makes a walk a failed one, and what must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.health_rules import Column, Seen, compare

ENTRY = "http://www.kao.test/"
FILL = {"known": 60, "readable": 58, "cells": 10000, "cells_read": 9900, "agencies_missing": 0}


def column(url: str, items: int, pages: int = 1, name: str = "年报") -> Column:
    return Column(f"{ENTRY}{url}/", name, items, pages, "createPageHTML" if pages > 1 else "")


BEFORE = Seen((column("a", 45, 3), column("b", 8), column("c", 1)), FILL)


def seen(*columns: Column, **counts: int) -> Seen:
    return Seen(columns, {**FILL, **counts})


def rules(present: Seen, removed: dict[str, int] | None = None) -> list[str]:
    return [verdict.rule for verdict in compare(BEFORE, present, ENTRY, removed=removed)]


A, B, C = BEFORE.columns


@pytest.mark.parametrize(
    ("present", "rule", "said"),
    [
        (
            seen(replace(A, items=0), replace(B, items=0)),
            "E-NO-ITEMS",
            "had 54 items and have none",
        ),
        (seen(), "E-NO-ITEMS", "54"),
        (seen(A, C), "E-COLUMN-VANISHED", "had 8 items and was not met"),
        (seen(A, B), "E-COLUMN-VANISHED", "had 1 items"),
        (seen(A, replace(B, items=0), C), "E-COLUMN-EMPTIED", "had 8 items and has none"),
        (seen(column("a", 15), B, C), "E-PAGER-GONE", "3 pages with 45 items and has 1 with 15"),
        (seen(replace(A, items=30, pages=2), B, C), "E-ITEMS-DROPPED", "from 45 to 30"),
        (seen(A, replace(B, items=5), C), "E-ITEMS-DROPPED", "from 8 to 5"),
        (seen(A, B, C, readable=40), "E-FILL-RATE", "58/60 (97%) to 40/60 (67%)"),
        (seen(A, B, C, cells_read=5000), "E-FILL-RATE", "9900/10000 (99%) to 5000/10000 (50%)"),
        (seen(A, B, C, replaced=3, spoiled=2), "E-FILL-RATE", "of 3 addresses"),
        (seen(A, B, C, agencies_missing=1), "E-AGENCY-MISSING", "1 expected agencies"),
    ],
)
def test_a_walk_that_saw_less_has_failed_for_a_named_reason(
    present: Seen, rule: str, said: str
) -> None:
    (verdict,) = compare(BEFORE, present, ENTRY)
    assert verdict.rule == rule
    assert said in verdict.reason


@pytest.mark.parametrize(
    "present",
    [
        seen(A, B, C),
        seen(replace(A, items=46), replace(B, items=20, pages=2), C),
        seen(A, replace(B, items=7), C),
        seen(A, B, replace(C, items=0)),
        seen(replace(A, pages=2, items=44), B, C),
        seen(replace(A, pager="static links"), B, C),
        seen(A, B, C, column("d", 9, name="新栏目")),
        seen(A, replace(B, url="https://www.kao.test/b/"), C),
        seen(A, replace(B, url="http://www.new.test/b/"), C),
        seen(A, B, replace(C, url="http://www.kao.test/elsewhere/")),
        seen(A, B, C, known=61, readable=58),
        seen(A, B, C, replaced=1, spoiled=1),
        seen(A, B, C, replaced=9, spoiled=2),
        seen(A, B, C, known=70, readable=64),
    ],
)
def test_what_happens_to_a_healthy_site_is_no_alarm(present: Seen) -> None:
    assert compare(BEFORE, present, ENTRY) == []


def test_what_answers_gone_has_not_been_lost_by_the_walk() -> None:
    fewer = seen(A, replace(B, items=4), C)
    assert rules(fewer) == ["E-ITEMS-DROPPED"]
    assert rules(fewer, {B.url: 3}) == []
    assert rules(seen(A, B), {C.url: 1}) == []


def test_many_columns_that_lose_a_line_or_two_are_seen_together() -> None:
    before = Seen(tuple(column(f"t{n}", 3, name=f"镇{n}") for n in range(10)), {})
    after = Seen(tuple(column(f"t{n}", 1, name=f"镇{n}") for n in range(10)), {})
    (verdict,) = compare(before, after, ENTRY)
    assert (verdict.rule, verdict.url) == ("E-ITEMS-DROPPED", ENTRY)
    assert "from 30 to 10" in verdict.reason


def test_a_walk_of_an_earlier_version_is_no_ground_to_judge_by() -> None:
    assert compare(Seen((), {"requests": 5}), seen(A), ENTRY) == []
