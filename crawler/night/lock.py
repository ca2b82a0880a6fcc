"""One night at a time: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

from archive.runs import night, now
from archive.trouble import TroubleError

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 512


class NightlyBusyError(TroubleError):
    """Another 'nianbao nightly' works on the same archive."""


class NightLock:
    """The lock of a data folder, the file ``.nightly.lock``; it says who holds it.

    Args:
        folder: the data folder; it exists.

    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".nightly.lock"
        self._handle: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process holds it."""
        return self._handle is not None

    def acquire(self) -> str | None:
        """Take the lock; return when the work before began, if that was killed.

        Of several that were killed in one night, and each of which went on with the one before,
        it is when the first began.

        Raises:
            NightlyBusyError: another process holds it.
            OSError: the folder can't be written to.

        """
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        holder = self._holder(handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise NightlyBusyError(
                f"process {holder.get('pid', 'unknown')} has worked on {self.path.parent} since "
                f"{holder.get('began_at', 'a moment')}: wait until it ends, or end it with "
                f"'kill {holder.get('pid', 'PID')}'; the next night goes on where it was"
            ) from error
        self._handle = handle
        moment = now()
        cut_off = holder.get("goes_on_from") or holder.get("began_at")
        goes_on = cut_off is not None and night(str(cut_off)) == night(moment)
        self._write(
            {
                "pid": os.getpid(),
                "began_at": moment,
                "goes_on_from": cut_off if goes_on else None,
            }
        )
        return str(cut_off) if cut_off else None

    def release(self) -> None:
        """Let go; what the file says is wiped out, so that a killed night can be told."""
        if self._handle is None:
            return
        try:
            os.ftruncate(self._handle, 0)
        finally:
            os.close(self._handle)
            self._handle = None

    def _write(self, holder: dict[str, object]) -> None:
        assert self._handle is not None
        # In one step over what was there: a kill leaves one or the other.
        os.pwrite(self._handle, json.dumps(holder).encode().ljust(_BYTES), 0)

    @staticmethod
    def _holder(handle: int) -> dict[str, object]:
        text = os.pread(handle, _BYTES, 0)
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            return {}  # killed while it wrote
        return found if isinstance(found, dict) else {}
