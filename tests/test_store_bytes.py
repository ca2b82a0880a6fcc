"""Where bytes are kept: a folder, or what store.toml says; what can't be is said by name."""

from __future__ import annotations

import sys

import pytest

from archive.atomic import PREFIX
from archive.home import Archive
from archive.store import FolderStore, ObjectMissingError, StoreSettingError
from archive.store_setting import SETTING, object_store, open_store
from tests.kept_archive import run_command


def test_a_name_keeps_its_first_bytes(tmp_path):
    store = open_store(tmp_path)
    assert store.put("state/kao/1.db.gz", b"first")
    assert not store.put("state/kao/1.db.gz", b"other")
    assert store.put("state/kao/1.db.gz", b"first")
    assert (tmp_path / "state" / "kao" / "1.db.gz").read_bytes() == b"first"
    assert store.get("state/kao/1.db.gz") == b"first"
    store.delete("state/kao/1.db.gz")
    assert not store.exists("state/kao/1.db.gz")
    for question in (store.get, store.open, store.size):
        with pytest.raises(ObjectMissingError, match="is missing"):
            question("state/kao/1.db.gz")


def test_a_file_grows_and_is_cut(tmp_path):
    store = FolderStore(tmp_path / "warc")
    assert (store.append("a", b"one"), store.append("a", b"two")) == (0, 3)
    store.cut("a", 4)
    assert store.get("a") == b"onet"
    store.cut("a", 0)
    assert not store.exists("a")


def test_names_are_sorted_and_drafts_have_none(tmp_path):
    names = ["a-b", "a/b", "a/c/d", "a0", "b", f"a/{PREFIX}x"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    store = FolderStore(tmp_path)
    assert list(store.names("")) == sorted(names[:-1])
    assert list(store.names("a")) == ["a-b", "a/b", "a/c/d", "a0"]
    assert list(store.names("a/")) == ["a/b", "a/c/d"]
    assert list(store.names("a/c")) == ["a/c/d"]
    assert list(store.names("none/")) == []
    assert list(store.at("a").names("")) == ["b", "c/d"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = s3://b/x", "no TOML"),
        ('adress = "s3://b/x"', "adress"),
        ("url = 3", "each a text"),
        ('endpoint_url = "http://127.0.0.1:9"', "does not say url"),
        ('url = "gs://b/x"', "s3://bucket/prefix"),
        ('url = "s3:///x"', "s3://bucket/prefix"),
        ('url = "b/x"', "s3://bucket/prefix"),
    ],
)
def test_a_setting_that_names_no_store_is_not_guessed_at(tmp_path, text, said):
    Archive(tmp_path, create=True).close()
    (tmp_path / SETTING).write_text(text, encoding="utf-8")
    with pytest.raises(StoreSettingError, match=said):
        open_store(tmp_path)
    for command in ("verify", "status", "store"):
        done = run_command(command, "--data", tmp_path)
        assert done.exit_code == 1, done.output
        assert said in done.output
        assert "Traceback" not in done.output


def test_without_the_extra_it_says_which_one(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)  # as where it is not installed
    with pytest.raises(StoreSettingError, match=r"pip install nianbao\[cluster\]"):
        object_store("s3://b/x")
    done = run_command("store", "s3://b/x", "--data", tmp_path / "new")
    assert done.exit_code == 1
    assert "pip install nianbao[cluster]" in done.output
    assert not (tmp_path / "new").exists()


def test_a_folder_stays_where_it_is(tmp_path):
    Archive(tmp_path, create=True).close()
    assert run_command("store", "--data", tmp_path).output.strip() == tmp_path.as_uri()
    done = run_command("store", "folder", "--data", tmp_path)
    assert done.exit_code == 0, done.output
    assert not (tmp_path / SETTING).exists()
