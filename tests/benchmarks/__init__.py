"""Benchmarks: `python -m tests.benchmarks` prints ratios; nothing here is a timed test."""
