"""Tells when the model that is served becomes another one.

A promotion changes a file, and may be made on any machine; the workers see it and write the event,
one for each change, however many they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from classifier.artifact import current_version
from classifier.errors import ModelError
from service import audit
from service.db import Database
from service.outbox import events
from service.outbox.events import Event, EventType
from service.outbox.tables import ServedModel

CHECK_SECONDS = 5.0
_ONLY = 1


class PromotionWatch:
    """Compares `CURRENT` in the models folder with what was last seen by any worker."""

    def __init__(
        self,
        database: Database,
        models: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._models = models
        self._clock = clock
        self._seen: str | None = None

    def check(self) -> None:
        """Writes `model.promoted` if there is another model; the first one ever is no event.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        try:
            version = current_version(self._models)
        except ModelError as error:
            structlog.get_logger().warning("current_model_unknown", reason=str(error))
            return
        if version is None or version == self._seen:
            return
        now = self._clock()
        with self._database.session() as session:
            audit.lock(session)
            known = session.get(ServedModel, _ONLY)
            if known is None:
                session.add(ServedModel(id=_ONLY, version=version, since=now))
            elif known.version != version:
                told = {"model": {"version": version, "before": known.version}}
                events.record(session, [Event(EventType.MODEL_PROMOTED, None, now, {**told})])
                known.version, known.since = version, now
            session.commit()
        self._seen = version
