"""Bar charts as geometry; the template draws them as SVG, so that no script is needed.

The axis begins at 0 and is never logarithmic: the length of a bar is its figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from archive.site import words

WIDTH, HEIGHT = 400, 210
_RIGHT, _TOP, _BOTTOM = 8, 24, 30
# Sizes of letters in units of the drawing, as site.css sets them.
_DIGIT, _LETTER = 7.6, 12.5
_YEAR = 4 * _DIGIT + 6
_ROW = 26
# A sum that lacks a part is no sum.
_INCOMPLETE = "不全"


@dataclass(frozen=True, slots=True)
class Series:
    """What bars of one kind tell: a name, and a figure or None for each column."""

    name: str
    figures: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """A bar, or a part of one that is stacked.

    Args:
        series: which of the chart's names it belongs to.
        x: left edge.
        y: upper edge.
        width: in units of the drawing.
        height: in units of the drawing; 0 for a figure of 0.
        said: name and figure, for who points at it.
        value: figure above the bar; empty where it stands elsewhere or finds no room.

    """

    series: int
    x: float
    y: float
    width: float
    height: float
    said: str
    value: str = ""

    @property
    def middle(self) -> float:
        """Where words above the bar are centred."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """One year: its bars, or the reason why there are none.

    Args:
        label: the year.
        is_labelled: whether there is room for the year below.
        middle: where the year is centred.
        pieces: bars, the lowest first where they are stacked.
        above: y of the total over stacked bars.
        value: the total, the figure, or the reason when there is no figure.
        said: the whole column in words.
        known: whether there is a figure.

    """

    label: str
    is_labelled: bool
    middle: float
    pieces: tuple[Piece, ...]
    above: float
    value: str
    said: str
    known: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns, the lines behind them as (y, label), and where the form changed."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[float, str], ...]
    names: tuple[str, ...]
    stacked: bool
    upright: bool
    slot: float
    left: float
    change: float | None = None
    width: int = WIDTH
    height: int = HEIGHT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM

    @property
    def said(self) -> str:
        """The whole chart in words."""
        return "；".join(f"{column.label} 年 {column.said}" for column in self.columns)

    @property
    def has_narrow_gaps(self) -> bool:
        """Tell whether the reason for a gap must be written downwards."""
        longest = max((len(one.value) for one in self.columns if not one.known), default=0)
        return self.slot * 0.9 < longest * _LETTER + 4


def _step(top: float) -> int:
    """Return a round distance of lines, so that there are two to five of them."""
    rough = max(top, 1) / 4
    power = int(10 ** floor(log10(rough))) if rough >= 1 else 1
    return next(n * power for n in (1, 2, 5, 10) if n * power >= rough)


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart over years is drawn from.

    Args:
        years: one column each.
        series: the figures; the parts of one whole when ``stacked``, else bars side by side.
        missing: words for the years that have no figure at all.
        stacked: put the bars of a year on top of each other and tell their sum.
        percent: figures are parts of 1, shown as per cent.
        at_least: highest figure of the charts that this one is looked at beside.
        change: first year of another format of the form.

    """

    years: Sequence[int]
    series: Sequence[Series]
    missing: Mapping[int, str]
    stacked: bool = False
    percent: bool = False
    at_least: float = 0
    change: int | None = None

    def drawn(self) -> Chart:
        """Return the chart."""
        rows = [[one.figures[n] for one in self.series] for n in range(len(self.years))]
        step, highest = self._scale(rows)
        sign = "%" if self.percent else ""
        left = round(12 + len(f"{highest}{sign}") * _DIGIT, 1)
        slot = (WIDTH - left - _RIGHT) / max(len(self.years), 1)
        beside = 1 if self.stacked else max(len(self.series), 1)
        wide = min(slot * (0.62 if beside == 1 else 0.84), 64 * beside) / beside
        room = slot if beside == 1 else wide
        longest = max((len(text) * _DIGIT for row in rows for text in self._above(row)), default=0)
        upright = longest > room - 1
        has_room = room >= _LETTER - 2
        top = longest + 12 if upright and has_room else _TOP
        scale = (HEIGHT - top - _BOTTOM) / highest
        every = ceil(_YEAR / slot) if slot < _YEAR else 1
        middles = [round(left + slot * (n + 0.5), 1) for n in range(len(self.years))]
        return Chart(
            tuple(
                self._column(
                    year, self._pieces(row, middle, wide, scale, labelled=has_room), row, middle,
                    is_labelled=(len(self.years) - 1 - n) % every == 0,
                )
                for n, (year, row, middle) in enumerate(zip(self.years, rows, middles, strict=True))
            ),
            tuple(
                (round(HEIGHT - _BOTTOM - tick * scale, 1), f"{tick}{sign}")
                for tick in range(0, highest + 1, step)
            ),
            tuple(one.name for one in self.series),
            self.stacked,
            upright,
            round(slot, 1),
            left,
            next(
                (round(left + slot * n, 1) for n, y in enumerate(self.years) if y == self.change),
                None,
            ),
        )  # fmt: skip

    def _shown(self, value: float) -> str:
        return words.percent(value) if self.percent else words.number(value)

    def _above(self, row: Sequence[float | None]) -> list[str]:
        held = [value for value in row if value is not None]
        if self.stacked:
            return [self._shown(sum(held)) if len(held) == len(row) else _INCOMPLETE]
        return [self._shown(value) for value in held]

    def _scale(self, rows: Sequence[Sequence[float | None]]) -> tuple[int, int]:
        """Return the distance of the lines and the highest of them."""
        held = [[value for value in row if value and value > 0] for row in rows]
        tops = [sum(row) if self.stacked else max(row) for row in held if row]
        top = max([*tops, self.at_least]) * (100 if self.percent else 1)
        step = _step(top)
        return step, max(step, ceil(top / step) * step)

    def _pieces(
        self,
        row: Sequence[float | None],
        middle: float,
        wide: float,
        scale: float,
        *,
        labelled: bool,
    ) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        left = middle - wide * (1 if self.stacked else len(row)) / 2
        ground = float(HEIGHT - _BOTTOM)
        for index, value in enumerate(row):
            if value is None:
                continue
            tall = max(value, 0) * scale * (100 if self.percent else 1)
            name, text = self.series[index].name, self._shown(value)
            pieces.append(
                Piece(
                    index,
                    round(left + (0 if self.stacked else wide * index), 1),
                    round(ground - tall, 1),
                    round(wide, 1),
                    round(tall, 1),
                    f"{name} {text}" if name else text,
                    text if labelled and not self.stacked else "",
                )
            )
            if self.stacked:
                ground -= tall
        return tuple(pieces)

    def _column(
        self,
        year: int,
        pieces: tuple[Piece, ...],
        row: Sequence[float | None],
        middle: float,
        *,
        is_labelled: bool,
    ) -> Column:
        missing = self.missing.get(year, "无值")
        return Column(
            label=str(year),
            is_labelled=is_labelled,
            middle=middle,
            pieces=pieces,
            above=min((piece.y for piece in pieces), default=0),
            value=self._above(row)[0] if pieces else missing,
            said="，".join(piece.said for piece in pieces) or missing,
            known=bool(pieces),
        )


