"""Why a site gave no page: no network, no name, a closed port, a broken certificate, a refusal."""

from __future__ import annotations

import os
import re
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.network.block_pages import block_sign
from crawler.probing.advice import Advice, Change
from pipeline.read.html import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.probing.met import Met
    from crawler.profile import Profile

# A name that exists as long as there is a Chinese government: looked up, never spoken to.
KNOWN_NAME = "www.gov.cn"
_LOOK_UP_SECONDS = 6.0
_KINDS = (
    ("name", re.compile(r"CannotResolveHost|DNSLookup")),
    ("refused", re.compile(r"ConnectionRefused")),
    ("time", re.compile(r"Timeout|timed out", re.IGNORECASE)),
    ("certificate", re.compile(r"certificate", re.IGNORECASE)),
    ("tls", re.compile(r"SSL|TLS")),
    ("unreachable", re.compile(r"unreachable|No route|NoRoute", re.IGNORECASE)),
    (
        "broken",
        re.compile(r"ConnectionLost|ConnectionClosed|ConnectionDone|DataLoss|NeverReceived"),
    ),
)
_BROWSER = "open the address in a browser on another network"


def names_resolve() -> bool:
    """Tell whether this machine can look up a name at all."""
    found: list[object] = []

    def look() -> None:
        try:
            found.append(socket.getaddrinfo(KNOWN_NAME, 443))
        except OSError:
            return

    # The resolver may try for half a minute; a person is waiting.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(_LOOK_UP_SECONDS)
    return bool(found)


def kind_of(note: str) -> str:
    """Return what kind of failure a visit's note tells of; "other" for none that is known."""
    return next((kind for kind, pattern in _KINDS if pattern.search(note)), "other")


def unanswered(seen: Sequence[Met], profile: Profile) -> Iterator[Advice]:
    """Yield advice on hosts that gave no answer.

    Args:
        seen: what the run met.
        profile: of the site.

    """
    answered = {one.host for one in seen if one.status}
    silent: dict[str, list[Met]] = {}
    for one in seen:
        if not one.status and one.host not in answered:
            silent.setdefault(one.host, []).append(one)
    unnamed = [host for host, tries in silent.items() if kind_of(tries[0].note) == "name"]
    if unnamed and not answered and not names_resolve():
        yield _no_network(unnamed, silent, profile)
        return
    for host, tries in silent.items():
        yield _silent(host, tries, sorted(answered), profile)
    for one in seen:
        # The site answers, but not in this scheme or not at this address.
        if not one.status and one.host in answered and kind_of(one.note) in {"certificate", "tls"}:
            yield _broken_tls(one, profile)
            return


def _no_network(unnamed: list[str], silent: dict[str, list[Met]], profile: Profile) -> Advice:
    actions = [
        (
            "connect this machine to the internet or repair its name server (/etc/resolv.conf), "
            f"until 'getent hosts {unnamed[0]}' prints an address"
        ),
        (
            f"then run 'nianbao probe {profile.id}' again; nothing was learned about the site, so "
            "nothing in its profile need change now"
        ),
    ]
    if proxy := _proxy():
        actions.insert(0, proxy)
    actions.append("without internet: 'make demo' walks the bundled copy of both sites")
    rest = (
        "if the network is well and only this name fails: search the web for the site's name "
        f"{profile.name} and put the host of its address here"
    )
    return Advice(
        f"no internet: this machine can look up no name, {KNOWN_NAME} as little as "
        f"{', '.join(unnamed)}; no request left it",
        f"an answer from {', '.join(profile.all_hosts)}, begun at {', '.join(profile.entries)}",
        (Change("hosts", rest),),
        tuple(actions),
        tuple(one.describe() for tries in silent.values() for one in tries),
    )


def _proxy() -> str | None:
    named = [name for name in ("https_proxy", "http_proxy", "all_proxy") if _set(name)]
    if not named:
        return None
    return (
        f"a proxy is set here ({', '.join(named)}); nianbao does not use it, because it has to see "
        "the real address of each host: run it where it can connect directly"
    )


def _set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(name.upper()))


def _silent(host: str, tries: list[Met], answered: list[str], profile: Profile) -> Advice:
    kind = kind_of(tries[0].note)
    shown = tuple(one.describe() for one in tries)
    if host in profile.former_hosts and answered:
        return Advice(
            f"the former host {host} no longer answers; {', '.join(answered)} does",
            f"{host} to answer or to lead to today's host",
            (Change("entries", f"take the addresses of {host} out; former_hosts may stay"),),
            (),
            shown,
        )
    instead = (
        f"{', '.join(answered)} answers: is {host} its old name? Then move it to former_hosts"
        if answered
        else f"search the web for {profile.name} and put the host of its address here"
    )
    hosts = Change("hosts", instead)
    entries = Change("entries", f"begin at an address that opens in a browser, not at {host}")
    if kind == "name":
        return Advice(
            f"the name {host} is not known to the name server, other names are",
            "a host that exists",
            (hosts, entries),
            (),
            shown,
        )
    if kind in {"certificate", "tls"}:
        return _broken_tls(tries[0], profile)
    what = {
        "refused": f"{host} refused the connection: nothing listens there, or a firewall says no",
        "time": f"{host} did not answer in time",
        "unreachable": f"there is no way to {host} from this machine",
        "broken": f"{host} broke the connection off; firewalls do so to crawlers they do not want",
    }.get(kind, f"{host} gave no answer: {tries[0].note}")
    actions = (
        (
            f"{_BROWSER}: if it opens there, this machine's address is kept out; ask the site's "
            "operator to let it in (NIANBAO_CONTACT says who you are). It is not worked around"
        ),
        "if it opens nowhere, the site is down: try again tomorrow",
    )
    return Advice(what, f"a page at {', '.join(profile.entries)}", (entries, hosts), actions, shown)


