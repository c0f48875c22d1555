"""A quick cross-validated look for labels that a plain model contradicts with confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier

from training.data_config import CheckSettings
from training.split import assign_folds

_FOLDS = 3
_JOBS = 2  # threads; one label is one job
_COLUMNS = 2**17
_EPOCHS = 4
_ALPHA = 1e-5
_CHARS = 500  # of a text: what it is about and how angry it is stands there
_MIN_TEXTS = 100  # fewer teach such a model nothing that could be held against a person


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubted label: the text's number, the label the model gives, and how surely (0-1)."""

    number: int
    other: object
    prob: float


def features_of(texts: Sequence[str]) -> sp.csr_matrix:
    """TF-IDF of character 1- and 2-grams, hashed: (texts, 131,072), rows of length 1."""
    counts = HashingVectorizer(
        analyzer="char", ngram_range=(1, 2), n_features=_COLUMNS, norm=None, alternate_sign=False
    ).transform([text[:_CHARS] for text in texts])
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts)


def doubts(
    matrix: sp.csr_matrix,
    labels: Sequence[str] | Sequence[int],
    groups: NDArray[np.intp],
    settings: CheckSettings,
    *,
    seed: int,
) -> list[Doubt]:
    """The doubted labels of texts (rows of `features_of`), surest first.

    One-against-all logistic regression by SGD in 3 folds, which never split a group (a number per
    text). It is a sieve for gross mistakes, not an audit.
    """
    truth = np.array(labels)
    if len(truth) < _MIN_TEXTS or len(np.unique(truth)) < 2:
        return []
    folds = assign_folds(truth.tolist(), groups, _FOLDS, seed=seed)
    found = []
    for fold in range(_FOLDS):
        seen = folds != fold
        if len(np.unique(truth[seen])) < 2:
            continue
        model = SGDClassifier(
            loss="log_loss",
            alpha=_ALPHA,
            max_iter=_EPOCHS,
            tol=None,
            random_state=seed,
            n_jobs=_JOBS,
        ).fit(matrix[seen], truth[seen])
        rows = np.flatnonzero(~seen)
        probs = model.predict_proba(matrix[rows])
        best = probs.argmax(axis=1)
        for place, row in enumerate(rows):
            given = probs[place, model.classes_ == truth[row]].sum()
            other, prob = model.classes_[best[place]], float(probs[place, best[place]])
            if (
                given <= settings.doubt_given_prob
                and prob >= settings.doubt_other_prob
                and _is_far(truth[row], other, settings.doubt_levels)
            ):
                found.append(Doubt(int(row), other.item(), prob))
    return sorted(found, key=lambda doubt: -doubt.prob)


def _is_far(given: object, other: object, levels: int) -> bool:
    if isinstance(given, np.integer) and isinstance(other, np.integer):
        return abs(int(given) - int(other)) >= levels
    return given != other
