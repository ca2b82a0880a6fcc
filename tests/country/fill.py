"""Fill an archive with the synthetic country, by the stages that a crawl calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from archive.home import Archive
from archive.runs import finish_run, now, start_run
from pipeline.download import Capture, Exchange, archive_exchange
from pipeline.pool import ReaderPool
from pipeline.store import Source, settle, store
from tests.country.make import Made

_BATCH = 200
_TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class RealArchiveError(ValueError):
    """The folder holds sites that are not synthetic: the two are never mixed."""


def refuse_real(archive: Archive) -> None:
    """Refuse an archive that holds anything real.

    Raises:
        RealArchiveError: a site of it is no synthetic one.

    """
    row = archive.db.execute(
        "SELECT id FROM sites WHERE id NOT LIKE 'synthetic-%' LIMIT 1"
    ).fetchone()
    if row is not None:
        raise RealArchiveError(f"{archive.folder} holds the site {row[0]}: name another folder")


def fill(archive: Archive, made: Iterable[Made], workers: int) -> int:
    """Archive, read, check and store reports, one run a county; return how many.

    Args:
        archive: a new one, or one of this country.
        made: reports, those of a county together.
        workers: processes that read.

    Raises:
        RealArchiveError: the archive holds real sites.

    """
    refuse_real(archive)
    count = 0
    with ReaderPool(workers=workers) as pool:
        for county, theirs in groupby(made, lambda one: one.county):
            run_id = start_run(archive, county.site)
            for batch in _batches(theirs):
                captured = {one.path: (one, _capture(archive, run_id, one)) for one in batch}
                documents = ((path, one.data) for path, (one, _) in captured.items())
                for path, report in pool.parse_many(documents):
                    one, capture = captured[path]
                    store(archive, capture.digest, report, _source(one, capture))
                    count += 1
            finish_run(archive, run_id, "finished", None)
    settle(archive)
    return count


def _batches(made: Iterator[Made]) -> Iterator[list[Made]]:
    batch = []
    for one in made:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _url(made: Made) -> str:
    return f"http://{made.county.host}{made.path}"


def _capture(archive: Archive, run_id: int, made: Made) -> Capture:
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
            body=made.data,
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
        RealArchiveError: the folder holds a real one.

    """
    archive = Archive(folder, create=True)
    refuse_real(archive)
    return archive
