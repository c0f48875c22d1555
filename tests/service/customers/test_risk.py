from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from classifier.policy_file import load_policy
from classifier.prediction import Priority
from service.cases.states import State
from service.cases.tables import Case
from service.customers.risk import Risk, Scale, assess

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
SCALE = Scale((1, 2, 3, 4, 5), {2: "不满", 4: "愤怒", 5: "失控"})
POLICY = load_policy()


def case(number: int = 1, *, days_ago: float = 1, **given: object) -> Case:
    """A calm closed case, answered in time, but for what is given."""
    at = NOW - timedelta(days=days_ago)
    calm = {
        "signals": " ", "level": 2, "contacts": 1, "customer_tier": None, "is_open": False,
        "state": State.RESOLVED, "due_at": at + timedelta(days=1), "waiting_since": None,
        "first_response_at": at + timedelta(hours=1), "priority": Priority.P2,
    }  # fmt: skip
    return Case(id=number, created_at=at, **{**calm, **given})


def points(risk: Risk | None) -> dict[str, int]:
    """The points by sign."""
    assert risk is not None
    return {sign.code: sign.points for sign in risk.signs}


def test_a_calm_customer_has_no_sign() -> None:
    """No points, a low band."""
    risk = assess([case()], None, POLICY, SCALE, NOW)
    assert risk == Risk(0, "low", ())
    assert risk.score == 0.0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"signals": " churn media "}, {"signal:churn": 40, "signal:media": 12}),
        ({"contacts": 2}, {"contacts": 8}),
        ({"contacts": 9}, {"contacts": 24}),
        ({"level": 4}, {"angry": 12}),
        ({"level": None}, {}),
        ({"level": 7}, {}),
        ({"customer_tier": "vip"}, {"tier": 8}),
        ({"customer_tier": "plain"}, {}),
        ({"first_response_at": NOW}, {"late": 8}),
        ({"is_open": True, "first_response_at": None, "due_at": NOW}, {}),
        (
            {"is_open": True, "first_response_at": None, "due_at": NOW - timedelta(seconds=1)},
            {"overdue": 20},
        ),
    ],
)
def test_each_sign_adds_the_points_of_the_policy(
    given: dict[str, object], expected: dict[str, int]
) -> None:
    """And nothing else does; a level of another model is not guessed at."""
    assert points(assess([case(days_ago=2, **given)], None, POLICY, SCALE, NOW)) == expected


def test_signs_of_several_cases_are_added_each_once() -> None:
    """Anger that rises, the same signal twice, a bad answer when asked: words name the cases."""
    past = [case(1, days_ago=20, signals=" churn "), case(2, signals=" churn ", level=4)]
    risk = assess(past, 1, POLICY, SCALE, NOW)
    assert risk is not None
    assert [(sign.points, sign.detail) for sign in risk.signs] == [
        (40, "有“流失”信号（案例 #2）"),
        (20, "对案例 #1 的处理不满意"),
        (12, "最近一次情绪激烈（愤怒）"),
        (10, "情绪在升级（不满 → 愤怒）"),
    ]
    assert (risk.points, risk.score, risk.band) == (82, 0.82, "high")


@pytest.mark.parametrize(
    ("most", "band"), [(29, "low"), (30, "medium"), (49, "medium"), (50, "high")]
)
def test_bands_begin_where_the_policy_says(most: int, band: str) -> None:
    """At 30 and 50 points; beyond 100 the score stays 1."""
    assert POLICY.churn is not None
    policy = replace(POLICY, churn=replace(POLICY.churn, signals={"churn": most}))
    risk = assess([case(signals=" churn ")], None, policy, SCALE, NOW)
    assert risk is not None
    assert risk.band == band
    assert Risk(130, "high", ()).score == 1.0


def test_old_cases_and_other_policies_score_nobody() -> None:
    """Nothing within the days of the policy, or a policy without the section: no score at all."""
    assert assess([case(days_ago=181)], None, POLICY, SCALE, NOW) is None
    assert assess([case()], None, replace(POLICY, churn=None), SCALE, NOW) is None
