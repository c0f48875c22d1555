"""Which words drove a head: exact linear contributions, merged into readable spans.

A logit is a sum over the n-grams of a text. Each n-gram's share is spread evenly over its
occurrences and their characters, then summed per word: so the words' weights add up to the logit
less its bias, however the n-grams overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from classifier.kernels import Floats, linear
from classifier.prediction import Evidence
from classifier.text import CleanText
from classifier.tokens import CutBatch

MAX_SPANS = 8  # per head: what a person reads at a glance
_MAX_MERGED_CHARS = 8
_LEAST_RATIO = 0.1  # of the strongest piece: what is weaker explains nothing
_MERGE_RATIO = 0.4  # neighbours join if the weaker has at least this share of the stronger
_RULES = (MAX_SPANS, _MAX_MERGED_CHARS, _LEAST_RATIO, _MERGE_RATIO)

_evidence = partial(tuple.__new__, Evidence)  # half the time of the class, for 14 a text


def evidence(
    texts: Sequence[CleanText], batch: CutBatch, shares: Floats, heads: Sequence[tuple[str, float]]
) -> list[tuple[Evidence, ...]]:
    """The strongest spans of each text, head after head, the largest contribution first.

    `shares` says how much each character of the batch adds to each head, shape (characters, heads);
    `heads` are their names, and factors for their weights. Pieces under `_LEAST_RATIO` of a text's
    strongest are left out. Neighbours join if they push the same way, the weaker with at least
    `_MERGE_RATIO` of the stronger, and are both words or both marks. Spans of a head do not overlap
    and never split a word. Texts that the batch has behind these are passed over.
    """
    spans, weights = linear.find_spans(batch.codes, batch.piece_ends, shares, _RULES)
    found: list[list[Evidence]] = [[] for _ in texts]
    for (head, low, high, row), weight in zip(spans.tolist(), weights.tolist(), strict=True):
        if row >= len(texts):
            continue
        text, (name, factor) = texts[row], heads[head]
        start, end = text.aligned.span(low, high) if text.aligned else (low, high)
        found[row].append(_evidence((name, start, end, text.original[start:end], weight * factor)))
    return [tuple(pieces) for pieces in found]
