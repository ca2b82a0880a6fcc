"""Program: what a machine runs, so that no two machines read the same bytes differently."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.parse import READER_VERSION
from pipeline.read.soffice import program as office

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("archive", "crawler", "pipeline")
_SUFFIXES = frozenset((".py", ".csv", ".toml"))
# What a reading rests on, and what carries it from one machine to another.
_LIBRARIES = (
    "beautifulsoup4", "lxml", "numpy", "onnxruntime", "opencv-python-headless", "pdfminer.six",
    "pillow", "pypdfium2", "rapidfuzz", "rapidocr", "cloudpickle", "dask", "distributed",
    "msgpack", "tornado",
)  # fmt: skip


Program = tuple[tuple[str, str], ...]
"""Name and version of all that a result can depend on; "none" for what is not installed."""


@cache
def this_program() -> Program:
    """Return what this process runs; looked at once."""
    parts = {
        "reader": READER_VERSION,
        "code of nianbao": _code(),
        "Python": platform.python_version(),
        "LibreOffice": _office_version(),
    }
    return (*parts.items(), *((name, _of(name)) for name in _LIBRARIES))


def differences(here: Program, there: Program) -> list[str]:
    """Return what another machine has otherwise, "name: there, here" each."""
    mine, theirs = dict(here), dict(there)
    return [
        f"{name}: {theirs.get(name, 'none')} there, {mine.get(name, 'none')} here"
        for name in mine | theirs
        if mine.get(name) != theirs.get(name)
    ]


def _of(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _code() -> str:
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*")):
            if path.suffix in _SUFFIXES:
                digest.update(f"{path.relative_to(_ROOT)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _office_version() -> str:
    """Return a digest of LibreOffice's own note of its version; to ask it would take a second."""
    path = office()
    if path is None:
        return "none"
    note = Path(path).resolve().parent / "versionrc"
    return hashlib.sha256(note.read_bytes()).hexdigest()[:8] if note.is_file() else "unknown"
