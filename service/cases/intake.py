"""New cases: which complaints become one, how often a customer wrote, and storing them together.

Complaints that come at the same moment are stored in one transaction. When the database does not
answer, classifying goes on: nothing is stored and the reply says so.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from classifier.policy import Policy
from classifier.prediction import Decision, Prediction
from classifier.review import case_reasons
from service import audit
from service.actors import Actor
from service.cases import times, volumes
from service.cases.record import Judged, Rows, rows
from service.cases.search import add_terms
from service.cases.tables import Case, CaseContent, Contact
from service.combine import Combiner
from service.db import Database
from service.outage import Outage
from service.outbox import events
from service.schemas import Complaint
from service.secret import Secret

# What somebody adds in the transaction of new cases, whose numbers it gets.
Also = Callable[[Connection, Sequence[int | None]], None]
_HASH_BYTES = 16
_ADD_CASES = insert(cast("Table", Case.__table__)).returning(
    cast("Table", Case.__table__).c.id, sort_by_parameter_order=True
)
_ADD_CONTENTS = insert(cast("Table", CaseContent.__table__))
_ADD_CONTACTS = insert(cast("Table", Contact.__table__))


class Intake:
    """Stores what people have to look at; safe between threads."""

    def __init__(
        self,
        database: Database,
        secret: Secret,
        *,
        draws: random.Random | None = None,
        announces: bool = True,
    ) -> None:
        self._database = database
        self._secret = secret
        self._draws = draws or random.Random()  # noqa: S311  (a sample, not a secret)
        self._announces = announces  # writes events; what is made up for show does not
        self._outage = Outage()
        self._combiner: Combiner[Judged, int | None] = Combiner(self._store_all)

    def customer_hash(self, complaint: Complaint) -> bytes | None:
        """The keyed hash of the customer's id; None when the client gave none."""
        customer = complaint.customer
        if customer is None or not customer.id:
            return None
        return self._secret.hash("customer", customer.id.encode())[:_HASH_BYTES]

    def contacts(self, hashes: Sequence[bytes | None], policy: Policy, now: datetime) -> list[int]:
        """How often each customer has written lately, this time counted; 1 when nobody knows."""
        known = self._known_contacts({h for h in hashes if h}, policy, now)
        here: Counter[bytes] = Counter()
        found = []
        for own in hashes:
            if own is not None:
                here[own] += 1
            found.append(known.get(own, 0) + here[own] if own is not None else 1)
        return found

    def reasons(
        self, prediction: Prediction, decision: Decision, policy: Policy
    ) -> tuple[str, ...]:
        """Why the complaint becomes a case; nothing when it does not."""
        return case_reasons(prediction, decision, policy, draw=self._draws.random())

    def enqueue(self, judged: Judged) -> int | None:
        """Stores one complaint; the number of its case, None when there is none.

        A complaint that is no case leaves only that its customer wrote.
        """
        if self._outage.is_on or not (judged.reasons or judged.customer_hash):
            return None
        return self._combiner.result(judged)

    def enqueue_batch(self, batch: Sequence[Judged]) -> list[int | None]:
        """Stores many complaints in one transaction."""
        if self._outage.is_on or not any(item.reasons or item.customer_hash for item in batch):
            return [None] * len(batch)
        return self._store_all(batch)

    def store(self, batch: Sequence[Judged], also: Also) -> list[int | None]:
        """Stores complaints and what `also` adds, in one transaction; the numbers of the cases.

        Raises:
            SQLAlchemyError: the database does not answer, or refuses: nothing is stored.
        """
        return self._store(batch, also)

    def _store_all(self, batch: Sequence[Judged]) -> list[int | None]:
        try:
            stored = self._store(batch)
        except SQLAlchemyError as error:
            if len(batch) > 1 and _is_about_a_row(error):
                return [number for item in batch for number in self._store_all([item])]
            if _is_about_a_row(error):
                structlog.get_logger().error("case_not_stored", error=type(error).__name__)
            else:
                self._outage.note(error)
            return [None] * len(batch)
        self._outage.end()
        return stored

    def _store(self, batch: Sequence[Judged], also: Also | None = None) -> list[int | None]:
        cases = [item for item in batch if item.reasons]
        made = [rows(item) for item in cases]  # before the lock: it takes longer than storing
        with self._database.engine.begin() as connection:
            audit.lock(connection)
            _add_contacts(connection, batch)
            added = add_cases(connection, made)
            given = iter(added)
            numbers = [next(given) if item.reasons else None for item in batch]
            audit.record(connection, self._secret, _changes(batch, numbers))
            if self._announces:
                rows_made = (one.case for one in made)
                events.record(connection, events.created(zip(added, rows_made, strict=True)))
            if also is not None:
                also(connection, numbers)
        return numbers

    def _known_contacts(
        self, hashes: set[bytes], policy: Policy, now: datetime
    ) -> dict[bytes, int]:
        """How often each customer wrote before; nothing when the database does not answer."""
        if not hashes or self._outage.is_on:
            return {}
        since = now - timedelta(days=policy.repeat_days)
        statement = (
            select(Contact.customer_hash, func.count())
            .where(Contact.customer_hash.in_(hashes), Contact.at > since)
            .group_by(Contact.customer_hash)
        )
        try:
            with self._database.session() as session:
                return {row[0]: row[1] for row in session.execute(statement)}
        except SQLAlchemyError as error:
            self._outage.note(error)
            return {}


def add_cases(connection: Connection, made: Sequence[Rows]) -> list[int]:
    """Adds cases with their texts, search terms and sums; their numbers in the same order."""
    if not made:
        return []
    numbers = list(connection.scalars(_ADD_CASES, [one.case for one in made]))
    numbered = list(zip(numbers, made, strict=True))
    connection.execute(_ADD_CONTENTS, [{**one.content, "case_id": n} for n, one in numbered])
    add_terms(connection, [(n, str(one.content["searchable"])) for n, one in numbered])
    volumes.add(connection, volumes.count_in(one.case for one in made))
    times.add(connection, times.count_in(one.case for one in made))
    return numbers


def _add_contacts(connection: Connection, batch: Sequence[Judged]) -> None:
    contacts = [
        {"customer_hash": item.customer_hash, "at": item.received_at}
        for item in batch
        if item.customer_hash
    ]
    if contacts:
        connection.execute(_ADD_CONTACTS, contacts)


def _changes(
    batch: Sequence[Judged], numbers: Sequence[int | None]
) -> Iterator[tuple[Actor, audit.Change]]:
    """The new cases in the audit log."""
    for item, number in zip(batch, numbers, strict=True):
        if number is not None:
            level = item.prediction.intensity.level if item.prediction.intensity else None
            category = item.prediction.category.code if item.prediction.category else None
            after = {"state": "new", "priority": item.decision.priority.name}
            found = {**after, "level": level, "category": category}
            yield (
                item.by,
                audit.Change("enqueue", f"case:{number}", 1, {}, found, at=item.received_at),
            )


def _is_about_a_row(error: SQLAlchemyError) -> bool:
    """Whether the database is there and refuses what was to be stored."""
    return isinstance(error, DataError | IntegrityError)
