"""The command that says what the rules found: in the archive, or in a draft before publishing."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from archive.options import data_option
from archive.site import words
from pipeline.finding import Finding, Severity, Verdict

if TYPE_CHECKING:
    from sqlite_utils import Database

Language = Literal["zh", "en"]
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_WORDS: dict[str, dict[Language, str]] = {
    "error": {"zh": "不符", "en": "error"},
    "warning": {"zh": "注意", "en": "warning"},
    "info": {"zh": "说明", "en": "note"},
    "passed": {"zh": "符合", "en": "passed"},
    "failed": {"zh": "不符", "en": "failed"},
    "not_judged": {"zh": "无法判断", "en": "could not be judged"},
}
_NOT_CHECKED = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules say of one report.

    Args:
        name: file, or agency and year.
        title: title as printed, None when there is none.
        status: status of the reading.
        findings: gravest first.
        verdicts: of all rules.
        derived: values of blank totals by cell code.

    """

    name: str
    title: str | None
    status: str
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    derived: dict[str, Any]


def _gravest_first(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), f.rule)))


def _drafts(files: list[Path], data: Path) -> Iterator[Checked]:
    """Check files, beside the archive's earlier reports of their agencies where there is one."""
    from archive.home import Archive
    from pipeline.pool import MOST_BYTES, ReaderPool, ReaderStartError
    from pipeline.series.draft import against_archive

    def heads() -> Iterator[tuple[Path, bytes]]:
        for file in files:
            with file.open("rb") as stream:
                yield file, stream.read(MOST_BYTES + 1)

    with ExitStack() as opened:
        archive = None
        if (data / "nianbao.db").exists():
            archive = Archive(data)
            opened.callback(archive.close)
        try:
            pool = opened.enter_context(ReaderPool(min(len(files), 2)))
            for file, report in pool.parse_many(heads()):
                findings, verdicts = against_archive(archive.db, report) if archive else ([], [])
                yield Checked(
                    str(file),
                    report.title,
                    report.status,
                    _gravest_first([*report.findings, *findings]),
                    (*report.verdicts, *verdicts),
                    {d.code: d.value for d in report.derived},
                )
        except ReaderStartError as error:
            raise click.ClickException(str(error)) from error


_WANTED = """
SELECT r.id, r.document_id, a.name || ' ' || r.year, r.title, r.status
FROM reports r JOIN agencies a ON a.id = r.agency_id
WHERE (:year IS NULL OR r.year = :year) AND (:agency IS NULL OR a.name = :agency
  OR replace(a.key, ':', '-') = replace(:agency, ':', '-')
  OR a.id IN (SELECT agency_id FROM agency_names WHERE name = :agency))
ORDER BY a.key, r.year
"""


def _wanted(db: Database, name: str | None) -> list[tuple[Any, ...]]:
    """Return the reports that an argument names: AGENCY or AGENCY/YEAR; all for None."""
    agency, _, year = (name or "").rpartition("/")
    if not (year.isdigit() and len(year) == 4):
        agency, year = name or "", ""
    rows = db.execute(_WANTED, {"agency": agency or None, "year": int(year) if year else None})
    found = [tuple(row) for row in rows.fetchall()]
    if name is not None and not found:
        raise click.UsageError(
            f"{name}: no such file, and the archive has no such report; name a file, an agency"
            " or AGENCY/YEAR (--data says where the archive is)"
        )
    return found


def _held(data: Path, names: list[str]) -> Iterator[Checked]:
    from archive.home import Archive, ArchiveMissingError

    try:
        archive = Archive(data)
    except ArchiveMissingError as error:
        raise click.UsageError(str(error)) from error
    try:
        wanted = [row for name in names or (None,) for row in _wanted(archive.db, name)]
        for row in dict.fromkeys(wanted):
            yield _stored(archive.db, row)
    finally:
        archive.close()


