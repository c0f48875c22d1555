"""Figures of labels from their confusion counts.

scikit-learn's functions check their input at each call, 2 ms each; a training asks some 5,000 times
for a kappa. This takes some 20 µs; tests hold it against scikit-learn's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.intp]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def confusion(truth: Labels, answers: Labels, n_labels: int) -> Counts:
    """How often each label (rows) got each answer (columns), both 0 to `n_labels` - 1.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    cells = np.bincount(truth * n_labels + answers, minlength=n_labels * n_labels)
    return cells.reshape(n_labels, n_labels)


def quadratic_kappa(counts: Counts) -> float:
    """Cohen's kappa of one table of counts, see `quadratic_kappas`."""
    return float(quadratic_kappas(counts[None])[0])


def quadratic_kappas(counts: Counts | Floats) -> Floats:
    """Cohen's kappa with quadratic weights (Cohen 1968), at most 1; nan if all is one label.

    `counts` has shape (tables, labels, answers). One minus the mean squared distance between label
    and answer, divided by what it would be if answers were dealt at random:
    1 - sum(w * counts) / sum(w * expected).
    """
    ranks = np.arange(counts.shape[1])
    weights = (ranks[:, None] - ranks) ** 2.0
    labels, answers = counts.sum(axis=2), counts.sum(axis=1)
    by_chance = np.einsum("ti,ij,tj->t", labels, weights, answers)
    observed = (counts * weights).sum(axis=(1, 2)) * labels.sum(axis=1)
    unknown = np.full(len(counts), np.nan)
    found: Floats = 1 - np.divide(observed, by_chance, out=unknown, where=by_chance != 0)
    return found
