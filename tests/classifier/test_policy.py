"""The decision: rules only raise, each states itself, nothing grave goes without a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.policy import Context, decide
from classifier.policy_file import load_policy
from classifier.prediction import Band, Outcome, Priority
from tests.builders import prediction

POLICY = load_policy()
SIGNALS = st.lists(st.sampled_from(sorted(POLICY.signals)), unique=True).map(tuple)
CATEGORIES = st.sampled_from([*sorted(POLICY.categories), "no_such_code"])
LEVELS = st.integers(1, 5)


def test_a_calm_defect_waits_a_week_and_goes_by_itself() -> None:
    """The plainest case: lowest priority, own team, no person needed."""
    decision = decide(prediction(category="quality", level=1), POLICY)
    assert (decision.priority, decision.team, decision.auto) == (Priority.P3, "quality", True)
    assert decision.respond_within_seconds == 7 * 86_400


@pytest.mark.parametrize(
    ("signal", "priority", "team"),
    [
        ("self_harm", Priority.P0, "crisis"),
        ("violence", Priority.P0, "crisis"),
        ("injury", Priority.P0, "safety"),
        ("legal", Priority.P1, "legal"),
        ("regulator", Priority.P1, "quality"),
        ("churn", Priority.P2, "quality"),
    ],
)
def test_signals_raise_and_route(signal: str, priority: Priority, team: str) -> None:
    """A calm text with a risk is as urgent as the risk, and the reason names the signal."""
    decision = decide(prediction(signals=(signal,)), POLICY)
    assert (decision.priority, decision.team) == (priority, team)
    assert f"signal:{signal}" in [reason.rule for reason in decision.reasons]


def test_fury_about_a_trifle_is_urgent_too() -> None:
    """The angriest level asks for P1 by itself, the one below for P2."""
    assert decide(prediction(level=5), POLICY).priority is Priority.P1
    assert decide(prediction(level=4), POLICY).priority is Priority.P2


def test_repeat_contact_and_tier_raise_by_one_step_each() -> None:
    """What is known of the customer raises, never beyond P0."""
    calm = prediction(level=1)
    assert decide(calm, POLICY, Context(contacts=3)).priority is Priority.P2
    assert decide(calm, POLICY, Context("vip", 3)).priority is Priority.P1
    assert decide(prediction(signals=("injury",)), POLICY, Context("vip", 9)).priority == 0


def test_an_unknown_category_gets_the_default_team() -> None:
    """Labels are data: a code the policy does not know is still routed."""
    assert decide(prediction(category="no_such_code"), POLICY).team == POLICY.default.team


@given(CATEGORIES, LEVELS, SIGNALS, st.sampled_from(sorted(POLICY.signals)))
def test_one_more_signal_never_lowers_the_priority(
    category: str, level: int, signals: tuple[str, ...], more: str
) -> None:
    """Rules may only raise."""
    before = decide(prediction(category=category, level=level, signals=signals), POLICY)
    after = decide(prediction(category=category, level=level, signals=(*signals, more)), POLICY)
    assert after.priority <= before.priority


@given(CATEGORIES, LEVELS, SIGNALS)
def test_more_anger_never_lowers_the_priority(
    category: str, level: int, signals: tuple[str, ...]
) -> None:
    """From level to level the priority stays or rises."""
    seen = [
        decide(prediction(category=category, level=n, signals=signals), POLICY).priority
        for n in range(level, 6)
    ]
    assert seen == sorted(seen, reverse=True)


@given(CATEGORIES, LEVELS, SIGNALS)
def test_nothing_grave_or_urgent_goes_without_a_person(
    category: str, level: int, signals: tuple[str, ...]
) -> None:
    """Automatic routing needs no grave signal and a priority of P2 or calmer."""
    decision = decide(prediction(category=category, level=level, signals=signals), POLICY)
    if decision.auto:
        assert decision.priority >= Priority.P2
        assert not any(POLICY.signals[code].grave for code in signals)


@pytest.mark.parametrize("band", [Band.MEDIUM, Band.LOW])
def test_doubt_keeps_a_person_in(band: Band) -> None:
    """A head below the policy's band is never routed automatically."""
    assert not decide(prediction(band=band), POLICY).auto


def test_what_needs_a_human_is_never_automatic() -> None:
    """Neither is a text that was not judged, which still gets a team and a clock."""
    assert not decide(prediction(outcome=Outcome.NEEDS_HUMAN), POLICY).auto
    unjudged = prediction(category=None, level=None, outcome=Outcome.NEEDS_HUMAN)
    decision = decide(unjudged, POLICY)
    assert not decision.auto
    assert (decision.team, decision.priority) == (POLICY.default.team, POLICY.default.priority)
