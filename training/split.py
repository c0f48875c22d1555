"""Held-out folds in which near duplicates never stand on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

_SHINGLE_CHARS = 3
_PERMUTATIONS = 64


def group_near_duplicates(
    texts: Sequence[str], similarity: float, *, seed: int
) -> NDArray[np.intp]:
    """A group number per clean text; texts that are alike, directly or in a chain, share one.

    Similarity is the Jaccard index of character 3-gram sets. Pairs to look at are those that agree
    in one band of their MinHash sketches (Broder 1997). The number is that of the group's first
    text.
    """
    groups = Groups(len(texts))
    for first, second in _candidates(texts, similarity, seed):
        if groups.first(first) != groups.first(second):
            shingles = _shingles(texts[first]), _shingles(texts[second])
            if sketch_similarity(*shingles) >= similarity:
                groups.join(first, second)
    return np.array([groups.first(item) for item in range(len(texts))], np.intp)


class Groups:
    """Items that belong together, directly or in a chain (Galler and Fischer 1964)."""

    def __init__(self, number: int) -> None:
        self._parents = list(range(number))

    def first(self, item: int) -> int:
        """The first item of the group that holds this one."""
        while self._parents[item] != item:
            self._parents[item] = self._parents[self._parents[item]]
            item = self._parents[item]
        return item

    def join(self, left: int, right: int) -> None:
        """Make one group of the groups of two items."""
        first, second = sorted((self.first(left), self.first(right)))
        self._parents[second] = first


def _candidates(texts: Sequence[str], similarity: float, seed: int) -> Iterator[tuple[int, int]]:
    """Pairs of texts that agree in a band, band by band; a pair may come again.

    The sketches are one array and a band is sorted, not kept in an index of every text: a million
    texts need half a gigabyte.
    """
    # How many bands of how many numbers suit the threshold; above 0.9 there would be too few.
    layout = MinHashLSH(threshold=min(similarity, 0.9), num_perm=_PERMUTATIONS)
    sketches = np.empty((len(texts), _PERMUTATIONS), np.uint64)
    shingles = map(_shingles, texts)
    made = MinHash.generator(shingles, num_perm=_PERMUTATIONS, seed=seed % 2**32)
    for row, sketch in enumerate(made):
        sketches[row] = sketch.hashvalues
    for start in range(0, layout.b * layout.r, layout.r):
        band = np.ascontiguousarray(sketches[:, start : start + layout.r])
        keys = band.view(np.dtype((np.void, band.dtype.itemsize * layout.r))).ravel()
        order = np.argsort(keys, kind="stable")
        ends = np.flatnonzero(np.append(keys[order][1:] != keys[order][:-1], True)) + 1
        for begin, end in pairwise([0, *ends.tolist()]):
            if end - begin > 1:
                yield from combinations(order[begin:end].tolist(), 2)


def _shingles(text: str) -> list[bytes]:
    size = max(1, len(text) - _SHINGLE_CHARS + 1)
    return [text[i : i + _SHINGLE_CHARS].encode() for i in range(size)]


def sketch_similarity(left: Sequence[bytes], right: Sequence[bytes]) -> float:
    """Jaccard index of two shingle lists: shared over all distinct ones."""
    a, b = set(left), set(right)
    return len(a & b) / len(a | b)


def assign_folds(
    labels: Sequence[object], groups: NDArray[np.intp], number: int, *, seed: int
) -> NDArray[np.intp]:
    """A fold number per text: groups stay whole, labels are spread evenly.

    The groups, shuffled, are dealt out label by label (the label of their first text).
    """
    _, firsts, group_of = np.unique(groups, return_index=True, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(firsts))
    names = np.array([str(labels[first]) for first in firsts])
    dealt = order[np.argsort(names[order], kind="stable")]
    folds = np.empty(len(firsts), np.intp)
    folds[dealt] = np.arange(len(firsts)) % number
    return folds[group_of]


def folds_needed(folds: NDArray[np.intp], texts: int) -> int:
    """How many folds hold so many texts together: two at least, as one calibrates the other."""
    held_out = np.bincount(folds).cumsum()
    return min(len(held_out), max(2, int(np.searchsorted(held_out, texts)) + 1))
