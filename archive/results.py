"""What a search answers: hits, and counts by year, agency, region and type."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, replace
from heapq import nsmallest

from archive.catalogue import Catalogue
from archive.passages import Piece

MAX_AGENCIES = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a report has the words.

    Args:
        part: 0 title and names, 1 to 6 the sections, 50 preamble, 51 contact.
        heading: heading of the section as printed, cut into pieces.
        pieces: text around the words, cut into pieces.

    """

    part: int
    heading: tuple[Piece, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One report that has every word."""

    report_id: int
    agency_key: str
    agency: str
    year: int
    title: str
    status: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; None leaves it open.

    Args:
        agency_key: key of one agency.
        year: year of the report.
        region: code of the agency's region; empty for agencies whose region is unknown.
        kind: type of agency, as in ``agencies``.

    """

    agency_key: str | None = None
    year: int | None = None
    region: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """Answer of a search.

    Args:
        count: number of reports that have every word, under the filters.
        hits: the reports from ``offset`` on.
        years: year and number of reports; this and the next three are counted without the filter
            on the same thing and under all others.
        agencies: key, name and number of reports, of the ``MAX_AGENCIES`` with most of them and
            of the one that was asked for.
        regions: code, name and number of reports.
        kinds: type of agency and number of reports.

    """

    count: int = 0
    hits: tuple[Hit, ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    agencies: tuple[tuple[str, str, int], ...] = ()
    regions: tuple[tuple[str, str, int], ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()


def narrowed(held: Catalogue, places: array[int], chosen: Filters) -> array[int]:
    """Return the places that the filters leave, in the same order."""
    if chosen == Filters():
        return places
    owners, years, year = held.owners, held.years, chosen.year
    wanted = {
        number
        for number, (key, _, kind, region) in enumerate(held.agencies)
        if chosen.agency_key in (None, key)
        and chosen.kind in (None, kind)
        and chosen.region in (None, region)
    }
    return array(
        "i", [p for p in places if owners[p] in wanted and (year is None or years[p] == year)]
    )


def counts_of(held: Catalogue, places: array[int], chosen: Filters) -> Results:
    """Return the counts of an answer, each without the filter on what it counts."""

    def owners_without(name: str) -> Counter[int]:
        opened = narrowed(held, places, replace(chosen, **{name: None}))
        return Counter(map(held.owners.__getitem__, opened))

    opened = narrowed(held, places, replace(chosen, year=None))
    years = Counter(map(held.years.__getitem__, opened))
    # Nothing is narrowed: one count by agency answers all three questions.
    whole = owners_without("year") if chosen == Filters() else None
    regions, kinds = Counter[str](), Counter[str]()
    for number, count in (whole or owners_without("region")).items():
        regions[held.agencies[number][3]] += count
    for number, count in (whole or owners_without("kind")).items():
        kinds[held.agencies[number][2]] += count
    agencies = whole or owners_without("agency_key")
    # Agencies are numbered by their keys.
    most = [
        number
        for _, number in nsmallest(MAX_AGENCIES, ((-n, number) for number, n in agencies.items()))
    ]
    if chosen.agency_key is not None:
        most += [
            number
            for number, agency in enumerate(held.agencies)
            if agency[0] == chosen.agency_key and number not in most
        ]
    return Results(
        years=tuple(sorted(years.items(), reverse=True)),
        agencies=tuple((*held.agencies[number][:2], agencies[number]) for number in most),
        regions=tuple(
            (code, held.regions.get(code, code), count)
            for code, count in sorted(regions.items(), key=lambda item: (-item[1], item[0]))
        ),
        kinds=tuple(sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
    )
