"""A real S3 server over HTTP in a process of its own (moto), which can be stopped and goes on."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

pytest.importorskip("s3fs", reason="needs the extra nianbao[cluster]")
pytest.importorskip("moto", reason="needs the extra nianbao[cluster] and moto[server]")

from archive.store import Store
from archive.store_setting import SETTING, object_store

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    # A test machine has no other place for credentials to come from.
    "AWS_EC2_METADATA_DISABLED": "true",
}


class S3Server:
    """Serves buckets on loopback; a context manager.

    Attributes:
        endpoint_url: its address.

    """

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        self._buckets = 0
        self._log = tempfile.NamedTemporaryFile(suffix=".log")  # noqa: SIM115 - held as long as it

    def __enter__(self) -> Self:
        program = shutil.which("moto_server", path=str(Path(sys.executable).parent))
        if program is None:
            pytest.skip("moto's server is not installed: pip install 'moto[server]'")
        self._process = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **CREDENTIALS},
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return self
        self.__exit__()
        raise RuntimeError(Path(self._log.name).read_text(encoding="utf-8"))

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def bucket(self) -> str:
        """Make a bucket; return its name."""
        import boto3  # noqa: PLC0415 - as long as the tests that need it

        self._buckets += 1
        name = f"bucket{self._buckets}"
        boto3.client("s3", endpoint_url=self.endpoint_url).create_bucket(Bucket=name)
        return name

    def store(self, prefix: str = "archive") -> Store:
        """Return a store in a bucket of its own."""
        return object_store(f"s3://{self.bucket()}/{prefix}", self.endpoint_url)

    def requests(self) -> list[str]:
        """Return the request lines that it has logged."""
        text = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
        return [
            line.split('"')[1] for line in text.splitlines() if '"' in line and " HTTP/1" in line
        ]

    def freeze(self) -> None:
        """Let it accept connections and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer what it was asked meanwhile."""
        self._process.send_signal(signal.SIGCONT)


def setting(folder: Path, store: Store) -> None:
    """Let an archive, which may not be there yet, keep its bytes in a store."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = f'url = "{store.url}"\nendpoint_url = "{store.endpoint_url}"\n'
    (folder / SETTING).write_text(lines, encoding="utf-8")
