"""Commands in a child that has everything imported already: each begins anew, none waits long."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

from crawler.cli import main

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["crawler.cli", "crawler.probe", "crawler.settings", "crawler.robots", "crawler.itempipelines"]
)


def _command(arguments: list[str], output: str, folder: str) -> None:
    with Path(output).open("w", encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.chdir(folder)
    main(arguments)


def nianbao(arguments: list[str], folder: Path) -> SimpleNamespace:
    """Run ``nianbao`` in a folder; give exit code and all that it printed."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as out:
        child = _CONTEXT.Process(target=_command, args=(arguments, out.name, str(folder)))
        child.start()
        child.join(120)
        assert child.exitcode is not None, "the command did not end"
        return SimpleNamespace(code=child.exitcode, out=Path(out.name).read_text("utf-8"))
