"""Many synthetic reports, to see whether the time and memory of one report stay what they are.

Run ``python -m tests.series_many 1000 10000``: for each number an archive is filled and settled in
one pass, then one report is changed and settled alone.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from archive.home import Archive
from pipeline.check.checker import check
from pipeline.parse import parse
from pipeline.series import settle_series
from pipeline.series.case import watched
from tests.series_reports import YEARS, add_site, page, prose, year_report

FIRST, LAST = 2021, 2028
YEARS_HELD = LAST - FIRST + 1


def fill(archive, count):
    """Write ``count`` reports, eight years an agency; every tenth text is another body's."""
    add_site(archive)
    cells = [(number, 0, "value", "line=1") for number in watched()]
    with archive.transaction() as db:
        for number in range(count):
            agency, year = divmod(number, YEARS_HELD)
            year += FIRST
            if year == FIRST:
                db.execute(
                    "INSERT INTO agencies (id, key, name, type, region_code, basis)"
                    " VALUES (?, ?, ?, 'department', '640502', 'printed name')",
                    (agency + 1, f"640502:局{agency}", f"第{agency}局"),
                )
            digest = f"{number:064x}"
            db.execute("INSERT INTO payloads (digest, size) VALUES (?, 1)", (digest,))
            db.execute(
                "INSERT INTO reports (id, agency_id, year, status, template, title, published)"
                " VALUES (?, ?, ?, 'verified', '2021', '', ?)",
                (number + 1, agency + 1, year, f"{year + 1}-01-20"),
            )
            db.execute(
                "INSERT INTO documents (id, digest, format, status, report_id, year, template,"
                " reader) VALUES (?, ?, 'html', 'verified', ?, ?, '2021', '1')",
                (number + 1, digest, number + 1, year),
            )
            db.execute("UPDATE reports SET document_id = id WHERE id = ?", (number + 1,))
            source = number - 9 * YEARS_HELD if number % 10 == 0 and number > 100 else number
            db.conn.executemany(
                "INSERT INTO sections VALUES (?, ?, '', ?, 'line=1')",
                [(number + 1, s, prose(f"{source}/{s}", 24)) for s in (1, 5)],
            )
            db.conn.executemany(
                "INSERT INTO cells VALUES (?, ?, '0', ?, ?, NULL, ?)",
                [(number + 1, *cell) for cell in cells],
            )
        db.execute("INSERT INTO unsettled SELECT id, agency_id, 'changed' FROM reports")


def measure(count):
    """Return milliseconds a report in one pass, for one changed report, peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), create=True)
        fill(archive, count)
        start = time.process_time()
        settle_series(archive)
        whole = (time.process_time() - start) / count * 1000
        with archive.transaction() as db:
            db.execute(
                "INSERT INTO unsettled SELECT id, agency_id, 'changed' FROM reports WHERE id = ?",
                (count // 2,),
            )
        start = time.process_time()
        settle_series(archive)
        one = (time.process_time() - start) * 1000
        archive.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return whole, one, peak


def main():
    """Print a line a number of reports."""
    report = parse(page(year_report(2024, YEARS[2024])))
    start = time.process_time()
    for _ in range(100):
        check(report)
    print(f"rules of one report: {(time.process_time() - start) * 10:.2f} ms")  # noqa: T201 - a program
    for count in map(int, sys.argv[1:] or ["1000"]):
        whole, one, peak = measure(count)
        print(  # noqa: T201 - a program
            f"{count:7} reports: {whole:.2f} ms each in one pass, {one:.0f} ms for one changed,"
            f" peak {peak:.0f} MB"
        )


if __name__ == "__main__":
    main()
