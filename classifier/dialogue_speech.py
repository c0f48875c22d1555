"""What was said in a conversation: did the agent answer the feeling, was something said again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from classifier.clauses import sentence_of
from classifier.dialogue_rules import Said, dialogue_rules

_DENIAL, _SAID_AGAIN = "denial", "said_again"


class Kind(StrEnum):
    """How an agent can answer a feeling."""

    APOLOGY = "apology"
    EMPATHY = "empathy"
    FEELING = "feeling"  # names it
    THANKS = "thanks"


_KINDS = {kind.value: kind for kind in Kind}
_COURTESIES = frozenset({Kind.APOLOGY, Kind.THANKS})


@dataclass(frozen=True, slots=True)
class Repetition:
    """What a customer said again.

    `shares` has for each turn the part of its words (0-1) that stood in one earlier turn;
    `repeating` and `saying_so` are places of turns.
    """

    shares: tuple[float, ...]
    share: float
    repeating: tuple[int, ...]
    saying_so: tuple[int, ...]


def kinds_of(said: Said) -> tuple[Kind, ...]:
    """How an agent's turn answers the customer's feeling; nothing when it only refuses politely.

    A refusal in the same sentence takes empathy away (理解您的心情，但是按规定不能退). Apology and
    thanks are also forms of words: a refusal anywhere in the turn takes them away (不好意思。这个没
    办法).

    >>> from classifier.dialogue_rules import read_turns
    >>> [kinds_of(said) for said in read_turns(["不好意思，这个没办法。", "让您久等了，对不起"])]
    [(), (<Kind.APOLOGY: 'apology'>, <Kind.EMPATHY: 'empathy'>)]
    """
    denials = [match for match in said.matches if match.code == _DENIAL]
    found = set()
    for match in said.matches:
        kind = _KINDS.get(match.code)
        if kind is not None:
            whole = (0, len(said.text))
            low, high = (
                whole if kind in _COURTESIES else sentence_of(said.text, match.start, match.end)
            )
            if not any(denial.start < high and low < denial.end for denial in denials):
                found.add(kind)
    return tuple(sorted(found))


def repetition(turns: Sequence[Said]) -> Repetition:
    """What the turns of a customer repeat, by their words and by what they say themselves.

    Of a turn's different words (two Chinese characters or more, none of `empty_words`) the share
    that stood in one earlier turn is taken, for the earlier turn with the most of them: how much of
    the one is contained in the other (Broder 1997, "On the resemblance and containment of
    documents"). With one turn and not all earlier ones together, because everybody goes on
    using the words of the matter. Over all: the repeated words of all later turns by their words.
    """
    rules = dialogue_rules()
    words = [frozenset(filter(_is_full, said.words)) - rules.empty_words for said in turns]
    shares, repeated, compared = [], 0, 0
    for place, own in enumerate(words):
        known = max((len(own & earlier) for earlier in words[:place]), default=0)
        is_compared = place > 0 and len(own) >= rules.limits.least_words
        shares.append(known / len(own) if is_compared else 0.0)
        if is_compared:
            repeated, compared = repeated + known, compared + len(own)
    return Repetition(
        shares=tuple(shares),
        share=repeated / compared if compared else 0.0,
        repeating=tuple(
            place for place, share in enumerate(shares) if share >= rules.limits.repeated_share
        ),
        saying_so=tuple(
            place
            for place, said in enumerate(turns)
            if any(match.code == _SAID_AGAIN for match in said.matches)
        ),
    )


def _is_full(word: str) -> bool:
    return len(word) > 1 and all("\u4e00" <= char <= "\u9fff" for char in word)
