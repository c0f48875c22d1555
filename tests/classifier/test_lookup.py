"""The key index finds every key and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.lookup import KeyIndex

KEYS = st.integers(1, 2**64 - 1)


@given(st.lists(KEYS, unique=True, max_size=200), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_positions_are_those_of_a_dictionary(keys: list[int], others: list[int]) -> None:
    """A plain dictionary is the oracle, also for absent keys and for 0."""
    index = KeyIndex(np.array(keys, np.uint64))
    places = {key: place for place, key in enumerate(keys)}
    queries = keys + others
    expected = [places.get(query, -1) for query in queries]
    assert index.find(np.array(queries, np.uint64)).tolist() == expected


def test_keys_that_collide_are_all_found() -> None:
    """Consecutive keys and multiples of large powers of two fall together and are still found."""
    keys = np.array([k << 48 for k in range(1, 2000)], np.uint64)
    assert KeyIndex(keys).find(keys).tolist() == list(range(1999))
