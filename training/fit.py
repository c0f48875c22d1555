"""Fits both heads over shared features, with every calibration learned on held-out folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifier.features import Terms, Vectoriser, fit_vectoriser
from classifier.heads import CUMULATIVE, CategoryHead, IntensityHead
from classifier.tokens import tokeniser
from training.calibrate import fit_category_head, fit_intensity_head
from training.config import TrainingConfig
from training.dataset import Dataset
from training.evaluate import Scores, kappa_of, scores_of
from training.split import assign_folds, group_near_duplicates
from training.targets import Targets, targets_of

Floats = NDArray[np.float64]
Progress = Callable[[str], None]
Words = tuple[NDArray[np.int64], NDArray[np.int64]]  # in all, and unknown ones
Strength = tuple[float, Floats | None]  # scikit-learn's C, and weights of the texts if they differ

# Below this, starting processes takes longer than fitting: 25 s against 3 s for 40 texts.
_WORTH_PROCESSES = 2000
_ABSENT_LOGIT = -30.0  # a label that a training fold lacks cannot be told by that fold


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs for some texts: of the category head, and of each kind of intensity head."""

    category: Floats
    intensity: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights (features, logits) and bias (logits) of one head."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model, and what its held-out predictions were.

    `words` holds how many words each text has, and how many the other folds did not teach.
    """

    vectoriser: Vectoriser
    category: CategoryHead | None
    intensity: IntensityHead | None
    linear: tuple[Linear, ...]
    held_out: Scores
    kappa_by_kind: dict[str, float]
    words: Words


def fit(dataset: Dataset, config: TrainingConfig, *, jobs: int, progress: Progress) -> Fitted:
    """Cross-validate, calibrate on the held-out logits, then fit on everything.

    The held-out scores come from calibrations that have not seen the fold they are applied to.
    """
    texts = [example.clean for example in dataset.examples]
    targets = targets_of(dataset)
    progress("group near duplicates")
    groups = group_near_duplicates(texts, config.folds.near_duplicate, seed=config.seed)
    strata = targets.category if targets.codes else targets.rank
    folds = assign_folds(strata.tolist(), groups, config.folds.number, seed=config.seed)
    logits, words, whole = _fit_parts(texts, targets, folds, config, (jobs, progress))
    kappas = {
        kind: kappa_of(_held_out(targets, logits, folds, kind, config)) for kind in logits.intensity
    }
    kind = max(kappas, key=lambda k: kappas[k]) if kappas else CUMULATIVE
    category, intensity = _heads(targets, logits, kind, config, np.ones(len(texts), bool))
    vectoriser = Vectoriser(config.features, tokeniser(), whole.terms, whole.idf)
    linear = tuple(head for name, head in whole.linear.items() if name in ("category", kind))
    return Fitted(
        vectoriser, category, intensity, linear,
        _held_out(targets, logits, folds, kind, config), kappas, words,
    )  # fmt: skip


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
    running: tuple[int, Progress],
) -> tuple[Logits, Words, Part]:
    """Held-out logits and words of every text, and what was fitted on all of them; side by side.

    The fit on all texts takes longest and comes first, so that no core waits for it in the end.
    """
    jobs, progress = running
    n_folds = config.folds.number
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
    kept = ~is_held_out
    weight = None if targets.weight is None else targets.weight[kept]
    rest = Targets(
        targets.codes, targets.levels, targets.category[kept], targets.rank[kept], weight
    )
    return fit_part(seen, rest, unseen, config)


def fit_part(seen: list[str], targets: Targets, unseen: list[str], config: TrainingConfig) -> Part:
    """A vectoriser and heads for the clean texts `seen`, and their logits for those `unseen`."""
    vectoriser = fit_vectoriser(seen, config.features, tokeniser())
    linear = fit_linear(vectoriser.vectorise(seen), vectoriser.block_columns, targets, config)
    matrix = vectoriser.vectorise(unseen)
    logits = {name: matrix @ head.weights + head.bias for name, head in linear.items()}
    words = vectoriser.count_words(unseen)
    return Part(vectoriser.terms, vectoriser.idf, linear, logits, words)


def fit_linear(
    matrix: sp.csr_array, columns: list[slice], targets: Targets, config: TrainingConfig
) -> dict[str, Linear]:
    """Every head that the targets allow: "category" first, then each kind of intensity.

    `matrix` has shape (texts, features), `columns` are those of each block.
    """
    found = {}
    if targets.codes:
        known = targets.category >= 0
        settings, truth, n_codes = config.category, targets.category[known], len(targets.codes)
        c = settings.inverse_regularisation
        weight = _balanced(_some(targets.weight, known), truth, settings.balance)
        found["category"] = _pooled([
            _multinomial(matrix[known, block], truth, n_codes, (c, weight))
            for block in (columns if settings.pooled else [slice(None)])
        ])  # fmt: skip
    known = targets.rank >= 0
    c = config.intensity.inverse_regularisation
    for kind in config.intensity.kinds if targets.levels else ():
        fit_kind = _cumulative if kind == CUMULATIVE else _multinomial
        found[kind] = fit_kind(
            matrix[known], targets.rank[known], len(targets.levels),
            (c, _some(targets.weight, known)),
        )  # fmt: skip
    return found


def _balanced(weight: Floats | None, truth: NDArray[np.intp], balance: float) -> Floats | None:
    """The weights times (mean size of a category / size of the text's own) ** `balance`."""
    if not balance:
        return weight
    sizes = np.bincount(truth)
    raised: Floats = (sizes[sizes > 0].mean() / sizes[truth]) ** balance
    return raised if weight is None else weight * raised


def _some(weight: Floats | None, rows: NDArray[np.bool_]) -> Floats | None:
    return None if weight is None else weight[rows]


def _pooled(parts: list[Linear]) -> Linear:
    """The mean of the logits of models for neighbouring columns: again a linear model."""
    weights = np.concatenate([part.weights for part in parts]) / len(parts)
    return Linear(weights, np.mean([part.bias for part in parts], axis=0))


def _multinomial(
    matrix: sp.csr_array, truth: NDArray[np.intp], n_labels: int, strength: Strength
) -> Linear:
    """Softmax regression; newton-cg needs a quarter of lbfgs' time on such matrices."""
    weights = np.zeros((matrix.shape[1], n_labels))
    bias = np.full(n_labels, _ABSENT_LOGIT)
    present = np.unique(truth)
    if len(present) == 1:
        bias[present[0]] = 0.0
        return Linear(weights, bias)
    model = LogisticRegression(C=strength[0], solver="newton-cg", tol=1e-3, max_iter=200)
    model.fit(sp.csr_matrix(matrix), truth, sample_weight=strength[1])
    if len(present) == 2:
        weights[:, present[1]], bias[present] = model.coef_[0], [0.0, model.intercept_[0]]
    else:
        weights[:, present], bias[present] = model.coef_.T, model.intercept_
    return Linear(weights, bias)


def _cumulative(
    matrix: sp.csr_array, truth: NDArray[np.intp], n_levels: int, strength: Strength
) -> Linear:
    """One logistic regression per border between levels: is the rank above it."""
    weights = np.zeros((matrix.shape[1], n_levels - 1))
    bias = np.zeros(n_levels - 1)
    for border in range(n_levels - 1):
        above = truth > border
        if above.all() or not above.any():
            bias[border] = -_ABSENT_LOGIT if above.all() else _ABSENT_LOGIT
            continue
        model = LogisticRegression(C=strength[0], solver="newton-cg", tol=1e-3, max_iter=200)
        model.fit(sp.csr_matrix(matrix), above, sample_weight=strength[1])
        weights[:, border], bias[border] = model.coef_[0], model.intercept_[0]
    return Linear(weights, bias)


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
