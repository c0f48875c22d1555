"""Fits both heads over shared features, with every calibration learned on held-out folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.cluster import Run, here
from classifier.features import Vectoriser
from classifier.heads import ADJACENT, CategoryHead, IntensityHead
from training.calibrate import fit_category_head, fit_intensity_head
from training.config import TrainingConfig
from training.dataset import Dataset
from training.evaluate import Scores, kappa_of, scores_of
from training.linear import Linear
from training.parts import Part, Words, Work, fit_parts
from training.split import assign_folds, folds_needed, group_near_duplicates
from training.targets import Targets, targets_of

Floats = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs for some texts: of the category head, and of each kind of intensity head."""

    category: Floats
    intensity: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model, and what its held-out predictions were.

    `rows` are the numbers of the texts that were held out: all, or of many texts a part. Of these
    `held_out` has the answers, and `words` how many words each has and how many of them the other
    folds did not teach.
    """

    vectoriser: Vectoriser
    category: CategoryHead | None
    intensity: IntensityHead | None
    linear: tuple[Linear, ...]
    held_out: Scores
    kappa_by_kind: dict[str, float]
    words: Words
    rows: NDArray[np.intp]


def fit(
    dataset: Dataset,
    config: TrainingConfig,
    *,
    jobs: int,
    progress: Progress,
    run: Run = here,
) -> Fitted:
    """Cross-validate, calibrate on the held-out logits, then fit on everything.

    The held-out scores come from calibrations that have not seen the fold they are applied to.
    `run` counts terms and makes features, here or elsewhere; heads are fitted here, by `jobs`.
    """
    texts = [example.clean for example in dataset.examples]
    targets = targets_of(dataset)
    progress("group near duplicates")
    folds = folds_of(texts, targets, config)
    many = folds_needed(folds, config.folds.held_out_texts)
    rows = np.flatnonzero(folds < many)
    work = Work(texts, targets, config, jobs, run)
    logits, words, whole = _fit_parts(work, folds, many, progress)
    targets, folds = targets.rows(rows), folds[rows]
    kappas = {
        kind: kappa_of(_held_out(targets, logits, folds, kind, config)) for kind in logits.intensity
    }
    kind = max(kappas, key=lambda k: kappas[k]) if kappas else ADJACENT
    category, intensity = _heads(targets, logits, kind, config, np.ones(len(rows), bool))
    linear = tuple(head for name, head in whole.linear.items() if name in ("category", kind))
    return Fitted(
        whole.vectoriser, category, intensity, linear,
        _held_out(targets, logits, folds, kind, config), kappas, words, rows,
    )  # fmt: skip


def folds_of(texts: list[str], targets: Targets, config: TrainingConfig) -> NDArray[np.intp]:
    """The fold in which each clean text is held out; near duplicates share one."""
    groups = group_near_duplicates(texts, config.folds.near_duplicate, seed=config.seed)
    strata = targets.category if targets.codes else targets.rank
    return assign_folds(strata.tolist(), groups, config.folds.number, seed=config.seed)


def _fit_parts(
    work: Work, folds: NDArray[np.intp], n_folds: int, progress: Progress
) -> tuple[Logits, Words, Part]:
    """Logits and words of the held-out folds' texts, and what was fitted on all.

    The fit on all texts takes longest and comes first, so that no core waits for it in the end.
    """
    held = folds[folds < n_folds]
    parts = fit_parts(work, folds, n_folds)
    progress("fit on all texts")
    whole = next(parts)
    category = np.zeros((len(held), len(work.targets.codes)))
    intensity = {
        kind: np.zeros((len(held), len(head.bias)))
        for kind, head in whole.linear.items()
        if kind != "category"
    }
    words = np.zeros(len(held), np.int64), np.zeros(len(held), np.int64)
    for fold, part in enumerate(parts):
        progress(f"fold {fold + 1} of {n_folds}")
        rows = held == fold
        for name, logits in part.logits.items():
            (category if name == "category" else intensity[name])[rows] = logits
        words[0][rows], words[1][rows] = part.words
    return Logits(category, intensity), words, whole


def _heads(
    targets: Targets, logits: Logits, kind: str, config: TrainingConfig, used: NDArray[np.bool_]
) -> tuple[CategoryHead | None, IntensityHead | None]:
    """Heads calibrated on the held-out logits of the texts in `used`."""
    category = intensity = None
    if targets.codes:
        rows = used & (targets.category >= 0)
        names = [config.category_names.get(code, code) for code in targets.codes]
        category = fit_category_head(
            logits.category[rows], targets.category[rows], targets.codes, names,
            config.category_bands,
        )  # fmt: skip
    if targets.levels:
        rows = used & (targets.rank >= 0)
        labels = {n: config.intensity_names.get(str(n), str(n)) for n in targets.levels}
        intensity = fit_intensity_head(
            kind, logits.intensity[kind][rows], targets.rank[rows], labels, config.intensity_bands
        )
    return category, intensity


def _held_out(
    targets: Targets, logits: Logits, folds: NDArray[np.intp], kind: str, config: TrainingConfig
) -> Scores:
    """Scores of every text by heads calibrated on the other folds only."""
    probabilities = np.zeros((len(folds), len(targets.codes)))
    levels = np.zeros((len(folds), len(targets.levels)))
    ranks = np.zeros(len(folds), np.intp)
    for fold in np.unique(folds):
        rows = folds == fold
        category, intensity = _heads(targets, logits, kind, config, ~rows)
        if category:
            probabilities[rows] = category.probabilities(logits.category[rows])
        if intensity:
            levels[rows] = intensity.probabilities(logits.intensity[kind][rows])
            ranks[rows] = intensity.ranks(intensity.scores(levels[rows]))
    return scores_of(targets, probabilities, levels, ranks)