def _stored(db: Database, row: tuple[Any, ...]) -> Checked:
    report_id, document_id, name, title, status = row
    findings = [
        Finding(*found)
        for found in db.execute(
            "SELECT rule, severity, message, quote, place, message_en FROM findings"
            " WHERE report_id = ? OR (report_id IS NULL AND document_id = ?)"
            " ORDER BY rule, id",
            (report_id, document_id),
        ).fetchall()
    ]
    verdicts = tuple(
        Verdict(*said)
        for said in db.execute(
            "SELECT rule, outcome, reason FROM verdicts WHERE document_id = ? ORDER BY rule, scope",
            (document_id,),
        ).fetchall()
    )
    derived = dict(
        db.execute(
            "SELECT m.code, d.value FROM derived d JOIN metrics m ON m.id = d.metric_id"
            " WHERE d.document_id = ? ORDER BY m.id",
            (document_id,),
        ).fetchall()
    )
    return Checked(name, title, status, _gravest_first(findings), verdicts, derived)


def _as_json(checked: Checked) -> str:
    fields = asdict(checked)
    fields["derived"] = {code: float(value) for code, value in checked.derived.items()}
    return json.dumps(fields, ensure_ascii=False)


def _show(checked: Checked, language: Language, *, whole: bool) -> None:
    counts = Counter(finding.severity for finding in checked.findings)
    zh = language == "zh"
    summary = ("，" if zh else ", ").join(
        f"{counts[severity]} {_WORDS[severity][language]}" for severity in _SEVERITIES
    )
    click.echo(f"{checked.name}{'：' if zh else ': '}{summary}")
    if checked.title:
        click.echo(f"  {checked.title}")
    for finding in checked.findings:
        message = finding.message if zh else finding.message_en or finding.message
        click.echo(f"  {finding.rule} {_WORDS[finding.severity][language]}  {message}")
        if finding.quote and finding.quote not in message:
            click.echo(f"      “{finding.quote}”")
        if finding.place:
            click.echo(f"      {words.place(finding.place) if zh else finding.place}")
    said = Counter(verdict.outcome for verdict in checked.verdicts)
    if said:
        parts = (f"{said[o]} {_WORDS[o][language]}" for o in ("passed", "failed", "not_judged"))
        click.echo(f"  {'规则' if zh else 'rules'}: {', '.join(parts)}")
    for verdict in checked.verdicts:
        if whole and verdict.outcome == "not_judged":
            click.echo(f"    {verdict.rule} {_WORDS['not_judged'][language]}: {verdict.reason}")


@click.command()
@click.argument("reports", nargs=-1)
@click.option("--json", "json_output", is_flag=True, help="Print one JSON object a report.")
@click.option(
    "--lang",
    "language",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="Language of the messages; reasons of verdicts are Chinese.",
)
@data_option
def check(reports: tuple[str, ...], json_output: bool, language: Language, data: Path) -> None:  # noqa: FBT001 - click passes flags
    """Print what the rules find in REPORTS.

    A report is a file, checked as a draft before it is published, also against the agency's last
    report where the archive holds it; or a report of the archive: AGENCY or AGENCY/YEAR, the agency
    by name or by its key on the site. Without REPORTS all of the archive.

    Exit code: 0 no errors, 1 errors found, 2 wrong use, 3 a file is no report.
    """
    files = [Path(name) for name in reports if Path(name).is_file()]
    names = [name for name in reports if not Path(name).is_file()]
    worst = 0
    drafts = _drafts(files, data) if files else iter(())
    stored = _held(data, names) if names or not files else iter(())
    for one in chain(drafts, stored):
        if json_output:
            click.echo(_as_json(one))
        else:
            _show(one, language, whole=bool(reports))
        if any(finding.severity == "error" for finding in one.findings):
            worst = 1
        elif one.status == "not_a_report" and worst == 0:
            worst = _NOT_CHECKED
    sys.exit(worst)
