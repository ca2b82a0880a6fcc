"""LibreOffice as a program that turns files into DOCX, held within limits.

It is known to hang past a plain kill, as what is started forks the one that works: it gets a
session of its own, and the whole group is killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MOST_OUTPUT = 256 * 2**20
_LAST_BYTES = 4096
# The watchdog kills the group when the end of the pipe at its input is gone, as it is when the
# process that started this is killed itself.
_SCRIPT = """
ulimit -c 0; ulimit -f "$1"; [ "$2" = 0 ] || ulimit -v "$2"; shift 2
exec 3<&0
(read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-
"""
# Nothing in a document runs, nothing that it links to is fetched.
_SETTINGS = {
    "Common/Security/Scripting": {
        "DisableMacrosExecution": "true",
        "MacroSecurityLevel": "3",
        "BlockUntrustedRefererLinks": "true",
        "DisableActiveContent": "true",
    },
    "Common/Save/Document": {"UseUserData": "false"},
    "Common/Misc": {"FirstRun": "false"},
    "Writer/Content/Update": {"Link": "2"},
    "Calc/Content/Update": {"Link": "2"},
}
# A proxy that nobody serves: for whatever might ask for an address all the same.
_PROXY = {"ooInetProxyType": "2"} | {
    f"ooInet{scheme}ProxyName": "127.0.0.1" for scheme in ("HTTP", "HTTPS", "FTP")
}
_PROXY_PORTS = {f"ooInet{scheme}ProxyPort": "9" for scheme in ("HTTP", "HTTPS", "FTP")}


def _profile_text() -> str:
    """Return the settings in the form of LibreOffice's registrymodifications.xcu."""
    groups = {f"/org.openoffice.Office.{path}": values for path, values in _SETTINGS.items()}
    groups["/org.openoffice.Inet/Settings"] = _PROXY | _PROXY_PORTS
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, values in groups.items()
        for name, value in values.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>\n'
    )


def program() -> str | None:
    """Return the path of LibreOffice, None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of LibreOffice gave.

    Args:
        documents: a DOCX file each, None for a file that was not converted.
        late: whether the run was stopped as its time was up.
        code: exit code; negative for a signal.
        last_words: last line that it printed.

    """

    documents: tuple[bytes | None, ...]
    late: bool
    code: int
    last_words: str

    @property
    def ended_well(self) -> bool:
        """Tell whether it went through all files; one not converted was refused as such."""
        return not self.late and self.code == 0


class Soffice:
    """Runs of LibreOffice with one private folder for its profile and the files.

    Args:
        seconds: wall clock for one run.
        memory: bytes of address space; enforced on Linux.

    """

    def __init__(self, seconds: float, memory: int) -> None:
        """Note the limits; nothing is started or written."""
        self._seconds, self._memory = seconds, memory
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def run(self, command: str, files: Sequence[tuple[str, bytes]]) -> Run:
        """Convert files to DOCX in one run.

        Args:
            command: path of LibreOffice.
            files: extension and bytes of each.

        """
        home = self._home()
        with tempfile.TemporaryDirectory(dir=home) as name:
            folder = Path(name)
            names = [f"{number}.{extension}" for number, (extension, _) in enumerate(files)]
            for file, (_, data) in zip(names, files, strict=True):
                (folder / file).write_bytes(data)
            late, code, last_words = self._execute(command, home, folder, names)
            documents = tuple(
                _whole(folder / "docx" / f"{number}.docx") for number in range(len(files))
            )
        if late or code:  # what is left of it would be "recovered" by the next run
            shutil.rmtree(home / "profile", ignore_errors=True)
        return Run(documents, late, code, last_words)

    def _home(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(
                prefix="nianbao-", ignore_cleanup_errors=True
            )
        home = Path(self._folder.name)
        settings = home / "profile" / "user" / "registrymodifications.xcu"
        if not settings.exists():
            settings.parent.mkdir(parents=True)
            settings.write_text(_profile_text(), encoding="utf-8")
        return home

    def _execute(
        self, command: str, home: Path, folder: Path, names: list[str]
    ) -> tuple[bool, int, str]:
        memory = self._memory // 1024 if sys.platform == "linux" else 0
        limits = [str(_MOST_OUTPUT // 512), str(memory)]
        options = [
            f"-env:UserInstallation={(home / 'profile').as_uri()}",
            *("--headless", "--invisible", "--norestore", "--nologo", "--nodefault"),
            *("--convert-to", "docx:MS Word 2007 XML", "--outdir", "docx"),
        ]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
            "SAL_USE_VCLPLUGIN": "svp",
        }
        with tempfile.TemporaryFile() as printed:
            with self._lock:
                if self._closed:
                    return True, 0, ""
                self._process = process = subprocess.Popen(  # noqa: S603 - our own script
                    ["/bin/sh", "-c", _SCRIPT, "sh", *limits, command, *options, *names],
                    stdin=subprocess.PIPE,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
            late = False
            try:
                process.wait(self._seconds)
            except subprocess.TimeoutExpired:
                late = True
            finally:
                self._kill()
            printed.seek(max(0, printed.seek(0, os.SEEK_END) - _LAST_BYTES))
            lines = printed.read().decode("utf-8", "replace").split("\n")
        last_words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return late, process.returncode, last_words

    def _kill(self) -> None:
        """End the process and all that it started; the watchdog keeps the group's number ours."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if process.stdin is not None:
                    process.stdin.close()

    def close(self) -> None:
        """End what is running and remove the folder; no run is possible afterwards."""
        with self._lock:
            self._closed = True
        self._kill()
        if self._folder is not None:
            self._folder.cleanup()


def _whole(file: Path) -> bytes | None:
    """Return the bytes of a converted file; one that was cut off in writing is none."""
    if not file.is_file() or not zipfile.is_zipfile(file):
        return None
    return file.read_bytes()
