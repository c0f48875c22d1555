"""Conversations: what they come to as one complaint, and how they went.

The decision is made over the customer's turns alone; what agents and machines write never raises
it. Everything here is a pure function of the turns and of the model's predictions for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from classifier.dialogue_course import Trend, course
from classifier.dialogue_decision import decided, height
from classifier.dialogue_rules import read_turns
from classifier.dialogue_speech import Kind, Repetition, kinds_of, repetition
from classifier.prediction import Band, Intensity, Prediction
from classifier.reply import intensity_json

Json = dict[str, object]


class Role(StrEnum):
    """Who writes a turn; `system` is whatever no person writes, such as greetings of a robot."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class Turn(NamedTuple):
    """One message of a conversation."""

    role: Role
    text: str
    at: datetime | None = None


class Heard(NamedTuple):
    """What was found of one turn.

    `start` and `end` are its place in `customer_text`, None for turns of others. `intensity` is
    None where it cannot be judged. `repeated` is the share of its words that stood in an earlier
    turn of the customer.
    """

    role: Role
    start: int | None = None
    end: int | None = None
    intensity: Intensity | None = None
    repeated: float = 0.0
    says_again: bool = False
    acknowledges: tuple[Kind, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether its level counts for anything."""
        return self.intensity is not None and self.intensity.band is not Band.LOW

    @property
    def has_feeling(self) -> bool:
        """Whether it is angrier than the calmest level."""
        return self.intensity is not None and self.intensity.rank > 0


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How a conversation went; turns are told by their place, from 0.

    `acknowledged_by` is the first agent's turn after a word of the customer that answers the
    feeling; `is_owed` whether there was a feeling, above the calmest level, and an agent who wrote
    after the customer's first word.
    """

    turns: tuple[Heard, ...]
    peak: int | None
    trend: Trend
    turning_point: int | None
    is_owed: bool
    acknowledged_by: int | None
    repetition: Repetition  # by place among all turns

    def as_json(self) -> Json:
        """The findings as JSON values; they hold no text."""
        return {
            "turns": [_turn_json(place, heard) for place, heard in enumerate(self.turns)],
            "peak": self._peak(),
            "trend": self.trend.value,
            "turning_point": self.turning_point,
            "acknowledgement": self._acknowledgement(),
            "repetition": {
                "repeated": bool(self.repetition.repeating or self.repetition.saying_so),
                "share": round(self.repetition.share, 6),
                "turns": list(self.repetition.repeating),
                "explicit_turns": list(self.repetition.saying_so),
            },
        }

    def _peak(self) -> Json | None:
        if self.peak is None:
            return None
        return {"turn": self.peak, **(_level(self.turns[self.peak].intensity) or {})}

    def _acknowledgement(self) -> Json:
        place = self.acknowledged_by
        heard = self.turns[:place]
        return {
            "acknowledged": place is not None if place is not None or self.is_owed else None,
            "turn": place,
            "kinds": []
            if place is None
            else [kind.value for kind in self.turns[place].acknowledges],
            "after_customer_turns": None
            if place is None
            else sum(one.role is Role.CUSTOMER for one in heard),
        }


def customer_text(turns: Iterable[Turn]) -> str:
    r"""The customer's turns, one a line: the text that all offsets of the answer count in.

    >>> customer_text([Turn(Role.CUSTOMER, "还没到"), Turn(Role.CUSTOMER, "退")])
    '还没到\n退'
    """
    return "\n".join(turn.text for turn in turns if turn.role is Role.CUSTOMER)


def judge(
    turns: Sequence[Turn], whole: Prediction, found: Sequence[Prediction]
) -> tuple[Prediction, Dialogue]:
    """What to decide on, and how the conversation went.

    `whole` is the prediction for `customer_text(turns)`, `found` those for the customer's turns;
    `dialogue_decision.decided` says how they become one.

    Raises:
        ValueError: `found` is not one prediction for each turn of the customer.
    """
    starts = _starts(turns)
    own = [place for place, turn in enumerate(turns) if turn.role is Role.CUSTOMER]
    said = read_turns([turn.text for turn in turns])
    again = repetition([said[place] for place in own])
    heard = [
        Heard(
            turn.role,
            acknowledges=kinds_of(said[place]) if turn.role is Role.AGENT else (),
        )
        for place, turn in enumerate(turns)
    ]
    for number, (place, start, one) in enumerate(zip(own, starts, found, strict=True)):
        heard[place] = Heard(
            Role.CUSTOMER,
            start,
            start + len(turns[place].text),
            one.intensity,
            again.shares[number],
            number in again.saying_so,
        )
    return decided(whole, found, starts), _dialogue(heard, again, own)


def _dialogue(heard: Sequence[Heard], again: Repetition, own: Sequence[int]) -> Dialogue:
    sure = [place for place, one in enumerate(heard) if one.is_sure]
    ranked = {place: height(heard[place].intensity) for place in sure}
    trend, turning = course([score for _, score in ranked.values()])
    first = own[0] if own else len(heard)
    answers = [p for p, one in enumerate(heard) if one.role is Role.AGENT and p > first]
    return Dialogue(
        turns=tuple(heard),
        peak=max(sure, key=ranked.__getitem__, default=None),
        trend=trend,
        turning_point=None if turning is None else sure[turning],
        is_owed=bool(answers) and any(heard[place].has_feeling for place in sure),
        acknowledged_by=next((p for p in answers if heard[p].acknowledges), None),
        repetition=Repetition(
            again.shares,
            again.share,
            tuple(own[number] for number in again.repeating),
            tuple(own[number] for number in again.saying_so),
        ),
    )


def _starts(turns: Sequence[Turn]) -> list[int]:
    """Where each of the customer's turns begins in `customer_text`."""
    lengths = [len(turn.text) + 1 for turn in turns if turn.role is Role.CUSTOMER]
    return [0, *accumulate(lengths)][: len(lengths)]


def _turn_json(place: int, heard: Heard) -> Json:
    return {
        "turn": place,
        "role": heard.role.value,
        "start": heard.start,
        "end": heard.end,
        "intensity": _level(heard.intensity),
        "repeated_share": round(heard.repeated, 6),
        "says_again": heard.says_again,
        "acknowledges": [kind.value for kind in heard.acknowledges],
    }


def _level(intensity: Intensity | None) -> Json | None:
    """As of a whole text, without the probability of each level."""
    shown = intensity_json(intensity)
    if shown is not None:
        del shown["probs"]
    return shown
