"""Feeds of changes and findings, for people who want to be told.

Source: RFC 4287 (Atom). Identifiers are UUIDs made of what an entry is about, so that they stay
the same when the site moves to another host and when the database is built anew.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
from dataclasses import dataclass
from urllib.parse import unquote

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from lxml import etree

from archive.site import words
from archive.site.answers import ask, page_of
from archive.site.lookup import Row, agency
from archive.site.lookup import ask as rows_of

ENTRIES = 50
_ONCE = ("new", "added")
_ATOM = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:nianbao:feeds")
# XML 1.0 has no place for these, whatever they are escaped as.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed: what it is about (for its id), title, summary, kind, page, moment."""

    about: str
    title: str
    summary: str
    kind: tuple[str, str]
    path: str
    updated: str


def identifier(about: str) -> str:
    """Return the identifier of something that a feed tells of."""
    return uuid.uuid5(_NAMES, about).urn


def _rfc3339(moment: str) -> str:
    # Captures have "Z", releases an offset; a bare day is midnight.
    return moment if "T" in moment else f"{moment}T00:00:00Z"


def _text(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = _NO_XML.sub("\ufffd", text)


def feed(datasette: Datasette, request: Request, page: str, title: str,
         entries: list[Entry]) -> Response:  # fmt: skip
    """Return a feed.

    Args:
        datasette: the site; its release says when an empty feed was updated.
        request: asks for the feed; its path names the feed.
        page: path of the page with the same content.
        title: of the feed.
        entries: newest first.

    """

    def absolute(path: str) -> str:
        return str(datasette.absolute_url(request, path))

    root = etree.Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": "zh-CN"}, nsmap={None: _ATOM})  # type: ignore[dict-item]  # its way to say "no prefix"
    within = datasette.options.within
    _text(root, "id", identifier((within.code if within else "") + unquote(request.path)))
    _text(root, "title", f"{words.cut(title, 300)} · {words.SITE_TITLE}")
    newest = max((entry.updated for entry in entries), default=datasette.release.published_at)
    _text(root, "updated", newest)
    author = etree.SubElement(root, f"{{{_ATOM}}}author")
    _text(author, "name", words.SITE_TITLE)
    link = f"{{{_ATOM}}}link"
    etree.SubElement(
        root,
        link,
        rel="self",
        type="application/atom+xml",
        href=absolute(words.link(unquote(request.path))),
    )
    etree.SubElement(root, link, rel="alternate", type="text/html", href=absolute(page))
    _text(root, "rights", words.LICENSE)
    for entry in entries:
        element = etree.SubElement(root, f"{{{_ATOM}}}entry")
        _text(element, "id", identifier(entry.about))
        _text(element, "title", words.cut(entry.title, 300))
        _text(element, "updated", entry.updated)
        etree.SubElement(
            element, link, rel="alternate", type="text/html", href=absolute(entry.path)
        )
        term, label = entry.kind
        etree.SubElement(element, f"{{{_ATOM}}}category", term=term, label=label)
        _text(element, "summary", words.cut(entry.summary, 2500))
    return Response(
        etree.tostring(root, encoding="utf-8", xml_declaration=True),
        content_type="application/atom+xml; charset=utf-8",
    )


def _changes(connection: sqlite3.Connection, agency_key: str | None = None) -> list[Row]:
    where = "AND agency_key = :key" if agency_key else ""
    return rows_of(
        connection,
        "SELECT c.*, d.digest FROM (SELECT * FROM changes WHERE changed_at IS NOT NULL"  # noqa: S608 - our own condition
        f" {where} ORDER BY changed_at DESC, kind DESC, document_id DESC, url DESC LIMIT :limit) c"
        " JOIN documents d ON d.id = c.document_id ORDER BY changed_at DESC, kind DESC,"
        " document_id DESC, url DESC",
        key=agency_key,
        limit=ENTRIES,
    )


def _of_change(row: Row) -> Entry:
    word = words.CHANGES[row["kind"]]
    about = f"{row['kind']} {row['digest']} {row['url']}"
    if row["kind"] not in _ONCE:
        about += f" {row['changed_at']}"
    moved = f"新网址：{row['other_url']}" if row["other_url"] else ""
    return Entry(
        about=about,
        title=f"{word.name}：{row['title']}",
        summary=f"{row['agency']} {row['year']} 年。{word.meaning}原网址：{row['url']}{moved}",
        kind=(row["kind"], word.name),
        path=words.link(row["address"]) + ("" if row["kind"] == "new" else "#sources"),
        updated=_rfc3339(row["changed_at"]),
    )


def _findings(connection: sqlite3.Connection) -> list[Row]:
    # Reports by their last change: a finding is as old as what it was found in.
    recent = rows_of(
        connection,
        "SELECT report_id, changed_at FROM changes WHERE changed_at IS NOT NULL"
        " ORDER BY changed_at DESC, kind DESC, document_id DESC, url DESC LIMIT 2000",
    )
    found: list[Row] = []
    seen: set[int] = set()
    for change in recent:
        if change["report_id"] in seen:
            continue
        seen.add(change["report_id"])
        found += rows_of(
            connection,
            "SELECT f.*, :at AS changed_at, r.year, r.title, a.key AS agency_key,"
            " a.name AS agency FROM findings f JOIN reports r ON r.id = :report"
            " JOIN agencies a ON a.id = r.agency_id WHERE f.severity <> 'info' AND (f.report_id ="
            " :report OR f.document_id IN (SELECT id FROM documents WHERE report_id = :report))"
            " ORDER BY CASE f.severity WHEN 'error' THEN 0 ELSE 1 END, f.rule, f.id LIMIT :most",
            at=change["changed_at"],
            report=change["report_id"],
            most=ENTRIES - len(found),
        )
        if len(found) >= ENTRIES:
            break
    return found


def _of_finding(row: Row) -> Entry:
    quote = f"引文：“{row['quote']}”" if row["quote"] else ""
    return Entry(
        about=f"finding {row['id']}",
        title=f"{row['agency']} {row['year']} 年：{row['message']}"[:300],
        summary=f"{row['message']}{quote}（{row['rule']}）",
        kind=(row["rule"], words.SEVERITIES[row["severity"]].name),
        path=words.link(f"/report/{words.slug(row['agency_key'])}/{row['year']}") + "#findings",
        updated=_rfc3339(row["changed_at"]),
    )


async def changes_feed(datasette: Datasette, request: Request) -> Response:
    """Answer ``/feeds/changes.atom``."""
    rows = await ask(datasette, _changes)
    return feed(datasette, request, "/changes", "变化", [_of_change(row) for row in rows])


async def findings_feed(datasette: Datasette, request: Request) -> Response:
    """Answer ``/feeds/findings.atom``."""
    rows = await ask(datasette, _findings)
    return feed(datasette, request, "/findings", "问题", [_of_finding(row) for row in rows])


async def agency_feed(datasette: Datasette, request: Request) -> Response:
    """Answer ``/feeds/agency/<agency>.atom``."""
    slug = unquote(request.url_vars["slug"])

    def question(connection: sqlite3.Connection) -> tuple[Row, list[Row]]:
        owner = agency(connection, slug)
        return owner, _changes(connection, owner["key"])

    owner, rows = await ask(datasette, question)
    page = words.link(f"/agency/{words.slug(owner['key'])}")
    return feed(datasette, request, page, owner["name"], [_of_change(row) for row in rows])


async def feeds(datasette: Datasette, request: Request) -> Response:
    """Answer ``/feeds``: what can be subscribed to."""
    return await page_of(datasette, request, "feeds.html")


ROUTES = [
    (r"^/feeds$", feeds),
    (r"^/feeds/changes\.atom$", changes_feed),
    (r"^/feeds/findings\.atom$", findings_feed),
    (r"^/feeds/agency/(?P<slug>[^/]+)\.atom$", agency_feed),
]
