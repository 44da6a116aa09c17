"""Shapes whose sizes tell them apart: primes, and ones that broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autodiff.errors import describe
from .needs import strategies

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["PRIMES", "broadcastable_shapes", "prime_sizes"]

PRIMES = (5, 7, 11, 13, 17, 19, 23)
SIDES = (2, 3, 5, 7)  # of arrays whose every entry is compared

Shape = tuple[int, ...]


def prime_sizes(n: int) -> SearchStrategy[tuple[int, ...]]:
    """Strategy: n different primes, from 5 to 23.

    With such sizes a wrong axis does not fit, and a factor of 7 can only be one thing.

    >>> from hypothesis import find
    >>> find(prime_sizes(3), lambda sizes: True)
    (5, 7, 11)
    """
    if not isinstance(n, int) or not 0 <= n <= len(PRIMES):
        raise ValueError(f"prime_sizes: expected n from 0 to {len(PRIMES)}. Received: {n!r}.")
    st = strategies()
    return st.lists(st.sampled_from(PRIMES), min_size=n, max_size=n, unique=True).map(tuple)


def broadcastable_shapes(n: int = 2, *, max_dims: int = 3) -> SearchStrategy[tuple[Shape, ...]]:
    """Strategy: n shapes that broadcast together.

    Their sizes are primes, no two axes of the same size; each shape may lack axes on the left, to
    none at all, and any axis may be 1. They shrink to `()`.

    >>> from hypothesis import find
    >>> find(broadcastable_shapes(2), lambda shapes: shapes[0] != shapes[1])
    ((), (2,))
    """
    if not isinstance(n, int) or n < 0:
        raise ValueError(f"broadcastable_shapes: expected n ≥ 0. Received: {describe(n)}.")
    if not isinstance(max_dims, int) or not 0 <= max_dims <= len(SIDES):
        raise ValueError(
            f"broadcastable_shapes: expected max_dims from 0 to {len(SIDES)}. "
            f"Received: {describe(max_dims)}."
        )
    st = strategies()

    def shapes(sides: list[int]) -> Any:
        """All shapes that broadcast to these sides; axes of 1 keep the place of another."""

        def one(kept: int) -> Any:
            own = sides[len(sides) - kept :]
            return st.tuples(*(st.sampled_from((side, 1)) for side in own))

        return st.tuples(*[st.integers(0, len(sides)).flatmap(one) for _ in range(n)])

    return st.lists(st.sampled_from(SIDES), max_size=max_dims, unique=True).flatmap(shapes)
