"""Nights on a site that changes: what is asked for, what is noticed, and when it is said to be."""

from __future__ import annotations

from sqlite_utils import Database

from archive.home import Archive
from archive.publish import publish
from archive.schema import migrations
from tests.crawl_site import Answer, html, moved, rows_of
from tests.history_site import LIST, Nights, changes, events, report, url

WAY = ["/", "/gk/", LIST]


def article(number):
    return f"/gk/nb/202601/t20260120_{number}.html"


def three(nights):
    for number, year in ((1, 2022), (2, 2023), (3, 2024)):
        nights.put(article(number), report(year))


def test_an_unchanged_night_asks_for_the_lists_and_a_week_later_for_everything(tmp_path):
    with Nights(tmp_path) as nights:
        three(nights)
        nights.put("/gk/nb/old.pdf", Answer(b"%PDF-1.4 broken"), "2019年年报")
        nights.listed["/gk/nb/202601/t20260120_9.html"] = ("2018年年报", "2019-01-02")
        first = nights.walk(0)
        assert first.code == 0, first.output
        before = rows_of(first.data)
        again = nights.walk(5)
        assert again.code == 0, again.output
        assert sorted(nights.asked()) == WAY
        assert rows_of(again.data) == before
        due = nights.walk(6)
        assert set(nights.asked()) > {*WAY, *nights.articles}
        assert rows_of(due.data) == before
    history = due.rows("SELECT url, first_seen, last_seen, last_checked FROM capture_history")
    assert all(first <= last == checked for _, first, last, checked in history)
    ((status, place),) = due.rows(
        "SELECT status, warc_file FROM run_visits WHERE url = ? ORDER BY visited_at DESC LIMIT 1",
        url(article(1)),
    )
    assert (status, place) == (304, "kao-3-1.warc.gz")
    columns = due.rows("SELECT url, name, items, pages FROM run_columns WHERE run_id = 3")
    assert columns == [(url(LIST), "年报", 5, 1)]


def test_a_changed_line_is_followed_at_once_and_only_a_change_of_content_is_told(tmp_path):
    with Nights(tmp_path) as nights:
        three(nights)
        nights.walk(0)
        nights.articles[article(1)] = report(2022, received="全年收到申请九件，都已办结。")
        nights.listed[article(1)] = ("财政局2022年年报（更正）", "2026-12-02")
        nights.articles[article(2)] = report(2023, banner="<p>热烈庆祝</p>")
        edited = nights.walk(1)
        assert sorted(nights.asked()) == sorted([*WAY, article(1)])
        last = nights.walk(6)
    told = [change for change in changes(last) if change[0] != "new"]
    assert told == [("edited", article(1), 1)]
    versions = edited.rows("SELECT is_current FROM sources WHERE url = ?", url(article(1)))
    assert sorted(versions) == [(0,), (1,)]
    # The banner made other bytes, which are kept, and the same content.
    kept = "SELECT count(DISTINCT d.digest), count(DISTINCT d.content_digest) FROM documents d"
    query = f"{kept} JOIN sources s ON s.document_id = d.id WHERE s.url = ?"
    assert last.rows(query, url(article(2))) == [(2, 1)]


def test_what_goes_is_missing_then_removed_and_may_come_back(tmp_path):
    gone, dropped, soft, home = (article(number) for number in range(1, 5))
    with Nights(tmp_path, more="revalidate_days = 0") as nights:
        for number in range(1, 7):
            nights.put(article(number), report(2018 + number))
        nights.walk(0)
        del nights.articles[gone]
        line = nights.listed.pop(dropped)
        nights.articles[soft] = html("您访问的页面不存在", "页面不存在")
        nights.articles[home] = moved("/")
        nights.articles[article(5)] = Answer(b"busy", 500)
        missing = nights.walk(1)
        assert missing.code == 0, missing.output
        lost = (gone, dropped, soft, home)
        assert sorted(events(missing)) == sorted(("missing", path, 1) for path in lost)
        nights.walk(1, hours=3)
        confirmed = nights.walk(2)
        assert sorted(events(confirmed)[4:]) == sorted(("removed", path, 2) for path in lost)
        nights.articles[gone] = report(2019)
        nights.listed[dropped] = line
        nights.articles[article(5)] = report(2023)
        back = nights.walk(4)
    assert sorted(events(back)[8:]) == sorted(("restored", path, 4) for path in (gone, dropped))
    # The last good copy stays what the archive shows.
    assert back.rows("SELECT count(*) FROM sources WHERE is_current = 1") == [(6,)]
    causes = dict(back.rows("SELECT url, cause FROM events WHERE kind = 'missing'"))
    assert {path.removeprefix(url("")): cause for path, cause in causes.items()} == {
        gone: "http-404", dropped: "not-listed", soft: "soft-404", home: "redirect-home",
    }  # fmt: skip
    kinds = [kind for kind, path, _ in changes(back) if path == gone]
    assert kinds == ["new", "missing", "removed", "restored"]


