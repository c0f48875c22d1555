"""The linear models of both heads, fitted on a matrix of features."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from classifier.heads import ADJACENT
from training.config import TrainingConfig
from training.targets import Targets

Floats = NDArray[np.float64]
Part = tuple[NDArray[np.bool_], slice]  # rows and columns
Strength = tuple[float, Floats | None]  # scikit-learn's C, and weights of the texts if they differ

MANY = 50_000  # texts, from which on they are fitted in passes over them
_PASSES = 10
_ABSENT_LOGIT = -30.0  # a label that a training fold lacks cannot be told by that fold


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights (features, logits) and bias (logits) of one head."""

    weights: Floats | NDArray[np.float32]
    bias: Floats


Fit = Callable[[], Linear]


def fit_linear(
    matrix: sp.csr_array,
    columns: list[slice],
    targets: Targets,
    config: TrainingConfig,
    *,
    jobs: int = 1,
) -> dict[str, Linear]:
    """Every head that the targets allow: "category" first, then each kind of intensity.

    `matrix` has shape (texts, features), `columns` are those of each block. The `jobs` threads
    share the matrix; they save time only from `MANY` texts on.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(jobs) as pool:
        # `_PASSES` are all that saga is to make.
        warnings.filterwarnings("ignore", "The max_iter was reached", ConvergenceWarning)
        waiting = {
            name: [pool.submit(fit) for fit in parts]
            for name, parts in _fits(matrix, columns, targets, config).items()
        }
        found = {name: [part.result() for part in parts] for name, parts in waiting.items()}
    return {
        name: (_side_by_side if name == ADJACENT else _pooled)(parts)
        for name, parts in found.items()
    }


def _fits(
    matrix: sp.csr_array, columns: list[slice], targets: Targets, config: TrainingConfig
) -> dict[str, list[Fit]]:
    """What is to be fitted for each head."""
    found: dict[str, list[Fit]] = {}
    if targets.codes:
        known = targets.category >= 0
        settings, truth, n_codes = config.category, targets.category[known], len(targets.codes)
        c = settings.inverse_regularisation
        weight = _balanced(_some(targets.weight, known), truth, settings.balance)
        found["category"] = [
            partial(_multinomial, matrix, (known, block), truth, n_codes, (c, weight))
            for block in (columns if settings.pooled else [slice(None)])
        ]
    known = targets.rank >= 0
    part, truth, n_levels = (known, slice(None)), targets.rank[known], len(targets.levels)
    strength = config.intensity.inverse_regularisation, _some(targets.weight, known)
    for kind in config.intensity.kinds if targets.levels else ():
        if kind == ADJACENT:
            found[kind] = [
                partial(_border, matrix, part, truth > border, strength)
                for border in range(n_levels - 1)
            ]
        else:
            found[kind] = [partial(_multinomial, matrix, part, truth, n_levels, strength)]
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


def _side_by_side(parts: list[Linear]) -> Linear:
    """One logit of each model."""
    weights = np.concatenate([part.weights for part in parts], axis=1)
    return Linear(weights, np.concatenate([part.bias for part in parts]))


def _multinomial(
    matrix: sp.csr_array, part: Part, truth: NDArray[np.intp], n_labels: int, strength: Strength
) -> Linear:
    """Softmax regression on a part of the matrix."""
    matrix = _part(matrix, *part)
    weights = np.zeros((matrix.shape[1], n_labels), matrix.dtype)
    bias = np.full(n_labels, _ABSENT_LOGIT)
    present = np.unique(truth)
    if len(present) == 1:
        bias[present[0]] = 0.0
        return Linear(weights, bias)
    model = _fitted(matrix, truth, strength)
    if len(present) == 2:
        weights[:, present[1]], bias[present] = model.coef_[0], [0.0, model.intercept_[0]]
    else:
        weights[:, present], bias[present] = model.coef_.T, model.intercept_
    return Linear(weights, bias)


def _border(
    matrix: sp.csr_array, part: Part, above: NDArray[np.bool_], strength: Strength
) -> Linear:
    """Logistic regression of one border between levels: is the rank above it."""
    if above.all() or not above.any():
        bias = -_ABSENT_LOGIT if above.all() else _ABSENT_LOGIT
        return Linear(np.zeros((matrix.shape[1], 1), matrix.dtype), np.array([bias]))
    model = _fitted(_part(matrix, *part), above, strength)
    return Linear(model.coef_.T, model.intercept_.astype(np.float64))


def _fitted(
    matrix: sp.csr_array, truth: NDArray[np.intp] | NDArray[np.bool_], strength: Strength
) -> LogisticRegression:
    """newton-cg needs a quarter of lbfgs' time on such matrices; on many texts saga beats both.

    Its passes over the texts are as many for few as for many texts, and it needs a fifth of the
    memory (Defazio, Bach and Lacoste-Julien 2014). On 90,000 texts ten of them reach the loss at
    which newton-cg stops, in a sixth of its time. Its steps are made for texts that
    weigh 1: with heavier ones it may never settle. So the heaviest weighs 1, which changes
    nothing where C is larger by as much.
    """
    c, weight = strength
    if matrix.shape[0] < MANY:
        model = LogisticRegression(C=c, solver="newton-cg", tol=1e-3, max_iter=200)
        return model.fit(sp.csr_matrix(matrix), truth, sample_weight=weight)
    heaviest = 1.0 if weight is None else float(weight.max())
    model = LogisticRegression(
        C=c * heaviest, solver="saga", tol=0.0, max_iter=_PASSES, random_state=0
    )
    scaled = None if weight is None else weight / heaviest
    return model.fit(sp.csr_matrix(matrix), truth, sample_weight=scaled)
