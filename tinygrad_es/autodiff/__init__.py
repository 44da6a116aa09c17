"""The engine: one derivative table, one Tensor, one sweep."""

from . import protocols  # noqa: F401 - puts NumPy's protocols on Tensor
