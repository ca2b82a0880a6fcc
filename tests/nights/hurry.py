"""Run commands at their times, each in a process of its own that need not import all anew.

Reads one JSON line a command from standard input: [kill, time, arguments …]; kill is null, or the
seconds after which the command and all its children are killed. Writes one line a command: [exit
code, seconds]; the exit code is -9 when it was killed. The process forks before it has threads or
a reactor; the children are what ``python -m tests.at_time`` is.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback

import tests.preloaded  # noqa: F401
from tests.at_time import run


def _child(moment: str, arguments: list[str]) -> int:
    try:
        run(moment, arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # noqa: BLE001 - as the interpreter would, but without ending the parent
        traceback.print_exc()
        return 70
    return 0


def _wait(child: int, kill: float | None) -> int:
    """Return the status of a command that ends, or is killed with its whole process group."""
    end = time.monotonic() + (kill or 0)
    while kill is not None:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() >= end:
            os.killpg(child, signal.SIGKILL)
            break
        time.sleep(0.002)
    return os.waitpid(child, 0)[1]


def main() -> None:
    for line in sys.stdin:
        kill, moment, *arguments = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if not child:
            os.setsid()
            # What the command prints is for people: the answers go to the pipe alone.
            os.dup2(2, 1)
            code = _child(moment, arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        status = _wait(child, kill)
        answer = [os.waitstatus_to_exitcode(status), time.monotonic() - began]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    # Nothing is open but pipes; to take all modules down takes its time.
    os._exit(0)


if __name__ == "__main__":
    main()
