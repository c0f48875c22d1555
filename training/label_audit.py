"""Which labelled rows a person should look at again, with what the model sees in them.

Every text is judged by a model that has not seen it: the held-out probabilities of `training.fit`.
Why it says so is read from the model of all texts, as the difference of two labels' weights: that
model has seen the label that is doubted, so what still speaks against it is no accident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from training import label_issues
from training.config import TrainingConfig
from training.dataset import Dataset
from training.fit import Fitted, Progress, fit

CATEGORY, LEVEL = "category", "intensity"
_TERMS = 6
_TOP = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """One doubted label: the label, the model's, likeliest answers with probabilities, and why.

    `terms` speak for the model's label and against the given one, the strongest first. `distance`
    is how many levels the expected one is above the given one, None for a category.
    """

    field: str
    given: str
    suggested: str
    answers: tuple[tuple[str, float], ...]
    terms: tuple[str, ...]
    severity: float
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Doubted:
    """A row with one doubted label or two; `key` finds it again, `id` names it to people."""

    key: str
    id: str
    source: str
    text: str
    category: str | None
    level: int | None
    views: tuple[View, ...]

    @property
    def severity(self) -> float:
        """The graver of its doubts, 0-1."""
        return max(view.severity for view in self.views)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at, and what is doubted, the gravest first."""

    texts: int
    doubted: tuple[Doubted, ...]
    reviewed: int
    category_names: Mapping[str, str]
    level_names: Mapping[int, str]

    def count(self, field: str) -> int:
        """How many labels of a field are doubted."""
        return sum(view.field == field for row in self.doubted for view in row.views)


def key_of(text: str) -> str:
    """The name under which a fix finds a masked text again: the start of its SHA-256.

    >>> key_of("退款")
    'f1c91e1d205cdacd'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def audit(
    dataset: Dataset,
    config: TrainingConfig,
    settled: frozenset[tuple[str, str, str]],
    *,
    jobs: int,
    progress: Progress,
) -> Audit:
    """Fit, and name the rows whose labels are doubted.

    `settled` are labels that a person has looked at and kept, as (key, field, label): they are
    counted, not shown again.
    """
    fitted = fit(dataset, config, jobs=jobs, progress=progress)
    progress("look for doubts")
    matrix = fitted.vectoriser.vectorise([example.clean for example in dataset.examples])
    views: dict[int, list[View]] = {}
    reviewed = 0
    for row, view in [*_category_views(fitted, matrix), *_level_views(fitted, matrix)]:
        if (key_of(dataset.examples[row].text), view.field, view.given) in settled:
            reviewed += 1
        else:
            views.setdefault(row, []).append(view)
    found = [_doubted(dataset, row, seen) for row, seen in views.items()]
    return Audit(
        texts=len(dataset.examples),
        doubted=tuple(sorted(found, key=lambda one: (-one.severity, one.key))),
        reviewed=reviewed,
        category_names=dict(zip(fitted.category.codes, fitted.category.names, strict=True))
        if fitted.category
        else {},
        level_names=dict(zip(fitted.intensity.levels, fitted.intensity.names, strict=True))
        if fitted.intensity
        else {},
    )


def _doubted(dataset: Dataset, row: int, views: Sequence[View]) -> Doubted:
    example = dataset.examples[row]
    key = key_of(example.text)
    name = str(example.cells.get("id") or key)
    return Doubted(
        key, name, example.source, example.text, example.category, example.level, tuple(views)
    )


def _category_views(fitted: Fitted, matrix: sp.csr_array) -> list[tuple[int, View]]:
    head, scores = fitted.category, fitted.held_out
    if head is None:
        return []
    rows = np.flatnonzero(scores.category_truth >= 0)
    given, probs = scores.category_truth[rows], scores.category_probs[rows]
    severity = label_issues.category_severity(given, probs)
    weights = fitted.linear[0].weights
    found = []
    for place in np.flatnonzero(label_issues.category_issues(given, probs)).tolist():
        order = np.argsort(-probs[place], kind="stable")[:_TOP].tolist()
        best, label = order[0], int(given[place])
        terms = _terms(fitted, matrix, int(rows[place]), weights[:, best] - weights[:, label])
        answers = tuple((head.codes[column], float(probs[place, column])) for column in order)
        view = View(
            CATEGORY, head.codes[label], head.codes[best], answers, terms, float(severity[place])
        )
        found.append((int(rows[place]), view))
    return found


def _level_views(fitted: Fitted, matrix: sp.csr_array) -> list[tuple[int, View]]:
    head, scores = fitted.intensity, fitted.held_out
    if head is None:
        return []
    rows = np.flatnonzero(scores.rank_truth >= 0)
    given, probs = scores.rank_truth[rows], scores.level_probs[rows]
    distance, sureness = label_issues.level_distance(given, probs)
    severity = label_issues.level_severity(distance, sureness, len(head.levels))
    anger = fitted.linear[-1].weights @ head.direction
    found = []
    doubted = label_issues.level_issues(distance, sureness, len(head.levels))
    for place in np.flatnonzero(doubted).tolist():
        order = np.argsort(-probs[place], kind="stable")[:_TOP].tolist()
        answers = tuple((str(head.levels[rank]), float(probs[place, rank])) for rank in order)
        suggested = head.levels[round(float(given[place] + distance[place]))]
        terms = _terms(fitted, matrix, int(rows[place]), anger * np.sign(distance[place]))
        view = View(
            LEVEL, str(head.levels[given[place]]), str(suggested), answers, terms,
            float(severity[place]), float(distance[place]),
        )  # fmt: skip
        found.append((int(rows[place]), view))
    return found


def _terms(fitted: Fitted, matrix: sp.csr_array, row: int, weights: Floats) -> tuple[str, ...]:
    """The words and characters of a text that weigh most; of two that overlap the heavier.

    Concepts are left out: they stand for the same words under another name.
    """
    start, end = matrix.indptr[row], matrix.indptr[row + 1]
    columns = matrix.indices[start:end]
    shares = matrix.data[start:end] * weights[columns]
    n_readable = len(fitted.vectoriser.word_terms) + len(fitted.vectoriser.char_terms)
    named = [
        (share, fitted.vectoriser.term(column).replace(" ", ""))
        for share, column in zip(shares.tolist(), columns.tolist(), strict=True)
        if share > 0 and column < n_readable
    ]
    found: list[str] = []
    for _, term in sorted(named, key=lambda item: (-item[0], -len(item[1]), item[1])):
        if not any(term in other or other in term for other in found):
            found.append(term)
        if len(found) == _TERMS:
            break
    return tuple(found)
