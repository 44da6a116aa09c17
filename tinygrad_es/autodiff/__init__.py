"""The engine: one derivative table, one Tensor, one sweep."""

from . import backward, install, protocols  # noqa: F401 - they put their methods on Tensor
