"""The figures of a model: on held-out folds, or on any labelled file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from classifier.prediction import Prediction
from training.bootstrap import (
    Floats,
    Ranks,
    Statistic,
    average_precision,
    calibration_error,
    macro_f1,
    mean,
    ratio,
    value_of,
    values_of,
    weighted_kappa,
)
from training.targets import Targets

Interval = dict[str, float]

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


def kappa(scores: Scores) -> Statistic:
    """Quadratic-weighted kappa of the levels, over texts that all have one."""
    return weighted_kappa(scores.rank_truth, scores.ranks, len(scores.levels))


def category_f1(scores: Scores) -> Statistic:
    """Mean F1 of the categories that occur, over texts that all have one; 0-1."""
    return macro_f1(scores.category_truth, scores.category_probs.argmax(axis=1))


def category_ece(scores: Scores) -> Statistic:
    """Calibration error of the category answered, over texts that all have one; 0-1."""
    is_right = scores.category_probs.argmax(axis=1) == scores.category_truth
    return calibration_error(scores.category_probs.max(axis=1), is_right)


def high_recall(scores: Scores) -> Statistic:
    """Share of the high-anger texts (levels 4-5 of 5) that are called so; 0-1."""
    is_high = scores.rank_truth >= scores.high_from
    return ratio(is_high & (scores.ranks >= scores.high_from), is_high)


def high_ece(scores: Scores) -> Statistic:
    """Calibration error of the probability of high anger, over texts that all have a level; 0-1."""
    high_prob = scores.level_probs[:, scores.high_from :].sum(axis=1)
    return calibration_error(high_prob, scores.rank_truth >= scores.high_from)


def kappa_of(scores: Scores) -> float:
    """Quadratic-weighted kappa of the levels of the texts that have one."""
    known = scores.rows(scores.rank_truth >= 0)
    return value_of(kappa(known), len(known.rank_truth))


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


def brief_figures(scores: Scores, *, seed: int) -> dict[str, object]:
    """Accuracy, QWK and mean error of a part of the texts, as `figures` gives them."""
    found: dict[str, object] = {"texts": len(scores.category_truth)}
    if scores.codes and (scores.category_truth >= 0).any():
        found["accuracy"] = _accuracy(scores.rows(scores.category_truth >= 0), seed)
    if scores.levels and (scores.rank_truth >= 0).any():
        known = scores.rows(scores.rank_truth >= 0)
        found |= {"qwk": _kappa(known, seed), "mae": _mean_error(known)}
    return found


def _accuracy(scores: Scores, seed: int) -> Interval:
    is_right = scores.category_probs.argmax(axis=1) == scores.category_truth
    return _interval(mean(is_right), len(is_right), seed)


def _kappa(scores: Scores, seed: int) -> Interval:
    return _interval(kappa(scores), len(scores.ranks), seed)


def _mean_error(scores: Scores) -> float:
    return float(np.abs(scores.rank_truth - scores.ranks).mean())


def _category_figures(scores: Scores, seed: int) -> dict[str, object]:
    truth, probs = scores.category_truth, scores.category_probs
    chosen = probs.argmax(axis=1)
    top = np.argsort(-probs, axis=1, kind="stable")[:, :3]
    return {
        "texts": len(truth),
        "accuracy": _accuracy(scores, seed),
        "macro_f1": _interval(category_f1(scores), len(truth), seed),
        "top3_accuracy": float((top == truth[:, None]).any(axis=1).mean()),
        "recall": {
            scores.codes[k]: float((chosen[truth == k] == k).mean())
            for k in np.unique(truth).tolist()
        },
        "ece": value_of(category_ece(scores), len(truth)),
        "brier": float(((probs - np.eye(probs.shape[1])[truth]) ** 2).sum(axis=1).mean()),
    }


def _intensity_figures(scores: Scores, seed: int) -> dict[str, object]:
    truth, expected, texts = scores.rank_truth, scores.expected, len(scores.ranks)
    is_high, called_high = truth >= scores.high_from, scores.ranks >= scores.high_from
    high_prob = scores.level_probs[:, scores.high_from :].sum(axis=1)
    found: dict[str, object] = {
        "texts": texts,
        "qwk": _kappa(scores, seed),
        "mae": _mean_error(scores),
        "spearman": float(spearmanr(truth, expected).statistic),
        "pearson": float(np.corrcoef(truth, expected)[0, 1]),
        "high_texts": int(is_high.sum()),
        "high_ece": value_of(high_ece(scores), texts),
        "high_brier": float(((high_prob - is_high) ** 2).mean()),
    }
    if is_high.any():
        precision = average_precision(is_high, expected)
        found["high_average_precision"] = _interval(precision, texts, seed)
        found["high_recall"] = value_of(high_recall(scores), texts)
        found["high_precision"] = float(is_high[called_high].mean()) if called_high.any() else 0.0
    return found


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Mean gap between confidence and accuracy over 15 equal bins, 0-1."""
    return value_of(calibration_error(confidence, right), len(confidence))


def _interval(statistic: Statistic, texts: int, seed: int) -> Interval:
    """Value and bootstrap interval; 0 to 1 if no sample can tell."""
    found = values_of(statistic, texts, seed=seed)
    low, high = np.percentile(found, [2.5, 97.5]) if len(found) else (0.0, 1.0)
    return {"value": value_of(statistic, texts), "low": float(low), "high": float(high)}
