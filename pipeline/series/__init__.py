"""Series: rules that hold a report against the years before and after and against other bodies."""

from pipeline.series.settle import settle_series

__all__ = ["settle_series"]
