"""Counts what a worker process classifies, beside the requests; never in them.

A request leaves its text and prediction in a short queue; a thread counts them within a second, so
that a text stays in memory no longer, and only the counts reach the database. Of many texts a
second some are left out, which changes no share.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from classifier.errors import TriageError
from classifier.prediction import Prediction
from classifier.profile import Counts, Labels, add_counts, labels_of, read_profile, seen, tally
from service.db import Database
from service.drift import counts
from service.drift.tables import DriftState
from service.outage import Outage
from service.predictor import Model, Predictor

GATHER_SECONDS = 1.0
FLUSH_TURNS = 60  # gatherings between two writings
_MAX_TEXTS = 512  # of one gathering: 1 µs each
_MAX_READ = 16  # of these, whose words are looked up: 40 µs each
_FRESH = timedelta(minutes=15)


class Recorder:
    """Counts of one process; safe between threads."""

    def __init__(
        self,
        database: Database,
        predictor: Predictor,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._predictor = predictor
        self._clock = clock
        self._noted: deque[tuple[str, Prediction]] = deque(maxlen=_MAX_TEXTS)
        self._counts: dict[counts.Place, Counts] = {}
        self._labels: tuple[Model, Labels | None] | None = None
        self._draws = np.random.default_rng()
        self._lock = threading.Lock()  # a process that ends counts for the last time itself
        self._outage = Outage()
        self.found: list[dict[str, object]] = []  # what the event worker found last, for /metrics

    def note(self, text: str, prediction: Prediction) -> None:
        """Remembers one classified text until it is counted."""
        self._noted.append((text, prediction))

    def gather(self) -> None:
        """Counts what was noted; without a profile there is nothing to compare it with."""
        with self._lock:
            self._gather()

    def _gather(self) -> None:
        noted = [self._noted.popleft() for _ in range(len(self._noted))]
        model = self._predictor.model
        labels = self._labels_of(model)
        noted = [one for one in noted if one[1].model_version == model.version]
        if labels is None or not noted:
            return
        texts = seen([prediction for _, prediction in noted], labels)
        words, unknown = texts.words.copy(), texts.unknown.copy()
        # Drawn, not every third: clients may send their texts in turns.
        rows = self._draws.permutation(len(noted))[:_MAX_READ]
        words[rows], unknown[rows] = model.count_words([noted[row][0] for row in rows])
        found = tally(replace(texts, words=words, unknown=unknown), labels)
        place = counts.hour_of(self._clock()), model.version
        self._counts[place] = add_counts(self._counts.get(place, {}), found)

    def flush(self) -> None:
        """Writes the counts and reads what was found; while the database is gone, later."""
        try:
            with self._lock:
                self._write()
            with self._database.session() as session:
                state = session.get(DriftState, 1)
        except SQLAlchemyError as error:
            self._outage.note(error)
            return
        self._outage.end()
        is_current = (
            state is not None
            and state.model_version == self._predictor.model.version
            and self._clock() - state.at < _FRESH
        )
        self.found = state.findings if state is not None and is_current else []

    def _write(self) -> None:
        if not self._counts:
            return
        with self._database.writing() as session:
            counts.add(session, self._counts)
            session.commit()
        self._counts = {}

    def start(self, *, stop: threading.Event | None = None) -> threading.Thread:
        """Starts the thread that counts every second and writes every minute, until `stop`."""
        stopped = stop or threading.Event()

        def work() -> None:
            turn = 0
            while not stopped.wait(GATHER_SECONDS):
                turn += 1
                try:
                    self.gather()
                    if turn % FLUSH_TURNS == 0:
                        self.flush()
                except Exception as error:
                    structlog.get_logger().error("drift_not_counted", error=error)

        thread = threading.Thread(target=work, name="drift", daemon=True)
        thread.start()
        return thread

    def _labels_of(self, model: Model) -> Labels | None:
        """The labels of a model that has a profile."""
        if self._labels is None or self._labels[0] is not model:
            manifest = model.describe()
            try:
                labels = labels_of(manifest) if read_profile(manifest) else None
            except TriageError as error:
                structlog.get_logger().error("profile_refused", reason=str(error))
                labels = None
            self._labels = model, labels
        return self._labels[1]
