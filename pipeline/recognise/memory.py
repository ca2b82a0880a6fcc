"""Memory: results about short texts are kept, because reports print nearly the same words.

No result depends on what is kept: every function here is one of its arguments alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import TypeVar

R = TypeVar("R")

# Longer than any label of the form. What is longer comes from prose or from a hostile file, will
# hardly come again, and thousands of such texts would fill the memory of a worker.
LONGEST_KEPT = 200


def remembered(size: int) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Keep the results of a pure function of a text and other hashable arguments.

    Args:
        size: number of results that are kept, those asked for last.

    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        kept = lru_cache(size)(function)

        @wraps(function)
        def remember(text: str, *rest: Hashable) -> R:
            return kept(text, *rest) if len(text) <= LONGEST_KEPT else function(text, *rest)

        return remember

    return decorate
