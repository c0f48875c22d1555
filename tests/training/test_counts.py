"""Kappa from confusion counts equals scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from training.counts import confusion, quadratic_kappa


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_kappa_equal_scikit_learns(seed: int) -> None:
    """On random answers, some labels never given and some never true."""
    random = np.random.default_rng(seed)
    truth, answers = random.integers(0, 4, 60), random.integers(1, 6, 60)
    labels = np.arange(6)
    counts = confusion(truth, answers, 6)
    assert (counts == confusion_matrix(truth, answers, labels=labels)).all()
    kappa = cohen_kappa_score(truth, answers, weights="quadratic", labels=labels)
    assert quadratic_kappa(counts) == pytest.approx(kappa, abs=1e-12)


def test_kappa_of_a_single_label_is_unknown() -> None:
    """Nothing can be better or worse than chance when there is only one answer."""
    assert math.isnan(quadratic_kappa(confusion(np.zeros(3, int), np.zeros(3, int), 5)))
