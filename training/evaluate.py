"""The figures of a model: on held-out folds, or on any labelled file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

from classifier.prediction import Prediction
from training.counts import confusion, macro_f1, quadratic_kappa
from training.targets import Targets

Floats = NDArray[np.float64]
Ranks = NDArray[np.intp]
Interval = dict[str, float]

_ROUNDS = 500
_BINS = 15
_HIGH_SHARE = 0.75  # ranks from here up are "high anger": levels 4 and 5 of 5


@dataclass(frozen=True, slots=True)
class Scores:
    """Truth and answers for the same texts; heads without labels have empty arrays.

    `category_probs` (texts, categories), `level_probs` (texts, levels), `ranks` chosen level ranks,
    `expected` expected rank in 0-1. Truth is -1 where a text has no label.
    """

    codes: list[str]
    levels: list[int]
    category_truth: Ranks
    category_probs: Floats
    rank_truth: Ranks
    level_probs: Floats
    ranks: Ranks

    @property
    def expected(self) -> Floats:
        """Expected rank of each text, 0-1."""
        size = self.level_probs.shape[1]
        return np.asarray(self.level_probs @ np.arange(size) / max(1, size - 1), np.float64)

    @property
    def high_from(self) -> int:
        """Lowest rank that counts as high anger."""
        return int(np.ceil(_HIGH_SHARE * (len(self.levels) - 1)))

    def rows(self, chosen: NDArray[np.bool_]) -> Scores:
        """The same for some of the texts."""
        return Scores(
            self.codes, self.levels, self.category_truth[chosen], self.category_probs[chosen],
            self.rank_truth[chosen], self.level_probs[chosen], self.ranks[chosen],
        )  # fmt: skip


def scores_of(targets: Targets, category: Floats, levels: Floats, ranks: Ranks) -> Scores:
    """Truth and answers side by side."""
    return Scores(
        targets.codes, targets.levels, targets.category, category, targets.rank, levels, ranks
    )


def scores_of_predictions(predictions: Sequence[Prediction], targets: Targets) -> Scores:
    """Scores of a model's predictions.

    A text that was not judged gets the lowest level, and the category "other" if there is one, else
    the first.
    """
    codes, levels = targets.codes, targets.levels
    category = np.zeros((len(predictions), len(codes)))
    level_probs = np.zeros((len(predictions), len(levels)))
    ranks = np.zeros(len(predictions), np.intp)
    for row, prediction in enumerate(predictions):
        if prediction.category:
            for item in prediction.category.top:
                category[row, codes.index(item.code)] = item.prob
        elif "other" in codes:
            category[row, codes.index("other")] = 1.0
        if prediction.intensity:
            level_probs[row] = prediction.intensity.probs
            ranks[row] = levels.index(prediction.intensity.level)
        elif levels:
            level_probs[row, 0] = 1.0
    return Scores(codes, levels, targets.category, category, targets.rank, level_probs, ranks)


def kappa_of(scores: Scores) -> float:
    """Quadratic-weighted kappa of the levels."""
    known = scores.rank_truth >= 0
    return quadratic_kappa(
        confusion(scores.rank_truth[known], scores.ranks[known], len(scores.levels))
    )


def figures(scores: Scores, *, seed: int) -> dict[str, object]:
    """Every figure of design section "Metrics" that the labels allow.

    Figures with an interval hold value, low and high: 2.5 and 97.5 percentiles of 500 bootstrap
    samples of the texts.
    """
    found: dict[str, object] = {"texts": len(scores.category_truth)}
    if scores.codes and (scores.category_truth >= 0).any():
        found["category"] = _category_figures(scores.rows(scores.category_truth >= 0), seed)
    if scores.levels and (scores.rank_truth >= 0).any():
        found["intensity"] = _intensity_figures(scores.rows(scores.rank_truth >= 0), seed)
    return found


def _category_figures(scores: Scores, seed: int) -> dict[str, object]:
    truth, probs = scores.category_truth, scores.category_probs
    chosen = probs.argmax(axis=1)
    present = np.unique(truth)
    top = np.argsort(-probs, axis=1, kind="stable")[:, :3]

    def macro(rows: Ranks) -> float:
        return macro_f1(confusion(truth[rows], chosen[rows], probs.shape[1]), present)

    return {
        "texts": len(truth),
        "accuracy": _interval(
            lambda rows: float((truth[rows] == chosen[rows]).mean()), truth, seed
        ),
        "macro_f1": _interval(macro, truth, seed),
        "top3_accuracy": float((top == truth[:, None]).any(axis=1).mean()),
        "recall": {
            scores.codes[k]: float((chosen[truth == k] == k).mean()) for k in present.tolist()
        },
        "ece": expected_calibration_error(probs.max(axis=1), chosen == truth),
        "brier": float(((probs - np.eye(probs.shape[1])[truth]) ** 2).sum(axis=1).mean()),
    }


def _intensity_figures(scores: Scores, seed: int) -> dict[str, object]:
    truth, ranks, expected = scores.rank_truth, scores.ranks, scores.expected
    is_high, called_high = truth >= scores.high_from, ranks >= scores.high_from
    high_prob = scores.level_probs[:, scores.high_from :].sum(axis=1)

    def precision(rows: Ranks) -> float:
        return float(average_precision_score(is_high[rows], expected[rows]))

    def has_high(rows: Ranks) -> bool:
        return bool(is_high[rows].any())

    found: dict[str, object] = {
        "texts": len(truth),
        "qwk": _interval(lambda rows: kappa_of(scores_at(scores, rows)), truth, seed),
        "mae": float(np.abs(truth - ranks).mean()),
        "spearman": float(spearmanr(truth, expected).statistic),
        "pearson": float(np.corrcoef(truth, expected)[0, 1]),
        "high_texts": int(is_high.sum()),
        "high_ece": expected_calibration_error(high_prob, is_high),
        "high_brier": float(((high_prob - is_high) ** 2).mean()),
    }
    if is_high.any():
        found["high_average_precision"] = _interval(precision, truth, seed, allowed=has_high)
        found["high_recall"] = float(called_high[is_high].mean())
        found["high_precision"] = float(is_high[called_high].mean()) if called_high.any() else 0.0
    return found


def scores_at(scores: Scores, rows: Ranks) -> Scores:
    """The scores of the texts with these numbers, repeats allowed."""
    return Scores(
        scores.codes, scores.levels, scores.category_truth[rows], scores.category_probs[rows],
        scores.rank_truth[rows], scores.level_probs[rows], scores.ranks[rows],
    )  # fmt: skip


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Mean gap between confidence and accuracy over 15 equal bins (Guo et al. 2017), 0-1."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, confidence - right, minlength=_BINS)
    return float(np.abs(gaps).sum() / max(1, len(confidence)))


def _interval(
    statistic: Callable[[Ranks], float],
    truth: Ranks,
    seed: int,
    *,
    allowed: Callable[[Ranks], bool] = lambda _: True,
) -> Interval:
    """Value and bootstrap interval; samples of one label only, or not `allowed`, are skipped."""
    random = np.random.default_rng(seed)
    size = len(truth)
    draws = []
    for _ in range(_ROUNDS):
        rows = random.integers(0, size, size)
        if len(np.unique(truth[rows])) > 1 and allowed(rows):
            draws.append(statistic(rows))
    low, high = np.percentile(draws, [2.5, 97.5]) if draws else (0.0, 1.0)
    return {"value": statistic(np.arange(size)), "low": float(low), "high": float(high)}
