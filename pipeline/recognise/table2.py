"""Table 二: small tables under one another, each with its own 信息内容 head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, permutations

from archive.codebook import Template, metrics
from pipeline.finding import Finding
from pipeline.read.document import Cell
from pipeline.recognise.form import ColumnSet, FormColumn, table2_column_sets, table2_rows
from pipeline.recognise.labels import best_similarity, plain
from pipeline.recognise.numbers import looks_like_figure, read_cell
from pipeline.recognise.rows import may_lack_cell
from pipeline.report import CellReading

_CLEARLY = 0.2
_WHOLE = 0.95


@dataclass(frozen=True, slots=True)
class Head:
    """A 信息内容 row that was understood.

    Args:
        columns: the official columns it names.
        cells: its head cells in the same order.
        fit: mean fit of the labels, 0 to 1.

    """

    columns: ColumnSet
    cells: tuple[Cell, ...]
    fit: float


def find_heads(labels: Sequence[str]) -> list[tuple[ColumnSet, float]]:
    """Return the official heads that a row of head labels can be, the best first.

    Args:
        labels: words right of 信息内容, left to right.

    """
    found = []
    for columns in table2_column_sets():
        if len(columns.columns) != len(labels):
            continue
        printed, fits = _best_order(labels, columns)
        # One head printed twice or cut short is certain where its neighbours are.
        if sum(fits) / len(fits) >= 0.75 and min(fits) >= 0.4:
            found.append((printed, sum(fits) / len(fits)))
    return sorted(found, key=lambda pair: -pair[1])


def _best_order(labels: Sequence[str], columns: ColumnSet) -> tuple[ColumnSet, list[float]]:
    """Return the columns in the order in which the labels name them, and how each label fits.

    The form's own order counts unless another fits clearly better.
    """

    def fits(order: Sequence[FormColumn]) -> list[float]:
        pairs = zip(labels, order, strict=True)
        return [best_similarity(label, column.labels) for label, column in pairs]

    own = fits(columns.columns)
    if min(own) >= 0.9:
        return columns, own
    best = max(permutations(columns.columns), key=lambda order: sum(fits(order)))
    if sum(fits(best)) < sum(own) + _CLEARLY:
        return columns, own
    return replace(columns, columns=best), fits(best)


def row_code(label: str) -> str | None:
    """Return the row of table 二 that a label names, or None."""
    fits = sorted(
        ((best_similarity(label, names), code) for code, names in table2_rows().items()),
        reverse=True,
    )
    return fits[0][1] if fits[0][0] >= 0.8 and fits[0][0] - fits[1][0] >= 0.05 else None


def cell_code(row: str, column: str, template: Template) -> str | None:
    """Return the cell code of a row and column of table 二, or None when the form has none."""
    for metric in metrics().values():
        if (metric.table, metric.row_code, metric.column_code) == ("t2", row, column):
            return metric.code if metric.order(template) is not None else None
    return None


class Table2Reader:
    """Reads table 二 row by row; keeps the head that is in force.

    The head in force is a set of candidates, because 本年处理决定数量 stands over two
    groups; the row label decides between them.
    """

    def __init__(self) -> None:
        self.cells: dict[str, CellReading] = {}
        self.findings: list[Finding] = []
        self.votes: dict[Template, float] = {"2019": 0.0, "2021": 0.0}
        self._heads: list[tuple[ColumnSet, float]] = []
        self._head_cells: tuple[Cell, ...] = ()
        self._end = 0
        # How often each head is printed, side by side: once, unless merged cells were repeated.
        self._times: list[int] = []
        self._last: tuple[str, ...] = ()
        # Row code, figures and place of rows that no head or too few cells left without columns.
        self._unplaced: list[tuple[str, list[str], str]] = []
        # Label and value cells of a row that a page break cut in its label.
        self.cut: tuple[Cell, list[Cell]] | None = None

    def joined(self, label: Cell, values: list[Cell]) -> tuple[Cell, list[Cell]]:
        """Return the first row of a page with what the page before holds of it.

        Args:
            label: its label cell.
            values: the cells right of it.

        Returns:
            Label and values of the whole row; those given where nothing of it was cut off.

        """
        cut, self.cut = self.cut, None
        if cut is None:
            return label, values
        if not any(cell.text.strip() for cell in values):
            # Only its label goes on, in a grid that may lack the columns of the page before.
            values = [replace(cell, text="") for cell in cut[1]]
        if len(cut[1]) != len(values):
            return label, values
        words = cut[0].text + label.text
        fit = max(best_similarity(words, names) for names in table2_rows().values())
        if fit < _WHOLE:
            return label, values
        self.findings = [f for f in self.findings if f.place != cut[0].place]
        pairs = list(zip(cut[1], values, strict=True))
        if any(one.text.strip() and two.text.strip() for one, two in pairs):
            reason = "数字被分页切断，无法确定"
            whole = [
                replace(one, text=f"{one.text} {two.text}", doubt=reason) for one, two in pairs
            ]
        else:
            whole = [
                replace(one, text=two.text, place=two.place) if two.text.strip() else one
                for one, two in pairs
            ]
        return replace(cut[0], text=words), whole

    def doubt_last(self) -> None:
        """Refuse the row read last: a page break may have cut its figures."""
        for code in self._last:
            cell = self.cells[code]
            self.cells[code] = CellReading(
                cell.raw, None, "unread", "数字被分页切断，无法确定", cell.place
            )
        self._last = ()

    def head(
        self, labels: Sequence[str], place: str, cells: Sequence[Cell] = (), end: int = 0
    ) -> None:
        """Take a 信息内容 row.

        Args:
            labels: words right of 信息内容.
            place: where the row stands.
            cells: their cells where there is a grid.
            end: grid column behind an empty cell that ends the row; 0 where it ends with words.

        """
        # What a page break cuts behind a head is the head, not the row above it.
        self._last = ()
        self._heads = find_heads(labels)
        self._end = end
        self._head_cells = tuple(cells)
        self._times = [1] * len(labels)
        if not self._heads and cells:
            self._once_each(labels)
        if not self._heads:
            self.unknown_head(labels, place)

    def _once_each(self, labels: Sequence[str]) -> None:
        """Take head cells that repeat the one before them as what became of a merged cell."""
        runs = [list(run) for _, run in groupby(labels, plain)]
        self._heads = find_heads([run[0] for run in runs])
        self._times = [len(run) for run in runs]
        # Each head now stands for several cells, so that only their order tells what is whose.
        self._head_cells = ()

    def _without_copies(self, values: Sequence[Cell]) -> list[Cell]:
        """Return value cells without those that repeat one as often as its head; none if unsure."""
        if max(self._times, default=1) == 1:
            return list(values)
        if len(values) != sum(self._times):
            return []
        kept = []
        rest = iter(values)
        for times in self._times:
            run = [next(rest) for _ in range(times)]
            if len({plain(cell.text) for cell in run}) > 1:
                return []
            kept.append(run[0])
        return kept

    def unknown_head(self, labels: Sequence[str], place: str) -> None:
        """Refuse a 信息内容 row: say what it prints, read nothing under it."""
        self._heads, self._head_cells = [], ()
        printed = "、".join(plain(label) for label in labels)
        self.findings.append(
            Finding("W-T2-HEAD", "warning", f"表二的列头未能识别：{printed}。", printed, place)
        )

    def row(self, label: str, values: Sequence[tuple[str, str]], place: str) -> bool:
        """Take a row of figures without geometry: as many values as the head has columns.

        Args:
            label: its row label.
            values: (text, place) of its value cells, left to right.
            place: where the row stands.

        Returns:
            Whether the row was understood.

        """
        chosen = self._choose(label, place)
        if chosen is None:
            self._set_aside(label, [text for text, _ in values], place)
            return False
        code, columns = chosen
        if len(values) != len(columns.columns):
            self.findings.append(
                Finding(
                    "W-T2-ROW",
                    "warning",
                    f"表二“{plain(label)}”有 {len(values)} 格，列头有 {len(columns.columns)} 格。",
                    plain(label),
                    place,
                )
            )
            self._set_aside(label, [text for text, _ in values], place)
            return False
        readings = [read_cell(text, where) for text, where in values]
        self._keep(code, columns, readings, place)
        return True

    def grid_row(self, label: Cell, values: Sequence[Cell], *, ragged: bool) -> None:
        """Take a row of a grid.

        Args:
            label: its label cell.
            values: the cells right of it.
            ragged: whether the grid's columns mean nothing.

        """
        chosen = self._choose(label.text, label.place)
        if chosen is None:
            self._set_aside(label.text, [c.text for c in values], label.place)
            return
        if may_lack_cell(values, self._end):
            printed = plain(label.text)
            message = f"表二“{printed}”比列头少一格，末格又是空白，不知缺的是哪一格，未计入。"
            self.findings.append(Finding("W-T2-ROW", "warning", message, printed, label.place))
            self._set_aside(label.text, [c.text for c in values], label.place)
            return
        code, columns = chosen
        values = self._without_copies(values)
        wanted = len(columns.columns)
        readings = None if ragged else self._by_geometry(values, wanted)
        if readings is None:
            cells = list(values)
            while len(cells) > wanted and not cells[-1].text.strip():
                cells.pop()
            if len(cells) != wanted:
                self.row(label.text, [(c.text, c.place) for c in cells], label.place)
                return
            readings = [read_cell(c.text, c.place, c.doubt) for c in cells]
        self._keep(code, columns, readings, label.place)

    def _by_geometry(self, values: Sequence[Cell], wanted: int) -> list[CellReading] | None:
        if len(self._head_cells) != wanted:
            return None
        readings = []
        used = set()
        for head in self._head_cells:
            left, right = head.column, head.column + head.column_span
            under = [c for c in values if c.column < right and c.column + c.column_span > left]
            printed = [c for c in under if c.text.strip()]
            if len(printed) > 1 or not under:
                return None
            cell = (printed or under)[0]
            if printed and (cell.row, cell.column) in used:
                return None
            used.add((cell.row, cell.column))
            readings.append(read_cell(cell.text, cell.place, cell.doubt))
        if any(looks_like_figure(c.text) and (c.row, c.column) not in used for c in values):
            return None
        return readings

    def _choose(self, label: str, place: str) -> tuple[str, ColumnSet] | None:
        code = row_code(label)
        if code is None:
            self.findings.append(
                Finding(
                    "W-T2-ROW",
                    "warning",
                    f"表二有一行未能识别：“{plain(label)}”，未计入。",
                    plain(label),
                    place,
                )
            )
            return None
        for columns, _ in self._heads:
            if code in columns.row_codes:
                return code, columns
        self.findings.append(
            Finding(
                "W-T2-ROW",
                "warning",
                f"表二“{plain(label)}”一行上方没有可识别的列头，数字未计入。",
                plain(label),
                place,
            )
        )
        return None

    def _keep(
        self, code: str, columns: ColumnSet, readings: Sequence[CellReading], place: str
    ) -> None:
        self.votes[columns.template] += 1 if len(columns.columns) > 1 else 0.5
        kept = []
        for column, reading in zip(columns.columns, readings, strict=True):
            cell = cell_code(code, column.code, columns.template)
            if cell is None:
                continue
            kept.append(cell)
            earlier = self.cells.get(cell)
            if earlier is not None and earlier.value != reading.value:
                self.findings.append(
                    Finding(
                        "W-T2-TWICE",
                        "warning",
                        f"表二同一单元格出现两次且不同：{earlier.raw} 与 {reading.raw}，作未读。",
                        f"{earlier.raw} / {reading.raw}",
                        place,
                    )
                )
                self.cells[cell] = CellReading(
                    reading.raw, None, "unread", "同一单元格出现两次且不同", place
                )
                continue
            self.cells[cell] = reading
        self._last = tuple(kept)

    def _set_aside(self, label: str, texts: Sequence[str], place: str) -> None:
        code = row_code(label)
        figures = sorted(plain(text) for text in texts if looks_like_figure(text))
        if code is not None and figures:
            self._unplaced.append((code, figures, place))

    def blank_row(self, label: str, place: str) -> None:
        """Take a row without figures, which says so much where the row is printed once more."""
        code = row_code(label)
        if code is not None:
            self._unplaced.append((code, [], place))

    def refuse_copies(self) -> None:
        """Refuse rows that are printed once more with other figures, where no head names these."""
        for row, figures, place in self._unplaced:
            codes = [code for code in self.cells if code.startswith(f"t2_{row}_")]
            raws = [plain(self.cells[code].raw or "") for code in codes]
            if not codes or sorted(filter(None, raws)) == figures:
                continue
            for code in codes:
                old = self.cells[code]
                reason = "同一行印了两次且数字不同"
                self.cells[code] = CellReading(old.raw, None, "unread", reason, old.place)
            other = " ".join(figures) or "空白"
            message = f"表二同一行印了两次且数字不同，另一处印作 {other}，作未读。"
            self.findings.append(Finding("W-T2-TWICE", "warning", message, place=place))

    def template(self) -> Template | None:
        """Return the format that the heads speak for; None when nothing was read."""
        if not self.cells:
            return None
        return max(self.votes, key=lambda template: self.votes[template])
