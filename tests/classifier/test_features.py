"""The vectoriser equals scikit-learn's, term by term and value by value."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.features import FeatureSettings, fit_vectoriser
from classifier.text import clean
from classifier.tokens import tokeniser, words_of
from tests.builders import TOY_ROWS

HOSTILE = (
    "", "！", "a" * 50, "😡😡😡", "退款" * 40, "１２３ 456 abc", "\u200b", "的 的 的", "𠀀𠀁退款",
)  # fmt: skip


def oracle(texts: list[str], options: FeatureSettings) -> tuple[list[list[str]], sp.csr_array]:
    """Terms and values of two scikit-learn vectorisers, side by side."""
    common = {
        "lowercase": False, "min_df": options.min_df, "sublinear_tf": options.sublinear_tf,
    }  # fmt: skip
    words = TfidfVectorizer(
        tokenizer=lambda text: words_of(tokeniser().cut(text)), token_pattern=None,
        ngram_range=options.word_ngrams, **common,
    )  # fmt: skip
    chars = TfidfVectorizer(analyzer="char", ngram_range=options.char_ngrams, **common)
    values = sp.hstack([words.fit_transform(texts), chars.fit_transform(texts)])
    terms = [list(vectoriser.get_feature_names_out()) for vectoriser in (words, chars)]
    return terms, sp.csr_array(values)


def assert_equals_oracle(texts: list[str], options: FeatureSettings) -> None:
    """Same terms, and same values for each; scikit-learn sorts the terms of a block by name."""
    terms, expected = oracle(texts, options)
    vectoriser = fit_vectoriser(texts, options, tokeniser())
    ours = [list(vectoriser.word_terms), list(vectoriser.char_terms)]
    assert [sorted(block) for block in ours] == terms
    n_words = len(ours[0])
    order = [*np.argsort(ours[0]), *(n_words + np.argsort(ours[1]))]
    assert abs(vectoriser.vectorise(texts)[:, order] - expected).max() < 1e-6


@pytest.mark.parametrize("sublinear_tf", [True, False])
@pytest.mark.parametrize(("words", "chars"), [((1, 2), (1, 3)), ((1, 1), (2, 4)), ((2, 2), (1, 1))])
def test_values_equal_scikit_learn_to_a_millionth(
    words: tuple[int, int], chars: tuple[int, int], sublinear_tf: bool
) -> None:
    """Over plain and hostile text, for several n-gram ranges, with and without sublinear tf."""
    texts = [clean(text).text for text, *_ in TOY_ROWS] + [clean(text).text for text in HOSTILE]
    options = FeatureSettings(words, chars, min_df=1, sublinear_tf=sublinear_tf)
    assert_equals_oracle(texts, options)


@settings(max_examples=60)
@given(st.lists(st.text(st.sampled_from("退款慢差评的不! ,a1😡𠀀")), min_size=3, max_size=12))
def test_values_equal_scikit_learn_on_generated_text(sent: list[str]) -> None:
    """Any batch, whatever it holds, has scikit-learn's values."""
    texts = [clean(text).text for text in [*sent, "退款慢", "差评的"]]
    options = FeatureSettings(min_df=1)
    assert_equals_oracle(texts, options)


def test_unseen_terms_are_left_out() -> None:
    """A text of unknown words is an empty row, and an unknown word breaks no neighbour's counts."""
    vectoriser = fit_vectoriser(["退款慢", "退款快"], FeatureSettings(min_df=1), tokeniser())
    assert vectoriser.vectorise(["鱼香肉丝"]).nnz == 0
    assert vectoriser.vectorise([]).shape == (0, vectoriser.n_features)


def test_rows_do_not_depend_on_their_neighbours() -> None:
    """A batch has the same rows as its texts one by one."""
    texts = [clean(text).text for text, *_ in TOY_ROWS]
    vectoriser = fit_vectoriser(texts, FeatureSettings(min_df=1), tokeniser())
    together = vectoriser.vectorise(texts)
    alone = sp.vstack([vectoriser.vectorise([text]) for text in texts])
    assert abs(together - alone).max() == 0


@pytest.mark.parametrize(
    "bad",
    [{"word_ngrams": (1, 3)}, {"char_ngrams": (0, 2)}, {"char_ngrams": (1, 5)}, {"min_df": 0}],
)
def test_impossible_settings_are_refused(bad: dict[str, tuple[int, int]]) -> None:
    """The message names the setting and what is allowed."""
    with pytest.raises(ValueError, match=f"{next(iter(bad))} is .*allowed"):
        FeatureSettings(**bad)  # type: ignore[arg-type]  # a wrong value on purpose
