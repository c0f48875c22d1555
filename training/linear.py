"""The linear models of both heads, fitted on a matrix of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifier.heads import ADJACENT
from training.config import TrainingConfig
from training.targets import Targets

Floats = NDArray[np.float64]
Strength = tuple[float, Floats | None]  # scikit-learn's C, and weights of the texts if they differ

_ABSENT_LOGIT = -30.0  # a label that a training fold lacks cannot be told by that fold


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights (features, logits) and bias (logits) of one head."""

    weights: Floats
    bias: Floats


def fit_linear(
    matrix: sp.csr_array, columns: list[slice], targets: Targets, config: TrainingConfig
) -> dict[str, Linear]:
    """Every head that the targets allow: "category" first, then each kind of intensity.

    `matrix` has shape (texts, features), `columns` are those of each block.
    """
    found = {}
    if targets.codes:
        known = targets.category >= 0
        settings, truth, n_codes = config.category, targets.category[known], len(targets.codes)
        c = settings.inverse_regularisation
        weight = _balanced(_some(targets.weight, known), truth, settings.balance)
        found["category"] = _pooled([
            _multinomial(_part(matrix, known, block), truth, n_codes, (c, weight))
            for block in (columns if settings.pooled else [slice(None)])
        ])  # fmt: skip
    known = targets.rank >= 0
    c = config.intensity.inverse_regularisation
    for kind in config.intensity.kinds if targets.levels else ():
        fit_kind = _borders if kind == ADJACENT else _multinomial
        found[kind] = fit_kind(
            _part(matrix, known), targets.rank[known], len(targets.levels),
            (c, _some(targets.weight, known)),
        )  # fmt: skip
    return found


def _balanced(weight: Floats | None, truth: NDArray[np.intp], balance: float) -> Floats | None:
    """The weights times (mean size of a category / size of the text's own) ** `balance`."""
    if not balance:
        return weight
    sizes = np.bincount(truth)
    raised: Floats = (sizes[sizes > 0].mean() / sizes[truth]) ** balance
    return raised if weight is None else weight * raised


def _part(
    matrix: sp.csr_array, rows: NDArray[np.bool_], columns: slice = slice(None)
) -> sp.csr_array:
    """Some rows and columns; the matrix itself where it is all, for a copy may take gigabytes."""
    if rows.all():
        return matrix if columns == slice(None) else matrix[:, columns]
    return matrix[rows, columns]


def _some(weight: Floats | None, rows: NDArray[np.bool_]) -> Floats | None:
    return None if weight is None else weight[rows]


def _pooled(parts: list[Linear]) -> Linear:
    """The mean of the logits of models for neighbouring columns: again a linear model."""
    weights = np.concatenate([part.weights for part in parts]) / len(parts)
    return Linear(weights, np.mean([part.bias for part in parts], axis=0))


def _multinomial(
    matrix: sp.csr_array, truth: NDArray[np.intp], n_labels: int, strength: Strength
) -> Linear:
    """Softmax regression; newton-cg needs a quarter of lbfgs' time on such matrices."""
    weights = np.zeros((matrix.shape[1], n_labels))
    bias = np.full(n_labels, _ABSENT_LOGIT)
    present = np.unique(truth)
    if len(present) == 1:
        bias[present[0]] = 0.0
        return Linear(weights, bias)
    model = LogisticRegression(C=strength[0], solver="newton-cg", tol=1e-3, max_iter=200)
    model.fit(sp.csr_matrix(matrix), truth, sample_weight=strength[1])
    if len(present) == 2:
        weights[:, present[1]], bias[present] = model.coef_[0], [0.0, model.intercept_[0]]
    else:
        weights[:, present], bias[present] = model.coef_.T, model.intercept_
    return Linear(weights, bias)


def _borders(
    matrix: sp.csr_array, truth: NDArray[np.intp], n_levels: int, strength: Strength
) -> Linear:
    """One logistic regression per border between levels: is the rank above it."""
    weights = np.zeros((matrix.shape[1], n_levels - 1))
    bias = np.zeros(n_levels - 1)
    for border in range(n_levels - 1):
        above = truth > border
        if above.all() or not above.any():
            bias[border] = -_ABSENT_LOGIT if above.all() else _ABSENT_LOGIT
            continue
        model = LogisticRegression(C=strength[0], solver="newton-cg", tol=1e-3, max_iter=200)
        model.fit(sp.csr_matrix(matrix), above, sample_weight=strength[1])
        weights[:, border], bias[border] = model.coef_[0], model.intercept_[0]
    return Linear(weights, bias)
