"""Walk: one process, one run a site, and what came of each."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from twisted.internet.defer import Deferred, DeferredList

from archive.runs import SiteBusyError
from archive.trouble import told
from crawler.network.pace import Pace
from crawler.outcome import Ended
from crawler.run import Run
from crawler.spiders.platform import PlatformSpider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from crawler.profile import Profile


def settings_for(
    data: Path, resolve: Mapping[str, str], more: Mapping[str, Any] | None = None
) -> Settings:
    """Return the project's settings with those of one call.

    Args:
        data: data folder.
        resolve: address and port by host.
        more: further settings.

    """
    settings = Settings()
    settings.setmodule("crawler.settings")
    contact = " ".join(os.environ.get("NIANBAO_CONTACT", "").split())
    if contact:  # RFC 9110, 10.1.2: who is responsible for a robot
        settings["DEFAULT_REQUEST_HEADERS"]["From"] = contact
    settings.setdict(
        {
            "NIANBAO_DATA": str(data),
            "NIANBAO_RESOLVE": dict(resolve),
            "LOG_LEVEL": "ERROR",
            **(more or {}),
        },
        priority="cmdline",
    )
    return settings


def spider_for(profile: Profile, base: type[PlatformSpider] = PlatformSpider) -> Any:  # noqa: ANN401
    """Return the spider class of a profile."""
    return type("ProfileSpider", (base,), {"name": profile.id, "profile": profile})


def walk(spiders: Sequence[Any], settings: Settings) -> list[Ended]:
    """Run spiders to their end, in one process; call it once a process.

    Args:
        spiders: spider classes with profiles.
        settings: of ``settings_for``.

    Returns:
        How each ended, in the same order.

    """
    process = CrawlerProcess(settings)
    crawlers = [process.create_crawler(spider) for spider in spiders]
    broken: dict[str, BaseException] = {}
    over: dict[str, Deferred[Any]] = {}
    for crawler, spider in zip(crawlers, spiders, strict=True):

        def begin(_: object, crawler: Crawler = crawler) -> Deferred[None]:
            return process.crawl(crawler)

        def note(failure: Failure, name: str = crawler.spidercls.name) -> None:
            assert failure.value is not None
            broken[name] = failure.value

        # A host is asked by one walk at a time: sites that share one wait for each other.
        hosts = spider.profile.all_hosts
        before = DeferredList([over[host] for host in hosts if host in over])
        over |= dict.fromkeys(hosts, before.addCallback(begin).addErrback(note))
    process.start()
    return [_ended(crawler, broken.get(crawler.spidercls.name)) for crawler in crawlers]


def _ended(crawler: Any, error: BaseException | None) -> Ended:  # noqa: ANN401
    name = crawler.spidercls.name
    if isinstance(error, SiteBusyError):
        return Ended(name, "busy", str(error))
    if isinstance(error, (OSError, sqlite3.Error)):
        return Ended(name, "storage", told(error, Path(crawler.settings["NIANBAO_DATA"])))
    if error is not None:
        raise error
    run = crawler.get_extension(Run)
    pace = crawler.get_extension(Pace)
    return Ended(name, run.outcome or "failed", run.reason, dict(run.counts), pace.longest)
