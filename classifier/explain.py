"""Which words drove a head: exact linear contributions, merged into readable spans.

A logit is a sum over the n-grams of a text. Each n-gram's share is spread evenly over its
occurrences and their characters, then summed per word: so the words' weights add up to the logit
less its bias, however the n-grams overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.kernels import END, ROW, START, Floats, Ints, linear, pieces
from classifier.prediction import Evidence
from classifier.text import CleanText
from classifier.tokens import CutBatch

MAX_SPANS = 8  # per head: what a person reads at a glance
_MAX_MERGED_CHARS = 8
_LEAST_RATIO = 0.1  # of the strongest piece: what is weaker explains nothing
_MERGE_RATIO = 0.4  # neighbours join if the weaker has at least this share of the stronger
RULES = (MAX_SPANS, _MAX_MERGED_CHARS, _LEAST_RATIO, _MERGE_RATIO)

Spans = tuple[Ints, Floats]  # as `linear.find_spans` returns them


def spans_of(batch: CutBatch, shares: Floats) -> Spans:
    """The strongest spans of each text, head after head, the largest contribution first.

    `shares` says how much each character of the batch adds to each head, shape (characters, heads).
    Pieces under `_LEAST_RATIO` of a text's strongest are left out. Neighbours join if they push the
    same way, the weaker with at least `_MERGE_RATIO` of the stronger, and are both words or both
    marks. Spans of a head do not overlap and never split a word.
    """
    return linear.find_spans(batch.codes, batch.piece_ends, shares, RULES)


def evidence(
    texts: Sequence[CleanText], found_spans: Spans, heads: Sequence[tuple[str, float]]
) -> list[tuple[Evidence, ...]]:
    """Spans of each text as they are shown.

    `heads` are names, and factors for their weights. Texts that the batch has behind these are
    passed over.
    """
    spans, weights = found_spans
    for row, text in enumerate(texts):
        if text.aligned:
            for place in range(*spans[:, ROW].searchsorted([row, row + 1])):
                span = text.aligned.span(*spans[place, START : END + 1].tolist())
                spans[place, START : END + 1] = span
    sent = [text.original for text in texts]
    names, factors = [name for name, _ in heads], np.array([factor for _, factor in heads])
    return pieces.by_text(spans, weights, sent, names, factors, Evidence)
