"""The decision: rules only raise, each states itself, nothing grave goes without a person."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.clocks import end_of_period
from classifier.policy import Context, decide, steps
from classifier.policy_file import load_policy, packaged_path, parse_policy
from classifier.policy_rules import Policy
from classifier.prediction import Band, Decision, Outcome, Prediction, Priority, Routing
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


def changed(*changes: tuple[str, str]) -> Policy:
    """The packaged policy with pieces of its text replaced."""
    text = packaged_path().read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return parse_policy(text.encode())


def due(decision: Decision, start: str) -> str:
    """The due time of a start, both on Shanghai's wall clock."""
    moment = decision.due_at(datetime.fromisoformat(f"{start}+08:00"))
    return moment.astimezone(POLICY.calendar.zone).isoformat(" ", "minutes")[:16]


def test_a_clock_counts_in_the_hours_of_the_team() -> None:
    """24 hours from Friday 17:00: 1 h Friday, 8 h Monday and Tuesday, 7 h Wednesday."""
    policy = changed(("P3 = 604_800     # 7 days", 'P3 = { within = "24h", hours = "team" }'))
    decision = decide(prediction(category="quality"), policy)
    assert decision.respond_within_seconds == 86_400
    assert due(decision, "2026-11-20 17:00") == "2026-11-25 17:00"
    always = decide(prediction(category="account_fund"), policy)
    assert due(always, "2026-11-20 17:00") == "2026-11-20 19:00"


def test_p0_runs_around_the_clock_whatever_the_others_do() -> None:
    """A case that a rule raised to P0 in a holiday night is due within the hour."""
    policy = changed(("P3 = 604_800     # 7 days", 'P3 = { within = "24h", hours = "team" }'))
    decision = decide(prediction(signals=("injury",)), policy)
    assert due(decision, "2026-10-01 23:30") == "2026-10-02 00:30"


@pytest.mark.parametrize(
    ("context", "start", "expected"),
    [
        (Context(channel="12378"), "2026-11-20 17:00",
         ["2026-12-06 00:00", "2026-12-21 00:00", "2027-01-20 00:00"]),
        (Context(metadata={"industry": "telecom"}), "2026-11-20 17:00", ["2026-12-06 00:00"]),
        (Context(channel="12315"), "2026-09-28 10:00", ["2026-10-14 00:00"]),
        (Context(channel="12345"), "2026-10-01 10:00", ["2026-10-02 10:00"]),
        (Context(channel="app", metadata={"industry": "food"}), "2026-11-20 17:00", []),
        (Context(metadata={"industry": True}), "2026-11-20 17:00", []),
    ],
)  # fmt: skip
def test_statutory_clocks_stand_beside(context: Context, start: str, expected: list[str]) -> None:
    """Chosen by channel or metadata, counted by hand: 15 days from 20 November end the 5th."""
    moment = datetime.fromisoformat(f"{start}+08:00")
    decision = decide(prediction(category="contract"), POLICY, context)
    found = [
        end_of_period(period, moment, clock.calendar).astimezone(clock.calendar.zone)
        for clock in decision.statutory
        for period in clock.periods
    ]
    wanted = [datetime.fromisoformat(f"{day}+08:00") for day in expected]
    assert found == wanted
    if context.channel != "12378":
        assert decision.respond_within_seconds == 86_400


def test_the_city_hotline_has_a_clock_for_each_priority() -> None:
    """One hour for P0, two for P1, a day for the others."""
    found = []
    for one in (prediction(signals=("injury",)), prediction(level=5), prediction()):
        clock = decide(one, POLICY, Context(channel="12345")).statutory[0]
        found.append([period.seconds for period in clock.periods])
    assert found == [[3600], [7200], [86_400]]


def test_channels_and_tiers_raise_and_route() -> None:
    """A least priority, steps, an own team; a grave signal's team goes before the channel's."""
    policy = changed(
        (
            '"12345" = { name = "12345 热线转办", priority = "P2" }',
            '"12345" = { name = "热线", priority = "P2", steps = 1, team = "front_desk" }',
        )
    )
    decision = decide(prediction(), policy, Context("gold", 1, "12345"))
    assert (decision.priority, decision.team) == (Priority.P0, "front_desk")
    assert [reason.detail for reason in decision.reasons][1:] == [
        "渠道 12345：至少 P2", "客户等级 gold：提高一级", "渠道 12345：提高一级",
    ]  # fmt: skip
    grave = decide(prediction(signals=("injury",)), policy, Context(channel="12345"))
    assert grave.team == "safety"


@pytest.mark.parametrize(
    ("band", "signals", "expected"),
    [
        (Band.HIGH, (), Routing.AUTO),
        (Band.HIGH, ("legal",), Routing.SUGGEST),
        (Band.HIGH, ("media",), Routing.SUGGEST),
        (Band.MEDIUM, (), Routing.SUGGEST),
        (Band.LOW, (), Routing.MANUAL),
    ],
)
def test_trust_decides_between_routing_suggesting_and_asking(
    band: Band, signals: tuple[str, ...], expected: Routing
) -> None:
    """Sure and harmless goes by itself; doubt or danger asks; a guess is not even suggested."""
    assert decide(prediction(band=band, signals=signals), POLICY).routing is expected


def test_a_category_probability_may_be_asked_for() -> None:
    """The builder's category has 0.9: enough for 0.9, not for 0.95."""
    for wanted, expected in (("0.90", Routing.AUTO), ("0.95", Routing.SUGGEST)):
        policy = changed(("min_prob = 0.0         # and", f"min_prob = {wanted}  # and"))
        assert decide(prediction(), policy).routing is expected


@given(
    st.builds(
        prediction,
        category=CATEGORIES,
        level=LEVELS,
        signals=SIGNALS,
    ),
    st.builds(
        Context,
        st.sampled_from([None, "vip", "x"]),
        st.integers(1, 5),
        st.sampled_from([None, "12345", "12378", "app"]),
    ),
)
def test_each_step_starts_where_the_last_one_ended_and_never_lowers(
    found: Prediction, context: Context
) -> None:
    """The chain of rules explains the whole priority."""
    chain = list(steps(found, POLICY, context))
    assert chain[0].before is None
    for before, after in pairwise(chain):
        assert after.before is before.after >= after.after
    decision = decide(found, POLICY, context)
    assert decision.priority is chain[-1].after
    assert decision == decide(found, POLICY, context)
    assert (decision.policy_version, decision.policy_hash) == (POLICY.version, POLICY.content_hash)
