"""A new site: a profile from a probe, the list page it met, and a test that reads it offline."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.home import Archive
from crawler import discovery
from crawler.adapters.trs import Page
from crawler.comparing.elsewhere import tenant_of
from crawler.discovery import Role, Step
from crawler.probing.advice import Advice, Change, toml_line
from crawler.probing.explain import explain, is_column
from crawler.probing.met import met
from crawler.probing.places import Guess, guess_id, guess_place
from crawler.profile import Profile, load, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.probing.met import Met

MOST_ROUNDS = 4
# What a probe may decide by itself; everything else is for a person to judge.
_DECIDED = (
    "hosts",
    "former_hosts",
    "entries",
    "report_text",
    "list_selectors",
    "article_selectors",
)
_UNKNOWN = ("000000", "待定")
_TEST = '''"""The report list of {name}, as served on {date}: every line of it is found."""

from pathlib import Path

from crawler.adapters.trs import Page
from crawler.discovery import Role, Step, column_links
from crawler.profile import load

HERE = Path(__file__).parent
URL = "{url}"
LINES = [
{lines}
]


def test_every_line_of_the_report_list_is_found():
    page = Page(URL, (HERE / "list.html").read_bytes(), load(str(HERE / "{id}.toml")))
    steps = column_links(page, Step(Role.COLUMN, URL))
    found = [(step.text, step.url, step.date) for step in steps if step.role is Role.REPORT]
    assert found == LINES
'''


class NewSiteError(ValueError):
    """No profile was written; the message says what is missing and which option gives it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator says of a new site.

    Args:
        url: a page to begin at.
        id: short name; empty to guess it.
        name: what the site is called; empty to guess it.
        region_code: six digits; empty to guess them.
        region_name: short name of the region; empty to guess it.
        parents: names of the regions above, outermost first; empty to guess them.
        columns: report columns known by address.

    """

    url: str
    id: str = ""
    name: str = ""
    region_code: str = ""
    region_name: str = ""
    parents: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Draft:
    """A profile that is being written.

    Args:
        keys: value by key, region and search left out.
        why: reason by key.

    """

    keys: dict[str, str | bool | tuple[str, ...]]
    why: dict[str, str] = field(default_factory=dict)

    def take(self, change: Change) -> bool:
        """Take a proposal over; tell whether it says anything new."""
        if change.value is None or self.keys.get(change.key) == change.value:
            return False
        value = change.value
        earlier = self.keys.get(change.key)
        if change.key.endswith("_selectors") and isinstance(earlier, tuple):
            assert isinstance(value, tuple)
            value = tuple(dict.fromkeys((*earlier[:-1], *value)))
            if value == earlier:
                return False
        self.keys[change.key] = value
        self.why[change.key] = change.why
        return True

    def text(self, guess: Guess, search: tuple[str, str] | None) -> str:
        """Return the profile as TOML, each key that was decided with its reason."""
        lines = []
        for key, value in self.keys.items():
            if key in self.why:
                lines.append(f"# {self.why[key]}")
            lines.append(toml_line(key, value))
        lines += ["", "[region]"]
        if guess.why:
            lines.append(f"# {guess.why}")
        lines += [toml_line("code", guess.code), toml_line("name", guess.region)]
        if guess.parents:
            lines.append(toml_line("parents", guess.parents))
        if search is not None:
            lines += ["", "# A search link on the site's pages names the tenant.", "[search]"]
            lines += [toml_line("url", search[0]), toml_line("tenant_id", search[1])]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the probes of a new site met.

    Args:
        pages: what was met last.
        advice: what is still otherwise than expected.
        said: what the last probe printed.

    """

    pages: list[Met]
    advice: list[Advice]
    said: str


def new_site(wish: Wish, into: Path, resolve: Sequence[str]) -> list[str]:
    """Probe a site and write profile, list page and test.

    Args:
        wish: address and what the operator knows.
        into: folder that gets a folder of the site's id.
        resolve: HOST=ADDRESS:PORT each, as of ``--resolve``.

    Returns:
        What to print: what was written, what was decided and why, what to run next.

    Raises:
        NewSiteError: something can't be guessed, no report list was met, or the files exist.
        OSError: the files can't be written.

    """
    host = urlsplit(wish.url).hostname
    if urlsplit(wish.url).scheme not in {"http", "https"} or not host:
        raise NewSiteError(f"{wish.url} is no http:// or https:// address")
    identity = wish.id or guess_id(wish.url)
    if not identity:
        raise NewSiteError("no short name can be guessed from the host; give --id")
    folder = into / identity
    if folder.exists():
        raise NewSiteError(f"{folder} exists and is never overwritten; give another --id or --into")
    draft = Draft({"id": identity, "name": wish.name or host, "hosts": (host,)})
    draft.keys["entries"] = (wish.url,)
    if wish.columns:
        draft.keys["report_columns"] = wish.columns
        draft.why["report_columns"] = "given by the operator"
    seen = _probe(draft, resolve)
    column, lines = _report_list(seen, draft, wish)
    pages = [one.page for one in seen.pages if one.page is not None]
    guess = _place(pages, draft, wish)
    draft.keys["name"] = guess.name
    tenant = tenant_of(pages)
    main = draft.keys["hosts"]
    assert isinstance(main, tuple)
    search = (f"https://{main[0]}/irs/front/search", tenant[0]) if tenant else None
    contents = {
        folder / f"{identity}.toml": draft.text(guess, search).encode(),
        folder / f"test_{identity.replace('-', '_')}.py": _test(
            guess.name, identity, column.url, lines
        ).encode(),
        folder / "list.html": column.body,
    }
    folder.mkdir(parents=True)
    for file, content in contents.items():
        file.write_bytes(content)
    return _report(tuple(contents), draft, guess, seen)


