"""New cases: which complaints become one, how often a customer wrote, and storing them together.

Complaints that come at the same moment are stored in one transaction. When the database does not
answer, classifying goes on: nothing is stored and the reply says so.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from classifier.policy import Policy
from classifier.prediction import Decision, Prediction
from classifier.review import case_reasons
from service import audit
from service.cases import volumes
from service.cases.record import Json, Judged, rows
from service.cases.search import add_terms
from service.cases.tables import Case, CaseContent, Contact
from service.combine import Combiner
from service.db import Database
from service.outage import Outage
from service.schemas import Complaint
from service.secret import Secret

_HASH_BYTES = 16


class Intake:
    """Stores what people have to look at; safe between threads."""

    def __init__(
        self, database: Database, secret: Secret, *, draws: random.Random | None = None
    ) -> None:
        self._database = database
        self._secret = secret
        self._draws = draws or random.Random()  # noqa: S311  (a sample, not a secret)
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

    def _store(self, batch: Sequence[Judged]) -> list[int | None]:
        with self._database.session() as session:
            audit.lock(session)
            _add_contacts(session, batch)
            cases = [item for item in batch if item.reasons]
            numbers = self._add_cases(session, cases) if cases else []
            session.commit()
        given = iter(numbers)
        return [next(given) if item.reasons else None for item in batch]

    def _add_cases(self, session: Session, batch: Sequence[Judged]) -> list[int]:
        made = [rows(item) for item in batch]
        statement = insert(Case).returning(Case.id, sort_by_parameter_order=True)
        numbers = list(session.scalars(statement, [one.case for one in made]))
        add_contents(session, [one.content for one in made], numbers)
        volumes.add(session, volumes.count_in(one.case for one in made))
        changes = [
            (item.by, _change(one.case, number))
            for item, one, number in zip(batch, made, numbers, strict=True)
        ]
        audit.record(session, self._secret, changes)
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


def add_contents(session: Session, contents: Sequence[Json], numbers: Sequence[int]) -> None:
    """Adds the texts of new cases, and their terms to the search index."""
    session.execute(
        insert(CaseContent),
        [{**one, "case_id": number} for one, number in zip(contents, numbers, strict=True)],
    )
    texts = [str(one["searchable"]) for one in contents]
    add_terms(session, list(zip(numbers, texts, strict=True)))


def _add_contacts(session: Session, batch: Sequence[Judged]) -> None:
    contacts = [
        {"customer_hash": item.customer_hash, "at": item.received_at}
        for item in batch
        if item.customer_hash
    ]
    if contacts:
        session.execute(insert(Contact), contacts)


def _change(case: Json, number: int) -> audit.Change:
    """A new case in the audit log."""
    priority, level, category = (case[name] for name in ("priority", "level", "category"))
    after = {"state": "new", "priority": f"P{priority:d}", "level": level, "category": category}
    return audit.Change("enqueue", f"case:{number}", 1, {}, after)


def _is_about_a_row(error: SQLAlchemyError) -> bool:
    """Whether the database is there and refuses what was to be stored."""
    return isinstance(error, DataError | IntegrityError)
