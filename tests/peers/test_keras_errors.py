"""The table of tests/models/test_errors_of_keras.py read with Keras: its words are Keras' words."""

from __future__ import annotations

import os

import pytest

from tests.models.test_errors_of_keras import ROWS, said

os.environ["KERAS_BACKEND"] = "torch"
pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_keras_says_the_same(row):
    text = said(row, keras)
    for words in row.words:
        assert words in text
