"""Concepts: groups of words that mean alike, counted as features of their own.

A linear model knows only the words it was trained with; 拉肚子 and 上吐下泻 count for the same
concept, so that one of them teaches the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import tomli

from classifier.errors import ResourceError, shorten
from classifier.kernels import Ints, grams


@cache
def concepts_hash() -> str:
    """SHA-256 of the packaged concepts: a model is served only with those it was fitted with."""
    return hashlib.sha256(_source()).hexdigest()


@cache
def packaged_concepts() -> Concepts:
    """The concepts of `resources/concepts.toml`.

    Raises:
        ResourceError: the file breaks its own rules; names the concept.
    """
    return Concepts(tomli.loads(_source().decode("utf-8")))


def _source() -> bytes:
    return (files("classifier") / "resources" / "concepts.toml").read_bytes()


class Concepts:
    """Concepts by name with their words; a word may belong to several."""

    def __init__(self, concepts: Mapping[str, Sequence[str]]) -> None:
        for name, words in concepts.items():
            if not words or not all(isinstance(word, str) and word.strip() for word in words):
                raise ResourceError(f"concept {shorten(name)} needs a list of words, none empty")
        self.names = sorted(concepts)
        self.words = [word for name in self.names for word in concepts[name]]
        sizes = [len(concepts[name]) for name in self.names]
        self.numbers: Ints = np.repeat(np.arange(len(self.names), dtype=np.int32), sizes)

    def of_words(self, found: Ints) -> Ints:
        """Occurrences of concepts, given those of `words`: their concepts instead of their numbers.

        The array is changed in place.
        """
        grams.renumber(found, self.numbers)
        return found
