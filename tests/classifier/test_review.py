from __future__ import annotations

import pytest

from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.prediction import Outcome, Prediction
from classifier.review import case_reasons, uncertainty
from tests.builders import prediction

POLICY = load_policy()


def reasons(found: Prediction, *, draw: float = 0.5) -> tuple[str, ...]:
    """Why a prediction becomes a case under the packaged policy."""
    return case_reasons(found, decide(found, POLICY), POLICY, draw=draw)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (prediction(level=1), ()),
        (prediction(level=3), ()),
        (prediction(level=4), ("intensity",)),
        (prediction(level=5), ("priority", "intensity")),
        (prediction(signals=("media",)), ("priority",)),
        (prediction(signals=("legal",)), ("priority", "grave_signal")),
        (prediction(signals=("churn",)), ()),
        (prediction(outcome=Outcome.NEEDS_HUMAN), ("needs_human",)),
        (prediction(category=None, level=None, outcome=Outcome.NEEDS_HUMAN), ("needs_human",)),
    ],
)
def test_the_policy_says_what_becomes_a_case(found: Prediction, expected: tuple[str, ...]) -> None:
    """P0 and P1, level 4 and 5, grave signals and what was not judged; calm ones do not."""
    assert reasons(found) == expected


def test_a_share_of_the_rest_is_audited() -> None:
    """A draw under the share makes a case of a calm complaint, one at the share does not."""
    assert reasons(prediction(), draw=0.0199) == ("audit",)
    assert reasons(prediction(), draw=0.02) == ()


def test_the_least_sure_head_says_how_uncertain_it_is() -> None:
    """Category 0.9 and level 0.2 sure: 0.8 uncertain; nothing judged: 1."""
    assert uncertainty(prediction()) == 0.8
    assert uncertainty(prediction(level=None)) == pytest.approx(0.1)
    assert uncertainty(prediction(category=None, level=None)) == 1.0
