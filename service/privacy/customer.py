"""Whose data: what the keyed hash of a customer's id leads to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.adapters.tables import AdapterMessage, AdapterTicket
from service.cases.tables import Case
from service.db import in_parts
from service.refusals import RefusalError
from service.schemas import MAX_ID_CHARS
from service.secret import Secret

_HASH_BYTES = 16


class CustomerIdError(RefusalError):
    """What was given cannot be a customer's id; it is not repeated."""


def customer_hash(secret: Secret, customer_id: str) -> bytes:
    """The only form in which a customer's id is stored."""
    return secret.hash("customer", customer_id.encode())[:_HASH_BYTES]


def checked_id(given: str) -> str:
    """A customer's id as clients send it.

    Raises:
        CustomerIdError: it is empty or too long.
    """
    if not 0 < len(given) <= MAX_ID_CHARS:
        raise CustomerIdError(
            f"the customer's id has {len(given)} characters, 1-{MAX_ID_CHARS} are needed",
            f"customer_id 有 {len(given)} 个字符，需要 1–{MAX_ID_CHARS} 个",
            field="customer_id",
        )
    return given


def cases_of(session: Session, own: bytes, *, most: int | None = None) -> list[int]:
    """The numbers of a customer's cases, the oldest first."""
    statement = select(Case.id).where(Case.customer_hash == own).order_by(Case.id).limit(most)
    return list(session.scalars(statement))


def tickets_of(session: Session, own: bytes, cases: Sequence[int]) -> list[int]:
    """Tickets of other systems that a customer wrote, or that one of the cases came from."""
    whose = select(AdapterTicket.id).where(AdapterTicket.customer_hash == own)
    found = set(session.scalars(whose))
    for some in in_parts(cases):
        of_cases = select(AdapterMessage.ticket_id).where(AdapterMessage.case_id.in_(some))
        found.update(session.scalars(of_cases))
    return sorted(found)
