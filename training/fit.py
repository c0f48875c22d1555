"""Fits both heads over shared features, with every calibration learned on held-out folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from classifier.features import Terms, Vectoriser, fit_vectoriser
from classifier.heads import ADJACENT, CategoryHead, IntensityHead
from classifier.tokens import tokeniser
from training.calibrate import fit_category_head, fit_intensity_head
from training.config import TrainingConfig
from training.dataset import Dataset
from training.evaluate import Scores, kappa_of, scores_of
from training.linear import Linear, fit_linear
from training.split import assign_folds, folds_needed, group_near_duplicates
from training.targets import Targets, targets_of

Floats = NDArray[np.float64]
Progress = Callable[[str], None]
Words = tuple[NDArray[np.int64], NDArray[np.int64]]  # in all, and unknown ones

# Below this, starting processes takes longer than fitting: 25 s against 3 s for 40 texts.
_WORTH_PROCESSES = 2000


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs for some texts: of the category head, and of each kind of intensity head."""

    category: Floats
    intensity: dict[str, Floats]

    def rows(self, chosen: NDArray[np.intp]) -> Logits:
        """The same for some of the texts."""
        intensity = {kind: logits[chosen] for kind, logits in self.intensity.items()}
        return Logits(self.category[chosen], intensity)


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


def fit(dataset: Dataset, config: TrainingConfig, *, jobs: int, progress: Progress) -> Fitted:
    """Cross-validate, calibrate on the held-out logits, then fit on everything.

    The held-out scores come from calibrations that have not seen the fold they are applied to.
    """
    texts = [example.clean for example in dataset.examples]
    targets = targets_of(dataset)
    progress("group near duplicates")
    folds = folds_of(texts, targets, config)
    many = folds_needed(folds, config.folds.held_out_texts)
    rows = np.flatnonzero(folds < many)
    logits, words, whole = _fit_parts(texts, targets, folds, config, (many, jobs, progress))
    targets, logits, folds = targets.rows(rows), logits.rows(rows), folds[rows]
    kappas = {
        kind: kappa_of(_held_out(targets, logits, folds, kind, config)) for kind in logits.intensity
    }
    kind = max(kappas, key=lambda k: kappas[k]) if kappas else ADJACENT
    category, intensity = _heads(targets, logits, kind, config, np.ones(len(rows), bool))
    vectoriser = Vectoriser(config.features, tokeniser(), whole.terms, whole.idf)
    linear = tuple(head for name, head in whole.linear.items() if name in ("category", kind))
    return Fitted(
        vectoriser, category, intensity, linear,
        _held_out(targets, logits, folds, kind, config), kappas,
        (words[0][rows], words[1][rows]), rows,
    )  # fmt: skip


def folds_of(texts: list[str], targets: Targets, config: TrainingConfig) -> NDArray[np.intp]:
    """The fold in which each clean text is held out; near duplicates share one."""
    groups = group_near_duplicates(texts, config.folds.near_duplicate, seed=config.seed)
    strata = targets.category if targets.codes else targets.rank
    return assign_folds(strata.tolist(), groups, config.folds.number, seed=config.seed)


@dataclass(frozen=True, slots=True)
class Part:
    """What was fitted on some texts: terms with idf, each head; its raw logits for others.

    `words` are those of the others, as in `Fitted`.
    """

    terms: Terms
    idf: Floats
    linear: dict[str, Linear]
    logits: dict[str, Floats]
    words: Words


def _fit_parts(
    texts: list[str],
    targets: Targets,
    folds: NDArray[np.intp],
    config: TrainingConfig,
    running: tuple[int, int, Progress],
) -> tuple[Logits, Words, Part]:
    """Logits and words of the held-out folds' texts, and what was fitted on all; side by side.

    The fit on all texts takes longest and comes first, so that no core waits for it in the end.
    """
    n_folds, jobs, progress = running
    jobs = jobs if len(texts) >= _WORTH_PROCESSES else 1
    parts = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_fit_part)(texts, targets, folds == fold, config) for fold in range(-1, n_folds)
    )
    progress("fit on all texts")
    whole: Part = next(parts)
    category = np.zeros((len(texts), len(targets.codes)))
    intensity = {
        kind: np.zeros((len(texts), len(head.bias)))
        for kind, head in whole.linear.items()
        if kind != "category"
    }
    words = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    for fold, part in enumerate(parts):
        progress(f"fold {fold + 1} of {n_folds}")
        rows = folds == fold
        for name, logits in part.logits.items():
            (category if name == "category" else intensity[name])[rows] = logits
        words[0][rows], words[1][rows] = part.words
    return Logits(category, intensity), words, whole


def _fit_part(
    texts: list[str], targets: Targets, is_held_out: NDArray[np.bool_], config: TrainingConfig
) -> Part:
    """What is fitted on the texts that are not held out."""
    seen = [text for text, out in zip(texts, is_held_out, strict=True) if not out]
    unseen = [text for text, out in zip(texts, is_held_out, strict=True) if out]
    return fit_part(seen, targets.rows(np.flatnonzero(~is_held_out)), unseen, config)


def fit_part(seen: list[str], targets: Targets, unseen: list[str], config: TrainingConfig) -> Part:
    """A vectoriser and heads for the clean texts `seen`, and their logits for those `unseen`."""
    vectoriser = fit_vectoriser(seen, config.features, tokeniser())
    linear = fit_linear(vectoriser.vectorise(seen), vectoriser.block_columns, targets, config)
    matrix = vectoriser.vectorise(unseen)
    logits = {name: matrix @ head.weights + head.bias for name, head in linear.items()}
    words = vectoriser.count_words(unseen)
    return Part(vectoriser.terms, vectoriser.idf, linear, logits, words)


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
