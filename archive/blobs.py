"""Stored bytes: one file per SHA-256, written once, never changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from archive import atomic


class BlobMissingError(FileNotFoundError):
    """A digest that the database names has no bytes in the store."""


class BlobDamagedError(ValueError):
    """Stored bytes no longer have the digest they are filed under."""


class BlobStore:
    """A folder of immutable byte strings, filed as ``ab/cd/<sha256>``.

    Args:
        root: the folder; made when first written to.

    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Return where the bytes of a digest (64 hex digits) lie or would lie."""
        return self.root / digest[:2] / digest[2:4] / digest

    def put(self, data: bytes) -> str:
        """Store bytes and return their SHA-256 in hex; a second call changes nothing.

        The file gets its final name only after its bytes are on disk, so that a reader or a
        run after a crash never meets half a file.

        Raises:
            OSError: the disk is full or read-only; nothing is left behind.

        """
        digest = hashlib.sha256(data).hexdigest()
        target = self.path(digest)
        if target.exists():
            return digest
        atomic.write(target, data, mode=0o444)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest, checked against it.

        Raises:
            BlobMissingError: nothing is stored under the digest.
            BlobDamagedError: the stored bytes have another digest.

        """
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissingError(
                f"no bytes stored for digest {digest}; restore {self.path(digest)} from a backup "
                "or from the WARC files"
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobDamagedError(
                f"{self.path(digest)} does not have the digest it is filed under"
            )
        return data

    def __contains__(self, digest: str) -> bool:
        """Tell whether bytes are stored under a digest."""
        return self.path(digest).exists()
