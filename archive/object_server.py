"""A server of object storage, asked with patience: one that does not answer is waited for."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from types import FrameType
from typing import Any, TypeVar

import aiohttp
from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from s3fs import S3FileSystem  # type: ignore[import-untyped]

from archive.store import (
    ObjectMissingError,
    StoreRefusedError,
    StoreSettingError,
    StoreSilentError,
)

PATIENCE = 300.0
"""Seconds for which a server that does not answer is waited for."""

_PAUSES = (1.0, 2.0, 5.0, 10.0)
_SLICE = 0.2  # seconds after which a waiting program sees that it is to end
_TIMEOUTS = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 0}}
# Codes of S3 that say "not now" beside every status 5xx.
_BUSY = {"SlowDown", "RequestTimeout", "ConditionalRequestConflict", "OperationAborted"}
_SILENT = (
    BotoConnectionError,
    HTTPClientError,
    ResponseParserError,
    aiohttp.ClientError,
    asyncio.TimeoutError,
    asyncio.IncompleteReadError,
    ConnectionError,
)

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Server:
    """A server of object storage, asked with patience.

    Args:
        endpoint_url: its address; None for Amazon's.
        patience: seconds for which it is waited for when it does not answer; None for PATIENCE.

    Attributes:
        given_up: whether waiting is over; the next answer takes that back.

    """

    def __init__(self, endpoint_url: str | None, patience: float | None = None) -> None:
        self.endpoint_url = endpoint_url
        self._patience = PATIENCE if patience is None else patience
        # Who has waited in vain need not wait again to note how a walk ended.
        self.given_up = False
        self._silent_since: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Let a store be handed to another process, which does its own waiting."""
        return {**self.__dict__, "_silent_since": None, "given_up": False}

    def ask(self, question: Callable[[S3FileSystem], T], place: str) -> T:
        """Return what the server answers to a question that may be put more than once.

        Args:
            question: given the file system.
            place: address of what it is about.

        Raises:
            FileExistsError: something is there under the name, and was not to be.
            ObjectMissingError: nothing is there under the name.
            StoreRefusedError: the server says no.
            StoreSilentError: it has not answered for as long as the patience lasts, or a signal
                such as Ctrl-C ended the waiting.

        """
        pauses = iter(_PAUSES)
        with _noting_signals() as met:
            while True:
                try:
                    answer = question(_files(self.endpoint_url, os.getpid()))
                except (OSError, BotoCoreError, *_SILENT) as error:
                    trouble = _trouble(error, place)
                    if trouble is error:
                        raise
                    if trouble is not None:
                        raise trouble from error
                    self._wait(error, next(pauses, _PAUSES[-1]), met)
                    continue
                if self._silent_since is not None:
                    self._silent_since = None
                    logger.error("%s answers again", self._address)
                self.given_up = False
                return answer

    @property
    def _address(self) -> str:
        return self.endpoint_url or "Amazon S3"

    def _wait(self, error: Exception, pause: float, met: list[int]) -> None:
        """Wait before the next try.

        Raises:
            StoreSilentError: that was long enough.

        """
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            # A line in the log, also where only errors are shown: the program stands still.
            text = "%s does not answer (%s); trying again for up to %.0f s"
            logger.error(text, self._address, error, self._patience)
        silent = now - self._silent_since
        while not (self.given_up or met) and silent < self._patience and pause > 0:
            time.sleep(min(pause, _SLICE))
            pause -= _SLICE
        if self.given_up or met or silent >= self._patience:
            self.given_up = True
            ended = "; a signal ended the waiting" if met else ""
            raise StoreSilentError(
                f"the object storage at {self._address} has not answered for {silent:.0f} s "
                f"({error}){ended}: see whether it runs and can be reached, then run the command "
                "again; what was stored before is whole"
            ) from error


@lru_cache(maxsize=8)
def _files(endpoint_url: str | None, process: int) -> S3FileSystem:
    """Return the way to a server: one a process, as making one takes a while.

    A forked process must not talk over the connections of its parent.
    """
    del process
    files = S3FileSystem(
        endpoint_url=endpoint_url,
        config_kwargs=_TIMEOUTS,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    files.retries = 1  # patience is had here
    return files


def _trouble(error: Exception, place: str) -> Exception | None:
    """Return an error under the name of what happened; None when the server did not answer."""
    cause = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(cause, ClientError):
        status = int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(cause.response.get("Error", {}).get("Code", ""))
        if status >= 500 or code in _BUSY:
            return None
        if status == 416:
            return EOFError(f"{place} ends before that")
        if status == 412:
            return FileExistsError(f"{place} is there already")
        if code == "NoSuchBucket":
            return StoreSettingError(f"{place}: there is no such bucket; make it, or mend the name")
        if status == 404:
            return ObjectMissingError(f"{place} is missing")
        return StoreRefusedError(
            f"{place}: the object storage refuses ({cause}); see the credentials "
            "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_PROFILE) and what they allow"
        )
    if isinstance(error, _SILENT):
        return None
    if isinstance(error, FileNotFoundError):
        return ObjectMissingError(f"{place} is missing")
    if isinstance(error, BotoCoreError):
        return StoreRefusedError(f"{place}: {error}; see the credentials and the region")
    return error


@contextmanager
def _noting_signals() -> Iterator[list[int]]:
    """Note the signals that the program handles itself, which would not end the waiting.

    Scrapy's handler of Ctrl-C only asks the walk to end, and the walk stands still while it waits.
    """
    met: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield met
        return
    replaced: dict[signal.Signals, tuple[Any, Any]] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        if callable(before):
            ours = partial(_note_signal, met, before)
            signal.signal(number, ours)
            replaced[number] = before, ours
    try:
        yield met
    finally:
        for number, (before, ours) in replaced.items():
            if signal.getsignal(number) is ours:  # the handler may have put another in its place
                signal.signal(number, before)


def _note_signal(
    met: list[int],
    before: Callable[[int, FrameType | None], Any],
    number: int,
    frame: FrameType | None,
) -> None:
    met.append(number)
    before(number, frame)
