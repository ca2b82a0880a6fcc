"""Which store an archive has: its data folder, unless ``store.toml`` in there says otherwise."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path

from archive.store import FolderStore, Store, StoreSettingError

SETTING = "store.toml"
_KEYS = {"url", "endpoint_url"}


def open_store(folder: Path, patience: float | None = None) -> Store:
    """Return the store of an archive.

    Args:
        folder: its data folder.
        patience: see ``object_store``.

    Raises:
        StoreSettingError: ``store.toml`` names none that can be opened.

    """
    path = folder / SETTING
    try:
        setting = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return FolderStore(folder)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StoreSettingError(f"{path} is no TOML file ({error}): mend it") from error
    if not set(setting) <= _KEYS or not all(isinstance(v, str) for v in setting.values()):
        raise StoreSettingError(
            f"{path} may say url and endpoint_url, each a text, and says {', '.join(setting)}"
        )
    if "url" not in setting:
        raise StoreSettingError(f'{path} does not say url: write url = "s3://bucket/prefix"')
    return object_store(setting["url"], setting.get("endpoint_url"), patience)


def object_store(url: str, endpoint_url: str | None = None, patience: float | None = None) -> Store:
    """Return a store in S3-compatible object storage; nothing is asked of it yet.

    Args:
        url: "s3://bucket/prefix".
        endpoint_url: address of the server, where it is not Amazon's.
        patience: seconds for which a server that does not answer is waited for; None for minutes,
            as a night can wait, which a visitor of the site can't.

    Raises:
        StoreSettingError: the address is of another kind, or the extra is missing.

    """
    scheme, _, path = url.partition("://")
    bucket, _, prefix = path.partition("/")
    if scheme != "s3" or not bucket:
        raise StoreSettingError(f"{url} is no store: name one as s3://bucket/prefix")
    if find_spec("s3fs") is None:
        raise StoreSettingError(f"{url} needs s3fs: pip install nianbao[cluster]")
    # What speaks S3 is an extra, and takes a second to load.
    from archive.object_server import Server  # noqa: PLC0415
    from archive.object_store import ObjectStore  # noqa: PLC0415

    return ObjectStore(Server(endpoint_url, patience), bucket, prefix.strip("/"))
