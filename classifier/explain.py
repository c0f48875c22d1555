"""Which words drove a head: exact linear contributions, merged into readable spans.

A logit is a sum over the n-grams of a text. Each n-gram's share is spread evenly over its
occurrences and their characters, then summed per word: so the words' weights add up to the logit
less its bias, however the n-grams overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.features import Weighted
from classifier.ngrams import piece_spans

Floats = NDArray[np.float64]

MAX_SPANS = 8  # per head: what a person reads at a glance
_MAX_MERGED_CHARS = 8
_MERGE_RATIO = 0.4  # neighbours join if the weaker has at least this share of the stronger


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a clean text with its contribution in log-odds; positive pushes towards it."""

    start: int
    end: int
    weight: float


def piece_weights(weighted: Weighted, pieces: Sequence[str], cell_weights: Floats) -> Floats:
    """Contribution of each piece of a cut batch, shape (pieces,).

    `cell_weights` has the head's weight for each cell of the matrix; the pieces of one text sum to
    its row times those weights.
    """
    found = weighted.occurrences
    counts = np.bincount(weighted.cells, minlength=weighted.matrix.nnz)
    share = weighted.matrix.data * cell_weights / np.maximum(counts, 1)
    density = share[weighted.cells] / (found.ends - found.starts)
    starts, ends = piece_spans(pieces)
    length = int(ends[-1]) if len(ends) else 0
    edges = np.bincount(found.starts, density, length + 1)
    edges -= np.bincount(found.ends, density, length + 1)
    upto = np.concatenate([[0.0], np.cumsum(np.cumsum(edges[:length]))])
    return np.asarray(upto[ends] - upto[starts], np.float64)


def readable(pieces: Sequence[str], weights: Floats) -> list[Span]:
    """The strongest spans of one text, like neighbours joined, largest contribution first.

    Spans do not overlap and never split a word; white space is left out.
    """
    text = "".join(pieces)
    spans: list[Span] = []
    position = 0
    for piece, weight in zip(pieces, weights.tolist(), strict=True):
        span = Span(position, position + len(piece), weight)
        position = span.end
        if spans and _joins(spans[-1], span, text):
            last = spans.pop()
            span = Span(last.start, span.end, last.weight + span.weight)
        if not piece.isspace() and weight:
            spans.append(span)
    return sorted(spans, key=lambda span: -abs(span.weight))[:MAX_SPANS]


def _joins(left: Span, right: Span, text: str) -> bool:
    """Whether two neighbours read as one: same direction, like strength, words with words."""
    weak, strong = sorted((abs(left.weight), abs(right.weight)))
    return (
        left.end == right.start
        and left.weight * right.weight > 0
        and weak >= _MERGE_RATIO * strong
        and right.end - left.start <= _MAX_MERGED_CHARS
        and text[left.end - 1].isalnum() == text[right.start].isalnum()
        and not text[right.start].isspace()
    )
