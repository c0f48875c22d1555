"""Whether the keys of the settings can read what is stored; looked at before anything is served."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, select

from classifier.errors import SettingsError
from service.db import Database
from service.tables import TextKeyCheck
from service.texts import TextKeyError

_KNOWN = "投诉分诊"


def confirm(database: Database) -> None:
    """Refuses keys that stored texts cannot be read with; notes a key that is used from now on.

    Raises:
        SettingsError: a key is missing or wrong.
        SQLAlchemyError: the database does not answer.
    """
    keeping, keys = database.keeping, database.keeping.keys
    with database.session() as session:
        checks = session.scalars(select(TextKeyCheck).order_by(TextKeyCheck.id)).all()
    for check in checks:
        since = f"{check.since:%Y-%m-%d}"
        if keys is None:
            raise SettingsError(
                f"TRIAGE_TEXT_KEYS is empty, but since {since} texts were stored encrypted: they "
                "cannot be read without their key"
            )
        try:
            keys.decrypt(check.token)
        except TextKeyError:
            raise SettingsError(
                "TRIAGE_TEXT_KEYS lacks a key: none that it has can read the texts that were "
                f"stored encrypted since {since}; add that key behind the newest"
            ) from None
    if keys is None or not keeping.encrypts or any(keys.is_first(one.token) for one in checks):
        return
    with database.writing() as session:
        session.add(TextKeyCheck(token=keys.encrypt(_KNOWN), since=datetime.now(UTC)))
        session.commit()


def forget_others(database: Database) -> int:
    """After every text was written anew: only the first key is still needed. How many are not."""
    keys = database.keeping.keys
    with database.session() as session:
        checks = session.scalars(select(TextKeyCheck)).all()
    is_needed = keys is not None and database.keeping.encrypts
    old = [one.id for one in checks if not (is_needed and keys and keys.is_first(one.token))]
    if old:
        with database.writing() as session:
            session.execute(delete(TextKeyCheck).where(TextKeyCheck.id.in_(old)))
            session.commit()
    return len(old)
