"""One try of a setting: fit once, without cross-validation, and measure on other text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from classifier.artifact import Json
from classifier.heads import ADJACENT, BandThresholds, IntensityHead, softmax
from training.config import TrainingConfig
from training.dataset import Dataset
from training.evaluate import figures, scores_of
from training.parts import fit_part
from training.targets import targets_like, targets_of


def try_settings(dataset: Dataset, other: Dataset, config: TrainingConfig) -> Json:
    """Figures of uncalibrated heads, fitted on `dataset`, on `other`; a quarter of a training.

    Levels are the rounded expected rank: without calibration there are no learned cuts.
    """
    texts = [example.clean for example in dataset.examples]
    unseen = [example.clean for example in other.examples]
    targets = targets_of(dataset)
    kind = config.intensity.kinds[0]
    one_kind = replace(config, intensity=replace(config.intensity, kinds=(kind,)))
    part = fit_part(texts, targets, unseen, one_kind)
    logits = part.logits
    truth = targets_like(other, targets.codes, targets.levels)
    category = np.zeros((len(unseen), len(truth.codes)))
    if "category" in logits:
        category[:, : len(targets.codes)] = softmax(logits["category"])
    levels = np.zeros((len(unseen), len(targets.levels)))
    ranks = np.zeros(len(unseen), np.intp)
    if kind in logits:
        head = plain_head(kind, targets.levels)
        levels = head.probabilities(logits[kind])
        ranks[:] = head.ranks(head.scores(levels))
    found = figures(scores_of(truth, category, levels, ranks), seed=config.seed)
    return found | {"features": part.vectoriser.n_features}


def plain_head(kind: str, levels: list[int]) -> IntensityHead:
    """A head that takes logits as they are: nothing is calibrated, levels are rounded ranks."""
    n_scales = len(levels) - 1 if kind == ADJACENT else 1
    n_offsets = len(levels) - (kind == ADJACENT)
    return IntensityHead(
        kind=kind,
        levels=tuple(levels),
        names=tuple(map(str, levels)),
        scales=(1.0,) * n_scales,
        offsets=(0.0,) * n_offsets,
        cuts=tuple(k + 0.5 for k in range(len(levels) - 1)),
        thresholds=BandThresholds(0, 0),
    )
