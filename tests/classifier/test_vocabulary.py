"""Counts of chunks add up to the counts of all texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.cluster import here
from classifier.text import clean
from classifier.tokens import tokeniser, words_of
from classifier.vocabulary import CHUNK, Counting, Counts, added, count, count_terms

COUNTING = Counting(tokeniser(), (1, 2), (1, 3), has_concepts=True)


def in_chunks(texts: Sequence[str], size: int) -> list[tuple[Counts, Counts, list[int]]]:
    """What each chunk of some texts holds."""
    chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
    found = [count(COUNTING, (number, chunk)) for number, chunk in enumerate(chunks)]
    return [(one.words, one.chars, one.concepts.tolist()) for one in found]


@settings(max_examples=50)
@given(
    st.lists(st.text(st.sampled_from("退款慢差评的不! ,a1😡𠀀")), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_chunks_add_up(sent: list[str], size: int) -> None:
    """However the texts are cut into chunks, the same n-grams are in as many texts."""
    texts = [clean(text).text for text in sent]
    chunks, whole = in_chunks(texts, size), in_chunks(texts, len(texts))[0]
    for block in (0, 1):
        total = added([chunk[block] for chunk in chunks])
        assert np.array_equal(total.keys, whole[block].keys)
        assert np.array_equal(total.df, whole[block].df)
    assert np.sum([chunk[2] for chunk in chunks], axis=0).tolist() == whole[2]


def test_the_first_place_is_kept_though_sums_are_added_in_steps() -> None:
    """An n-gram is looked up where it stood first."""
    chunks = [chunk[1] for chunk in in_chunks(["退款", "退货", "退款"], 1)]
    step = added([added(chunks[:2]), chunks[2]])
    assert step.df.max() == 3
    assert step.chunks[step.df == 3].tolist() == [0]
    assert sorted(step.chunks.tolist()) == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("min_df", [1, 3])
def test_terms_of_many_chunks_are_those_of_a_plain_count(min_df: int) -> None:
    """Names and numbers of texts, the commonest first, equal a count with Python's own sets."""
    texts = [f"退款{n}慢" if n % 3 else f"快递 丢了{n % 50}" for n in range(CHUNK + 5)]
    words: Counter[str] = Counter()
    chars: Counter[str] = Counter()
    for text in texts:
        pieces = words_of(tokeniser().cut(text))
        pairs = map(" ".join, pairwise(pieces))
        words.update({*pieces, *pairs})
        chars.update({text[i : i + n] for n in (1, 2, 3) for i in range(len(text) - n + 1)})
    terms, df = count_terms(texts, COUNTING, min_df, here)
    for names, numbers, expected in zip(terms, df, (words, chars), strict=False):
        ordered = sorted(expected.items(), key=lambda item: (-item[1], item[0]))
        kept = [(name, n) for name, n in ordered if n >= min_df]
        assert list(zip(names, numbers.tolist(), strict=True)) == kept


def test_no_texts_have_no_terms() -> None:
    """Nothing is counted, and nothing fails."""
    terms, df = count_terms([], COUNTING, 1, here)
    assert [len(names) for names in terms[:2]] == [0, 0]
    assert df[2].tolist() == [0] * len(terms[2])