def test_what_moves_is_not_gone_and_a_file_goes_when_its_page_drops_it(tmp_path):
    new = "/gk/nb/202612/t20261202_1.html"
    kept, dropped = "/gk/nb/202601/P01.pdf", "/gk/nb/202601/P02.pdf"
    with Nights(tmp_path, more="revalidate_days = 0") as nights:
        three(nights)
        nights.other = {path: Answer(b"%PDF-1.4 " + path.encode()) for path in (kept, dropped)}
        page = nights.articles[article(3)]
        for number, name in ((2, kept), (3, dropped)):
            link = f'<p><a href="{name}">附件</a></p></div></body>'.encode()
            whole = nights.articles[article(number)]
            body = whole.body.replace(b"</div></body>", link)
            nights.articles[article(number)] = Answer(body, 200, whole.headers)
        first = nights.walk(0)
        assert {url(kept), url(dropped)} <= first.documents()
        moving = nights.articles.pop(article(1))
        nights.listed.pop(article(1))
        nights.put(new, Answer(moving.body + b"<!-- moved -->", 200, moving.headers))
        # One page goes and leaves its file behind; another one no longer links to its file.
        nights.articles.pop(article(2))
        nights.articles[article(3)] = page
        nights.walk(1)
        last = nights.walk(2)
    assert sorted(events(last)) == sorted(
        [
            ("moved", article(1), 1),
            ("missing", article(2), 1),
            ("removed", article(2), 2),
            ("missing", dropped, 1),
            ("removed", dropped, 2),
        ]
    )
    assert last.rows("SELECT other_url FROM events WHERE kind = 'moved'") == [(url(new),)]
    told = [change for change in changes(last) if change[1] in (article(1), new)]
    assert told == [("new", article(1), 0), ("moved", article(1), 1)]


def test_a_failed_walk_publishes_nothing_new_and_removes_nothing(tmp_path):
    with Nights(tmp_path) as nights:
        three(nights)
        first = nights.walk(0)
        published = first.rows("SELECT * FROM source_details ORDER BY url")
        del nights.articles[article(2)]
        nights.put(article(4), report(2025), date="2026-12-02")
        nights.articles[article(1)] = report(2022, received="改过。")
        nights.listed[article(1)] = ("改过的年报", "2026-12-02")
        for number in range(10, 14):
            path = article(number)
            nights.put(path, Answer("<h1>访问被阻断</h1>".encode(), 405), date="2026-12-02")
        blocked = nights.walk(1)
        assert blocked.outcome()[0] == "blocked"
        assert article(4) in nights.asked()
        assert events(blocked) == []
        assert blocked.rows("SELECT * FROM source_details ORDER BY url") == published
        held = blocked.rows("SELECT count(*) FROM documents")[0][0]
        archive = Archive(blocked.data)
        release = publish(archive)
        archive.close()
        assert (held, release.counts["documents"], release.counts["reports"]) == (5, 3, 3)
        for number in range(10, 14):
            del nights.articles[article(number)], nights.listed[article(number)]
        good = nights.walk(2)
    assert good.code == 0, good.output
    assert ("new", article(4), 1) in changes(good)
    assert ("edited", article(1), 1) in changes(good)
    assert good.rows("SELECT count(*) FROM pending_sources") == [(0,)]


def test_expected_agencies_are_held_against_the_archive_not_against_tonights_visits(tmp_path):
    with Nights(tmp_path, more='expected_agencies = ["考试县财政局", "考试县水务局"]') as nights:
        nights.put(article(1), report(2023))
        nights.put(article(2), report(2024, agency="考试县水务局"))
        assert "W-AGENCY-MISSING" not in nights.walk(0).rules()
        del nights.articles[article(2)]
        nights.listed[article(2)] = ("水务局年报", "2026-12-03")
        last = nights.walk(1)
    assert article(1) not in nights.asked()
    ((message,),) = last.rows("SELECT message FROM findings WHERE rule = 'W-AGENCY-MISSING'")
    assert "考试县水务局" in message


def test_an_archive_from_before_is_told_what_its_documents_say(tmp_path):
    db = Database(tmp_path / "old.db")
    migrations.apply(db, stop_before="0009_history")
    for number, (status, text) in enumerate(
        (("read", "共 9 件"), ("read", "共9件"), ("read", "共8件"), ("unreadable", "")), start=1
    ):
        db.execute("INSERT INTO payloads (digest, size) VALUES (?, 1)", [f"d{number}"])
        db.execute(
            "INSERT INTO documents (id, digest, format, status, title, reader)"
            " VALUES (?, ?, 'html', ?, '年报', '1')",
            [number, f"d{number}", status],
        )
        db.execute("INSERT INTO sections VALUES (?, 1, '一、总体情况', ?, '')", [number, text])
    migrations.apply(db)
    first, same, other, none = (
        row[0] for row in db.execute("SELECT content_digest FROM documents ORDER BY id").fetchall()
    )
    assert first == same != other
    assert none is None
    assert list(db.query("SELECT other_url FROM changes")) == []
    db.close()
