"""Measures a finished model on labelled data, the way a user would call it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.artifact import Json
from classifier.errors import InputFileError
from classifier.manifest import read_category_head, read_intensity_head
from classifier.prediction import Prediction
from classifier.triage import Triage
from training.dataset import Dataset, Example
from training.evaluate import Scores, brief_figures, figures, scores_of_predictions
from training.targets import targets_like

_SEED = 0
_MIN_SLICE_TEXTS = 20
_RISK_COLUMNS = ("risks", "signals")
_SLICE_COLUMNS = ("source", "channel")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says of the texts of a dataset, in their order, beside the truth."""

    predictions: Sequence[Prediction]
    scores: Scores


def answer(triage: Triage, dataset: Dataset) -> Answers:
    """The model's answers to the dataset.

    Categories that the model does not know count as missed; unknown levels are left out.

    Raises:
        InputFileError: the data has no label that the model predicts.
    """
    manifest = triage.describe()
    category, intensity = read_category_head(manifest), read_intensity_head(manifest)
    codes = list(category.codes) if category else []
    levels = list(intensity.levels) if intensity else []
    targets = targets_like(dataset, codes, levels)
    if not ((targets.category >= 0).any() or (targets.rank >= 0).any()):
        raise InputFileError(f"the data has none of the model's labels: {codes} {levels}")
    predictions = triage.predict([e.text for e in dataset.examples], with_evidence=False)
    return Answers(predictions, scores_of_predictions(predictions, targets))


def judge(triage: Triage, dataset: Dataset) -> Json:
    """Figures of the model on the dataset, overall and by slice, and of its signals.

    Raises:
        InputFileError: the data has no label that the model predicts.
    """
    return judged(answer(triage, dataset), dataset)


def judged(answers: Answers, dataset: Dataset) -> Json:
    """The figures of answers that were given to the dataset."""
    scores, predictions = answers.scores, answers.predictions
    found = figures(scores, seed=_SEED)
    found["outcomes"] = dict(sorted(Counter(p.outcome.value for p in predictions).items()))
    found["slices"] = {
        name: brief_figures(scores.rows(rows), seed=_SEED)
        for name, rows in _slices(dataset.examples)
    }
    column = risk_column(dataset)
    if column:
        found["signals"] = signal_figures(dataset.examples, predictions, column)
    return found


def risk_column(dataset: Dataset) -> str | None:
    """The column that holds the true signals, codes joined by `|`; None without one."""
    return next((c for c in _RISK_COLUMNS if c in dataset.examples[0].cells), None)


def true_signals(example: Example, column: str) -> set[str]:
    """The signal codes that a text truly has."""
    return set(filter(None, str(example.cells.get(column) or "").split("|")))


def _slices(examples: Sequence[Example]) -> Iterator[tuple[str, np.ndarray]]:
    """Named subsets by length and by the columns that tell a text's origin."""
    lengths = np.array([len(e.clean) for e in examples])
    for low, high in ((1, 15), (16, 60), (61, 200), (201, 10**9)):
        rows = (lengths >= low) & (lengths <= high)
        if rows.sum() >= _MIN_SLICE_TEXTS:
            yield f"length {low}-{high if high < 10**9 else ''}", rows
    for column in _SLICE_COLUMNS:
        values = [str(e.cells.get(column) or "") for e in examples]
        for value in sorted(set(values) - {""}):
            rows = np.array([v == value for v in values])
            if rows.sum() >= _MIN_SLICE_TEXTS:
                yield f"{column} {value}", rows


def signal_figures(
    examples: Sequence[Example], predictions: Sequence[Prediction], column: str
) -> Json:
    """True, found and rightly found counts of each signal code, and recall and precision of all."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for example, prediction in zip(examples, predictions, strict=True):
        truth = true_signals(example, column)
        found = {signal.code for signal in prediction.signals}
        for place, codes in enumerate((truth, found, truth & found)):
            for code in codes:
                counts[code][place] += 1
    true, found_count, both = (sum(c[place] for c in counts.values()) for place in range(3))
    return {
        "recall": both / max(1, true),
        "precision": both / max(1, found_count),
        "by_code": {
            code: dict(zip(("true", "found", "both"), c, strict=True))
            for code, c in sorted(counts.items())
        },
    }
