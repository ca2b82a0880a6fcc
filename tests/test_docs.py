"""The README names everything that a user can meet, and nothing that is not there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from archive.home import Archive
from crawler.cli import main
from crawler.profile import Profile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_shown():
    for name in main.commands:
        assert re.search(rf"nianbao {name}\b|make {name}\b", README), name


def test_every_command_teaches_its_exit_codes():
    for name, command in main.commands.items():
        assert "Exit code" in (command.help or ""), name


def test_every_key_of_a_profile_is_explained():
    for name, field in Profile.model_fields.items():
        assert f"| `{name}` | {field.description} |" in README, name


def test_every_table_is_in_the_data_dictionary(tmp_path):
    archive = Archive(tmp_path, create=True)
    tables = {*archive.db.table_names(), *archive.db.view_names()}
    archive.close()
    hidden = re.compile(r"_sqlite_migrations|sqlite_|search_")
    for table in tables:
        assert hidden.match(table) or f"`{table}`" in README, table


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_pictures_and_links_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (ROOT / target).exists(), target


def test_no_tracked_file_names_a_path_of_a_machine():
    found = subprocess.run(
        [
            "git",
            "grep",
            "-nIE",
            r"(/work/|/root/|/home/[a-z])",
            "--",
            ":!requirements*.lock",
            ":!tests",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_modules_stay_small():
    for package in ("crawler", "pipeline", "archive"):
        for module in (ROOT / package).rglob("*.py"):
            assert len(module.read_text(encoding="utf-8").splitlines()) <= 400, module