def _probe(draft: Draft, resolve: Sequence[str]) -> Seen:
    """Probe until nothing that may be decided here is left to decide."""
    with tempfile.TemporaryDirectory(prefix="nianbao-new-site-") as name:
        folder = Path(name)
        file = folder / "draft.toml"
        for _ in range(MOST_ROUNDS):
            text = draft.text(Guess(code=_UNKNOWN[0], region=_UNKNOWN[1]), None)
            file.write_text(text, encoding="utf-8")
            seen = _look(file, parse(text, str(file)), folder, resolve)
            if not sum(_decide(draft, one) for one in seen.advice):
                break
    return seen


def _look(file: Path, profile: Profile, folder: Path, resolve: Sequence[str]) -> Seen:
    # A process of its own each time: the crawler's reactor runs once.
    named = [part for one in resolve for part in ("--resolve", one)]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "crawler.cli", "probe", str(file), *named, "--data", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    where = folder / "probe" / profile.id
    if done.returncode not in {0, 1} or not where.exists():
        raise NewSiteError(f"the probe broke down: {done.stderr.strip() or done.stdout.strip()}")
    archive = Archive(where)
    try:
        (run_id,) = archive.db.execute("SELECT max(id) FROM runs").fetchone()
        pages = met(archive, run_id, profile, {})
        return Seen(pages, explain(archive, run_id, profile), done.stdout)
    finally:
        archive.close()


def _decide(draft: Draft, advice: Advice) -> bool:
    """Take over what an advice proposes: its first change, and those that belong to it."""
    changes = [one for one in advice.changes if one.key in _DECIDED and one.value is not None]
    if changes and changes[0].key != "hosts":
        changes = changes[:1]
    return sum(draft.take(change) for change in changes) > 0


def _report_list(
    seen: Seen, draft: Draft, wish: Wish
) -> tuple[Met, list[tuple[str, str, str | None]]]:
    """Return the list page with the most reports, and its lines."""
    profile = parse(draft.text(Guess(code=_UNKNOWN[0], region=_UNKNOWN[1]), None), "draft")
    read = [
        (one, _lines(Page(one.url, one.body, profile), one.url))
        for one in seen.pages
        if one.page is not None and one.status == 200 and is_column(one, profile)
    ]
    read = [(one, lines) for one, lines in read if lines]
    if not read:
        told = [line for one in seen.advice for line in one.lines(profile)]
        head = (
            f"no list of reports was met from {wish.url}; nothing was written. Begin at the page "
            "政府信息公开, or give a report list with --column URL."
        )
        raise NewSiteError("\n".join([head, *told]))
    return max(read, key=lambda pair: len(pair[1]))


def _lines(page: Page, url: str) -> list[tuple[str, str, str | None]]:
    steps = discovery.column_links(page, Step(Role.COLUMN, url))
    return [(step.text, step.url, step.date) for step in steps if step.role is Role.REPORT]


def _place(pages: list[Page], draft: Draft, wish: Wish) -> Guess:
    hosts = draft.keys["hosts"]
    assert isinstance(hosts, tuple)
    guess = guess_place(pages, hosts[0], wish.name, wish.region_code)
    guess = Guess(
        wish.name or guess.name,
        wish.region_code or guess.code,
        wish.region_name or guess.region,
        wish.parents or guess.parents,
        guess.why,
    )
    missing = {"--name": guess.name, "--region-code": guess.code, "--region-name": guess.region}
    options = [option for option, value in missing.items() if not value]
    if options:
        titles = ", ".join(dict.fromkeys(page.title for page in pages if page.title)) or "none"
        raise NewSiteError(
            f"can't be guessed from the pages (titles: {titles}): give {' and '.join(options)}; "
            "the code is the six digits of GB/T 2260, e.g. 640502. Nothing was written"
        )
    return guess


def _test(name: str, identity: str, url: str, lines: Sequence[tuple[str, str, str | None]]) -> str:
    shown = "\n".join(f"    {line!r}," for line in lines)
    date = datetime.now(UTC).date().isoformat()
    return _TEST.format(name=name, date=date, url=url, lines=shown, id=identity)


def _report(files: Sequence[Path], draft: Draft, guess: Guess, seen: Seen) -> list[str]:
    profile = files[0]
    lines = [f"wrote {file}" for file in files]
    lines.append(f"guessed: {guess.name}, {guess.region} {guess.code} ({guess.why})")
    lines += [f"decided: {key}, because {why}" for key, why in draft.why.items()]
    loaded = load(str(profile))
    for one in seen.advice:
        lines += ["still otherwise than expected:", *(f"  {line}" for line in one.lines(loaded))]
    return [
        *lines,
        "next:",
        "  read the profile: name and region were guessed",
        f"  python -m pytest {profile.parent}",
        f"  nianbao probe {profile}",
        f"  nianbao crawl --profile {profile}",
    ]
