"""The Parquet data set of a whole country: one folder of all regions' files, switched at once.

The files are those of the regions' releases under a second name (hard links), so that the data set
costs no room and a reader has one state of it: ``public/parquet`` is a link to the newest.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import atomic
from archive.exports import PACKAGE, Table, about, described, public_tables
from archive.regions.build import PARTS
from archive.regions.parquet import write_shared

if TYPE_CHECKING:
    from archive.regions.region import Region

LINK = "parquet"
DESCRIPTION = (
    "政府信息公开工作年度报告的数据，按地区和年度分成 Parquet 文件，"
    "文件夹按 Hive 的写法命名（region=、year=）。"
    "空值表示原文没有数字或此项不适用，从不表示 0。"
)


def write_dataset(public: Path, known: str, at: str, regions: Sequence[Region]) -> Path:
    """Put the files of all regions together and return their folder.

    Args:
        public: folder of what is published.
        known: name of this state.
        at: when it was published, UTC, ISO 8601.
        regions: as they are published.

    Raises:
        OSError: a file could not be written.

    """
    folder = public / f"{LINK}-{known}"
    before = (public / LINK).readlink().name if (public / LINK).is_symlink() else ""
    if not folder.exists():
        draft = public / f"{atomic.PREFIX}{LINK}"
        draft.mkdir()
        _fill(draft, known, at, regions)
        draft.replace(folder)
    if before != folder.name:
        link = public / f"{atomic.PREFIX}link"
        link.symlink_to(folder.name)
        link.replace(public / LINK)
        for path in public.glob(f"{LINK}-*"):
            if path.name not in (folder.name, before):
                shutil.rmtree(path)
    return folder


def _fill(draft: Path, known: str, at: str, regions: Sequence[Region]) -> None:
    files: dict[str, list[dict[str, Any]]] = defaultdict(list)
    sites: dict[str, str] = {}
    tables: dict[str, Table] = {}
    for region in regions:
        source = region.release.exports / PARTS
        for part in region.parts:
            table, _, inside = part["path"].partition("/")
            path = f"{table}/region={region.code}/{inside}"
            target = draft / path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source / part["path"], target)
            files[table].append(
                {"path": path, "rows": part["rows"], "bytes": part["bytes"], "hash": part["hash"]}
            )
    for region in regions:
        with closing(
            sqlite3.connect(f"file:{region.release.path}?immutable=1", uri=True)
        ) as connection:
            sites.update(connection.execute("SELECT name, home FROM sites ORDER BY id").fetchall())
            if not tables:
                tables = {table.name: table for table in public_tables(connection)}
                for part in write_shared(connection, draft):
                    files[part["table"]].append(
                        {name: part[name] for name in ("path", "rows", "bytes", "hash")}
                    )
    package = {
        **about({"id": known, "published_at": at}, sorted(sites.items())),
        "description": DESCRIPTION,
        "resources": [_resource(table, files[name]) for name, table in tables.items()
                      if files[name]],
    }  # fmt: skip
    text = json.dumps(package, ensure_ascii=False, indent=1)
    (draft / PACKAGE).write_text(text, encoding="utf-8")


def _resource(table: Table, files: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a table as a resource of many files.

    The fields that name folders are fields of the data set and of no file.
    """
    resource = described(table, sum(file["rows"] for file in files))
    parts = [name for name in ("region", "year") if f"/{name}=" in files[0]["path"]]
    present = {field["name"] for field in resource["schema"]["fields"]}
    added: list[dict[str, Any]] = [
        {"name": name, "type": "string" if name == "region" else "integer", "title": title}
        for name, title in (("region", "地区"), ("year", "年度"))
        if name in parts and name not in present
    ]
    resource["schema"]["fields"] += added
    del resource["encoding"], resource["compression"]
    return {
        "name": table.name,
        "path": [file["path"] for file in files],
        **resource,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": sum(file["bytes"] for file in files),
        "partitions": parts,
        "files": files,
    }