def _broken_tls(one: Met, profile: Profile) -> Advice:
    plain = tuple(re.sub(r"^https://", "http://", url) for url in profile.entries)
    if kind_of(one.note) == "tls":
        return Advice(
            f"{one.host} does not speak TLS at its https address",
            "an answer by https",
            (Change("entries", "ask in plain http", plain),),
            (),
            (one.describe(),),
        )
    return Advice(
        f"the certificate of {one.host} does not verify: expired, for another name, or its "
        "issuer is unknown here",
        "a certificate that this machine's authorities vouch for",
        (
            Change("entries", "if the site answers in plain http", plain),
            Change(
                "verify_certificates", "only if the fault is known to be the site's", value=False
            ),
        ),
        (
            f"look at it: openssl s_client -connect {one.host}:443 -servername {one.host}",
            "if this machine's clock is wrong or ca-certificates is old, repair that first",
        ),
        (one.describe(),),
    )


def refused(
    seen: Sequence[Met], forbidden: Sequence[tuple[str, str]], profile: Profile
) -> Iterator[Advice]:
    """Yield advice on answers that say no: block pages, robots.txt, redirects to other hosts.

    Args:
        seen: what the run met.
        forbidden: address and words of what robots.txt forbade.
        profile: of the site.

    """
    blocks = [(one, sign) for one in seen if (sign := block_sign(one.status, one.body))]
    if blocks:
        yield _blocked(blocks, profile)
    yield from _robots(seen, forbidden, profile)
    yield from _moved(seen, profile)


def _blocked(blocks: list[tuple[Met, str]], profile: Profile) -> Advice:
    one, sign = blocks[0]
    return Advice(
        f"the site refuses: {len(blocks)} block pages, the first at {one.url} ({sign})",
        f"pages of {profile.name}",
        (Change("delay", "if the site allows slower walks: more seconds between two requests"),),
        (
            "wait a day; blocks after many requests often end by themselves",
            (
                "set NIANBAO_CONTACT to an address of yours, so that the operator can reach you; "
                "ask to be let in, the telephone number stands at the foot of the home page"
            ),
            "a challenge is never solved and the crawler never disguised",
        ),
        tuple(page.describe() for page, _ in blocks[:3]),
    )


def _robots(
    seen: Sequence[Met], forbidden: Sequence[tuple[str, str]], profile: Profile
) -> Iterator[Advice]:
    files = [one for one in seen if one.is_robots]
    for one in files:
        if one.status and one.status not in {200, 404, 410} and not 300 <= one.status < 400:
            if block_sign(one.status, one.body):
                return
            yield Advice(
                f"robots.txt of {one.host} answered {one.status}: neither the file nor 'none'",
                "200 with the file, or 404",
                (Change("entries", f"begin at another of {', '.join(profile.all_hosts)}"),),
                ("an error is no permission: try again tomorrow, or ask the operator",),
                (one.describe(),),
            )
    asked = [(url, words) for url, words in forbidden if _matters(url, words, profile)]
    if not asked:
        return
    host = urlsplit(asked[0][0]).hostname
    rules = [one for one in files if one.host == host and one.status == 200]
    lines = [
        f"line {number} of {one.url}: {line.strip()}"
        for one in rules[:1]
        for number, line in enumerate(decode(one.body).splitlines(), 1)
        if line.strip().lower().startswith(("disallow:", "user-agent:", "allow:"))
    ]
    yield Advice(
        f"robots.txt forbids {', '.join(url for url, _ in asked[:3])}",
        "entries and report columns that robots.txt allows",
        (
            Change("entries", "begin at pages that robots.txt allows"),
            Change("report_columns", "addresses of report columns outside of what is forbidden"),
        ),
        ("otherwise ask the operator for permission; robots.txt is always obeyed",),
        (*(one.describe() for one in rules[:1]), *lines[:12]),
    )


def _matters(url: str, words: str, profile: Profile) -> bool:
    known = {*profile.entries, *profile.report_columns}
    return url in known or re.search(profile.report_text, words) is not None


def _moved(seen: Sequence[Met], profile: Profile) -> Iterator[Advice]:
    for one in seen:
        host = urlsplit(one.location or "").hostname
        if host is None or host in profile.all_hosts:
            continue
        old = tuple(name for name in profile.hosts if name == one.host)
        entries = tuple(
            dict.fromkeys(
                one.location or ""
                if url == one.url
                else url.replace(f"//{one.host}/", f"//{host}/")
                for url in profile.entries
            )
        )
        hosts = (host, *(name for name in profile.hosts if name not in old))
        former = tuple(dict.fromkeys((*profile.former_hosts, *old)))
        yield Advice(
            f"{one.host} leads to another host, {host}, which the profile does not name",
            f"pages of {', '.join(profile.all_hosts)}; nothing else is ever fetched",
            (
                Change("hosts", f"{one.host} leads there", hosts),
                Change("former_hosts", "its old name stays known", former),
                Change("entries", "the same pages there", entries),
            ),
            (
                (
                    f"first look whether {host} is the same site: mirrors, login pages and block "
                    "pages lie on other hosts too"
                ),
            ),
            (one.describe(),),
        )
        return
