"""The packaged rules over conversations: what agents and customers say, and the limits."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from classifier.lexicon import compile_rules
from classifier.signals import Match, SignalFinder
from classifier.text import clean_batch
from classifier.tokens import cut_batch, tokeniser

_EMPTY_WORDS, _LIMITS = "empty_words", "limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of `resources/dialogue.toml`; `one_level` is a part of the score's 0-1."""

    one_level: float
    least_turns: int
    repeated_share: float
    least_words: int


@dataclass(frozen=True, slots=True)
class DialogueRules:
    """What is looked for, what is left out of comparisons, and from where on something counts."""

    finder: SignalFinder
    empty_words: frozenset[str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Said:
    """A turn read: its clean text, its words with repeats, and what of the rules stands in it."""

    text: str
    words: tuple[str, ...]
    matches: tuple[Match, ...]


@cache
def dialogue_rules() -> DialogueRules:
    """The rules of `resources/dialogue.toml`.

    Raises:
        ResourceError: a pattern breaks the syntax of the lexicon; names rule and pattern.
    """
    source = (files("classifier") / "resources" / "dialogue.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(source)
    words, limits = tables.pop(_EMPTY_WORDS), tables.pop(_LIMITS)
    return DialogueRules(SignalFinder(compile_rules(tables)), frozenset(words), Limits(**limits))


def read_turns(texts: Sequence[str]) -> list[Said]:
    """Each text read by the packaged rules, in one pass over all.

    >>> said = read_turns(["非常抱歉", "退款！我都说了三遍了"])
    >>> [[match.code for match in one.matches] for one in said]
    [['apology'], ['said_again']]
    """
    cleaned = [item.text for item in clean_batch(texts)]
    batch = cut_batch(tokeniser().piece_ends, cleaned)
    found = dialogue_rules().finder.find(batch)
    pieces = batch.pieces
    # Each text is followed by a line break, which is a piece; clean texts hold no other.
    breaks = [-1, *(place for place, piece in enumerate(pieces) if piece == "\n")]
    return [
        Said(text, tuple(pieces[before + 1 : after]), tuple(matches))
        for text, (before, after), matches in zip(cleaned, pairwise(breaks), found, strict=True)
    ]
