"""Rows of table 三 that are printed out of order or more than once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.finding import Finding
from pipeline.recognise.labels import key, plain
from pipeline.recognise.page_cuts import COLUMN_CODES, over_page
from pipeline.recognise.rows import Candidate
from pipeline.report import CellReading

_CERTAIN = 0.95
_LIKELY = 0.9
_BETTER = 0.05
_DISTINCT = 4  # characters; 总计 and 其他 say too little out of their place
_ONE_ROW = "同一行印了两次且数字不同"
_TWO_TABLES = "印有两张不同的表三，不知以哪一张为准"


def better_elsewhere(scores: Sequence[float], row: int) -> bool:
    """Tell whether a label fits another row of the form better than the one it was laid onto.

    Args:
        scores: fit of the label with each row of the form.
        row: index of the row it was laid onto.

    """
    return max(scores) > scores[row] + _BETTER


def out_of_order(
    candidates: Sequence[Candidate],
    scores: Sequence[Sequence[float]],
    matched: Mapping[int, int],
) -> dict[int, int]:
    """Return rows that stand in another order than the form's, by their own distinct labels.

    Args:
        candidates: all rows that were printed.
        scores: candidates × form rows.
        matched: form row of each candidate that was found in order.

    Returns:
        Form row of each further candidate; rows that several candidates claim are left out.

    """
    claims: dict[int, list[int]] = {}
    for index, candidate in enumerate(candidates):
        if index in matched or not candidate.has_figures or not candidate.labels:
            continue
        fits = scores[index]
        row = max(range(len(fits)), key=lambda n: fits[n])
        certain = fits[row] >= _CERTAIN and len(key(candidate.labels[-1])) >= _DISTINCT
        if certain and row not in matched.values():
            claims.setdefault(row, []).append(index)
    return {indices[0]: row for row, indices in claims.items() if len(indices) == 1}


def copies(
    candidates: Sequence[Candidate],
    scores: Sequence[Sequence[float]],
    matched: Mapping[int, int],
) -> dict[int, int]:
    """Return the candidate that each further printing of a row repeats.

    Args:
        candidates: all rows that were printed.
        scores: candidates × form rows.
        matched: form row of each candidate that was taken.

    Returns:
        Index of the taken candidate by index of the one left over.

    """
    taken = {row: index for index, row in matched.items()}
    found = {}
    for index, candidate in enumerate(candidates):
        if index in matched or not candidate.labels:
            continue
        fits = scores[index]
        rows = [n for n, fit in enumerate(fits) if fit >= _LIKELY and fit == max(fits)]
        if not rows or rows[0] not in taken:
            continue
        # Across a page break a row of blanks may be the empty half of a cut row.
        whole = candidate.readings and not over_page(candidate, candidates[taken[rows[0]]])
        if candidate.has_figures or whole:
            found[index] = taken[rows[0]]
    return found


def same_cell(one: CellReading, two: CellReading | None) -> bool:
    """Tell whether two printings of a cell hold the same characters."""
    return two is not None and one.raw is not None and plain(one.raw) == plain(two.raw or "")


def refuse_copies(
    candidates: Sequence[Candidate],
    repeated: Mapping[int, int],
    matched: Mapping[int, str],
    cells: dict[str, CellReading],
) -> list[Finding]:
    """Refuse the cells that are printed twice and differently; where two rows differ, all others.

    Args:
        candidates: all rows that were printed.
        repeated: taken candidate of each copy.
        matched: row code of each taken candidate.
        cells: readings by cell code, also of other tables; changed in place.

    Returns:
        A finding for each copy that differs.

    """
    findings: list[Finding] = []
    confirmed: set[str] = set()
    differing: set[str] = set()
    for copy, index in repeated.items():
        row = matched[index]
        names = {code: f"t3_{row}__{code}" for code in COLUMN_CODES}
        other = candidates[copy].readings
        unequal = {n for code, n in names.items() if not same_cell(cells[n], other.get(code))}
        confirmed |= set(names.values()) - unequal
        differing |= unequal
        if unequal:
            label = plain(candidates[copy].labels[-1])
            message = f"表三“{label}”一行印了两次且数字不同，不同的单元格作未读。"
            findings.append(
                Finding("W-T3-TWICE", "warning", message, label, candidates[copy].place)
            )
    refused = dict.fromkeys(differing, _ONE_ROW)
    if len(findings) > 1:
        # Two tables: a row that only one of them prints may be either's.
        own = {name for name in cells if name.startswith("t3_")}
        refused |= dict.fromkeys(own - confirmed - differing, _TWO_TABLES)
    for name, reason in refused.items():
        old = cells[name]
        cells[name] = CellReading(old.raw, None, "unread", reason, old.place)
    return findings
