"""What is fitted on some of the texts: on all, and on all but those of a fold that is held out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray

from classifier.cluster import Run, here
from classifier.features import Vectoriser, fit_vectoriser
from classifier.tokens import tokeniser
from training.config import TrainingConfig
from training.linear import MANY, Linear, fit_linear
from training.targets import Targets

Floats = NDArray[np.float64]
Words = tuple[NDArray[np.int64], NDArray[np.int64]]  # in all, and unknown ones
Heads = tuple[dict[str, Linear], dict[str, Floats]]  # and their logits for texts unseen

# Below this, starting processes takes longer than fitting: 25 s against 3 s for 40 texts.
_WORTH_PROCESSES = 2000


@dataclass(frozen=True, slots=True)
class Work:
    """What parts are fitted on, and by whom.

    `run` counts terms and makes features, `jobs` processes or threads fit the heads.
    """

    texts: list[str]
    targets: Targets
    config: TrainingConfig
    jobs: int = 1
    run: Run = here


@dataclass(frozen=True, slots=True)
class Part:
    """What was fitted on some texts: terms, each head; its raw logits for others.

    `words` says how many words each of the others has, and how many of them are unknown.
    """

    vectoriser: Vectoriser
    linear: dict[str, Linear]
    logits: dict[str, Floats]
    words: Words


@dataclass(frozen=True, slots=True)
class _Features:
    """Rows of the texts seen and of those unseen."""

    seen: sp.csr_array
    columns: list[slice]
    targets: Targets
    unseen: sp.csr_array


def fit_part(seen: list[str], targets: Targets, unseen: list[str], config: TrainingConfig) -> Part:
    """A vectoriser and heads for the clean texts `seen`, and their logits for those `unseen`."""
    texts, is_held_out = [*seen, *unseen], np.arange(len(seen) + len(unseen)) >= len(seen)
    return _fit_part(Work(texts, targets, config), is_held_out)


def fit_parts(work: Work, folds: NDArray[np.intp], n_folds: int) -> Iterator[Part]:
    """What is fitted on all texts, then on all but those of each of the first folds.

    Of few texts the heads are fitted by processes, part beside part. Of many it is part after part,
    so that the features of only one are in memory, and threads that share them fit its heads.
    """
    held_out = (folds == fold for fold in range(-1, n_folds))
    if not _WORTH_PROCESSES <= len(work.texts) < MANY:
        yield from (_fit_part(work, rows) for rows in held_out)
        return
    made: deque[tuple[Vectoriser, Words]] = deque()

    def heads() -> Iterator[object]:
        for rows in held_out:
            vectoriser, words, features = _features(work, rows)
            made.append((vectoriser, words))
            yield delayed(_fit_heads)(features, work.config, 1)

    for linear, logits in Parallel(n_jobs=work.jobs, return_as="generator")(heads()):
        vectoriser, words = made.popleft()
        yield Part(vectoriser, linear, logits, words)


def _fit_part(work: Work, is_held_out: NDArray[np.bool_]) -> Part:
    vectoriser, words, features = _features(work, is_held_out)
    return Part(vectoriser, *_fit_heads(features, work.config, work.jobs), words)


def _features(work: Work, is_held_out: NDArray[np.bool_]) -> tuple[Vectoriser, Words, _Features]:
    seen = [text for text, out in zip(work.texts, is_held_out, strict=True) if not out]
    unseen = [text for text, out in zip(work.texts, is_held_out, strict=True) if out]
    vectoriser = fit_vectoriser(seen, work.config.features, tokeniser(), work.run)
    dtype = np.float32 if len(seen) >= MANY else np.float64
    features = _Features(
        vectoriser.vectorise(seen, work.run, dtype),
        vectoriser.block_columns,
        work.targets.rows(np.flatnonzero(~is_held_out)),
        vectoriser.vectorise(unseen, work.run, dtype),
    )
    return vectoriser, vectoriser.count_words(unseen), features


def _fit_heads(features: _Features, config: TrainingConfig, jobs: int) -> Heads:
    linear = fit_linear(features.seen, features.columns, features.targets, config, jobs=jobs)
    return linear, {
        name: np.asarray(features.unseen @ head.weights + head.bias, np.float64)
        for name, head in linear.items()
    }
