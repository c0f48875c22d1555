"""Demo cases: texts and conversations, judged by the real model, as if they came in over 30 days.

The seed decides everything but the model: which texts, when they came, who worked on them. Verdicts
say what the corpus says, so that override rates show where the model errs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from classifier.policy import Context, decide
from classifier.reply import reply
from classifier.review import AUDIT
from service.actors import DEMO_CLIENT, Actor
from service.app import Parts, load_parts
from service.cases.demo_texts import Row, conversations, read_corpus
from service.cases.desk import Desk
from service.cases.faults import CaseFieldError
from service.cases.intake import Intake
from service.cases.record import Judged
from service.cases.verdicts import Opinion, Verdicts
from service.db import Database
from service.dialogues import hear
from service.quality.ratings import Answer, rate
from service.schemas import Complaint, Customer
from service.secret import load_secret
from service.settings import Settings
from service.tables import Role

_DAYS = 30
_BATCH = 100
_EACH_CONVERSATION = 10  # cases to a conversation, until all have come
_CUSTOMERS = 300
_RATED = 0.4  # of the closed ones
_PEOPLE = tuple(
    Actor(f"demo:{name}", role, "demo")
    for name, role in (
        ("wang", Role.REVIEWER),
        ("li", Role.REVIEWER),
        ("chen", Role.REVIEWER),
        ("zhao", Role.ADJUDICATOR),
    )
)
_CLIENT = Actor(DEMO_CLIENT, Role.ADMIN, "demo")
_NOTES = (
    "已电话联系客户，致歉并说明处理办法。",
    "已转仓库核实，等回复。",
    "退款已提交，三个工作日到账。",
)


@dataclass(slots=True)
class Made:
    """What was made."""

    cases: int = 0
    closed: int = 0
    verdicts: int = 0


class _Clock:
    """The moment at which demo people act."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def fill_demo(
    settings: Settings, database: Database, corpus: Path, number: int, *, seed: int
) -> Made:
    """Makes so many cases and works on some of them.

    Raises:
        InputFileError: the corpus has no texts.
        ModelError: there is no model to judge them with.
    """
    parts = load_parts(settings)
    secret = load_secret(settings.home)
    draws = random.Random(seed)  # noqa: S311  (a sample, not a secret)
    intake = Intake(database, secret, draws=draws, announces=False)
    clock = _Clock()
    rules = parts.predictor.policy
    desk = Desk(database, secret, lambda: rules, clock=clock, announces=False)
    verdicts = Verdicts(desk, parts.predictor)
    made = Made()
    arrivals = _arrivals(draws, read_corpus(corpus), number)
    with click.progressbar(length=number, label="demo cases") as bar:
        for start in range(0, number, _BATCH):
            rows, moments = arrivals[0][start : start + _BATCH], arrivals[1][start : start + _BATCH]
            judged = _judge(parts, intake, rows, moments, draws)
            for row, item, case_id in zip(rows, judged, intake.enqueue_batch(judged), strict=True):
                if case_id is not None:
                    made.cases += 1
                    work = _Work(desk, verdicts, clock, draws, made)
                    work.on(case_id, row, item.received_at)
            bar.update(len(rows))
    return made


