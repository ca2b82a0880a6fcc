"""Figures of the narrative: every number of sections 一, 五 and 六 that is a result."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.recognise.counts import Counts
from pipeline.recognise.figure_numbers import find_results
from pipeline.recognise.measures import measures_of
from pipeline.recognise.narrative import Narrative
from pipeline.recognise.periods import Times
from pipeline.recognise.ratios import link_rates
from pipeline.recognise.wholes import link_parts
from pipeline.report import Figure


def narrative_figures(
    narratives: tuple[Narrative, ...], year: int | None = None
) -> tuple[Figure, ...]:
    """Return the results that the narrative names, in printed order.

    Left out are years, dates, addresses, telephones, document numbers, ordinals, names (12345,
    《…》, “…”) and rows of tables. Time limits and the like come with the kind norm.

    Args:
        narratives: the sections 一, 五 and 六 that the report has.
        year: report year, to tell figures of other years; None when it is not known.

    """
    figures: list[Figure] = []
    for narrative in narratives:
        figures.extend(_figures(narrative, year, len(figures)))
    return tuple(figures)


def _figures(narrative: Narrative, year: int | None, before: int) -> Iterator[Figure]:
    """Give the figures of one section; so many figures of the report come before it."""
    results = find_results(narrative)
    measures = measures_of(narrative, results)
    counts = Counts(narrative, results)
    wholes = link_parts(counts, measures)
    times = Times(narrative, year)
    periods = [times.period(result.number.start) for result in results]
    ratios = link_rates(counts, wholes, periods, before)
    for index, result in enumerate(results):
        number, whole = result.number, wholes[index]
        offset, length = narrative.span(number.start, number.raw_end)
        yield Figure(
            section=narrative.section.ordinal,
            raw=narrative.printed[number.start : number.raw_end],
            value=number.value,
            unit=number.unit,
            kind=result.kind,
            clause=narrative.printed[result.clause[0] : result.clause[1]],
            place=narrative.place(offset),
            offset=offset,
            length=length,
            measure=measures[index],
            part_of=None if whole is None else before + whole + 1,
            ratio=ratios[index],
            period=periods[index],
        )
