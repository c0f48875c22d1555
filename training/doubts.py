"""A quick cross-validated look for labels that a plain model contradicts with confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier

from training.data_config import CheckSettings
from training.split import assign_folds

_FOLDS = 3
_COLUMNS = 2**17
_EPOCHS = 8
_ALPHA = 1e-5
_MIN_TEXTS = 100  # fewer teach such a model nothing that could be held against a person


@dataclass(frozen=True, slots=True)
class Doubt:
    """A text whose label is doubted: its number, the label the model gives, and how surely (0-1)."""

    number: int
    other: object
    prob: float


def doubts(
    texts: Sequence[str],
    labels: Sequence[str] | Sequence[int],
    groups: NDArray[np.intp],
    settings: CheckSettings,
    *,
    seed: int,
) -> list[Doubt]:
    """The doubted labels, surest first; groups (a number per text) are never split over folds.

    One-against-all logistic regression by SGD on character 1- and 2-grams, in 3 folds: about 5 s
    for 25,000 short texts and 14 labels. It is a sieve for gross mistakes, not an audit.
    """
    truth = np.array(labels)
    if len(texts) < _MIN_TEXTS or len(np.unique(truth)) < 2:
        return []
    counts = HashingVectorizer(
        analyzer="char", ngram_range=(1, 2), n_features=_COLUMNS, norm=None, alternate_sign=False
    ).transform(texts)
    matrix = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    folds = assign_folds(truth.tolist(), groups, _FOLDS, seed=seed)
    found = []
    for fold in range(_FOLDS):
        seen = folds != fold
        if len(np.unique(truth[seen])) < 2:
            continue
        model = SGDClassifier(
            loss="log_loss", alpha=_ALPHA, max_iter=_EPOCHS, tol=None, random_state=seed
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
