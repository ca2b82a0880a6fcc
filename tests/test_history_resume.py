"""A walk that was killed or paused goes on where it ended, whatever validators there are."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter

from tests.crawl_site import ROOT, Answer, check_warc, run
from tests.history_site import Nights, report, url

QUERIES = (
    "SELECT url, status, digest, referrer FROM captures",
    # Which of two documents is read first is a matter of chance, and so is its number.
    """SELECT s.url, s.site_id, s.role, s.parent_url, s.link_text, s.column_path, s.published,
    s.is_current, d.digest FROM sources s JOIN documents d ON d.id = s.document_id""",
    "SELECT id, rule, url, message FROM findings",
    "SELECT kind, url FROM changes",
    "SELECT id, kind, url, cause, other_url FROM events",
    "SELECT site_id, url, line FROM run_lines",
)


def fill(nights):
    for number in range(1, 9):
        path = f"/gk/nb/202601/t20260120_{number}.html"
        page = report(2017 + number) if number < 4 else Answer(f"<p>{number}</p>".encode())
        nights.put(path, page)
    nights.listed["/gk/nb/202601/t20260120_99.html"] = ("已经没有的年报", "2026-01-20")


def kill(nights, night, hours, answers):
    """Kill a walk once the site has given so many answers; return how many it gave."""
    nights.site.pages = nights.pages()
    nights.site.requests.clear()
    process = subprocess.Popen(nights.command(night, hours), cwd=ROOT, stdout=subprocess.DEVNULL)
    while len(nights.site.requests) < answers and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return list(nights.site.paths)


def test_killed_walks_end_as_one_that_was_left_alone(tmp_path):
    (tmp_path / "calm").mkdir()
    (tmp_path / "killed").mkdir()
    calm = Nights(tmp_path / "calm", validators=False)
    hit = Nights(tmp_path / "killed", validators=False)
    with calm, hit:
        fill(calm)
        fill(hit)
        calm.walk(0)
        asked = [*kill(hit, 0, 0, 4), *kill(hit, 0, 1, 3)]
        hit.walk(0, 2)
        asked += hit.site.paths
        # A later night: one report goes, one comes, and the walk is killed again.
        for nights in (calm, hit):
            nights.articles.pop("/gk/nb/202601/t20260120_1.html")
            nights.listed.pop("/gk/nb/202601/t20260120_1.html")
            nights.put("/gk/nb/202601/t20260120_20.html", report(2025))
        wanted = calm.walk(1)
        kill(hit, 1, 0, 5)
        last = hit.walk(1, 1)
    check_warc(last.data)
    for query in QUERIES:
        assert sorted(map(repr, last.rows(query))) == sorted(map(repr, wanted.rows(query))), query
    # What was on its way when the process died comes again, and nothing else.
    assert sum(number - 1 for number in Counter(asked).values()) <= 2
    twice = "SELECT url FROM run_visits WHERE status = 200 AND run_id <= 3 GROUP BY url"
    assert last.rows(f"{twice} HAVING count(*) > 1") == []
    outcomes = [outcome for (outcome,) in last.rows("SELECT outcome FROM runs ORDER BY id")]
    assert outcomes == ["interrupted", "interrupted", "finished", "interrupted", "finished"]


def test_a_night_that_is_over_pauses_the_walk_and_the_next_one_goes_on(tmp_path):
    with Nights(tmp_path, validators=False, more="max_pages = 10") as nights:
        fill(nights)
        first = nights.walk(0)
        assert first.outcome() == ("paused", "max_pages = 10 was reached; the next night goes on")
        assert first.code == 1
        assert len(nights.site.requests) == 10
        before = set(nights.asked())
        # The same night has nothing left to ask with; the next one asks for lists and the rest.
        assert nights.walk(0, 2).outcome()[0] == "paused"
        assert nights.asked() == []
        second = nights.walk(1)
    assert second.outcome() == ("finished", None)
    assert set(nights.asked()) & before == {"/", "/gk/", "/gk/nb/"}
    assert len(second.documents()) == 8


def test_a_walk_ends_when_its_time_is_over_even_while_it_waits(tmp_path):
    start = (
        "import sys, time; from pathlib import Path; from crawler.profile import load;"
        "from crawler.walk import settings_for, spider_for, walk;"
        "resolve = dict([sys.argv[3].split('=')]);"
        "more = {'NIANBAO_PROGRESS': False, 'NIANBAO_DEADLINE': time.time() + 2};"
        "settings = settings_for(Path(sys.argv[2]), resolve, more);"
        "print(walk([spider_for(load(sys.argv[1]))], settings)[0].outcome)"
    )
    with Nights(tmp_path, more="delay = 8.0") as nights:
        fill(nights)
        nights.site.pages = nights.pages()
        command = nights.command(0)
        python, file, data = command[0], command[command.index("--profile") + 1], tmp_path / "data"
        resolve = command[command.index("--resolve") + 1]
        began = time.monotonic()
        done = subprocess.run(
            [python, "-c", start, file, str(data), resolve],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert time.monotonic() - began < 25
        assert done.stdout.strip() == "paused"
        asked = nights.asked()
        nights.more = ""
        nights.site.requests.clear()
        last = run([python, "-m", "crawler.cli", *nights.command(0)[4:]], data)
    assert last.code == 0, last.output
    assert not set(asked) & set(nights.asked())
    assert last.rows("SELECT outcome FROM runs WHERE id = 1") == [("paused",)]
    assert url("/gk/nb/202601/t20260120_1.html") in last.documents()
