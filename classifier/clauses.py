"""Where pieces, clauses and sentences end, and the part of a text around a span."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.kernels import Codes, Longs, phrases
from classifier.lookup import code_points, joined

# Context is read so far and no farther, so that the work for one match is bounded however long the
# text is.
REACHES = 40, 80  # characters of a clause, of a sentence
_NO_PIECES = np.zeros(0, np.int64)


class Parts:
    """Where the words, clauses and sentences of a batch are, by position in the batch.

    A clause or sentence around a span is the stretch from `before[start]` characters before it to
    `after[end]` behind it, which takes in the mark that ends it, but never a line break.
    """

    def __init__(self, found: Sequence[bytes]) -> None:
        """Of what `phrases.find_parts` has found, each as bytes."""
        self._ends, *parts = found
        self.clause_before, self.clause_after, self.sentence_before, self.sentence_after = parts

    @classmethod
    def of(cls, codes: Codes, piece_ends: Longs = _NO_PIECES) -> Parts:
        """The parts of joined texts, each with a line break after it."""
        found = phrases.find_parts(codes, piece_ends, *REACHES)
        return cls([row.tobytes() for row in found])

    def is_of_words(self, start: int, end: int) -> bool:
        """Whether a span begins and ends where words do."""
        ends = self._ends
        return ends[end - 1] == 1 and (not start or ends[start - 1] == 1)


def clause_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a span, with the mark that ends it; at most 40 characters each way.

    >>> clause_of("我没说起诉,气死我了!", 3, 5)
    (0, 6)
    """
    parts = Parts.of(code_points(joined([text])))
    return start - parts.clause_before[start], end + parts.clause_after[end]


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a span, with the mark that ends it; at most 80 characters each way.

    >>> sentence_of("好。我没说起诉,气死我了!算了", 5, 7)
    (2, 13)
    """
    parts = Parts.of(code_points(joined([text])))
    return start - parts.sentence_before[start], end + parts.sentence_after[end]
