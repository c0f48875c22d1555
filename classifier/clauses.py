"""Where pieces, clauses and sentences end, and the part of a text around a span."""

from __future__ import annotations

import numpy as np

from classifier.kernels import Codes, Longs, phrases
from classifier.lookup import code_points

# Context is read so far and no farther, so that the work for one match is bounded however long the
# text is.
CLAUSE_CHARS = 40
SENTENCE_CHARS = 80
_NO_PIECES = np.zeros(0, np.int64)


class Ends:
    """Which characters of a batch end a piece, a clause, a sentence: a byte of 1 if one does."""

    def __init__(self, codes: Codes, piece_ends: Longs) -> None:
        pieces, clauses, sentences = phrases.find_ends(codes, piece_ends)
        self.pieces, self.clauses, self.sentences = (
            pieces.tobytes(), clauses.tobytes(), sentences.tobytes(),
        )  # fmt: skip


def part_around(ends: bytes, low: int, high: int, reach: int) -> tuple[int, int]:
    """The stretch between ends around a span, at most `reach` characters each way."""
    first, last = max(0, low - reach), min(len(ends), high + reach)
    before, after = ends.rfind(1, first, low), ends.find(1, high, last)
    return first if before < 0 else before + 1, last if after < 0 else after + 1


def clause_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a span, with the mark that ends it; at most 40 characters each way.

    >>> clause_of("我没说起诉,气死我了!", 3, 5)
    (0, 6)
    """
    return part_around(Ends(code_points(text), _NO_PIECES).clauses, start, end, CLAUSE_CHARS)


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a span, with the mark that ends it; at most 80 characters each way.

    >>> sentence_of("好。我没说起诉,气死我了!算了", 5, 7)
    (2, 13)
    """
    return part_around(Ends(code_points(text), _NO_PIECES).sentences, start, end, SENTENCE_CHARS)
