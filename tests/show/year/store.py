"""Writes the year into a database: judged by the model that serves, stored by the intake's rows."""

from __future__ import annotations

import heapq
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, insert

from classifier.dialogue import Role as Speaker
from classifier.dialogue import customer_text
from classifier.policy import Context, decide
from classifier.prediction import Prediction
from classifier.reply import reply
from classifier.review import AUDIT, case_reasons
from service import audit
from service.actors import Actor
from service.app import Parts
from service.cases.intake import Intake, add_cases
from service.cases.record import Judged, Rows, rows
from service.cases.tables import Contact, Note, Verdict
from service.dialogues import hear
from service.quality.tables import Rating
from service.schemas import Complaint, Customer, Message, turns_of
from service.secret import Secret, load_secret
from service.texts import KeepText
from tests.show.year.lives import CLIENT, Life, Office, Step
from tests.show.year.plan import Arrival, arrivals
from tests.show.year.texts import Texts, turns
from tests.show.year.world import World

BATCH = 1000
_TABLES = (("verdicts", Verdict), ("ratings", Rating), ("notes", Note))
Entry = tuple[datetime, int, Step, int]  # the second number keeps the order of what is at once


@dataclass(slots=True)
class Written:
    """What was written: the cases of each planted thing, and how many rows."""

    cases: int = 0
    entries: int = 0
    planted: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def save(self, path: Path) -> None:
        """Keeps it beside the database."""
        path.write_text(json.dumps({"cases": self.cases, "planted": self.planted}))


def write_year(
    parts: Parts, world: World, corpus: Path, cases: int, *, step: Callable[[int], None]
) -> Written:
    """Makes the year in an empty database; `step` hears how many cases were written."""
    secret = load_secret(parts.settings.home)
    writer = _Writer(parts, world, secret)
    stream = arrivals(world, Texts(corpus, world.seed), cases)
    while batch := list(islice(stream, BATCH)):
        writer.write(batch)
        step(len(batch))
    writer.close()
    return writer.written


class _Writer:
    """Writes a batch after the other; what is done later with a case waits for its time."""

    def __init__(self, parts: Parts, world: World, secret: Secret) -> None:
        self.written = Written()
        self._engine = parts.database.engine
        self._model, self._policy = parts.predictor.model, parts.predictor.policy
        self._secret = secret
        self._intake = Intake(parts.database, secret, announces=False)
        end = world.moment(world.days)
        self._office = Office(world.rules, self._policy, seed=world.seed, end=end)
        self._draws = np.random.default_rng([world.seed, 5])
        work = world.table("work")
        self._talks = float(str(work["conversations"]))
        lines = work["agent"]
        assert isinstance(lines, list)
        self._lines = [str(one) for one in lines]
        self._waiting: list[Entry] = []
        self._order = count()
        self._wrote: dict[bytes, deque[datetime]] = defaultdict(deque)

    def write(self, batch: Sequence[Arrival]) -> None:
        """Stores cases, with all that will be done with them, and the log up to the last one."""
        complaints = [self._complaint(one) for one in batch]
        found = self._model.predict([one.text for one in complaints])
        judged = [self._judged(*one) for one in zip(batch, complaints, found, strict=True)]
        made, lives = [], list[Life]()
        for one, arrival in zip(judged, batch, strict=True):
            row = rows(one, KeepText.MASKED)
            life = self._office.life(row.case, arrival.row)
            lives.append(life)
            made.append(replace(row, case=life.values()))
        with self._engine.begin() as connection:
            head = audit.lock(connection)
            numbers = self._store(connection, judged, made, lives)
            for arrival, number in zip(batch, numbers, strict=True):
                if arrival.planted is not None:
                    self.written.planted[arrival.planted].append(number)
            self._log(connection, self._due(batch[-1].at), head)
        self.written.cases += len(batch)

    def close(self) -> None:
        """Writes the rest of the log."""
        with self._engine.begin() as connection:
            self._log(connection, self._due(None), audit.lock(connection))

    def _complaint(self, one: Arrival) -> Complaint:
        customer = Customer(id=one.customer, tier=one.tier) if one.customer else None
        text, messages = one.text, None
        parts = turns(text) if self._draws.random() < self._talks else [text]
        if len(parts) > 1:
            messages = [Message(role=Speaker.CUSTOMER, text=parts[0])]
            for part in parts[1:]:
                line = self._lines[self._draws.integers(len(self._lines))]
                messages.append(Message(role=Speaker.AGENT, text=line))
                messages.append(Message(role=Speaker.CUSTOMER, text=part))
            text = customer_text(turns_of(messages))
        channel = "chat" if messages else one.channel
        return Complaint(
            text=text, messages=messages, channel=channel, customer=customer,
            product=one.product, region=one.region,
        )  # fmt: skip

    def _judged(self, arrival: Arrival, complaint: Complaint, whole: Prediction) -> Judged:
        """As the service judges; what no rule asks for is looked at too: all of it is the queue."""
        prediction, dialogue = whole, None
        if complaint.messages:
            prediction, dialogue = hear(complaint, whole, self._model)
        own = self._intake.customer_hash(complaint)
        contacts = self._contacts(own, arrival.at)
        context = Context(arrival.tier, contacts, complaint.channel)
        decision = decide(prediction, self._policy, context)
        entry = reply("year", prediction, decision, received_at=arrival.at)
        if dialogue is not None:
            entry["dialogue"] = dialogue.as_json()
        why = case_reasons(prediction, decision, self._policy, draw=1.0) or (AUDIT,)
        return Judged(
            complaint, prediction, decision, entry, why, own, contacts, arrival.at, CLIENT
        )

    def _contacts(self, own: bytes | None, at: datetime) -> int:
        """How often a customer wrote lately, this time counted, as the intake counts."""
        if own is None:
            return 1
        wrote = self._wrote[own]
        while wrote and at - wrote[0] >= timedelta(days=self._policy.repeat_days):
            wrote.popleft()
        wrote.append(at)
        return len(wrote)

    def _store(
        self,
        connection: Connection,
        judged: Sequence[Judged],
        made: Sequence[Rows],
        lives: Sequence[Life],
    ) -> list[int]:
        contacts = [
            {"customer_hash": one.customer_hash, "at": one.received_at}
            for one in judged
            if one.customer_hash
        ]
        if contacts:
            connection.execute(insert(Contact), contacts)
        numbers = add_cases(connection, made)
        for name, table in _TABLES:
            new = [
                {**row, "case_id": number}
                for number, life in zip(numbers, lives, strict=True)
                for row in getattr(life, name)
            ]
            if new:
                connection.execute(insert(table), new)
        for number, life in zip(numbers, lives, strict=True):
            for step in life.steps:
                heapq.heappush(self._waiting, (step.at, next(self._order), step, number))
        return numbers

    def _due(self, until: datetime | None) -> Iterator[tuple[Actor, audit.Change]]:
        """What is done up to a moment, in the order of time; None for all that is left."""
        while self._waiting and (until is None or self._waiting[0][0] <= until):
            _, _, step, number = heapq.heappop(self._waiting)
            self.written.entries += 1
            yield step.change(number)

    def _log(
        self,
        connection: Connection,
        changes: Iterator[tuple[Actor, audit.Change]],
        head: audit.Head,
    ) -> None:
        audit.record(connection, self._secret, changes, head=head)
