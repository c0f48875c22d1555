"""Compares what came in lately with the profile of the model, and tells once of each drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from classifier.artifact import current_version, read_manifest
from classifier.drift import Finding, Verdict, compare
from classifier.errors import ModelError
from classifier.profile import Labels, Profile, labels_of, read_profile
from classifier.review import AUDIT
from classifier.reviewed import Heads, judge_reviews, no_reviews, note
from service import audit
from service.cases.tables import Case, CaseContent
from service.cases.tables import Verdict as GivenVerdict
from service.db import Database
from service.drift import counts
from service.drift.tables import DriftState
from service.outbox import events
from service.outbox.events import Event, EventType

CHECK_SECONDS = 60.0
VERDICT_DAYS = 30  # people judge less than they receive: their window is longer
_MAX_VERDICTS = 2000
_ONLY = 1


class DriftWatch:
    """Looks at the last `hours` hours; the event worker asks it every minute."""

    def __init__(
        self,
        database: Database,
        models: Path,
        hours: int,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._models = models
        self._hours = hours
        self._clock = clock
        self._known: tuple[str, Labels | None, Profile | None] = ("", None, None)

    def check(self) -> None:
        """Writes what was found, and `drift.detected` for a measure that newly asks to act.

        A measure is told of again only after it has been stable, or of another model.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        version, labels, profile = self._current()
        if labels is None or profile is None:
            return
        now = self._clock()
        since = counts.hour_of(now) - self._hours + 1
        with self._database.session() as session:
            found = compare(profile.counts, counts.read(session, version, since, labels), labels)
            found += judge_reviews(profile, _reviews(session, version, now, labels))
        with self._database.session() as session:
            audit.lock(session)
            self._note(session, version, found, now)
            counts.purge(session, since - self._hours)
            session.commit()

    def _note(
        self, session: Session, version: str, found: Sequence[Finding], now: datetime
    ) -> None:
        """Keeps what was found, and tells of what is new."""
        state = session.get(DriftState, _ONLY)
        if state is None:
            state = DriftState(id=_ONLY, model_version=version, at=now, findings=[], told=[])
            session.add(state)
        told = set(state.told) if state.model_version == version else set()
        acting = [one for one in found if one.verdict is Verdict.ACT]
        new = sorted({one.measure for one in acting} - told)
        if new:
            content = {
                "model_version": version,
                "window_hours": self._hours,
                "new": new,
                "measures": [one.as_json() for one in acting],
            }
            event = Event(EventType.DRIFT_DETECTED, None, now, {"drift": content})
            events.record(session, [event])
            structlog.get_logger().warning("drift_detected", measures=new)
        calm = {one.measure for one in found if one.verdict is Verdict.STABLE}
        state.told = sorted((told | set(new)) - calm)
        state.model_version, state.at = version, now
        state.findings = [one.as_json() for one in found]

    def _current(self) -> tuple[str, Labels | None, Profile | None]:
        """The version that serves, its labels and its profile, read when it changes."""
        try:
            version = current_version(self._models) or ""
            if version and version != self._known[0]:
                manifest = read_manifest(self._models / version)
                profile = read_profile(manifest)
                self._known = (version, labels_of(manifest) if profile else None, profile)
        except ModelError as error:
            structlog.get_logger().warning("profile_unknown", reason=str(error))
            return "", None, None
        return self._known if version else ("", None, None)


def _reviews(session: Session, version: str, now: datetime, labels: Labels) -> Heads:
    """What people said lately of cases drawn at random, by the last verdict on each."""
    statement = (
        select(GivenVerdict, CaseContent.prediction)
        .join(Case, Case.id == GivenVerdict.case_id)
        .join(CaseContent, CaseContent.case_id == GivenVerdict.case_id)
        .where(
            GivenVerdict.at >= now - timedelta(days=VERDICT_DAYS),
            GivenVerdict.model_version == version,
            Case.reasons == AUDIT,
        )
        .order_by(GivenVerdict.at.desc(), GivenVerdict.id.desc())
        .limit(_MAX_VERDICTS)
    )
    heads, done = no_reviews(labels), set()
    for given, prediction in session.execute(statement):
        if given.case_id not in done:
            done.add(given.case_id)
            note(heads, prediction, (given.category, given.level), labels)
    return heads
