"""The profile of a training: what its texts look like to a model that has not seen them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classifier import language
from classifier.heads import BandThresholds
from classifier.profile import (
    Floats,
    Labels,
    Longs,
    Profile,
    Reliability,
    Seen,
    reliability,
    tally,
)
from training.dataset import Dataset
from training.fit import Fitted


@dataclass(frozen=True, slots=True)
class _Head:
    """Held-out answers of one head: the label's number, its probability, and the true number."""

    answers: Longs
    confidence: Floats
    truth: Longs
    thresholds: BandThresholds

    @property
    def is_doubtful(self) -> np.ndarray:
        return self.confidence < self.thresholds.medium

    @property
    def reliability(self) -> Reliability:
        known = self.truth >= 0
        return reliability(self.confidence[known], self.answers[known] == self.truth[known])


def profile_of(dataset: Dataset, fitted: Fitted) -> Profile:
    """Counts of held-out answers and of words that the other folds did not teach.

    What the service would not judge, as it is too short or not Chinese, has no answer here either.
    """
    scores = fitted.held_out
    category, level = _category(fitted), _level(fitted)
    examples = [dataset.examples[row] for row in fitted.rows.tolist()]
    is_judged = np.array([language.detect(e.clean)[1] is None for e in examples], bool)
    doubtful = np.zeros(len(is_judged), bool)
    for head in filter(None, (category, level)):
        doubtful |= head.is_doubtful
    words, unknown = fitted.words
    nothing, none = np.full(len(is_judged), -1, np.int64), np.full(len(is_judged), np.nan)
    texts = Seen(
        chars=np.array([len(e.text) for e in examples], np.int64),
        words=words,
        unknown=unknown,
        outcome=np.where(is_judged, doubtful, 2).astype(np.int64),
        category=np.where(is_judged, category.answers, -1) if category else nothing,
        confidence=np.where(is_judged, category.confidence, np.nan) if category else none,
        level=np.where(is_judged, level.answers, -1) if level else nothing,
        score=np.where(is_judged, scores.expected, np.nan) if level else none,
    )
    labels = Labels(
        fitted.category.codes if fitted.category else (),
        fitted.intensity.levels if fitted.intensity else (),
    )
    heads = {"category": category, "level": level}
    by_head = {name: head.reliability for name, head in heads.items() if head}
    return Profile(len(is_judged), tally(texts, labels), by_head)


def _category(fitted: Fitted) -> _Head | None:
    if fitted.category is None:
        return None
    scores = fitted.held_out
    answers = scores.category_probs.argmax(axis=1)
    confidence = scores.category_probs.max(axis=1)
    return _Head(answers, confidence, scores.category_truth, fitted.category.thresholds)


def _level(fitted: Fitted) -> _Head | None:
    if fitted.intensity is None:
        return None
    scores = fitted.held_out
    confidence = scores.level_probs[np.arange(len(scores.ranks)), scores.ranks]
    return _Head(scores.ranks, confidence, scores.rank_truth, fitted.intensity.thresholds)
