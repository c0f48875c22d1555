"""Concepts: groups of words that mean alike, counted as features of their own.

A linear model knows only the words it was trained with; 拉肚子 and 上吐下泻 count for the same
concept, so that one of them teaches the other.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation
from numpy.typing import NDArray

from classifier.errors import ResourceError, shorten

Ints = NDArray[np.int64]


@cache
def concepts_hash() -> str:
    """SHA-256 of the packaged concepts: a model is served only with those it was fitted with."""
    return hashlib.sha256(_source()).hexdigest()


@cache
def packaged_concepts() -> ConceptFinder:
    """The concepts of `resources/concepts.toml`.

    Raises:
        ResourceError: the file breaks its own rules; names the concept.
    """
    return ConceptFinder(tomllib.loads(_source().decode("utf-8")))


def _source() -> bytes:
    return (files("classifier") / "resources" / "concepts.toml").read_bytes()


class ConceptFinder:
    """Finds every word of every concept in one pass; words may overlap."""

    def __init__(self, concepts: Mapping[str, Sequence[str]]) -> None:
        self.names = sorted(concepts)
        pairs = [
            (word, number) for number, name in enumerate(self.names) for word in concepts[name]
        ]
        for name, words in concepts.items():
            if not words or not all(isinstance(word, str) and word.strip() for word in words):
                raise ResourceError(f"concept {shorten(name)} needs a list of words, none empty")
        # A word of several concepts stands several times: the automaton reports one number for it.
        self._words = sorted({word for word, _ in pairs})
        place = {word: number for number, word in enumerate(self._words)}
        owners: list[list[int]] = [[] for _ in self._words]
        for word, number in pairs:
            owners[place[word]].append(number)
        self._firsts = np.cumsum([0, *map(len, owners)])
        self._owners = np.array([number for numbers in owners for number in numbers], np.int64)
        self._automaton = AhoCorasick(self._words, implementation=Implementation.ContiguousNFA)

    def find(self, text: str) -> tuple[Ints, Ints, Ints]:
        """Concept number, start and end of every occurrence in the text.

        >>> finder = ConceptFinder({"late": ["晚了", "没到"], "parcel": ["快递"]})
        >>> [numbers.tolist() for numbers in finder.find("快递晚了")]
        [[1, 0], [0, 2], [2, 4]]
        """
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        found = np.array(hits, np.int64).reshape(len(hits), 3)
        words, starts, ends = found[:, 0], found[:, 1], found[:, 2]
        counts = self._firsts[words + 1] - self._firsts[words]
        offsets = np.arange(counts.sum()) - (counts.cumsum() - counts).repeat(counts)
        numbers = self._owners[self._firsts[words].repeat(counts) + offsets]
        return numbers, starts.repeat(counts), ends.repeat(counts)
