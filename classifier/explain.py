"""Which words drove a head: exact linear contributions, merged into readable spans.

A logit is a sum over the n-grams of a text. Each n-gram's share is spread evenly over its
occurrences and their characters, then summed per word: so the words' weights add up to the logit
less its bias, however the n-grams overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.features import Block
from classifier.kernels import Floats, Ints, Longs, Singles, linear
from classifier.tokens import CutBatch

MAX_SPANS = 8  # per head: what a person reads at a glance
_MAX_MERGED_CHARS = 8
_LEAST_RATIO = 0.1  # of the strongest piece: what is weaker explains nothing
_MERGE_RATIO = 0.4  # neighbours join if the weaker has at least this share of the stronger


def piece_weights(
    batch: CutBatch, blocks: Sequence[Block], weights: Singles, answers: Longs
) -> Floats:
    """Contribution of each piece of a cut batch, shape (pieces,), to one output per text.

    `weights` has the shape (features, outputs), `answers` names each text's output. The pieces of
    a text sum to its row times the weights of that output.
    """
    char_weights = np.zeros(len(batch.codes) + 1)
    for block in blocks:
        linear.add_shares(
            block.found, block.cells, block.values, block.columns, weights[block.first :],
            answers, char_weights,
        )  # fmt: skip
    firsts = np.concatenate([[0], batch.piece_ends])
    return np.add.reduceat(char_weights, firsts)[:-1]


def readable(batch: CutBatch, weights: Floats) -> tuple[Ints, Floats]:
    """The strongest spans of each text, like neighbours joined, largest contribution first.

    Returns text number, start and end in the joined batch, shape (spans, 3), and the weights of
    the spans. Pieces under `_LEAST_RATIO` of a text's strongest are left out. Neighbours join if
    they push the same way, the weaker with at least `_MERGE_RATIO` of the stronger, and are both
    words or both marks. Spans do not overlap and never split a word.
    """
    rules = (MAX_SPANS, _MAX_MERGED_CHARS, _LEAST_RATIO, _MERGE_RATIO)
    return linear.find_spans(batch.codes, batch.piece_ends, weights, rules)