def bars(points: Sequence[tuple[int, float | None, str]], *, at_least: float = 0) -> Chart:
    """Return a chart of one figure over years.

    Args:
        points: year, figure or None, and the words shown in place of a missing figure.
        at_least: highest figure of the charts that this one is looked at beside.

    """
    return Plot(
        [year for year, _, _ in points],
        [Series("", [value for _, value, _ in points])],
        {year: missing for year, _, missing in points},
        at_least=at_least,
    ).drawn()


@dataclass(frozen=True, slots=True)
class Spread:
    """How many have how much: rows of (label, number, y, length of the bar)."""

    rows: tuple[tuple[str, int, float, float], ...]
    left: float
    height: int
    width: int = WIDTH


def spread(classes: Sequence[tuple[str, int]]) -> Spread:
    """Return lying bars, one for each class.

    Args:
        classes: label of the class and the number of those in it.

    """
    left = 16 + max((len(label) for label, _ in classes), default=0) * _DIGIT
    room = WIDTH - left - 60
    most = max((count for _, count in classes), default=0) or 1
    return Spread(
        tuple(
            (label, count, _ROW * number + 4.0, round(count / most * room, 1))
            for number, (label, count) in enumerate(classes)
        ),
        round(left, 1),
        _ROW * len(classes),
    )
