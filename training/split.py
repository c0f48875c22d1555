"""Held-out folds in which near duplicates never stand on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

_SHINGLE_CHARS = 3
_PERMUTATIONS = 64


def group_near_duplicates(
    texts: Sequence[str], similarity: float, *, seed: int
) -> NDArray[np.intp]:
    """A group number per clean text; texts that are alike, directly or in a chain, share one.

    Similarity is the Jaccard index of character 3-gram sets, estimated by MinHash (Broder 1997).
    """
    parents = list(range(len(texts)))

    def root(item: int) -> int:
        while parents[item] != item:
            parents[item] = parents[parents[item]]
            item = parents[item]
        return item

    # The index only proposes; above 0.9 it would have too few bands to be built.
    index = MinHashLSH(threshold=min(similarity, 0.9), num_perm=_PERMUTATIONS)
    shingles = [_shingles(text) for text in texts]
    for number, sketch in enumerate(
        MinHash.generator(shingles, num_perm=_PERMUTATIONS, seed=seed % 2**32)
    ):
        for other in index.query(sketch):
            if sketch_similarity(shingles[number], shingles[other]) >= similarity:
                parents[root(number)] = root(other)
        index.insert(number, sketch)
    return np.array([root(item) for item in range(len(texts))], np.intp)


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
