from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from classifier.policy import Policy
from classifier.policy_file import load_policy
from classifier.prediction import Priority
from service import audit
from service.cases.tables import Case
from service.cases.verdicts import Opinion
from service.outbox.configuration import Escalation
from service.outbox.escalation import Escalator
from service.outbox.steps import Steps
from tests.service.cases.conftest import TEXT, Queue, in_team_hours, person
from tests.service.outbox.conftest import Outbox, Receiver, webhook

ANNA = person("anna")
SETTINGS = Escalation(
    remind_share=0.25, late_shares=[0.0, 1.0], on_call={"L2": "experts", "L3": "chiefs"}
)


class Clock:
    """A moment that a test moves on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:  # noqa: D102  (said by the class)
        return self.now


class Alarm:
    """An escalator and a case of P1, which has two hours and begins at L2."""

    def __init__(self, outbox: Outbox, text: str = TEXT) -> None:
        self.outbox, self.queue = outbox, outbox.queue
        self.clock = Clock()
        self.queue.desk.clock = self.clock
        self.escalator = Escalator(outbox.database, self.queue.desk.secret, clock=self.clock)
        self.case_id = self.queue.add(text)
        self.start = datetime.fromisoformat(self.case["created_at"])

    @property
    def policy(self) -> Policy:
        """The policy that serves."""
        return self.queue.service.parts.predictor.policy

    @property
    def case(self) -> dict[str, str]:
        """The case as the API shows it."""
        return self.queue.get(f"/{self.case_id}").get_json()

    def at(self, hours: float, settings: Escalation = SETTINGS) -> list[str]:
        """What happens so long after the case came in."""
        seen = len(self.outbox.types())
        self.clock.now = self.start + timedelta(hours=hours, seconds=1)
        self.escalator.check(settings, self.policy)
        return self.outbox.types()[seen:]


@pytest.fixture
def alarm(outbox: Outbox) -> Alarm:
    """A new case."""
    return Alarm(outbox)


def test_a_case_is_reminded_of_then_overdue_then_escalated_each_once(alarm: Alarm) -> None:
    """A quarter of two hours before the end, at the end, and as long again after it."""
    assert alarm.at(1.4) == []
    assert alarm.at(1.5) == ["case.reminder"]
    assert alarm.at(1.6) == []
    assert alarm.at(2.0) == ["case.overdue", "case.escalated"]
    assert alarm.at(3.9) == []
    assert alarm.at(4.0) == ["case.escalated"]
    assert alarm.at(400) == []
    assert alarm.case["tier"] == "L3"


def test_history_and_audit_log_tell_of_each_step(alarm: Alarm) -> None:
    """Who was called, and from which tier to which; the chain stays whole."""
    alarm.at(1.5)
    alarm.at(4.0)
    items = alarm.queue.get(f"/{alarm.case_id}/history").get_json()["items"]
    steps = [(i["action"], i["after"].get("step"), i["after"].get("on_call")) for i in items[1:]]
    assert steps == [
        ("remind", 0, "experts"), ("overdue", 0, "experts"),
        ("escalate", 1, "chiefs"), ("escalate", 2, "chiefs"),
    ]  # fmt: skip
    assert (items[3]["before"], items[3]["after"]["tier"]) == ({"tier": "L2"}, "L3")
    assert {i["actor"] for i in items[1:]} == {"system:clock"}
    assert audit.verify(alarm.outbox.database, alarm.queue.desk.secret).broken is None


def test_an_escalation_says_why_and_who_is_called(alarm: Alarm) -> None:
    """Nobody has it, or nobody answered."""
    alarm.at(2.0)
    data = alarm.outbox.events()[-1].payload["data"]
    told = {name: data[name] for name in ("reason", "from_tier", "tier", "on_call", "step")}
    assert told == {
        "reason": "unclaimed", "from_tier": "L2", "tier": "L3", "on_call": "chiefs", "step": 1,
    }  # fmt: skip
    assert (data["case"]["tier"], data["case"]["version"]) == ("L3", 2)
    alarm.queue.desk.claim(alarm.case_id, ANNA)
    alarm.at(4.0)
    assert alarm.outbox.events()[-1].payload["data"]["reason"] == "unanswered"


@pytest.mark.parametrize("end", ["respond", "resolve", "dismiss"])
def test_who_answered_in_time_hears_nothing(alarm: Alarm, end: str) -> None:
    """Nor does anybody hear of what was closed."""
    alarm.queue.desk.claim(alarm.case_id, ANNA)
    getattr(alarm.queue.desk, end)(alarm.case_id, ANNA)
    assert alarm.at(100) == []


def test_nothing_rings_while_the_customer_has_to_answer(alarm: Alarm) -> None:
    """Afterwards everything is later by the pause."""
    alarm.queue.desk.claim(alarm.case_id, ANNA)
    alarm.clock.now = alarm.start + timedelta(hours=1)
    alarm.queue.desk.wait_for_customer(alarm.case_id, ANNA)
    assert alarm.at(100) == []
    alarm.clock.now = alarm.start + timedelta(hours=101)
    alarm.queue.desk.resume(alarm.case_id, ANNA)
    assert alarm.at(101.4) == []
    assert alarm.at(101.5) == ["case.reminder"]
    assert alarm.at(102) == ["case.overdue", "case.escalated"]


def test_after_a_standstill_missed_steps_are_made_up_for(alarm: Alarm) -> None:
    """But nobody is reminded of what is late already."""
    assert alarm.at(50) == ["case.overdue", "case.escalated", "case.escalated"]


def test_without_a_reminder_the_end_is_the_first_news(alarm: Alarm) -> None:
    """A share of 0 switches it off."""
    none = Escalation(remind_share=0, late_shares=[0.5], on_call={})
    assert alarm.at(1.99, none) == []
    assert alarm.at(2.0, none) == ["case.overdue"]
    assert alarm.at(3.0, none) == ["case.escalated"]


def test_several_workers_take_each_step_once(alarm: Alarm) -> None:
    """All at the same moment."""
    alarm.clock.now = alarm.start + timedelta(hours=2, seconds=1)
    asked = (SETTINGS, alarm.policy)
    threads = [threading.Thread(target=alarm.escalator.check, args=asked) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alarm.outbox.types() == ["case.created", "case.overdue", "case.escalated"]


def test_many_late_cases_are_all_seen(alarm: Alarm) -> None:
    """More than are looked at in one go."""
    alarm.queue.service.post(
        "/v1/classify/batch", {"items": [{"text": "我要举报"} for _ in range(200)]}
    )
    alarm.queue.service.post("/v1/classify/batch", {"items": [{"text": "我要举报"}] * 60})
    found = alarm.at(3.0)
    assert (found.count("case.overdue"), found.count("case.escalated")) == (261, 261)


def test_the_worker_escalates_and_tells(
    outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complaint that happened yesterday is late when it comes in."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    outbox.queue.add(occurred_at=yesterday)
    outbox.deliver(
        webhook(receiver.url, 'events = ["case.escalated"]')
        + '[on_call.chiefs]\npeople = ["王芳"]\n[escalation]\non_call = { L3 = "chiefs" }\n'
    )
    assert receiver.types == ["case.escalated"]
    assert receiver.requests[0].json["data"]["on_call"] == "chiefs"


def test_a_tier_that_is_not_known_goes_to_the_highest() -> None:
    """Such as one of an older policy; where tiers have no order, each stays."""
    policy = load_policy()
    steps = Steps(SETTINGS, policy, datetime.now(UTC))
    assert [steps.tier_above(tier) for tier in ("L1", "L3", "L7")] == ["L2", "L3", "L3"]
    unordered = Steps(SETTINGS, replace(policy, ladder={}), datetime.now(UTC))
    assert unordered.tier_above("L1") == "L1"


def test_without_shares_each_tier_has_its_time(outbox: Outbox) -> None:
    """A calm case is late after a day; then the second tier has 48 hours, the third is the last."""
    alarm, plain = Alarm(outbox, "等了四十分钟才上菜"), Escalation(on_call={})
    assert alarm.at(23.9, plain) == ["case.reminder"]
    assert alarm.at(24, plain) == ["case.overdue", "case.escalated"]
    assert alarm.at(71.9, plain) == []
    assert alarm.at(72, plain) == ["case.escalated"]
    assert alarm.at(2000, plain) == []
    tiers = [event.payload["data"]["tier"] for event in outbox.events()[1:]]
    assert tiers == ["L1", "L1", "L2", "L3"]


TUESDAY = datetime.fromisoformat("2025-06-03T21:00:00+08:00")  # triage is there from 8 to 22


@pytest.mark.parametrize(
    ("shares", "again"),
    [([0.0, 1.0], "2025-06-04 11:00"), ([0.0, 7.0], "2025-06-05 09:00")],
)
def test_steps_count_in_the_hours_of_the_team(
    outbox: Outbox, shares: list[float], again: str
) -> None:
    """Two hours from Tuesday at nine in the evening: nothing rings at night.

    Half an hour is left on Wednesday at half past eight; as long again and seven times as long
    after the end are counted over the next night.
    """
    policy = outbox.queue.service.parts.predictor.policy = in_team_hours("P1", "2h")
    outbox.queue.add(occurred_at=TUESDAY.isoformat())
    clock, secret = Clock(), outbox.queue.desk.secret
    escalator = Escalator(outbox.database, secret, clock=clock)
    settings = Escalation(remind_share=0.25, late_shares=shares, on_call={})
    rings = [
        ("2025-06-03 23:59", []),
        ("2025-06-04 08:29", []),
        ("2025-06-04 08:30", ["case.reminder"]),
        ("2025-06-04 08:59", []),
        ("2025-06-04 09:00", ["case.overdue", "case.escalated"]),
        (again, ["case.escalated"]),
    ]
    for moment, expected in rings:
        before = len(outbox.types())
        clock.now = datetime.fromisoformat(f"{moment}:00+08:00") - timedelta(microseconds=1)
        escalator.check(settings, policy)
        assert len(outbox.types()) == before or not expected
        clock.now += timedelta(microseconds=1)
        escalator.check(settings, policy)
        assert outbox.types()[before:] == expected, moment


@pytest.mark.parametrize("shares", [None, [0.0, 0.5, 3.0]])
def test_the_database_finds_just_the_cases_that_are_due(
    outbox: Outbox, shares: list[float] | None
) -> None:
    """Whatever their priority, team, tier, step and end; also those of a team nobody listed."""
    policy = in_team_hours("P2", "27h")
    draws = random.Random(5)  # noqa: S311
    teams, tiers = [*policy.teams, "nobody"], [*policy.ladder, "L9"]
    now = TUESDAY + timedelta(hours=13)
    numbers = [outbox.queue.add() for _ in range(120)]
    with outbox.database.session() as session:
        for number in numbers:
            values = {
                "priority": draws.choice(list(Priority)),
                "team": draws.choice(teams),
                "tier": draws.choice(tiers),
                "escalation_step": draws.randrange(6),
                "due_at": now + timedelta(hours=draws.choice((-1, 1)) * 150 * draws.random() ** 3),
            }
            session.execute(update(Case).where(Case.id == number).values(**values))
        session.commit()
        steps = Steps(Escalation(late_shares=shares, on_call={}), policy, now)
        found = set(session.scalars(select(Case.id).where(steps.where())))
        due = {case.id for case in session.scalars(select(Case)) if steps.is_due(case)}
    assert found == due
    assert 20 < len(found) < 100


def test_a_lower_priority_starts_the_steps_anew(alarm: Alarm, queue: Queue) -> None:
    """The new end is another one: it is reminded of, and overdue, once more."""
    alarm.at(2.0)
    queue.verdicts.give(alarm.case_id, ANNA, Opinion(priority=Priority.P2, reason="不急"))
    assert alarm.at(17.9) == []
    assert alarm.at(18.0) == ["case.reminder"]
    assert alarm.at(24.0) == ["case.overdue", "case.escalated"]


def test_a_more_urgent_verdict_does_not_take_an_escalated_case_down(outbox: Outbox) -> None:
    """Both priorities start at the first tier; who was called in stays."""
    alarm, plain = Alarm(outbox, "等了四十分钟才上菜"), Escalation(on_call={})
    give = outbox.queue.verdicts.give
    give(alarm.case_id, ANNA, Opinion(priority=Priority.P3, reason="不急"))
    alarm.at(7 * 24 + 1, plain)
    assert alarm.case["tier"] == "L2"
    give(alarm.case_id, ANNA, Opinion(priority=Priority.P2, reason="还是急"))
    assert alarm.case["tier"] == "L2"
