"""The tables find every n-gram and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import kernels
from classifier.kernels import grams
from classifier.lookup import GramIndex, code_points, joined, make_table, spans_of_chars

KEYS = st.integers(1, 2**64 - 1)
PHRASES = st.text("退款慢差𠀀😡", min_size=1, max_size=4)


@given(st.lists(KEYS, unique_by=lambda k: k >> 24, max_size=200), st.lists(KEYS, max_size=50))
def test_values_are_those_of_a_dictionary(keys: list[int], others: list[int]) -> None:
    """A plain dictionary is the oracle, also for absent keys."""
    table = make_table(np.array(keys, np.uint64), np.arange(len(keys), dtype=np.int32))
    places = {key: place for place, key in enumerate(keys)}
    strangers = [key for key in others if key >> 24 not in {k >> 24 for k in keys}]
    expected = [places.get(key, kernels.UNKNOWN) for key in keys + strangers]
    assert grams.look_up(table, np.array(keys + strangers, np.uint64)).tolist() == expected


def test_keys_that_collide_are_all_found() -> None:
    """Keys that want the same slot are still found."""
    keys = np.array([k << 48 for k in range(1, 2000)], np.uint64)
    table = make_table(keys, np.arange(1999, dtype=np.int32))
    assert grams.look_up(table, keys).tolist() == list(range(1999))


def test_more_values_than_a_slot_can_hold_are_refused() -> None:
    """The message says how many are allowed."""
    with pytest.raises(ValueError, match="at most 16777214 allowed"):
        make_table(np.array([1], np.uint64), np.array([kernels.MAX_VALUE + 1], np.int32))


@given(st.lists(PHRASES, min_size=1, max_size=8), st.lists(st.text("退款慢差𠀀", max_size=8)))
def test_every_occurrence_of_every_phrase_is_found(phrases: list[str], texts: list[str]) -> None:
    """Looking for each phrase everywhere is the oracle; a repeated phrase has several numbers."""
    codes = code_points(joined(texts))
    found = GramIndex.of_texts(phrases).find(codes, *spans_of_chars(len(codes)))
    expected = []
    origin = 0
    for row, text in enumerate(texts):
        expected += [
            [number, origin + place, origin + place + len(phrase), row]
            for number, phrase in enumerate(phrases)
            for place in range(len(text))
            if text.startswith(phrase, place)
        ]
        origin += len(text) + 1
    assert sorted(found.tolist()) == sorted(expected)
