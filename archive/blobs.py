"""Stored bytes: one object per SHA-256, written once, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from archive.store import ObjectMissingError, Store


class BlobMissingError(FileNotFoundError):
    """A digest that the database names has no bytes in the store."""


class BlobDamagedError(ValueError):
    """Stored bytes no longer have the digest they are filed under."""


class BlobStore:
    """Immutable byte strings, filed as ``blobs/ab/cd/<sha256>``.

    Args:
        store: the store of the archive.

    """

    def __init__(self, store: Store) -> None:
        self._store = store.at("blobs")

    @staticmethod
    def _name(digest: str) -> str:
        return f"{digest[:2]}/{digest[2:4]}/{digest}"

    def place(self, digest: str) -> str:
        """Return where the bytes of a digest (64 hex digits) lie or would lie, for a person."""
        return self._store.place(self._name(digest))

    def put(self, data: bytes) -> str:
        """Store bytes and return their SHA-256 in hex; a second call changes nothing.

        Raises:
            OSError: the disk or the store refuses; nothing is left behind.

        """
        digest = hashlib.sha256(data).hexdigest()
        name = self._name(digest)
        if not self._store.exists(name):
            self._store.put(name, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest, checked against it.

        Raises:
            BlobMissingError: nothing is stored under the digest.
            BlobDamagedError: the stored bytes have another digest.
            OSError: they can't be read.

        """
        try:
            data = self._store.get(self._name(digest))
        except ObjectMissingError as error:
            raise BlobMissingError(
                f"no bytes stored for digest {digest}; restore {self.place(digest)} from a backup "
                "or from the WARC files"
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobDamagedError(
                f"{self.place(digest)} does not have the digest it is filed under"
            )
        return data

    def open(self, digest: str) -> BinaryIO:
        """Open the bytes of a digest, unchecked.

        Raises:
            archive.store.ObjectMissingError: nothing is stored under the digest.
            OSError: they can't be read.

        """
        return self._store.open(self._name(digest))

    def digests(self) -> Iterator[str]:
        """Yield every digest under which bytes are stored, sorted."""
        for name in self._store.names(""):
            yield name.rpartition("/")[2]

    def __contains__(self, digest: str) -> bool:
        """Tell whether bytes are stored under a digest."""
        return self._store.exists(self._name(digest))
