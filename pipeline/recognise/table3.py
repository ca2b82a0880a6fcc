"""Table 三: candidate rows are laid onto the rows of the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.recognise.form import table3_rows
from pipeline.recognise.labels import plain
from pipeline.recognise.page_cuts import (
    COLUMN_CODES,
    begins_cut,
    beside_lost,
    merge_cut_rows,
    over_page,
    without_cut_figures,
)
from pipeline.recognise.rows import (
    ACCEPT,
    Alignment,
    Candidate,
    align,
    row_scores,
)
from pipeline.recognise.table3_twice import (
    better_elsewhere,
    copies,
    out_of_order,
    refuse_copies,
)
from pipeline.report import CellReading


@dataclass(frozen=True, slots=True)
class Table3:
    """What was read of table 三.

    Args:
        template: format whose rows fit better; None when no row was found.
        cells: readings by cell code, for every row that was found.
        findings: rows and columns that were left over or refused.
        rows_found: how many rows of the form were found.

    """

    template: Template | None
    cells: dict[str, CellReading]
    findings: tuple[Finding, ...]
    rows_found: int


def _scores(candidates: Sequence[Candidate], template: Template) -> tuple[tuple[float, ...], ...]:
    return tuple(row_scores(tuple(c.labels), template) for c in candidates)


def _score(candidates: Sequence[Candidate], template: Template) -> Alignment:
    weights = tuple(0.3 if c.has_figures else 0.02 for c in candidates)
    return align(_scores(candidates, template), weights)


def _found_rows(
    candidates: Sequence[Candidate], scores: Sequence[Sequence[float]], alignment: Alignment
) -> dict[int, int]:
    """Return the form row of each candidate: in the form's order, or by a distinct label."""
    found = {
        index: row
        for index, row, _ in alignment.matches
        if not better_elsewhere(scores[index], row)
    }
    return found | out_of_order(candidates, scores, found)


def by_neighbours(label: str, printed: str, place: str) -> Finding:
    """Say that a row was told by the rows above and below it more than by its own label.

    What differs less from the form is said by the check of labels.

    Args:
        label: as the form has it.
        printed: as the report has it.
        place: where the row stands.

    """
    message = f"表三“{label}”一行的行名印作“{printed}”，按上下相邻的行认定，请对照原件核实。"
    return Finding("W-T3-LABEL", "warning", message, printed, place)


def recognise_table3(candidates: list[Candidate]) -> Table3:
    """Lay candidate rows onto the form and return the cells.

    Args:
        candidates: rows of all fragments in reading order.

    """
    candidates = merge_cut_rows(candidates)
    if not candidates:
        return Table3(None, {}, (), 0)
    templates: tuple[Template, ...] = ("2021", "2019")
    alignments = {template: _score(candidates, template) for template in templates}
    template = max(templates, key=lambda t: alignments[t].score)
    rows = table3_rows(template)
    scores = _scores(candidates, template)
    found = _found_rows(candidates, scores, alignments[template])
    cells: dict[str, CellReading] = {}
    findings: list[Finding] = []
    repeated = copies(candidates, scores, found)
    lost = {n for n, c in enumerate(candidates) if n not in found and c.has_figures}
    lost -= set(repeated)
    for index, number in list(found.items()):
        if rows[number].code == "other_total" and index + 1 in lost:
            # The label of the group stands on the first of its rows, whose own label is lost.
            del found[index]
            lost.add(index)
    for index, number in sorted(found.items()):
        candidate, row, fit = candidates[index], rows[number], scores[index][number]
        blank_beside = not candidate.has_figures and beside_lost(index, candidates, lost)
        if blank_beside or begins_cut(index, candidates):
            reason = "该行被分页切断，数字在另一半，未能对应"
            candidate = replace(candidate, readings={}, readings_note=reason)
        for other in (index - 1, index + 1):
            if other in lost and over_page(candidate, candidates[other]):
                candidate = without_cut_figures(candidate, candidates[other])
        for code in COLUMN_CODES:
            cells[f"t3_{row.code}__{code}"] = candidate.readings.get(code) or CellReading(
                None, None, "unread", candidate.readings_note or "该行没有这一列", candidate.place
            )
        if fit < ACCEPT:
            printed = plain(candidate.labels[-1])
            findings.append(by_neighbours(row.labels[0], printed, candidate.place))
    named = {index: rows[number].code for index, number in found.items()}
    findings.extend(refuse_copies(candidates, repeated, named, cells))
    findings.extend(
        Finding(
            "W-T3-ROW",
            "warning",
            f"表三有一行带数字但未能识别：“{plain(' '.join(c.labels)) or '（无行名）'}”，未计入。",
            plain(" ".join(c.labels)),
            c.place,
        )
        for n, c in enumerate(candidates)
        if n in lost
    )
    return Table3(template if found else None, cells, tuple(findings), len(found))
