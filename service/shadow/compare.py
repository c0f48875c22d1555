"""What two models say of one complaint, side by side; pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from classifier.policy import Context, Policy, decide
from classifier.prediction import Prediction, Priority
from classifier.review import case_reasons

_NO_DRAW = 1.0  # the random audit share is nobody's answer
NONE = "none"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model and the policy make of a complaint, as far as two are compared."""

    category: str | None
    level: int | None
    priority: Priority
    is_case: bool  # people look at it by a rule; the random audit share does not count

    def values(self) -> Iterator[tuple[str, str]]:
        """Each part by its name, as it is counted."""
        yield "category", NONE if self.category is None else self.category
        yield "level", NONE if self.level is None else str(self.level)
        yield "priority", self.priority.name
        yield "case", "yes" if self.is_case else "no"


def answer(prediction: Prediction, context: Context, policy: Policy) -> Answer:
    """What follows from a prediction."""
    decision = decide(prediction, policy, context)
    return Answer(
        category=prediction.category.code if prediction.category else None,
        level=prediction.intensity.level if prediction.intensity else None,
        priority=decision.priority,
        is_case=bool(case_reasons(prediction, decision, policy, draw=_NO_DRAW)),
    )
