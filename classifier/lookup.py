"""Tables of n-grams: which number has this sequence of units, and where do they occur."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from classifier import kernels
from classifier.kernels import (
    BREAK,
    PREFIX,
    Codes,
    Index,
    Ints,
    Keys,
    Table,
    Units,
    grams,
)

_SLOTS_PER_KEY = 2  # at most half full: 1.5 probes a query (Knuth, TAOCP vol. 3, 6.4)


def code_points(text: str) -> Codes:
    """The Unicode code points of a text, lone surrogates too."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def joined(texts: Iterable[str]) -> str:
    """The texts with a line break after each."""
    return "\n".join([*texts, ""])


def make_table(keys: Keys, values: Ints) -> Table:
    """An open-addressing table with linear probing.

    >>> table = make_table(np.array([7, 9], np.uint64), np.array([0, 1], np.int32))
    >>> grams.look_up(table, np.array([9, 8], np.uint64)).tolist()
    [1, -2]

    Raises:
        ValueError: a value is above `kernels.MAX_VALUE`.
    """
    if values.max(initial=0) > kernels.MAX_VALUE:
        raise ValueError(f"{values.max()} n-grams, at most {kernels.MAX_VALUE} allowed")
    table = np.zeros(1 << max(3, (len(keys) * _SLOTS_PER_KEY - 1).bit_length()), np.uint64)
    grams.fill(table, keys, values)
    return table


class GramIndex:
    """Finds all occurrences of known n-grams, one number each, in one pass.

    `units` are the n-grams, each followed by `BREAK`. The same n-gram may stand several times: it
    then has several numbers. If they are of several kinds, `sizes` says how many of each there are,
    kind after kind.
    """

    def __init__(self, units: Units, sizes: Sequence[int] = ()) -> None:
        keys, whole = grams.prefix_keys(units)
        longest = int(np.diff(np.flatnonzero(units == BREAK), prepend=-1).max(initial=1)) - 1
        ends = np.flatnonzero(whole)
        distinct, first, group = np.unique(keys[ends], return_index=True, return_inverse=True)
        counts = np.bincount(group, minlength=len(distinct))
        values = first.astype(np.int32)
        repeated = np.flatnonzero(counts > 1)
        values[repeated] = len(ends) + np.arange(len(repeated), dtype=np.int32)
        by_group = np.argsort(group, kind="stable")
        members = by_group[counts[group[by_group]] > 1].astype(np.int32)
        numbers = np.array([len(ends), 0, *counts[repeated]], np.int64)
        numbers[1:] = numbers[1:].cumsum()
        owners = numbers, members
        prefixes = _distinct(keys[whole == 0])  # one that is also an n-gram is entered again below
        table = make_table(
            np.concatenate([prefixes, distinct]),
            np.concatenate([np.full(len(prefixes), PREFIX, np.int32), values]),
        )
        kinds = np.cumsum([0, *(sizes or [len(ends)])], dtype=np.int64)
        self.tables: Index = table, longest, owners, kinds  # as the compiled loops want them

    def find(self, units: Units, starts: Ints, ends: Ints) -> list[Ints]:
        """For each kind: number, start, end and text number of the occurrences.

        Shape (occurrences, 4). `starts` and `ends` are the places of the units in characters.
        """
        return grams.find_grams(units, (starts, ends), self.tables)


def _distinct(keys: Keys) -> Keys:
    """The keys in order, each once: numpy.unique takes ten times as long for random keys."""
    ordered = np.sort(keys)
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    distinct: Keys = ordered[is_first]
    return distinct


class Phrasebook:
    """Several lists of texts, all looked for in one pass over the characters of a batch.

    One table serves them all: on a processor whose cache is smaller than three tables, one walk
    over one takes half the time of three.
    """

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        units = code_points(joined([text for texts in lists for text in texts]))
        self._index = GramIndex(units, [len(texts) for texts in lists])
        self.tables = self._index.tables

    def find(self, codes: Codes) -> list[Ints]:
        r"""For each list: number, start, end and text number of the occurrences of its texts.

        >>> book = Phrasebook([["款"], ["退款"]])
        >>> [found.tolist() for found in book.find(code_points("退款\n"))]
        [[[0, 1, 2, 0]], [[0, 0, 2, 0]]]
        """
        places = np.arange(len(codes) + 1, dtype=np.int32)
        return self._index.find(codes, places[:-1], places[1:])
