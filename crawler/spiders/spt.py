"""中卫市沙坡头区."""

from crawler.profile import load
from crawler.spiders.platform import PlatformSpider


class SptSpider(PlatformSpider):
    """Walks the site of profiles/spt.toml."""

    name = "spt"
    profile = load("spt")
