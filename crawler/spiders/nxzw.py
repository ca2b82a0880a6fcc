"""中卫市."""

from crawler.profile import load
from crawler.spiders.platform import PlatformSpider


class NxzwSpider(PlatformSpider):
    """Walks the site of profiles/nxzw.toml."""

    name = "nxzw"
    profile = load("nxzw")
