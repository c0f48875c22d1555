"""The texts of the year: the corpus's own for what is usual, the hand-written ones for the rest.

A year has many times as many cases as the corpus has texts. Each category's texts are drawn like
cards, so that one comes back only after all others have, and of a text of three sentences or more
one is left out half of the times. What comes back is then spread over the year: at 200,000 cases a
text stands twice in 90 days, far from the fifteen that make an issue.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from service.cases.demo import Row, read_corpus
from tests.show.year.world import Planted

_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]*")
_CLAUSE = re.compile(r"[^，。！？；,!?;\n]+[，。！？；,!?;\n]*")
_LEAST = 3  # of fewer pieces none is left out


@dataclass(slots=True)
class Deck:
    """Things that are drawn without coming back until all have been drawn."""

    size: int
    draws: np.random.Generator
    _left: list[int] = field(default_factory=list)

    def draw(self) -> int:
        """The place of the next one."""
        if not self._left:
            self._left = self.draws.permutation(self.size).tolist()
        return self._left.pop()


class Texts:
    """Draws texts; one seed gives the same ones in the same order."""

    def __init__(self, corpus: Path, seed: int) -> None:
        self._draws = np.random.default_rng([seed, 2])
        by_category: dict[str, list[Row]] = defaultdict(list)
        for row in read_corpus(corpus):
            by_category[row.category].append(row)
        self._rows = dict(sorted(by_category.items()))
        self._decks = {code: Deck(len(rows), self._draws) for code, rows in self._rows.items()}
        self._planted: dict[str, Deck] = {}

    def shares(self) -> dict[str, float]:
        """How much of the corpus each category is."""
        whole = sum(map(len, self._rows.values()))
        return {code: len(rows) / whole for code, rows in self._rows.items()}

    def usual(self, category: str) -> Row:
        """A text of a category, as its author wrote it or a sentence shorter."""
        row = self._rows[category][self._decks[category].draw()]
        text = self._shorter(_SENTENCE.findall(row.text), row.text, "")
        return Row(text, row.category, row.level, row.channel)

    def of(self, planted: Planted) -> str:
        """A text of a planted thing; what it names is never left out."""
        deck = self._planted.setdefault(planted.code, Deck(len(planted.texts), self._draws))
        text = planted.texts[deck.draw()]
        return self._shorter(_CLAUSE.findall(text), text, planted.mark)

    def _shorter(self, pieces: Sequence[str], text: str, mark: str) -> str:
        if len(pieces) < _LEAST or self._draws.random() < 0.5:
            return text
        places = [p for p in range(1, len(pieces)) if not mark or mark not in pieces[p]]
        if not places:
            return text
        left_out = places[self._draws.integers(len(places))]
        return "".join(piece for place, piece in enumerate(pieces) if place != left_out)


def turns(text: str) -> list[str]:
    """A text as two or three turns of a customer; one alone where it cannot be cut.

    >>> turns("等了三天。没人理。退钱！还有运费。")
    ['等了三天。没人理。', '退钱！还有运费。']
    """
    pieces = _SENTENCE.findall(text)
    many = min(3, len(pieces) // 2)
    if many < 2:
        return [text]
    cuts = [round(len(pieces) * part / many) for part in range(many + 1)]
    return ["".join(pieces[a:b]).strip() for a, b in pairwise(cuts)]
