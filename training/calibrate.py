"""Turns held-out logits into calibrated heads: scales, offsets, cuts and band thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from classifier.heads import (
    ADJACENT,
    BandThresholds,
    CategoryHead,
    IntensityHead,
    softmax,
)
from classifier.kernels.answers import between_neighbours
from training.config import BandSettings
from training.counts import confusion, quadratic_kappa

Floats = NDArray[np.float64]
Ranks = NDArray[np.intp]

# Offsets and the logarithm of the scale are pulled to 0 by this many nats per unit squared (a
# Gaussian prior): with few held-out rows of a label, or none wrong, they must not run away.
_PENALTY = 1.0
_MIN_BAND_ROWS = 30  # fewer held-out answers do not define a threshold
_CUT_STEPS = 40


def fit_category_head(
    logits: Floats, truth: Ranks, codes: list[str], names: list[str], bands: BandSettings
) -> CategoryHead:
    """The head whose probabilities fit held-out logits best.

    `logits` has shape (texts, categories), `truth` the right column of each text. The scale
    minimises the log loss: temperature scaling (Guo et al. 2017).
    """
    scale = _fit_scale(logits, truth)
    probabilities = softmax(scale * logits)
    right = probabilities.argmax(axis=1) == truth
    return CategoryHead(
        codes=tuple(codes),
        names=tuple(names),
        scale=scale,
        thresholds=fit_bands(probabilities.max(axis=1), right, bands),
    )


def fit_intensity_head(
    kind: str, logits: Floats, truth: Ranks, labels: dict[int, str], bands: BandSettings
) -> IntensityHead:
    """The head of one kind whose probabilities and levels fit held-out logits best.

    `truth` holds ranks (0 the lowest level), `labels` the levels with their names, ascending.
    Scales and offsets of all borders, or of all levels, minimise the log loss together.
    """
    if kind == ADJACENT:
        scales, offsets = _fit_borders(logits, truth)
    else:
        scale, offsets = _fit_softmax(logits, truth)
        scales = np.array([scale])
    levels, names = tuple(labels), tuple(labels.values())
    rough = IntensityHead(
        kind=kind,
        levels=levels,
        names=names,
        scales=tuple(scales.tolist()),
        offsets=tuple(offsets.tolist()),
        cuts=tuple(k + 0.5 for k in range(len(levels) - 1)),
        thresholds=BandThresholds(0, 0),
    )
    probabilities = rough.probabilities(logits)
    scores = rough.scores(probabilities)
    cuts = fit_cuts(scores * (len(levels) - 1), truth, len(levels))
    ranks = np.searchsorted(cuts, scores * (len(levels) - 1), "right")
    confidence = probabilities[np.arange(len(ranks)), ranks]
    return IntensityHead(
        kind, levels, names, rough.scales, rough.offsets, cuts,
        fit_bands(confidence, ranks == truth, bands),
    )  # fmt: skip


def fit_cuts(expected: Floats, truth: Ranks, n_levels: int) -> tuple[float, ...]:
    """Borders of the expected rank that give the best quadratic-weighted kappa.

    Coordinate ascent over quantiles of `expected`, from the midpoints between ranks; three rounds.
    """
    cuts = [k + 0.5 for k in range(n_levels - 1)]

    def kappa(borders: list[float]) -> float:
        ranks = np.searchsorted(borders, expected, "right")
        return quadratic_kappa(confusion(truth, ranks, n_levels))

    best = kappa(cuts)
    for _ in range(3):
        for place in range(len(cuts)):
            low = cuts[place - 1] if place else 0.0
            high = cuts[place + 1] if place + 1 < len(cuts) else float(n_levels - 1)
            for step in np.linspace(low, high, _CUT_STEPS + 2)[1:-1]:
                trial = [*cuts[:place], float(step), *cuts[place + 1 :]]
                if (value := kappa(trial)) > best + 1e-9:
                    best, cuts = value, trial
    return tuple(cuts)


def fit_bands(confidence: Floats, right: NDArray[np.bool_], bands: BandSettings) -> BandThresholds:
    """Thresholds at which held-out answers reach the accuracies that define the bands."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence, hits = confidence[order], right[order].astype(float)
    counts = np.arange(1, len(hits) + 1)
    from_top = np.cumsum(hits) / counts
    good = np.flatnonzero((from_top >= bands.high_accuracy) & (counts >= _MIN_BAND_ROWS))
    high = float(sorted_confidence[good[-1]]) if good.size else 1.0
    from_bottom = np.cumsum(hits[::-1]) / counts
    poor = np.flatnonzero((from_bottom <= bands.low_accuracy) & (counts >= _MIN_BAND_ROWS))
    medium = float(sorted_confidence[::-1][poor[-1]]) if poor.size else 0.0
    return BandThresholds(min(medium, high), high)


def _fit_scale(logits: Floats, truth: Ranks) -> float:
    rows = np.arange(len(truth))

    def loss(log_scale: float) -> float:
        probabilities = softmax(np.exp(log_scale) * logits)
        nll = -np.log(np.maximum(probabilities[rows, truth], 1e-12)).sum()
        return float(nll + _PENALTY * log_scale**2)

    return float(np.exp(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x))


def _fit_softmax(logits: Floats, truth: Ranks) -> tuple[float, Floats]:
    n_labels = logits.shape[1]
    rows = np.arange(len(truth))

    def loss(values: Floats) -> tuple[float, Floats]:
        scale, offsets = np.exp(values[0]), values[1:]
        probabilities = softmax(scale * logits + offsets)
        nll = -np.log(np.maximum(probabilities[rows, truth], 1e-12)).sum()
        error = probabilities
        error[rows, truth] -= 1
        slope = np.concatenate([[scale * (error * logits).sum()], error.sum(axis=0)])
        return nll + _PENALTY * (values**2).sum(), slope + 2 * _PENALTY * values

    found = minimize(loss, np.zeros(n_labels + 1), jac=True, method="L-BFGS-B")
    return float(np.exp(found.x[0])), found.x[1:]


def _fit_borders(logits: Floats, truth: Ranks) -> tuple[Floats, Floats]:
    n_borders = logits.shape[1]
    rows = np.arange(len(truth))

    def loss(values: Floats) -> tuple[float, Floats]:
        scales, offsets = np.exp(values[:n_borders]), values[n_borders:]
        probabilities = between_neighbours(logits, scales, offsets)
        nll = -np.log(np.maximum(probabilities[rows, truth], 1e-12)).sum()
        error = probabilities
        error[rows, truth] -= 1
        # A border moves the shares of all levels above it.
        above = error[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        slope = np.concatenate([scales * (above * logits).sum(axis=0), above.sum(axis=0)])
        return float(nll + _PENALTY * (values**2).sum()), slope + 2 * _PENALTY * values

    found = minimize(loss, np.zeros(2 * n_borders), jac=True, method="L-BFGS-B")
    return np.exp(found.x[:n_borders]), found.x[n_borders:]
