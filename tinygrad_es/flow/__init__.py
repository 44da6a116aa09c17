"""How gradients flow: the record of a step, and where its first NaN comes from."""

from .origin import Origin, as_before, first_nan, is_finite
from .record import SERIES, Flow, LayerFlow, Numbers, WeightFlow, flow_of, numbers_of
from .table import html_of, table_of

__all__ = [
    "SERIES",
    "Flow",
    "LayerFlow",
    "Numbers",
    "Origin",
    "WeightFlow",
    "as_before",
    "first_nan",
    "flow_of",
    "html_of",
    "is_finite",
    "numbers_of",
    "table_of",
]
