"""Commands in a child that has everything imported already: each begins anew, none waits long."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])


class Done(NamedTuple):
    """How a command ended; the code is negative when a signal ended it."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """All that it printed."""
        return self.out + self.err


def _command(
    arguments: list[str], files: tuple[str, str], folder: str, environment: dict[str, str]
) -> None:
    for number, file in enumerate(files, start=1):
        with Path(file).open("w", encoding="utf-8") as out:
            os.dup2(out.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    module, *rest = arguments
    sys.argv = arguments
    if module == "tests.at_time":
        from tests.at_time import run  # noqa: PLC0415 - in the child, where it is loaded already

        run(rest[0], rest[1:])
    else:
        assert module == "crawler.cli"
        from crawler.cli import main  # noqa: PLC0415 - likewise

        main(rest, prog_name="nianbao")


def forked(arguments: list[str], folder: Path, environment: Mapping[str, str] = os.environ) -> Done:
    """Run ``python -m MODULE …`` in a folder; MODULE is crawler.cli or tests.at_time."""
    with (
        tempfile.NamedTemporaryFile(suffix=".out") as out,
        tempfile.NamedTemporaryFile(suffix=".err") as err,
    ):
        files = (out.name, err.name)
        child = _CONTEXT.Process(
            target=_command, args=(arguments, files, str(folder), dict(environment))
        )
        child.start()
        child.join(120)
        if child.exitcode is None:
            child.kill()
            raise TimeoutError(f"{' '.join(arguments)} did not end: {Path(err.name).read_text()}")
        return Done(child.exitcode, *(Path(file).read_text("utf-8") for file in files))


def nianbao(arguments: list[str], folder: Path) -> Done:
    """Run ``nianbao`` in a folder."""
    return forked(["crawler.cli", *arguments], folder)
