"""What the archive says after the nights, in the words of the script."""

from __future__ import annotations

from collections import Counter

from tests.nights.drive import Thirty
from tests.nights.script import CAUSES, CHANGES, EVENTS, OUTCOMES, QUIET
from tests.nights.world import HOSTS

_NIGHT = "CAST(strftime('%d', {}, '+8 hours') AS INTEGER)"


def names(thirty: Thirty) -> dict[str, str]:
    """Return the name of each address."""
    return {url: name for name, url in thirty.world.urls.items() if url.startswith("http")}


def events(thirty: Thirty) -> set[tuple[int, str, str, str | None]]:
    """Return (night, kind, name, name of the new address) of all events of all sites."""
    named = names(thirty)
    rows = thirty.rows(f"SELECT {_NIGHT.format('happened_at')}, kind, url, other_url FROM events")
    found = [(n, k, named.get(u, u), other and named.get(other, other)) for n, k, u, other in rows]
    assert len(set(found)) == len(found), Counter(found).most_common(3)
    return set(found)


def changes(thirty: Thirty) -> set[tuple[int, str, str]]:
    """Return (night, kind, name) of what turned up or was edited after the first night."""
    named = names(thirty)
    rows = thirty.rows(
        f"SELECT {_NIGHT.format('changed_at')}, kind, url FROM changes"
        " WHERE kind IN ('new', 'edited', 'added')"
    )
    return {(n, kind, named.get(url, url)) for n, kind, url in rows if n > 1}


def problems(thirty: Thirty, last: int) -> list[str]:
    """Return all that is not as the script says, one line each."""
    told = []

    def compare(what: str, found: set[tuple], wanted: set[tuple]) -> None:
        wanted = {one for one in wanted if one[0] <= last}
        told.extend(f"{what} missed: {one}" for one in sorted(wanted - found, key=repr))
        told.extend(f"{what} false: {one}" for one in sorted(found - wanted, key=repr))

    known = thirty.world.urls
    # Before something moves, its address is not yet the one before.
    wanted = {
        (night, kind, name if name in known else name.removesuffix(" before"), other)
        for night, kind, name, other in EVENTS
    }
    compare("event", events(thirty), wanted)
    compare("change", changes(thirty), CHANGES)
    for name, cause in CAUSES.items():
        rows = thirty.rows(
            "SELECT DISTINCT cause FROM events WHERE url = ? AND kind IN ('missing', 'removed')",
            thirty.world.urls.get(name, ""),
        )
        if rows and rows != [(cause,)]:
            told.append(f"cause of {name}: {rows}")
    query = f"SELECT {_NIGHT.format('started_at')}, site_id, outcome, reason FROM runs"
    for night, site, outcome, reason in thirty.rows(query):
        if outcome != OUTCOMES.get((night, site), "finished"):
            told.append(f"outcome of {site} on night {night}: {outcome} ({reason})")
    told.extend(_costs(thirty, last))
    told.extend(_versions(thirty, last))
    told.extend(_revalidated(thirty, last))
    return told


def _costs(thirty: Thirty, last: int) -> list[str]:
    told = []
    documents = {url.partition("://")[2] for (url,) in thirty.rows("SELECT url FROM sources")}
    first = thirty.nights[1].sent
    for night in QUIET:
        if night > last:
            continue
        one = thirty.nights[night]
        if one.sent > 0.03 * first:
            told.append(f"night {night} took {one.sent} bytes, the first {first}")
        asked = [f"{h}{path}" for _, h, path in one.requests if f"{h}{path}" in documents]
        if asked:
            told.append(f"night {night} asked for documents: {asked}")
        twice = [one for one, number in Counter(one.requests).items() if number > 1]
        if twice:
            told.append(f"night {night} asked twice for {twice}")
    for night, one in thirty.nights.items():
        blocked = any((night, site) in OUTCOMES for site in HOSTS)
        # 4: all went well, and a rule that a person is told of has spoken.
        if (one.code in {0, 4}) == blocked:
            told.append(f"night {night} ended with exit code {one.code}")
    return told


def _versions(thirty: Thirty, last: int) -> list[str]:
    """Every version of an edited document is there with its cells, and one is current."""
    told = []
    for name in (name for night, kind, name in CHANGES if kind == "edited" and night <= last):
        rows = thirty.rows(
            "SELECT s.is_current, d.status, d.content_digest, (SELECT count(*) FROM cells c"
            " WHERE c.document_id = d.id AND c.state <> 'unread') FROM sources s"
            " JOIN documents d ON d.id = s.document_id WHERE s.url = ? ORDER BY s.is_current",
            thirty.world.urls[name],
        )
        if [row[0] for row in rows] != [0, 1]:
            told.append(f"{name} has versions {rows}")
        elif rows[0][2] == rows[1][2] or min(row[3] for row in rows) < 100:
            told.append(f"versions of {name} can't be told apart or read: {rows}")
    return told


def _revalidated(thirty: Thirty, last: int) -> list[str]:
    """Every current document of a site that is there was checked within the last week."""
    rows = thirty.rows(
        f"SELECT s.url, {_NIGHT.format('max(v.visited_at)')} FROM sources s"
        " JOIN run_visits v ON v.url = s.url AND v.status IN (200, 304, 302, 404, 410)"
        " WHERE s.is_current = 1 GROUP BY s.url"
    )
    return [f"{url} was last checked on night {night}" for url, night in rows if night < last - 6]
