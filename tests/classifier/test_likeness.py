from __future__ import annotations

import pytest
from sklearn.metrics.pairwise import cosine_similarity

from classifier.features import FeatureSettings, Vectoriser, fit_vectoriser
from classifier.likeness import likeness, telling_terms
from classifier.text import clean
from classifier.tokens import tokeniser
from tests.builders import TOY_ROWS

TEXTS = [clean(text).text for text, *_ in TOY_ROWS]


@pytest.fixture(scope="module")
def vectoriser() -> Vectoriser:
    """Fitted on the toy corpus, every term kept."""
    return fit_vectoriser(TEXTS, FeatureSettings(min_df=1, concept_weight=1.0), tokeniser())


def test_likeness_is_the_cosine_of_the_rows(vectoriser: Vectoriser) -> None:
    """As scikit-learn computes it, and 1 for a text with itself."""
    rows = vectoriser.vectorise(TEXTS)
    expected = cosine_similarity(rows[[0]], rows)[0]
    assert likeness(vectoriser, TEXTS[0], TEXTS) == pytest.approx(expected, abs=1e-6)
    assert likeness(vectoriser, TEXTS[0], TEXTS[:1]) == pytest.approx([1.0])


def test_a_text_without_known_terms_is_like_none(vectoriser: Vectoriser) -> None:
    """No division by zero, and no answer that is not there."""
    assert likeness(vectoriser, "", TEXTS[:2]) == [0.0, 0.0]
    assert likeness(vectoriser, TEXTS[0], ["", "😡"]) == [0.0, 0.0]
    assert likeness(vectoriser, TEXTS[0], []) == []


def test_telling_terms_stand_in_the_text_and_not_in_each_other(vectoriser: Vectoriser) -> None:
    """Pieces to look for: no concept's name, no number, no part of another piece."""
    for text in [*TEXTS, "退款 8812 四十分钟"]:
        found = telling_terms(vectoriser, text, 6)
        weights = [term.weight for term in found]
        assert weights == sorted(weights, reverse=True)
        for term in found:
            assert term.text in text
            assert len(term.text) > 1
            assert not term.text.isdigit()
            assert sum(term.text in other.text for other in found) == 1
    assert telling_terms(vectoriser, "", 6) == []
