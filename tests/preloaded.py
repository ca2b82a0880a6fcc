"""What commands import when they run, imported once: a fork of this process goes on from here."""

from __future__ import annotations

import sys

from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

import crawler.cli
import crawler.night.nightly
import crawler.probing.probe
import crawler.settings
import tests.at_time  # noqa: F401

_NAMES = (
    "DOWNLOADER_MIDDLEWARES",
    "SPIDER_MIDDLEWARES",
    "EXTENSIONS",
    "ITEM_PIPELINES",
    "DOWNLOAD_HANDLERS",
)
_SINGLE = ("SCHEDULER", "DUPEFILTER_CLASS", "DOWNLOADER", "ITEM_PROCESSOR", "STATS_CLASS")


def _load() -> None:
    """Load what Scrapy would load by name."""
    named: dict[str, object] = {}
    for name in _NAMES:
        named |= getattr(default_settings, f"{name}_BASE", {}) | getattr(default_settings, name)
        named |= getattr(crawler.settings, name)
    for name, order in named.items():
        if order is not None and name.count("."):
            load_object(name)
    for name in _SINGLE:
        load_object(getattr(default_settings, name))


_load()
assert "twisted.internet.reactor" not in sys.modules, "a reactor can't be shared"
