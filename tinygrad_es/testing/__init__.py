"""Testing gradients: strategies for Hypothesis, ready-made networks, and what the plugin loads.

The pytest plugin itself is the module `pytest_tinygrad_es`.
"""

from .arrays import arrays_for, calls_of
from .kinks import away_from_kinks, kink_near
from .networks import Network, PrimeNetwork, prime_network, small_networks
from .shapes import PRIMES, broadcastable_shapes, prime_sizes

__all__ = [
    "PRIMES",
    "Network",
    "PrimeNetwork",
    "arrays_for",
    "away_from_kinks",
    "broadcastable_shapes",
    "calls_of",
    "kink_near",
    "prime_network",
    "prime_sizes",
    "small_networks",
]
