"""Fill an archive with the synthetic country, by the stages that a crawl calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from archive.home import Archive
from archive.runs import finish_run, now, start_run
from archive.synthetic import SyntheticMixedError, refuse_mixing
from pipeline.download import Capture, Exchange, archive_exchange
from pipeline.pool import ReaderPool
from pipeline.store import Source, settle, store
from tests.country.make import Made
from tests.country.places import County
from tests.country.spent import Spent

_BATCH = 200
_TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# What fill() counts apart; reading itself is done by children (see spent.readers_seconds).
STEPS = ("make", "archive", "hand over", "store", "settle")


@dataclass(frozen=True, slots=True)
class Visit:
    """One answer of a county's site: a report, and the bytes that its address gave that night."""

    made: Made
    data: bytes


def fill(
    archive: Archive,
    made: Iterable[Made],
    workers: int,
    spent: Spent | None = None,
    told: Callable[[County, int], None] | None = None,
) -> int:
    """Archive, read, check, store and settle reports; return how many.

    A county is two runs, as of two nights: the first meets the files as they were before an edit,
    the second those that were edited. Settling comes after each run, as after a walk.

    Args:
        archive: a new one, or one of this country.
        made: reports, those of a county together and whole.
        workers: processes that read.
        spent: takes the processor time by step, names of ``STEPS``.
        told: called with each county that is done and the number of its reports.

    Raises:
        SyntheticMixedError: the archive holds real sites.

    """
    spent = spent or Spent()
    count = 0
    with ReaderPool(workers=workers) as pool:
        for county, theirs in groupby(made, lambda one: one.county):
            number = fill_county(archive, pool, county, theirs, spent)
            count += number
            if told:
                told(county, number)
    return count


def fill_county(
    archive: Archive, pool: ReaderPool, county: County, made: Iterator[Made], spent: Spent
) -> int:
    """Fill an archive with the reports of one county, as ``fill`` does; return how many.

    Args:
        archive: as of ``fill``.
        pool: an open one.
        county: the county.
        made: all its reports.
        spent: as of ``fill``.

    """
    edited: list[Visit] = []
    number = _walk(archive, pool, county, _first_night(made, edited), spent)
    _walk(archive, pool, county, iter(edited), spent)
    return number


def _first_night(made: Iterator[Made], edited: list[Visit]) -> Iterator[Visit]:
    for one in made:
        yield Visit(one, one.edited or one.data)
        if one.edited:
            edited.append(Visit(one, one.data))


def _walk(
    archive: Archive, pool: ReaderPool, county: County, visits: Iterator[Visit], spent: Spent
) -> int:
    run_id = start_run(archive, county.site)
    count = 0
    while batch := _timed(visits, spent):
        captured = {}
        with spent.on("archive"):
            for visit in batch:
                capture = _capture(archive, run_id, visit)
                captured[capture.id] = (visit, capture)
        documents = ((number, visit.data) for number, (visit, _) in captured.items())
        answers = pool.parse_many(documents)
        while True:
            with spent.on("hand over"):
                answer = next(answers, None)
            if answer is None:
                break
            visit, capture = captured[answer[0]]
            with spent.on("store"):
                store(archive, capture.digest, answer[1], _source(visit.made, capture))
            count += 1
    finish_run(archive, run_id, "finished", None)
    with spent.on("settle"):
        settle(archive)
    return count


def _timed(visits: Iterator[Visit], spent: Spent) -> list[Visit]:
    with spent.on("make"):
        return list(islice(visits, _BATCH))


def _url(made: Made) -> str:
    return f"http://{made.county.host}{made.path}"


def _capture(archive: Archive, run_id: int, visit: Visit) -> Capture:
    made = visit.made
    return archive_exchange(
        archive,
        Exchange(
            site_id=made.county.site.id,
            run_id=run_id,
            url=_url(made),
            method="GET",
            requested_at=now(),
            status=200,
            reason="OK",
            request_headers=[("User-Agent", "nianbao, synthetic country")],
            response_headers=[("Content-Type", _TYPES.get(made.form, _WORD))],
            body=visit.data,
        ),
    )


def _source(made: Made, capture: Capture) -> Source:
    year = made.report.year
    return Source(
        url=_url(made),
        capture_id=capture.id,
        site_id=made.county.site.id,
        role="article" if made.form == "html" else "attachment",
        parent_url=f"http://{made.county.host}/xxgk/b{made.place}/",
        link_text=made.report.title,
        column_path=f"政府信息公开 > {made.report.agency} > 年报",
        published=f"{year + 1}-01-20",
    )


def country(folder: Path) -> Archive:
    """Open the archive of a synthetic country, made when missing.

    Raises:
        SyntheticMixedError: the folder holds a real one.

    """
    archive = Archive(folder, create=True)
    try:
        refuse_mixing(archive.db, County(0).site.id)
    except SyntheticMixedError:
        archive.close()
        raise
    return archive
