"""Logistic heads over shared features: logits to calibrated probabilities, levels and bands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.kernels import Floats, Longs, answers
from classifier.kernels.pieces import rows
from classifier.prediction import Band, Category, Intensity, RankedCategory

ADJACENT, MULTINOMIAL = "adjacent", "multinomial"
CUMULATIVE = "cumulative"  # of models trained before ADJACENT took its place
_BANDS = (Band.LOW, Band.MEDIUM, Band.HIGH)
_TOP = 3


@dataclass(frozen=True, slots=True)
class BandThresholds:
    """Confidence from which a head is trusted: `medium` <= `high`, both probabilities."""

    medium: float
    high: float

    def bands(self, probs: Sequence[float]) -> list[Band]:
        """The band of each confidence."""
        medium, high = self.medium, self.high
        return [_BANDS[(prob >= medium) + (prob >= high)] for prob in probs]


@dataclass(frozen=True, slots=True)
class CategoryHead:
    """One logit per category; probabilities are softmax(scale * logit).

    `scale`, one number above 0, is fitted on held-out folds. There is no offset per category: it
    would tie the answers to how often a category stands in the training data.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    scale: float
    thresholds: BandThresholds

    @property
    def n_columns(self) -> int:
        """Number of logits."""
        return len(self.codes)

    def probabilities(self, logits: Floats) -> Floats:
        """Rows of probabilities that sum to 1, shape (texts, categories)."""
        return softmax(self.scale * logits)

    def answers(self, logits: Floats) -> tuple[list[Category], Longs]:
        """What is said of each text, and the number of its likeliest category."""
        ranks, shares = answers.best(self.probabilities(logits), _TOP)
        codes = list(map(self.codes.__getitem__, ranks.ravel().tolist()))
        ranked = rows(RankedCategory, codes, shares.ravel().tolist())
        n_best, likeliest, probs = ranks.shape[1], ranks[:, 0].tolist(), shares[:, 0].tolist()
        said = rows(
            Category,
            codes[::n_best],
            list(map(self.names.__getitem__, likeliest)),
            probs,
            self.thresholds.bands(probs),
            list(zip(*[ranked[place::n_best] for place in range(n_best)], strict=True)),
        )
        return said, ranks[:, 0]


@dataclass(frozen=True, slots=True)
class IntensityHead:
    """Ordered levels from logits, in one of three ways.

    `adjacent`: one logit per border k, log(P(rank = k+1) / P(rank = k)) = scales[k] * logit +
    offsets[k] (adjacent-category logits: Agresti, Analysis of Ordinal Categorical Data, 2010, 4.1).
    `multinomial`: one logit per level, softmax(scales[0] * logit + offsets). `cumulative`: as
    `adjacent`, but P(rank > k) = sigmoid(scales[k] * logit + offsets[k]), made non-increasing.
    The expected rank is cut at `cuts` (ascending, one per border) to give the level: for the
    quadratic kappa that is better than the likeliest level.
    """

    kind: str
    levels: tuple[int, ...]
    names: tuple[str, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    cuts: tuple[float, ...]
    thresholds: BandThresholds

    @property
    def n_columns(self) -> int:
        """Number of logits."""
        return len(self.levels) - (self.kind != MULTINOMIAL)

    @property
    def direction(self) -> Floats:
        """How much each logit counts towards more anger; the sum of the products is explained."""
        if self.kind != MULTINOMIAL:
            return np.asarray(self.scales) / len(self.scales)
        ranks = np.arange(len(self.levels), dtype=np.float64)
        direction: Floats = self.scales[0] * (ranks - ranks.mean()) / len(self.levels)
        return direction

    def probabilities(self, logits: Floats) -> Floats:
        """Rows of probabilities that sum to 1, shape (texts, levels)."""
        scales, offsets = np.asarray(self.scales), np.asarray(self.offsets)
        if self.kind == MULTINOMIAL:
            return softmax(scales * logits + offsets)
        between = answers.between_borders if self.kind == CUMULATIVE else answers.between_neighbours
        return between(np.ascontiguousarray(logits), scales, offsets)

    def scores(self, probabilities: Floats) -> Floats:
        """Expected rank in 0-1, shape (texts,): 0 the calmest level, 1 the angriest."""
        return answers.expected_ranks(probabilities)

    def ranks(self, scores: Floats) -> list[int]:
        """Rank of the level for each score."""
        highest = max(1, len(self.levels) - 1)
        return [bisect_right(self.cuts, score * highest) for score in scores.tolist()]

    def answers(self, logits: Floats) -> list[Intensity]:
        """What is said of each text."""
        shares = self.probabilities(logits)
        scores = self.scores(shares)
        ranks, probs = self.ranks(scores), shares.tolist()
        return rows(
            Intensity,
            list(map(self.levels.__getitem__, ranks)),
            list(map(self.names.__getitem__, ranks)),
            scores.tolist(),
            list(map(tuple, probs)),
            self.thresholds.bands([row[rank] for row, rank in zip(probs, ranks, strict=True)]),
            [self.levels[0]] * len(ranks),
        )


def softmax(logits: Floats) -> Floats:
    """Row-wise softmax, safe for large logits.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    return answers.softmax(logits)
