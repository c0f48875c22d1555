"""Words that say who somebody is: one of each list is read for all, so that none weighs more."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain

import numpy as np

from classifier.aligned import Aligned
from classifier.errors import ResourceError
from classifier.kernels import phrases
from classifier.lookup import code_points, joined
from classifier.text import CleanText, clean


@cache
def neutral_hash() -> str:
    """SHA-256 of the packaged lists: a model is served only with those it was fitted with."""
    return hashlib.sha256(_source()).hexdigest()


@cache
def packaged_neutral() -> Neutral:
    """The lists of `resources/neutral.toml`.

    Raises:
        ResourceError: a word stands in two of them, or is shorter than the first of its list.
    """
    return Neutral(tomllib.loads(_source().decode("utf-8"))["words"])


def as_read(text: str) -> str:
    """A text as the heads of a model read it: clean, one neutral word for all of its list."""
    return packaged_neutral().text(clean(text).text)


def _source() -> bytes:
    return (files("classifier") / "resources" / "neutral.toml").read_bytes()


class Neutral:
    """Lists of words by name; the first word of each is read for all of them."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        words = [*chain.from_iterable(lists.values())]
        if twice := {word for word in words if words.count(word) > 1}:
            raise ResourceError(f"neutral words stand in two lists: {', '.join(sorted(twice))}")
        for name, some in lists.items():
            if shorter := [word for word in some if len(word) < len(some[0])]:
                raise ResourceError(f"neutral words {name}: {shorter[0]} is shorter than the first")
        self._first = {word: some[0] for some in lists.values() for word in some}
        # The longest first: a word may begin with another.
        self._pattern = re.compile("|".join(sorted(self._first, key=len, reverse=True)))
        others = sorted((w for w, first in self._first.items() if w != first), key=len)
        self._changes = re.compile("|".join(reversed(others)) or r"(?!)")
        self._starts, self._followers = np.zeros(1 << 16, np.uint8), np.zeros(1 << 12, np.uint8)
        for word in others:
            self._starts[ord(word[0])] |= 1 if len(word) == 1 else 2
            if len(word) > 1:
                self._followers[(ord(word[0]) + ord(word[1])) % len(self._followers)] = 1

    def text(self, clean: str) -> str:
        """A clean text with the first word for each.

        >>> Neutral({"child": ["儿子", "女儿"]}).text("给女儿买的")
        '给儿子买的'
        """
        if not self._changes.search(clean):
            return clean
        return self._pattern.sub(self._replacement, clean)

    def read(self, item: CleanText) -> CleanText:
        """The same for a text that knows where its characters came from; itself if it has none.

        >>> from classifier.text import clean
        >>> Neutral({"partner": ["老公", "男朋友"]}).read(clean("我男朋友买的")).span(1, 3)
        (1, 4)
        """
        if not self._changes.search(item.text):
            return item
        if item.aligned is None:
            text = self._pattern.sub(self._replacement, item.text)
            if len(text) == len(item.text):  # none is longer than before: each stays where it was
                return item._replace(text=text)
        aligned = item.aligned or Aligned.identity(item.text)
        aligned = aligned.substitute(self._pattern, self._replacement)
        return item._replace(text=aligned.text, aligned=aligned)

    def read_batch(self, items: Sequence[CleanText]) -> list[CleanText]:
        """The same for many texts, in a quarter of the time: one look tells which may have any."""
        codes = code_points(joined([item.text for item in items]))
        read = list(items)
        for row in phrases.find_rows(codes, self._starts, self._followers):
            read[row] = self.read(items[row])
        return read

    def _replacement(self, match: re.Match[str]) -> str:
        return self._first[match.group()]
