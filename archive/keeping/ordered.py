"""Tasks over a store, several at a time, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from archive.store import Store

# Reading and hashing let go of the interpreter; object storage is waited for, mostly.
_WORKERS = {True: 2, False: 8}
_AHEAD = 64  # tasks handed to the workers before their results are taken

In = TypeVar("In")
Out = TypeVar("Out")


def ordered(store: Store, task: Callable[[In], Out], arguments: Iterable[In]) -> Iterator[Out]:
    """Yield the result of each task, in the order of the arguments.

    Args:
        store: what the tasks read or write.
        task: done in other threads.
        arguments: of the tasks; few are taken ahead.

    Raises:
        Exception: what a task raised, at its turn; later ones are not begun.

    """
    waiting: deque[Future[Out]] = deque()
    with ThreadPoolExecutor(_WORKERS[store.appends], "store") as workers:
        try:
            for argument in arguments:
                waiting.append(workers.submit(task, argument))
                if len(waiting) >= _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            # Ctrl-C reaches this thread only; the others may be waiting for the store.
            store.give_up()
            workers.shutdown(wait=False, cancel_futures=True)
            raise
