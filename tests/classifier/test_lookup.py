"""The tables find every n-gram and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import kernels
from classifier.kernels import grams
from classifier.lookup import Phrasebook, code_points, joined, make_table

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
    (found,) = Phrasebook([phrases]).find(codes)
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


@given(
    st.lists(st.lists(PHRASES, max_size=5), min_size=1, max_size=3),
    st.text("退款慢差𠀀", max_size=30),
)
def test_each_list_has_its_own_numbers(lists: list[list[str]], text: str) -> None:
    """Several lists that are looked for as one give what each of them gives alone."""
    codes = code_points(joined([text]))
    together = [found.tolist() for found in Phrasebook(lists).find(codes)]
    alone = [Phrasebook([some]).find(codes)[0].tolist() if some else [] for some in lists]
    assert [sorted(found) for found in together] == [sorted(found) for found in alone]


def test_more_kinds_than_the_loops_know_are_refused() -> None:
    """The message says how many there may be."""
    with pytest.raises(ValueError, match="of 4 kinds, allowed are 1-3"):
        Phrasebook([["退"], ["款"], ["慢"], ["差"]]).find(code_points("退款\n"))