def _arrivals(
    draws: random.Random, corpus: Sequence[Row], number: int
) -> tuple[list[Row], list[datetime]]:
    """Texts and when they came, the oldest first; more of them angry, as in a queue, and recent."""
    weights = [(1, 1, 2, 6, 8)[min(max(row.level, 1), 5) - 1] for row in corpus]
    now = datetime.now(UTC)
    moments = sorted(now - timedelta(days=_DAYS) * draws.random() ** 1.5 for _ in range(number))
    texts = draws.choices(corpus, weights, k=number)
    talks = conversations()[: number // _EACH_CONVERSATION]
    for place, talk in zip(draws.sample(range(number), len(talks)), talks, strict=True):
        texts[place] = talk
    return texts, moments


def _judge(
    parts: Parts,
    intake: Intake,
    rows: Sequence[Row],
    moments: Sequence[datetime],
    draws: random.Random,
) -> list[Judged]:
    """Each text as the service would judge it; what the policy does not flag is an audit."""
    policy = parts.predictor.policy
    found = []
    model = parts.predictor.model
    for row, whole, moment in zip(
        rows, model.predict([row.text for row in rows]), moments, strict=True
    ):
        complaint = Complaint(
            text=row.text,
            messages=row.messages(moment),
            id=f"DEMO-{draws.randrange(10**8):08d}",
            channel=row.channel,
            customer=Customer(id=f"demo-{draws.randrange(_CUSTOMERS)}")
            if draws.random() < 0.3
            else None,
        )
        prediction, dialogue = hear(complaint, whole, model) if row.turns else (whole, None)
        own = intake.customer_hash(complaint)
        contacts = intake.contacts([own], policy, moment)[0]
        decision = decide(prediction, policy, Context(contacts=contacts, channel=row.channel))
        entry = reply("demo", prediction, decision, received_at=moment)
        if dialogue is not None:
            entry["dialogue"] = dialogue.as_json()
        why = intake.reasons(prediction, decision, policy) or (AUDIT,)
        found_out = (prediction, decision, entry, why, own, contacts)
        found.append(Judged(complaint, *found_out, moment, _CLIENT))
    return found


@dataclass(frozen=True, slots=True)
class _Work:
    """What demo people do with one case."""

    desk: Desk
    verdicts: Verdicts
    clock: _Clock
    draws: random.Random
    made: Made

    def on(self, case_id: int, row: Row, came_at: datetime) -> None:
        """The older the case, the likelier it is done."""
        age = datetime.now(UTC) - came_at
        if self.draws.random() > min(0.92, age / timedelta(days=4)):
            return
        moments = self._moments(came_at)
        by = self.draws.choice(_PEOPLE)
        self.clock.now = next(moments)
        self.desk.claim(case_id, by)
        if self.draws.random() < 0.7:
            self.clock.now = next(moments)
            self.desk.respond(case_id, by)
        if self.draws.random() < 0.4:
            self.desk.note(case_id, by, self.draws.choice(_NOTES))
        if self.draws.random() < 0.45:
            self._judge(case_id, row, by)
        if self.draws.random() < min(0.95, age / timedelta(days=3)):
            self.clock.now = next(moments)
            end = self.desk.resolve if self.draws.random() < 0.85 else self.desk.dismiss
            end(case_id, by)
            self.made.closed += 1
            if self.draws.random() < _RATED:
                self._rate(case_id, row, next(moments))

    def _moments(self, came_at: datetime) -> Iterator[datetime]:
        """One moment after the other, none in the future."""
        moment = came_at
        while True:
            moment += timedelta(minutes=self.draws.expovariate(1 / 120))
            yield min(moment, datetime.now(UTC))

    def _rate(self, case_id: int, row: Row, at: datetime) -> None:
        """The angrier the customer was, the lower."""
        csat = min(5, max(1, self.draws.choice((6, 6, 5, 4)) - self.draws.randint(0, row.level)))
        nps = min(10, max(0, 2 * csat + self.draws.choice((-1, 0, 1)))) if csat % 2 else None
        self.clock.now = at
        rate(self.desk, case_id, _CLIENT, Answer(csat, nps))

    def _judge(self, case_id: int, row: Row, by: Actor) -> None:
        """A verdict as the corpus has it; some are looked at again, by somebody who is careless."""
        right = Opinion(row.category, row.level, reason="与标注标准核对后给出")
        try:
            self.verdicts.give(case_id, by, right)
        except CaseFieldError:  # the model has other labels than the corpus
            self.verdicts.give(case_id, by, Opinion())
        self.made.verdicts += 1
        if self.draws.random() < 0.4:
            second = self.draws.choice([one for one in _PEOPLE[:3] if one is not by])
            level = max(1, row.level - 1) if self.draws.random() < 0.2 else None
            try:
                self.verdicts.give(case_id, second, Opinion(level=level, reason="语气没有这么重"))
            except CaseFieldError:
                return
            self.made.verdicts += 1
