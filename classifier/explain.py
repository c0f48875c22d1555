"""Which words drove a head: exact linear contributions, merged into readable spans.

A logit is a sum over the n-grams of a text. Each n-gram's share is spread evenly over its
occurrences and their characters, then summed per word: so the words' weights add up to the logit
less its bias, however the n-grams overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.features import Weighted
from classifier.ngrams import Ints

Floats = NDArray[np.float64]

MAX_SPANS = 8  # per head: what a person reads at a glance
_MAX_MERGED_CHARS = 8
_LEAST_RATIO = 0.1  # of the strongest piece: what is weaker explains nothing
_MERGE_RATIO = 0.4  # neighbours join if the weaker has at least this share of the stronger


class Span(NamedTuple):
    """A piece of a clean text with its contribution in log-odds; positive pushes towards it."""

    start: int
    end: int
    weight: float


def piece_weights(
    weighted: Weighted, spans: tuple[Ints, Ints], cell_weights: Sequence[Floats]
) -> list[Floats]:
    """Contribution of each piece of a cut batch, one array of shape (pieces,) per head.

    `spans` are starts and ends of the pieces; `cell_weights` has, per head, the weight of each cell
    of the matrix. The pieces of one text sum to its row times those weights.
    """
    found, cells = weighted.occurrences, weighted.cells
    starts, ends = spans
    length = int(ends[-1]) + 1 if ends.size else 0
    counts = np.bincount(cells, minlength=weighted.matrix.nnz)
    per_cell = weighted.matrix.data / np.maximum(counts, 1)
    per_char = per_cell[cells] / (found.ends - found.starts)
    by_head: list[Floats] = []
    for weights in cell_weights:
        density = per_char * weights[cells]
        edges = np.bincount(found.starts, density, length)
        edges -= np.bincount(found.ends, density, length)
        upto = edges.cumsum().cumsum()
        before = np.concatenate([[0.0], upto])
        by_head.append(before[ends] - before[starts])
    return by_head


def readable(pieces: Sequence[str], weights: Floats) -> list[Span]:
    """The strongest spans of one text, like neighbours joined, largest contribution first.

    Pieces under `_LEAST_RATIO` of the strongest are left out. Neighbours join if they push the same
    way, the weaker with at least `_MERGE_RATIO` of the stronger, and are both words or both marks.
    Spans do not overlap and never split a word.
    """
    size = np.abs(weights)
    strong = (size > _LEAST_RATIO * size.max(initial=0.0)).nonzero()[0].tolist()
    starts = [0, *accumulate(map(len, pieces))]
    found: list[tuple[float, int, int, float]] = []  # sort key, start, end, weight
    previous = -2
    was_word = False
    for place in strong:
        piece, weight = pieces[place], float(weights[place])
        if piece == " ":
            continue
        start, end, is_word = starts[place], starts[place + 1], piece[0].isalnum()
        if place == previous + 1 and was_word == is_word:
            _, last_start, _, last = found[-1]
            ratio = last / weight
            if _MERGE_RATIO <= ratio <= 1 / _MERGE_RATIO and end - last_start <= _MAX_MERGED_CHARS:
                weight += last
                start = last_start
                found.pop()
        found.append((-abs(weight), start, end, weight))
        previous, was_word = place, is_word
    found.sort()
    return [Span(start, end, weight) for _, start, end, weight in found[:MAX_SPANS]]
