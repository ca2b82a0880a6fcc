"""Statutory tables from grids: sort rows by table, then hand them to each table's reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.read.document import Table
from pipeline.recognise.form import table2_rows, table4_columns
from pipeline.recognise.labels import best_similarity, plain
from pipeline.recognise.layout import Kind, classify
from pipeline.recognise.numbers import looks_like_figure
from pipeline.recognise.page_cuts import COLUMN_CODES, row_fit
from pipeline.recognise.rows import Candidate, GridRow, grid_rows, is_label
from pipeline.recognise.table2 import Table2Reader
from pipeline.recognise.table3 import recognise_table3
from pipeline.recognise.table3_columns import fragment_candidates, inherit_columns
from pipeline.recognise.table3_heads import ColumnMap, HeadOrder, head_findings, map_columns
from pipeline.recognise.table3_twice import same_cell
from pipeline.recognise.table4 import GROUPS, onto, recognise_table4
from pipeline.report import CellReading


@dataclass(slots=True)
class TableReadings:
    """What was read of the three statutory tables.

    Args:
        cells: readings by cell code.
        templates: format that each table speaks for, by table; missing when it was not found.
        findings: rows and columns left over or refused.
        owners: table (t2, t3, t4) of each grid or line, by index of the block in the document.

    """

    cells: dict[str, CellReading] = field(default_factory=dict)
    templates: dict[str, Template | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    owners: dict[int, str] = field(default_factory=dict)


_SAME = 0.95
# Cells in a row of table three: three of labels beside those of the columns.
_WIDEST = len(COLUMN_CODES) + 3
_FOREIGN_HEADS = 5  # words in a row; the labels of a row of table three are three at most
ClassifiedRow = tuple[GridRow, Kind]


def read_grids(tables: Sequence[tuple[int, Table]]) -> TableReadings:
    """Read the statutory tables of a document from its grids.

    Args:
        tables: (block index, grid) in reading order.

    """
    readings = TableReadings()
    second = Table2Reader()
    candidates: list[Candidate] = []
    columns: ColumnMap | None = None
    order = HeadOrder.nothing()
    above: _HeadAbove | None = None
    fourth = _Fourth()
    current = ""
    for index, table in tables:
        rows = [(row, classify(row)) for row in grid_rows(index, table)]
        owners = _owners(rows, current, cut=second.cut is not None)
        if not owners:
            continue
        for name, part in _runs(rows, owners):
            readings.owners.setdefault(index, name)
            if name == "t2":
                _read_second(second, part, table)
            elif name == "t3":
                heads, body = _head_and_body(part, below=above is not None)
                order.take(heads)
                if above is not None:
                    heads = [*(onto(row, above.table, table) for row in above.rows), *heads]
                ending = heads if not body else _ending_heads(part)
                above = _HeadAbove(ending, table) if ending else None
                columns = _columns(heads, table, columns)
                order.map(columns, printed=bool(heads) and not table.ragged)
                found = fragment_candidates(body, table, columns, order.codes(columns))
                if found and not candidates:
                    readings.findings.extend(head_findings(columns, order, table.place))
                candidates.extend(found)
            else:
                fourth.take(part, table)
        current = owners[max(owners)]
    second.refuse_copies()
    third = recognise_table3(candidates)
    readings.cells.update(second.cells)
    readings.cells.update(third.cells)
    readings.findings.extend([*second.findings, *third.findings])
    if second.cells:
        readings.templates["t2"] = second.template()
    if third.rows_found:
        readings.templates["t3"] = third.template
    cells, findings = _read_fourth(fourth)
    readings.cells.update(cells)
    readings.findings.extend(findings)
    if cells:
        readings.templates["t4"] = None
    return readings


def _read_fourth(first: _Fourth) -> tuple[dict[str, CellReading], list[Finding]]:
    """Read table four; where several are printed, refuse the cells in which they differ."""
    cells: dict[str, CellReading] = {}
    findings: list[Finding] = []
    for printed in (first, *first.copies):
        if printed.head_table is None or (printed is not first and not printed.data):
            continue
        found, said = recognise_table4(
            printed.heads, printed.data, printed.head_table, printed.data_table
        )
        findings.extend(said)
        if not cells:
            cells = found
            continue
        # A copy whose heads can't be read may say anything.
        differ = [code for code in cells if not same_cell(cells[code], found.get(code))]
        for code in differ:
            reason = "印有两张不同的表四，不知以哪一张为准"
            cells[code] = CellReading(cells[code].raw, None, "unread", reason, cells[code].place)
        if differ:
            message = "印有两张不同的表四，不同的单元格作未读。"
            findings.append(
                Finding("W-T4-TWICE", "warning", message, place=printed.head_table.place)
            )
    return cells, findings


@dataclass(slots=True)
class _Fourth:
    heads: list[GridRow] = field(default_factory=list)
    data: list[GridRow] = field(default_factory=list)
    head_table: Table | None = None
    data_table: Table | None = None
    # Further tables of the same kind, which begin with a head behind figures.
    copies: list[_Fourth] = field(default_factory=list)

    def take(self, part: Sequence[ClassifiedRow], table: Table) -> None:
        for row, kind in part:
            printed = self.copies[-1] if self.copies else self
            if kind == "t4_head":
                filled = any(c.text.strip() for held in printed.data for c in held.cells)
                again = any(plain(c.text) == GROUPS[0] for c in row.cells if c.row == row.row)
                if filled or (printed.data and again):
                    printed = _Fourth()
                    self.copies.append(printed)
                # An empty row above a head was not the row of figures.
                printed.data, printed.data_table = [], None
                printed._head(row, table)
            elif printed.head_table is not None and _holds_figures(row):
                printed._figures(row, "data" if row.label_cells() else kind, table)

    def _head(self, row: GridRow, table: Table) -> None:
        if self.head_table is not None and self.head_table is not table:
            self.heads = [onto(head, self.head_table, table) for head in self.heads]
        self.head_table = table
        self.heads.append(row)

    def _figures(self, row: GridRow, kind: Kind, table: Table) -> None:
        blank = not any(c.text.strip() for held in self.data for c in held.cells)
        if not self.data or (kind == "data" and blank):
            # An empty row between head and figures was not the row of figures.
            self.data, self.data_table = [row], table
        elif kind == "data":
            self.data.append(row)


def _holds_figures(row: GridRow) -> bool:
    """Tell whether a row is one of table four's cells: a label may stand first, or words in some.

    A note below the figures fills no more than a cell or two.
    """
    labels = row.label_cells()
    if not labels:
        return True
    figures = [cell for cell in row.cells if looks_like_figure(cell.text)]
    if not figures:
        return False
    columns = len(table4_columns())
    if labels == list(row.cells[:1]):
        return len(row.cells) == columns + 1
    printed = sum(bool(cell.text.strip()) for cell in row.cells)
    return len(row.cells) >= columns and 2 * printed > columns


@dataclass(frozen=True, slots=True)
class _HeadAbove:
    """Head rows that end a grid, so that their columns go on in the next one."""

    rows: list[GridRow]
    table: Table


def _ending_heads(part: Sequence[ClassifiedRow]) -> list[GridRow]:
    """Return the head rows that end a fragment: a head printed again that goes on below."""
    ending: list[GridRow] = []
    for row, kind in reversed(part):
        if kind != "t3_head":
            break
        ending.insert(0, row)
    return ending


def _head_and_body(
    part: Sequence[ClassifiedRow], *, below: bool
) -> tuple[list[GridRow], list[ClassifiedRow]]:
    """Return the head rows of table three and the others.

    Words without a figure between them and the first row are heads too: of one more level, or,
    below a head that ends the page before, what a page break left of its words. So many words
    above the first row are heads of another table, as of one with a column for each office.
    """
    heads: list[GridRow] = []
    body: list[ClassifiedRow] = []
    for row, kind in part:
        words = len(row.label_cells())
        least = 2 if heads else 1 if below else _FOREIGN_HEADS
        silent = not any(looks_like_figure(cell.text) for cell in row.cells)
        more = kind == "other" and not body and words >= least and silent
        if kind == "t3_head" or more:
            heads.append(row)
        else:
            body.append((row, kind))
    return heads, body


def _columns(
    heads: Sequence[GridRow], table: Table, previous: ColumnMap | None
) -> ColumnMap | None:
    if heads:
        # A head printed again further down may have slid; the first one then counts.
        for rows in (heads, _first_run(heads)):
            found = map_columns(rows, table)
            if found is not None:
                return found
    if previous is not None:
        return inherit_columns(previous, table)
    return None


def _first_run(heads: Sequence[GridRow]) -> list[GridRow]:
    return [row for n, row in enumerate(heads) if row.row == heads[0].row + n]


def _owners(rows: Sequence[ClassifiedRow], current: str, *, cut: bool) -> dict[int, str]:
    """Return the statutory table of each row, by position; empty for a foreign table.

    A row without words belongs where the row before it belongs; at the top of a grid that is the
    table which the page before ended with.
    """
    strong = [n for n, (_, kind) in enumerate(rows) if kind[:2] in {"t2", "t3", "t4"}]
    if not strong:
        if current == "t2" and cut and len(rows) == 1:
            # The end of a row's label alone on a new page.
            return {0: "t2"}
        if current == "t3" and (_goes_on(rows) or _short_rows(rows) or _unlabelled(rows)):
            return dict.fromkeys(range(len(rows)), "t3")
        # The figures of table four alone on a new page.
        if current == "t4" and rows and all(kind in {"data", "other"} for _, kind in rows):
            printed = [row for row, _ in rows if any(looks_like_figure(c.text) for c in row.cells)]
            # Fifteen empty cells are figures left blank; one empty cell is no row of them.
            silent = [row for row, _ in rows if not any(c.text.strip() for c in row.cells)]
            columns = len(table4_columns())
            # With a label before the figures there is one cell more.
            if [len(row.cells) for row in printed or silent] in ([columns], [columns + 1]):
                return dict.fromkeys(range(len(rows)), "t4")
        return {}
    owners: dict[int, str] = {}
    owner = rows[strong[0]][1][:2]
    for number, (_, kind) in enumerate(rows):
        if kind[:2] in {"t2", "t3", "t4"}:
            owner = kind[:2]
        owners[number] = owner
    # Table three spells out its row labels: the label of table two's rows never ends it.
    return owners


def _short_rows(rows: Sequence[ClassifiedRow]) -> bool:
    """Tell whether rows are those of table three whose labels say little: 3.其他, （七）总计."""
    return all(
        len(row.cells) - len(row.label_cells()) >= len(COLUMN_CODES)
        and row.label_cells()
        and row_fit(row.label_cells()[-1].text) >= _SAME
        for row, _ in rows
    )


def _unlabelled(rows: Sequence[ClassifiedRow]) -> bool:
    """Tell whether a grid holds figures of table three alone: their labels stand in another."""
    columns = range(len(COLUMN_CODES), _WIDEST + 1)
    return all(len(row.cells) in columns and not row.label_cells() for row, _ in rows) and any(
        looks_like_figure(cell.text) for row, _ in rows for cell in row.cells
    )


def _goes_on(rows: Sequence[ClassifiedRow]) -> bool:
    """Tell whether a printed grid holds the rest of a row cut by a page break.

    Beside its figures there may be the rest of a label, which says nothing by itself.
    """
    printed = [row for row, _ in rows if any(looks_like_figure(c.text) for c in row.cells)]
    return len(printed) == 1 and all(
        len(row.cells) >= len(COLUMN_CODES) and row.cells[0].place.startswith("page=")
        for row in printed
    )


def _runs(
    rows: Sequence[ClassifiedRow], owners: dict[int, str]
) -> list[tuple[str, list[ClassifiedRow]]]:
    runs: list[tuple[str, list[ClassifiedRow]]] = []
    for number, row in enumerate(rows):
        if runs and runs[-1][0] == owners[number]:
            runs[-1][1].append(row)
        else:
            runs.append((owners[number], [row]))
    return runs


def _read_second(reader: Table2Reader, rows: Sequence[ClassifiedRow], table: Table) -> None:
    for row, kind in rows:
        # Only printed pages have borders at known places, and only they cut a row in two.
        at_break = bool(table.edges) and row.row in {0, table.rows - 1}
        if kind == "t2_article":
            continue
        if kind == "t2_head":
            cells = [c for c in row.cells if c.text.strip() and "信息内容" not in plain(c.text)]
            last = row.cells[-1]
            # Where borders are printed they say which column a cell is in.
            whole = last.text.strip() or table.edges
            end = 0 if whole else last.column + last.column_span
            reader.head([c.text for c in cells], row.cells[0].place, cells, end)
            continue
        labels = [c for c in row.cells if is_label(c.text)]
        if not labels:
            if any(looks_like_figure(c.text) for c in row.cells):
                if at_break:
                    reader.doubt_last()
                place = row.cells[0].place
                printed = plain(" ".join(c.text for c in row.cells))
                reader.findings.append(
                    Finding(
                        "W-T2-ROW", "warning", f"表二有一行没有行名：{printed}。", printed, place
                    )
                )
            continue
        label = labels[0]
        values = [c for c in row.cells if c.column > label.column]
        if row.row == 0 and at_break:
            label, values = reader.joined(label, values)
        if at_break and _cut_label(label.text):
            if row.row == 0 and any(c.text.strip() for c in values):
                reader.doubt_last()
            if row.row == table.rows - 1:
                reader.cut = (label, values)
            message = f"表二有一行被分页切断：“{plain(label.text)}”，未计入。"
            reader.findings.append(
                Finding("W-T2-ROW", "warning", message, plain(label.text), label.place)
            )
            continue
        if kind == "t2_row" or any(looks_like_figure(c.text) for c in values):
            reader.grid_row(label, values, ragged=table.ragged)


def _cut_label(label: str) -> bool:
    """Tell whether a label of table 二 lacks its beginning or end."""
    return max(best_similarity(label, names) for names in table2_rows().values()) < 0.95
