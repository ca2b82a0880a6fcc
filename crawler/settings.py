"""Settings of Scrapy, each with its reason. What differs by site comes from its profile."""

import os

# Where it is.
BOT_NAME = "nianbao"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
# Our own: the data folder, hosts taken to another address, lines of progress.
NIANBAO_DATA = os.environ.get("NIANBAO_DATA", "data")
NIANBAO_RESOLVE: dict[str, str] = {}
NIANBAO_PROGRESS = True
NIANBAO_COMPARE = True  # once a week with the site's sitemap and search
NIANBAO_STORE = None  # where bytes go; None for what the data folder says
NIANBAO_RUN: int | None = None  # number of the run, of a block; None for the next one
NIANBAO_DEADLINE: float | None = None  # a run pauses at this time, seconds since the epoch
NIANBAO_MAX_BYTES = 20 << 30  # new bytes of one run, unpacked: many times what a county has

# Who we are: an operator can find out and complain.
USER_AGENT = (
    "nianbao/0.1 (archive of annual disclosure reports; +https://pypi.org/project/nianbao/)"
)
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/pdf,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",  # some servers choose a language by it
    "Accept-Encoding": "gzip, deflate",  # what the archive can undo itself
}

# Politeness: one request at a time to a host; our Pace keeps delay, Crawl-delay and Retry-After.
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.5
DOWNLOAD_DELAY_JITTER = 0  # a delay is a promise, not an average
AUTOTHROTTLE_ENABLED = False  # would lower a Crawl-delay again
ROBOTSTXT_OBEY = False  # ours judges the status of the answer; Scrapy's takes an error for a yes

# Limits: a site must not hold up, fill up or lead astray.
DOWNLOAD_TIMEOUT = 60  # a whole answer, not its silence: one that drips is slow, too
CLOSESPIDER_TIMEOUT = 20 * 3600  # a run that would meet the next night's
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0  # large PDFs are ordinary
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504, 522, 524]
RETRY_GIVE_UP_LOG_LEVEL = "INFO"  # becomes a finding
METAREFRESH_ENABLED = False  # a page that refreshes is a page, often a challenge
COOKIES_ENABLED = False  # nothing is remembered, nobody is tracked
HTTPPROXY_ENABLED = False  # the address check has to see the real address
URLLENGTH_LIMIT = 0  # would drop them without a word; the guard refuses them
HTTPERROR_ALLOW_ALL = True  # the spider turns every status into a finding

# Breadth first, in the order of the pages: the same site gives the same walk.
DEPTH_PRIORITY = 1
SCHEDULER_DISK_QUEUE = "scrapy.squeues.PickleFifoDiskQueue"
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"

# Doors that stay shut.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True  # Scrapy's default is not to look
TWISTED_DNS_RESOLVER = "crawler.network.guard.PublicResolver"  # gives no private address away
DOWNLOAD_HANDLERS = {
    "http": "crawler.network.handler.ResolvingHandler",
    "https": "crawler.network.handler.ResolvingHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}

# From the engine to the network; answers come back the other way.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # the guard knows more
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # see ROBOTSTXT_OBEY
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # the archive
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,  # guesses freshness
    "crawler.network.guard.GuardMiddleware": 10,  # before anything is asked, robots.txt included
    "crawler.lists.ListEndMiddleware": 20,  # a list that has ended is not asked for more
    "crawler.network.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # breaks on bad addresses
    "crawler.network.guard.RedirectMiddleware": 600,
    "crawler.network.blocks.BlockMiddleware": 840,  # before retry and redirect see the answer
    "crawler.network.bounds.VolumeMiddleware": 850,  # what was archived is counted
    "crawler.network.capture.CaptureMiddleware": 860,  # next to the network: wire bytes, every hop
}
SPIDER_MIDDLEWARES = {
    "crawler.network.bounds.FrontierMiddleware": 950,  # next to the spider: reads no more links
}
EXTENSIONS = {
    "crawler.run.Run": 1,  # first: everything else reports to it
    "crawler.network.pace.Pace": 2,
    "crawler.comparing.compare.Compare": 3,  # what it finds is listed, so before what is not
    "crawler.unlisted.Unlisted": 4,
    "scrapy.extensions.throttle.AutoThrottle": None,
    "scrapy.extensions.feedexport.FeedExporter": None,  # the archive is the output
    "scrapy.extensions.telnet.TelnetConsole": None,  # not even loaded: see doors above
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.logstats.LogStats": None,  # Run shows progress
}
ITEM_PIPELINES = {
    "crawler.itempipelines.DedupePipeline": 100,
    "crawler.itempipelines.ParsePipeline": 200,
    "crawler.itempipelines.StorePipeline": 300,
}

LOG_LEVEL = "INFO"  # DEBUG repeats what the archive holds
