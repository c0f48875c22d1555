"""New cases: which complaints become one, how often a customer wrote, and storing them together.

Complaints that come at the same moment are stored in one transaction. When the database does not
answer, classifying goes on: nothing is stored and the reply says so.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, cast

import structlog
from sqlalchemy import Connection, Table, func, insert, select, text
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
from service.combine import GATHER_SECONDS, Combiner, Take
from service.db import Database
from service.outage import Outage
from service.outbox import events
from service.prepared import Prepared
from service.privacy.customer import customer_hash
from service.schemas import Complaint
from service.secret import Secret
from service.texts import KeepText

# What somebody adds in the transaction of new cases, whose numbers it gets.
Also = Callable[[Connection, Sequence[int | None]], None]
_CASES, _CONTENTS, _CONTACTS = (
    cast("Table", table.__table__) for table in (Case, CaseContent, Contact)
)
_ADD_CASES = Prepared(insert(_CASES), _CASES.c.keys())
_ADD_CONTENTS = Prepared(insert(_CONTENTS), _CONTENTS.c.keys())
_ADD_CONTACTS = Prepared(insert(_CONTACTS), ["customer_hash", "at"])
# Asked for beforehand: what an INSERT of several rows returns has no order.
_NUMBERS_OF_POSTGRESQL = Prepared(
    text("SELECT nextval(pg_get_serial_sequence('cases', 'id')) FROM generate_series(1, :many)")
)
# The number of a case that was deleted is not given again: the audit log still names it.
_LAST_NUMBER = Prepared(
    text("SELECT max(last, (SELECT coalesce(max(id), 0) FROM cases)) FROM case_numbers")
)


class _New(NamedTuple):
    """A complaint to be stored; `rows` are those of its case, None when it is none."""

    judged: Judged
    rows: Rows | None
    also: Also | None = None

    @classmethod
    def of(cls, judged: Judged, keep: KeepText, also: Also | None = None) -> _New:
        """Makes the rows before it is anybody's turn to write: it takes longer than storing."""
        return cls(judged, rows(judged, keep) if judged.reasons else None, also)


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
        self._combiner: Combiner[_New, int | None] = Combiner(self._store_gathered)

    def customer_hash(self, complaint: Complaint) -> bytes | None:
        """The keyed hash of the customer's id; None when the client gave none."""
        customer = complaint.customer
        if customer is None or not customer.id:
            return None
        return customer_hash(self._secret, customer.id)

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

    def enqueue(self, judged: Judged, also: Also | None = None) -> int | None:
        """Stores one complaint and what `also` adds; its case's number, None when there is none.

        A complaint that is no case leaves only that its customer wrote.
        """
        if self._outage.is_on or not (judged.reasons or judged.customer_hash):
            return None
        return self._combiner.result(_New.of(judged, self._database.keeping.mode, also))

    def enqueue_batch(self, batch: Sequence[Judged], also: Also | None = None) -> list[int | None]:
        """Stores many complaints and what `also` adds in one transaction."""
        if self._outage.is_on or not any(item.reasons or item.customer_hash for item in batch):
            return [None] * len(batch)
        new = self._made(batch)
        return self._store(lambda: new, also)

    def store(self, batch: Sequence[Judged], also: Also) -> list[int | None]:
        """Stores complaints and what `also` adds, in one transaction; the numbers of the cases.

        Raises:
            SQLAlchemyError: the database does not answer, or refuses: nothing is stored.
        """
        new = self._made(batch)
        with self._database.engine.begin() as connection:
            head = audit.lock(connection)
            numbers = self._add(connection, new, head)
            also(connection, numbers)
        return numbers

    def _made(self, batch: Sequence[Judged]) -> list[_New]:
        return [_New.of(item, self._database.keeping.mode) for item in batch]

    def _store_gathered(self, take: Take[_New]) -> list[int | None]:
        time.sleep(GATHER_SECONDS)
        return self._store(take)

    def _store(self, take: Take[_New], also: Also | None = None) -> list[int | None]:
        """Stores what there is when it is this transaction's turn to write."""
        try:
            with self._database.engine.begin() as connection:
                head = audit.lock(connection)
                stored = self._add(connection, take(), head)
                if also is not None:
                    also(connection, stored)
        except SQLAlchemyError as error:
            batch = take()
            if len(batch) > 1 and _is_about_a_row(error):
                return [number for one in batch for number in self._store(partial(list, [one]))]
            if _is_about_a_row(error):
                structlog.get_logger().error("case_not_stored", error=type(error).__name__)
            else:
                self._outage.note(error)
            return [None] * len(batch)
        self._outage.end()
        return stored

    def _add(
        self, connection: Connection, batch: Sequence[_New], head: audit.Head
    ) -> list[int | None]:
        _add_contacts(connection, [one.judged for one in batch])
        made = [one.rows for one in batch if one.rows]
        added = add_cases(connection, made)
        given = iter(added)
        numbers = [next(given) if one.rows else None for one in batch]
        changes = _changes([one.judged for one in batch], numbers)
        audit.record(connection, self._secret, changes, head=head)
        if self._announces:
            of_cases = (one.case for one in made)
            events.record(connection, events.created(zip(added, of_cases, strict=True)))
        for one, number in zip(batch, numbers, strict=True):
            if one.also is not None:
                one.also(connection, [number])
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
    numbers = _next_numbers(connection, len(made))
    numbered = list(zip(numbers, made, strict=True))
    _ADD_CASES.run(connection, *({**one.case, "id": n} for n, one in numbered))
    _ADD_CONTENTS.run(connection, *({**one.content, "case_id": n} for n, one in numbered))
    add_terms(connection, [(n, one.terms) for n, one in numbered])
    volumes.add(connection, volumes.count_in(one.case for one in made))
    times.add(connection, times.count_in(one.case for one in made))
    return numbers


def _next_numbers(connection: Connection, many: int) -> list[int]:
    """The numbers of new cases; nobody else adds any before this transaction ends."""
    if connection.dialect.name == "postgresql":
        return [row[0] for row in _NUMBERS_OF_POSTGRESQL.run(connection, {"many": many})]
    last: int = _LAST_NUMBER.run(connection)[0][0]
    return list(range(last + 1, last + 1 + many))


def _add_contacts(connection: Connection, batch: Sequence[Judged]) -> None:
    contacts = [
        {"customer_hash": item.customer_hash, "at": item.received_at}
        for item in batch
        if item.customer_hash
    ]
    if contacts:
        _ADD_CONTACTS.run(connection, *contacts)


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
