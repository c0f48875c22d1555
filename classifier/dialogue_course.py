"""How a customer's anger goes over a conversation: its last clear change."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate

from classifier.dialogue_rules import dialogue_rules


class Trend(StrEnum):
    """Where the anger went at last."""

    CALMED = "calmed"
    RISING = "rising"
    STEADY = "steady"
    TOO_FEW = "too_few_turns"


def course(scores: Sequence[float]) -> tuple[Trend, int | None]:
    """The trend over the scores of turns, and the place of the turn from which on it holds.

    The scores (0-1) are cut into stretches of about equal anger, and the trend is the direction
    from the last stretch but one to the last; one stretch is steady. So the first outburst does not
    hide how it ended, a customer who raged and calmed is calm, and one odd turn in the middle of a
    long talk changes nothing about its end. A line through all turns would call it steady.

    The stretches are those of least squared distance from their means plus a price for each change
    (optimal partitioning: Jackson et al. 2005, IEEE Signal Processing Letters 12(2), found here by
    trying all borders, in square time). The price is the square of one level of five: a change is
    taken for real when it explains more than one turn's being a level off would.

    >>> course([0.2, 0.8, 0.85, 0.3, 0.2])
    (<Trend.CALMED: 'calmed'>, 3)
    >>> course([0.3, 0.9])
    (<Trend.TOO_FEW: 'too_few_turns'>, None)
    """
    limits = dialogue_rules().limits
    if len(scores) < limits.least_turns:
        return Trend.TOO_FEW, None
    previous, last = _last_stretches(scores, limits.one_level**2)
    if last == 0:
        return Trend.STEADY, None
    is_rising = _mean(scores[last:]) > _mean(scores[previous:last])
    return (Trend.RISING if is_rising else Trend.CALMED), last


def _last_stretches(scores: Sequence[float], price: float) -> tuple[int, int]:
    """Where the last stretch but one and the last begin; twice 0 when there is but one."""
    sums = [0.0, *accumulate(scores)]
    squares = [0.0, *accumulate(score * score for score in scores)]
    costs, begins = [-price], [0]
    for end in range(1, len(scores) + 1):
        cost, begin = min(
            (
                costs[start]
                + price
                + squares[end]
                - squares[start]
                - (sums[end] - sums[start]) ** 2 / (end - start),
                start,
            )
            for start in range(end)
        )
        costs.append(cost)
        begins.append(begin)
    last = begins[-1]
    return begins[last], last


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)
