"""Bar charts as geometry; the template draws them as SVG, so that no script is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 440, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 24, 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One year: a bar with its figure, or the reason why there is none.

    Args:
        label: the year.
        value: figure as text; the reason when there is no figure.
        known: whether there is a figure.
        x: left edge.
        y: upper edge.
        width: in units of the drawing.
        height: in units of the drawing; 0 for a figure of 0.

    """

    label: str
    value: str
    known: bool
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars and the lines behind them; lines are (y, label)."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def _step(top: float) -> int:
    """Return a round distance of lines, so that there are two to five of them."""
    rough = max(top, 1) / 4
    power = int(10 ** floor(log10(rough))) if rough >= 1 else 1
    return next(n * power for n in (1, 2, 5, 10) if n * power >= rough)


def bars(points: Sequence[tuple[int, float | None, str]], *, at_least: float = 0) -> Chart:
    """Return a chart over years.

    Args:
        points: year, figure or None, and the words shown in place of a missing figure.
        at_least: highest figure of the charts that this one is looked at beside.

    """
    top = max((value for _, value, _ in points if value is not None), default=0)
    top = max(top, at_least)
    step = _step(top)
    highest = max(step, ceil(top / step) * step)
    space = HEIGHT - _TOP - _BOTTOM
    slot = (WIDTH - _LEFT - _RIGHT) / max(len(points), 1)
    wide = min(slot * 0.6, 72)

    def y_of(value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / highest * space, 1)

    return Chart(
        tuple(
            Bar(
                label=str(year),
                value=f"{value:g}" if value is not None else missing,
                known=value is not None,
                x=round(_LEFT + slot * (number + 0.5) - wide / 2, 1),
                y=y_of(value or 0),
                width=round(wide, 1),
                height=round((value or 0) / highest * space, 1),
            )
            for number, (year, value, missing) in enumerate(points)
        ),
        tuple((y_of(tick), str(tick)) for tick in range(0, highest + 1, step)),
    )
