"""Which labelled rows a person should look at again, with what the model sees in them.

Every text is judged by a model that has not seen it: the held-out probabilities of `training.fit`.
Why it says so is read from the model of all texts, as the difference of two labels' weights: that
model has seen the label that is doubted, so what still speaks against it is no accident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training import label_issues
from training.config import TrainingConfig
from training.dataset import Dataset
from training.fit import Fitted, Progress, fit
from training.label_evidence import CATEGORY, LEVEL, Question, evidence_for

_TERMS = 5
_TOP = 3


@dataclass(frozen=True, slots=True)
class View:
    """One doubted label: the label, the model's, likeliest answers with probabilities, and why.

    `spans` of the text speak for the model's label and against the given one, the strongest first.
    `distance` is how many levels the expected one is above the given one, None for a category.
    """

    field: str
    given: str
    suggested: str
    answers: tuple[tuple[str, float], ...]
    severity: float
    distance: float | None = None
    spans: tuple[tuple[int, int], ...] = ()


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
    every = replace(config.folds, held_out_texts=max(1000, len(dataset.examples)))
    fitted = fit(dataset, replace(config, folds=every), jobs=jobs, progress=progress)
    progress("look for doubts")
    views: dict[int, list[View]] = {}
    reviewed = 0
    for row, view in [*_category_views(fitted), *_level_views(fitted)]:
        if (key_of(dataset.examples[row].text), view.field, view.given) in settled:
            reviewed += 1
        else:
            views.setdefault(row, []).append(view)
    explained = _explained(fitted, dataset, views)
    found = [_doubted(dataset, row, seen) for row, seen in explained.items()]
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


def _category_views(fitted: Fitted) -> list[tuple[int, View]]:
    head, scores = fitted.category, fitted.held_out
    if head is None:
        return []
    rows = np.flatnonzero(scores.category_truth >= 0)
    given, probs = scores.category_truth[rows], scores.category_probs[rows]
    severity = label_issues.category_severity(given, probs)
    found = []
    for place in np.flatnonzero(label_issues.category_issues(given, probs)).tolist():
        order = np.argsort(-probs[place], kind="stable")[:_TOP].tolist()
        answers = tuple((head.codes[column], float(probs[place, column])) for column in order)
        view = View(
            CATEGORY, head.codes[given[place]], head.codes[order[0]], answers,
            float(severity[place]),
        )  # fmt: skip
        found.append((int(rows[place]), view))
    return found


def _level_views(fitted: Fitted) -> list[tuple[int, View]]:
    head, scores = fitted.intensity, fitted.held_out
    if head is None:
        return []
    rows = np.flatnonzero(scores.rank_truth >= 0)
    given, probs = scores.rank_truth[rows], scores.level_probs[rows]
    distance, sureness = label_issues.level_distance(given, probs)
    severity = label_issues.level_severity(distance, sureness, len(head.levels))
    doubted = label_issues.level_issues(distance, sureness, len(head.levels))
    found = []
    for place in np.flatnonzero(doubted).tolist():
        order = np.argsort(-probs[place], kind="stable")[:_TOP].tolist()
        answers = tuple((str(head.levels[rank]), float(probs[place, rank])) for rank in order)
        suggested = head.levels[round(float(given[place] + distance[place]))]
        view = View(
            LEVEL, str(head.levels[given[place]]), str(suggested), answers,
            float(severity[place]), float(distance[place]),
        )  # fmt: skip
        found.append((int(rows[place]), view))
    return found


def _explained(
    fitted: Fitted, dataset: Dataset, views: Mapping[int, Sequence[View]]
) -> dict[int, list[View]]:
    """The views with the spans of the text that speak for them."""
    codes = fitted.category.codes if fitted.category else ()
    questions = [_question(dataset.examples[row].text, seen, codes) for row, seen in views.items()]
    found = {}
    for (row, seen), pieces in zip(views.items(), evidence_for(fitted, questions), strict=True):
        found[row] = [
            replace(
                view,
                spans=tuple((p.start, p.end) for p in pieces if p.head == view.field)[:_TERMS],
            )
            for view in seen
        ]
    return found


def _question(text: str, views: Sequence[View], codes: Sequence[str]) -> Question:
    columns, side = (0, 0), 0.0
    for view in views:
        if view.distance is None:
            columns = codes.index(view.suggested), codes.index(view.given)
        else:
            side = float(np.sign(view.distance))
    return Question(text, columns, side)
