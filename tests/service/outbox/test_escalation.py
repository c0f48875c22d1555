from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from service import audit
from service.outbox.configuration import Escalation
from service.outbox.escalation import Escalator, next_tier
from tests.service.cases.conftest import Queue, person
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

    def __init__(self, outbox: Outbox) -> None:
        self.outbox, self.queue = outbox, outbox.queue
        self.clock = Clock()
        self.queue.desk.clock = self.clock
        self.escalator = Escalator(outbox.database, self.queue.desk.secret, clock=self.clock)
        self.case_id = self.queue.add()
        self.start = datetime.fromisoformat(self.case["created_at"])

    @property
    def case(self) -> dict[str, str]:
        """The case as the API shows it."""
        return self.queue.get(f"/{self.case_id}").get_json()

    def at(self, hours: float, settings: Escalation = SETTINGS) -> list[str]:
        """What happens so long after the case came in."""
        seen = len(self.outbox.types())
        self.clock.now = self.start + timedelta(hours=hours, seconds=1)
        self.escalator.check(settings)
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
    threads = [threading.Thread(target=alarm.escalator.check, args=(SETTINGS,)) for _ in range(4)]
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
    """A policy may have other tiers than the file."""
    assert next_tier("L7", ["L1", "L2"]) == "L2"


def test_a_lower_priority_starts_the_steps_anew(alarm: Alarm, queue: Queue) -> None:
    """The new end is another one: it is reminded of, and overdue, once more."""
    from classifier.prediction import Priority  # noqa: PLC0415
    from service.cases.verdicts import Opinion  # noqa: PLC0415

    alarm.at(2.0)
    queue.verdicts.give(alarm.case_id, ANNA, Opinion(priority=Priority.P2, reason="不急"))
    assert alarm.at(17.9) == []
    assert alarm.at(18.0) == ["case.reminder"]
    assert alarm.at(24.0) == ["case.overdue", "case.escalated"]
