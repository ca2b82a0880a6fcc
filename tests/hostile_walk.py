"""One walk over several sites in one process, told how it ended and what it took.

``python -m tests.hostile_walk DATA SETTINGS HOST=ADDRESS:PORT … -- PROFILE …``: the settings are
those of ``nianbao crawl`` but for SETTINGS (JSON), so that no test waits for a real limit.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from crawler.network.handler import parse_resolve
from crawler.profile import load
from crawler.walk import settings_for, spider_for, walk


def main() -> None:
    """Walk, then print outcome and peak memory as JSON."""
    data, changed, *rest = sys.argv[1:]
    cut = rest.index("--")
    more = {"RETRY_TIMES": 0, "NIANBAO_PROGRESS": False, **json.loads(changed)}
    settings = settings_for(Path(data), parse_resolve(tuple(rest[:cut])), more)
    ends = walk([spider_for(load(name)) for name in rest[cut + 1 :]], settings)
    # What getrusage tells begins with what the parent had when it forked.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    told = [{**asdict(end), "counts": dict(end.counts)} for end in ends]
    sys.stdout.write(json.dumps({"ends": told, "peak": peak}) + "\n")


if __name__ == "__main__":
    main()
