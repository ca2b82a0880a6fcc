"""Object storage that speaks S3, through fsspec; a server that does not answer is waited for.

An object is stored by one request, whole or not at all, and only where none is (If-None-Match,
RFC 9110, 13.1.2): nothing is ever overwritten, whoever else writes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from archive.object_server import Server
from archive.store import ObjectMissingError, Store, StoreSettingError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from s3fs import S3FileSystem  # type: ignore[import-untyped]

_ONE_REQUEST = 5 * 2**30  # bytes; what is larger can't be stored by one request
_BLOCK = 1 << 18
_PAGE = 1000

T = TypeVar("T")


class ObjectStore(Store):
    """A bucket, or the part of it below a prefix.

    Args:
        server: where it is.
        bucket: its name.
        prefix: first part of every key, without "/" at its ends; may be empty.

    """

    appends = False

    def __init__(self, server: Server, bucket: str, prefix: str) -> None:
        self._server = server
        self._bucket = bucket
        self._prefix = prefix
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self.endpoint_url = server.endpoint_url

    def give_up(self) -> None:
        """See ``Store``."""
        self._server.given_up = True

    def at(self, prefix: str) -> ObjectStore:
        """See ``Store``."""
        return ObjectStore(self._server, self._bucket, self._key(prefix))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def place(self, name: str) -> str:
        """See ``Store``."""
        return f"{self.url}/{name}"

    def _ask(self, question: Callable[[S3FileSystem, str], T], name: str) -> T:
        path = f"{self._bucket}/{self._key(name)}"
        return self._server.ask(lambda files: question(files, path), self.place(name))

    def put(self, name: str, data: bytes) -> bool:
        """See ``Store``."""

        def put(files: S3FileSystem, path: str) -> None:
            files.pipe_file(path, data, mode="create", chunksize=_ONE_REQUEST)

        try:
            self._ask(put, name)
        except FileExistsError:
            # An answer that was lost on the way may have been to this very request.
            return self.get(name) == data
        except ObjectMissingError as error:
            raise StoreSettingError(f"{self.url}: there is no such bucket; make it") from error
        return True

    def get(self, name: str) -> bytes:
        """See ``Store``."""

        def get(files: S3FileSystem, path: str) -> bytes:
            return cast("bytes", files.cat_file(path, max_concurrency=1))

        return self._ask(get, name)

    def part(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes from one place up to another, as far as there are; errors as ``get``."""

        def part(files: S3FileSystem, path: str) -> bytes:
            return cast("bytes", files.cat_file(path, start=start, end=end, max_concurrency=1))

        try:
            return self._ask(part, name)
        except EOFError:
            return b""

    def open(self, name: str) -> BinaryIO:
        """See ``Store``; that nothing is there is found when it is read."""
        return cast("BinaryIO", io.BufferedReader(_Reader(self, name), _BLOCK))

    def exists(self, name: str) -> bool:
        """See ``Store``."""
        try:
            self.size(name)
        except ObjectMissingError:
            return False
        return True

    def size(self, name: str) -> int:
        """See ``Store``."""

        def size(files: S3FileSystem, path: str) -> int:
            bucket, _, key = path.partition("/")
            return int(files.call_s3("head_object", Bucket=bucket, Key=key)["ContentLength"])

        return self._ask(size, name)

    def names(self, prefix: str) -> Iterator[str]:
        """See ``Store``; listed page by page, so that millions take no memory."""
        last = ""
        own = len(self._key(""))

        def page(files: S3FileSystem, path: str) -> list[str]:
            bucket, _, key = path.partition("/")
            answer = files.call_s3(
                "list_objects_v2", Bucket=bucket, Prefix=key, StartAfter=last, MaxKeys=_PAGE
            )
            return [item["Key"] for item in answer.get("Contents", ())]

        while keys := self._ask(page, prefix):
            last = keys[-1]
            yield from (key[own:] for key in keys)

    def delete(self, name: str) -> None:
        """See ``Store``."""

        def delete(files: S3FileSystem, path: str) -> None:
            bucket, _, key = path.partition("/")
            files.call_s3("delete_object", Bucket=bucket, Key=key)

        self._ask(delete, name)


class _Reader(io.RawIOBase):
    """An object as a stream; each read is a request of its own, which can be put again."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store = store
        self._name = name
        self._position = 0
        self._known: int | None = None

    @property
    def _size(self) -> int:
        if self._known is None:
            self._known = self._store.size(self._name)
        return self._known

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            offset += self._size
        elif whence == io.SEEK_CUR:
            offset += self._position
        self._position = max(0, offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        end = self._position + len(view)
        if self._known is not None:
            end = min(end, self._known)
        if end <= self._position:
            return 0
        piece = self._store.part(self._name, self._position, end)
        view[: len(piece)] = piece
        self._position += len(piece)
        if self._position < end and piece:
            self._known = self._position  # spares the question how long it is
        return len(piece)
