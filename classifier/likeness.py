"""How alike texts are to a model, and by which of its terms a text is best looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from classifier.features import Vectoriser

_SHORTEST_TERM = 2  # a single character is in nearly every text


class Term(NamedTuple):
    """A piece of a text that tells it from others; `weight` is its squared TF-IDF value, 0-1."""

    text: str
    weight: float


def telling_terms(vectoriser: Vectoriser, text: str, most: int) -> list[Term]:
    """The known words and characters that weigh most in a clean text, the heaviest first.

    None is a part of another: 四十分 says nothing beside 四十分钟.
    """
    row = vectoriser.vectorise([text])
    found: list[Term] = []
    for place in np.argsort(-row.data, kind="stable").tolist():
        term = vectoriser.term(int(row.indices[place])).replace(" ", "")
        # A concept's name is not in the text, nor are two words with a comma between them; numbers
        # are days and amounts, which others share by chance.
        if len(term) < _SHORTEST_TERM or term not in text or term.isdigit():
            continue
        if any(term in one.text or one.text in term for one in found):
            continue
        found.append(Term(term, float(row.data[place]) ** 2))
        if len(found) == most:
            break
    return found


def likeness(vectoriser: Vectoriser, text: str, others: Sequence[str]) -> list[float]:
    """The cosine of a clean text's TF-IDF row with that of each other one, 0-1.

    A text without any known term is like no other.
    """
    if not others:
        return []
    rows = vectoriser.vectorise([text, *others])
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
    products = (rows[1:] @ rows[[0]].T).toarray()[:, 0]
    both = lengths[1:] * lengths[0]
    return (products / np.where(both > 0, both, 1.0)).tolist()  # type: ignore[no-any-return]  # scipy has no types
