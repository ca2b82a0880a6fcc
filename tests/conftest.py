"""Fixtures and rules for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real documents; tests that want it are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real documents is not on this machine")
    return SHARED


def _never_skipped(report, name):
    if report.skipped and os.environ.get("NIANBAO_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"{name} was skipped where nothing may be missing: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):  # noqa: ARG001
    """Turn a skip into a failure where nothing may be missing (CI sets NIANBAO_NO_SKIP)."""
    outcome = yield
    _never_skipped(outcome.get_result(), item.nodeid)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """Do the same for a module that skips itself before its tests are known."""
    outcome = yield
    _never_skipped(outcome.get_result(), collector.nodeid)
