"""Data folders of a test's own, and no network."""

from __future__ import annotations

import pytest

from tinygrad_es.datasets import _fetch


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """The folder of data sets: an empty one. What asks for the network is told there is none."""

    def refuse(url):
        raise OSError(f"no network in tests: {url}")

    monkeypatch.setenv("TINYGRAD_ES_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(_fetch, "open_url", refuse)
    return tmp_path / "data"
