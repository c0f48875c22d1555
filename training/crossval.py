"""Scores of settings on held-out folds, without calibration: what a search compares."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from classifier.features import fit_vectoriser
from classifier.tokens import tokeniser
from training.config import TrainingConfig
from training.dataset import Dataset
from training.journal import Result
from training.linear import Linear, fit_linear
from training.split import assign_folds, group_near_duplicates
from training.targets import Targets, targets_of
from training.trial import plain_head

CATEGORY, INTENSITY = "category", "intensity"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """Clean texts with labels and with their folds in two splits, `search` and `check`.

    `about` is a digest of all that a score depends on besides the settings.
    """

    texts: list[str]
    targets: Targets
    folds: dict[str, NDArray[np.intp]]
    about: str

    @property
    def heads(self) -> list[str]:
        """The heads that there are labels for."""
        found = ((CATEGORY, self.targets.codes), (INTENSITY, self.targets.levels))
        return [head for head, labels in found if labels]


@dataclass(frozen=True, slots=True)
class Job:
    """Settings to score on one fold of a split: pairs of a head and a configuration.

    All configurations have the same feature settings, so features are made once.
    """

    split: str
    fold: int
    wanted: tuple[tuple[str, TrainingConfig], ...]


def sample_of(dataset: Dataset, config: TrainingConfig, rows: int) -> Sample:
    """At most `rows` random texts; neither split has the folds that `train` makes."""
    random = np.random.default_rng(config.seed)
    chosen = np.sort(random.permutation(len(dataset.examples))[:rows])
    some = replace(dataset, examples=tuple(dataset.examples[row] for row in chosen.tolist()))
    texts, targets = [example.clean for example in some.examples], targets_of(some)
    groups = group_near_duplicates(texts, config.folds.near_duplicate, seed=config.seed)
    strata = (targets.category if targets.codes else targets.rank).tolist()
    folds = {
        split: assign_folds(strata, groups, config.folds.number, seed=config.seed + more)
        for split, more in (("search", 1), ("check", 2))
    }
    digest = hashlib.sha256(tokeniser().fingerprint.encode())
    for text, category, rank in zip(texts, targets.category, targets.rank, strict=True):
        digest.update(f"{text}\0{category}\0{rank}\n".encode())
    for of_text in folds.values():
        digest.update(of_text.astype(np.int64).tobytes())
    return Sample(texts, targets, folds, digest.hexdigest())


def key_of(split: str, head: str, config: TrainingConfig) -> str:
    """A name of all settings that the score of a head depends on, and of the split."""
    settings = [asdict(config.features), asdict(getattr(_with_one_kind(config), head))]
    return f"{split} {head} {json.dumps(settings, sort_keys=True)}"


def score_job(sample: Sample, job: Job) -> list[Result]:
    """The score of each wanted head: macro-F1 of categories, Pearson correlation of intensity."""
    is_held_out = sample.folds[job.split] == job.fold
    seen = [text for text, out in zip(sample.texts, is_held_out, strict=True) if not out]
    unseen = [text for text, out in zip(sample.texts, is_held_out, strict=True) if out]
    started = time.monotonic()
    vectoriser = fit_vectoriser(seen, job.wanted[0][1].features, tokeniser())
    matrix, held_out = vectoriser.vectorise(seen), vectoriser.vectorise(unseen)
    found = []
    for head, config in job.wanted:
        some = _targets_of_head(sample.targets, head, ~is_held_out)
        heads = fit_linear(matrix, vectoriser.block_columns, some, _with_one_kind(config))
        logits = _logits(heads, held_out)
        score = _score(head, logits, _targets_of_head(sample.targets, head, is_held_out), config)
        seconds = time.monotonic() - started
        key = key_of(job.split, head, config)
        found.append(Result(key, job.fold, score, vectoriser.n_features, round(seconds, 2)))
        started = time.monotonic()
    return found


def _logits(heads: dict[str, Linear], matrix: object) -> Floats:
    (linear,) = heads.values()
    return np.asarray(matrix @ linear.weights + linear.bias, np.float64)  # type: ignore[operator]  # scipy has no types


def _with_one_kind(config: TrainingConfig) -> TrainingConfig:
    """Of several kinds of intensity head the first stands for all."""
    return replace(config, intensity=replace(config.intensity, kinds=config.intensity.kinds[:1]))


def _targets_of_head(targets: Targets, head: str, rows: NDArray[np.bool_]) -> Targets:
    codes = targets.codes if head == CATEGORY else []
    levels = targets.levels if head == INTENSITY else []
    return Targets(codes, levels, targets.category[rows], targets.rank[rows])


def _score(head: str, logits: Floats, truth: Targets, config: TrainingConfig) -> float:
    if head == CATEGORY:
        known = truth.category >= 0
        return macro_f1(truth.category[known], logits[known].argmax(axis=1))
    known = truth.rank >= 0
    plain = plain_head(config.intensity.kinds[0], truth.levels)
    return pearson(truth.rank[known], plain.scores(plain.probabilities(logits[known])))


def macro_f1(truth: NDArray[np.intp], answers: NDArray[np.intp]) -> float:
    """Mean F1 of the categories that occur in `truth`, 0 if none does."""
    present = np.unique(truth)
    if not present.size:
        return 0.0
    return float(f1_score(truth, answers, average="macro", labels=present, zero_division=0))


def pearson(truth: NDArray[np.intp], scores: Floats) -> float:
    """Correlation of level ranks with scores, 0 where one of the two never varies."""
    if len(truth) < 2 or not np.ptp(truth) or not np.ptp(scores):
        return 0.0
    return float(np.corrcoef(truth, scores)[0, 1])


def spread(values: Sequence[float] | Floats) -> float:
    """Standard error of the mean over folds."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
