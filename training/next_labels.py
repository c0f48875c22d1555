"""Chooses the texts that are worth labelling next: those the model doubts, unlike each other.

Diverse mini-batch active learning (Zhdanov 2019): of the most doubted texts, ten times as many as
wanted, k-means weighted by doubt makes as many clusters as wanted, and the text nearest to each
centre is chosen. Texts are compared by the model's own TF-IDF, reduced to 100 dimensions.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning

from classifier.artifact import Artifact
from classifier.errors import InputFileError
from classifier.features import Vectoriser
from classifier.files import read_rows, text_of
from classifier.manifest import read_features
from classifier.manifest import text_of as manifest_text
from classifier.neutral import as_read
from classifier.pii import mask
from classifier.prediction import Prediction
from classifier.tokens import tokeniser
from classifier.triage import Triage
from training.dataset import files_of
from training.split import group_near_duplicates

_POOL = 10  # candidates for each wanted text, as in the paper
_DIMENSIONS = 100
_NEAR_DUPLICATE = 0.6  # as `folds.near_duplicate` of train.toml


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that nobody has labelled: its name, masked, cleaned, and what the model says.

    `doubt` is 0-1, the mean over the heads: for the category 1 less the margin between the two
    likeliest, for the level the entropy over its largest value.
    """

    row_id: str
    text: str
    clean: str
    prediction: Prediction
    doubt: float


def read_candidates(
    paths: Sequence[Path], column: str, triage: Triage, *, known: frozenset[str] = frozenset()
) -> tuple[list[Candidate], Counter[str]]:
    """The texts that can be judged and are not `known` (clean texts), each once; others counted.

    A row is named by its `id` column, or by file and number.

    Raises:
        InputFileError: a file cannot be read, or no text is left.
    """
    left_out: Counter[str] = Counter()
    found: dict[str, tuple[str, str]] = {}
    for file in (file for path in paths for file in files_of(path)):
        for row in read_rows(file, needs=column):
            text, fault = text_of(row, column)
            cleaned = "" if fault else as_read(masked := mask(text))
            if not cleaned:
                left_out[fault or "no text"] += 1
            elif cleaned in known or cleaned in found:
                left_out["labelled already" if cleaned in known else "repeated text"] += 1
            else:
                found[cleaned] = (str(row.cells.get("id") or f"{file.name}:{row.number}"), masked)
    predictions = triage.predict([text for _, text in found.values()], with_evidence=False)
    candidates = [
        Candidate(row_id, text, cleaned, prediction, doubt)
        for (cleaned, (row_id, text)), prediction in zip(found.items(), predictions, strict=True)
        if (doubt := doubt_of(prediction)) is not None
    ]
    if unjudged := len(found) - len(candidates):
        left_out["the model cannot judge it (not Chinese, too short)"] = unjudged
    if not candidates:
        raise InputFileError(f"no text left to choose from; left out: {dict(left_out)}")
    return candidates, left_out


def doubt_of(prediction: Prediction) -> float | None:
    """How little the model knows, 0-1; None if it does not judge the text at all."""
    doubts = []
    if prediction.category:
        first, second = [*(one.prob for one in prediction.category.top), 0.0][:2]
        doubts.append(1.0 - (first - second))
    if prediction.intensity:
        probs = np.maximum(prediction.intensity.probs, 1e-12)
        entropy = float(-(probs * np.log(probs)).sum())
        doubts.append(entropy / np.log(max(2, len(probs))))
    return float(np.mean(doubts)) if doubts else None


def choose(
    candidates: Sequence[Candidate], artifact: Artifact, number: int, *, seed: int = 0
) -> list[Candidate]:
    """The texts to label next, the most doubted first; of near duplicates at most one."""
    ordered = sorted(candidates, key=lambda one: -one.doubt)[: 2 * _POOL * number]
    groups = group_near_duplicates([one.clean for one in ordered], _NEAR_DUPLICATE, seed=seed)
    _, firsts = np.unique(groups, return_index=True)  # of each group the most doubted
    pool = [ordered[place] for place in sorted(firsts.tolist())][: _POOL * number]
    if len(pool) <= number:
        return pool
    doubts = np.array([one.doubt for one in pool])
    chosen = _nearest_to_centres(_reduced(pool, artifact, seed), doubts, number, seed)
    return [pool[place] for place in chosen]


def _reduced(pool: Sequence[Candidate], artifact: Artifact, seed: int) -> NDArray[np.float64]:
    """Each text's TF-IDF row in at most 100 dimensions (latent semantic analysis)."""
    manifest = artifact.manifest
    engine = tokeniser(manifest_text(manifest, "tokeniser", "engine"))
    vectoriser = Vectoriser(read_features(manifest), engine, artifact.terms, artifact.idf)
    matrix = vectoriser.vectorise([one.clean for one in pool])
    used = np.unique(matrix.indices)
    size = min(_DIMENSIONS, len(pool) - 1, len(used) - 1)
    if size < 1:
        return np.zeros((len(pool), 1))
    reduced: NDArray[np.float64] = TruncatedSVD(size, random_state=seed).fit_transform(
        matrix[:, used]
    )
    return reduced


def _nearest_to_centres(
    points: NDArray[np.float64], doubts: NDArray[np.float64], number: int, seed: int
) -> list[int]:
    """The points nearest to `number` weighted centres, ascending; filled up by doubt."""
    with warnings.catch_warnings():
        # Texts without a known term are one point: fewer clusters are then found than asked for.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(number, n_init=1, random_state=seed)
        distances = model.fit(points, sample_weight=doubts + 1e-9).transform(points)
    chosen = []
    for cluster in range(number):
        members = np.flatnonzero(model.labels_ == cluster)
        if members.size:
            chosen.append(int(members[distances[members, cluster].argmin()]))
    rest = (place for place in range(len(points)) if place not in set(chosen))
    return sorted([*chosen, *(next(rest) for _ in range(number - len(chosen)))])
