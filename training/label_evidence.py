"""The words that speak for one label and against another: exact shares of a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier import explain
from classifier.neutral import packaged_neutral
from classifier.prediction import Evidence
from classifier.text import clean_batch
from classifier.tokens import cut_batch
from training.fit import Fitted

CATEGORY, LEVEL = "category", "intensity"
_BATCH = 256  # texts explained at once


@dataclass(frozen=True, slots=True)
class Question:
    """What to explain in a text: category columns (for, against), and the side of the level.

    `side` is 1 for what makes it angrier, -1 calmer, 0 for nothing; equal columns ask nothing.
    """

    text: str
    columns: tuple[int, int] = (0, 0)
    side: float = 0.0


def evidence_for(fitted: Fitted, questions: Sequence[Question]) -> list[list[Evidence]]:
    """The pieces of each text that speak for the answer, by head, the strongest first.

    Weights are differences of logits, spread over characters as `classifier.explain` does.
    """
    table: list[np.ndarray] = [fitted.vectoriser.idf]
    table += [head.weights for head in fitted.linear]
    if fitted.intensity:
        table[-1] = fitted.linear[-1].weights @ fitted.intensity.direction
    columns = np.column_stack(table).astype(np.float32)
    found: list[list[Evidence]] = []
    for start in range(0, len(questions), _BATCH):
        found += _explained(fitted, columns, questions[start : start + _BATCH])
    return found


def _explained(
    fitted: Fitted, table: np.ndarray, questions: Sequence[Question]
) -> list[list[Evidence]]:
    vectoriser = fitted.vectoriser
    texts = clean_batch([question.text for question in questions])
    read = packaged_neutral().read_batch(texts)
    batch = cut_batch(vectoriser.tokeniser.piece_ends, [item.text for item in read])
    last = table.shape[1] - 1
    chosen = np.array(
        [[1 + for_, 1 + against, last] for for_, against in (q.columns for q in questions)],
        np.int64,
    )
    shares = vectoriser.shares(vectoriser.occurrences(batch), table, chosen, len(batch.codes))
    sides = _per_character([q.side for q in questions], [len(item.text) for item in read])
    both = np.zeros((len(shares), 2))
    both[:, 0] = shares[:, 0] - shares[:, 1]
    both[:, 1] = shares[:, 2] * sides
    pieces = explain.evidence(read, explain.spans_of(batch, both), [(CATEGORY, 1.0), (LEVEL, 1.0)])
    return [[piece for piece in one if piece.weight > 0] for one in pieces]


def _per_character(values: Sequence[float], sizes: Sequence[int]) -> np.ndarray:
    """Each text's value for each of its characters and the break after it."""
    return np.repeat(np.array(values, np.float64), np.array(sizes) + 1)
