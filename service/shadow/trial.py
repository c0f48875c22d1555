"""The candidate reads what the current model has answered, after the answer is out.

Requests only put what they judged into a queue with an end; a thread of low urgency lets the
candidate judge it too and adds up both answers. What comes while the queue is full is left out and
counted, so that a candidate that is too slow costs no request anything.
"""

from __future__ import annotations

import atexit
import threading
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast

import structlog
from sqlalchemy import Table, insert, text
from sqlalchemy.exc import SQLAlchemyError

from classifier.policy import Context, Policy
from service.cases.record import Judged
from service.db import Database
from service.dialogues import hear
from service.metrics import Metrics
from service.outage import Outage
from service.predictor import Model, Predictor
from service.shadow.compare import Answer, answer
from service.shadow.tables import ShadowAnswer

MAX_WAITING = 1000
_AT_ONCE = 32
_PAUSE_SECONDS = 0.5
_WRITE_SECONDS = 5.0
_END_SECONDS = 5.0  # a worker that ends waits so long for its last sums
_MAX_UNWRITTEN = 2000  # answers to cases while the database is gone
_ADD_ANSWERS = insert(cast("Table", ShadowAnswer.__table__))
_ADD_COUNTS = text(
    "INSERT INTO shadow_counts (current, candidate, day, part, said, candidate_said, texts) "
    "VALUES (:current, :candidate, :day, :part, :said, :candidate_said, :texts) "
    "ON CONFLICT (current, candidate, day, part, said, candidate_said) "
    "DO UPDATE SET texts = shadow_counts.texts + excluded.texts"
)


class _Seen(NamedTuple):
    """A complaint that the current model has answered."""

    judged: Judged
    context: Context


class _Place(NamedTuple):
    """What is counted together."""

    current: str
    candidate: str
    day: int
    part: str
    said: str
    candidate_said: str


class Trial:
    """Compares both models; any thread may call `note`, the rest is its own once it is started."""

    def __init__(self, predictor: Predictor, database: Database, metrics: Metrics) -> None:
        self._predictor = predictor
        self._database = database
        self._metrics = metrics
        self._outage = Outage()
        self._waiting: deque[_Seen] = deque()
        self._counts: Counter[_Place] = Counter()
        self._answers: list[dict[str, object]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def note(self, judged: Judged, context: Context) -> None:
        """Remembers an answered complaint for the candidate; takes no time to speak of."""
        candidate = self._predictor.candidate
        if candidate is None or judged.prediction.model_version == candidate.version:
            return  # there is none, or it has answered this complaint itself
        if len(self._waiting) >= MAX_WAITING:
            self._metrics.count_shadow("left_out")
            return
        self._waiting.append(_Seen(judged, context))

    def start(self) -> None:
        """Compares from now on, in a thread of this process, until the process ends."""
        self._thread.start()
        atexit.register(self.end)

    def end(self) -> None:
        """Compares and stores what is left, for a few seconds at most."""
        self._ending.set()
        self._thread.join(_END_SECONDS)

    def compare(self) -> int:
        """Lets the candidate judge some of what waits; how many complaints that were."""
        seen = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
        candidate = self._predictor.candidate
        if candidate is not None and seen:
            self._judge(seen, candidate, self._predictor.policy)
        return len(seen)

    def write(self) -> None:
        """Stores what was added up; what the database does not take now is kept for later."""
        if not self._counts:
            return
        rows = [{**place._asdict(), "texts": texts} for place, texts in self._counts.items()]
        try:
            with self._database.writing() as session:
                session.execute(_ADD_COUNTS, sorted(rows, key=lambda row: tuple(row.values())))
                if self._answers:
                    session.execute(_ADD_ANSWERS, self._answers)
                session.commit()
        except SQLAlchemyError as error:
            self._outage.note(error)
            del self._answers[:-_MAX_UNWRITTEN]
            return
        self._outage.end()
        self._counts.clear()
        self._answers.clear()

    def _judge(self, seen: Sequence[_Seen], candidate: Model, policy: Policy) -> None:
        texts = [one.judged.complaint.text for one in seen]
        day = int(datetime.now(UTC).timestamp()) // 86_400
        for one, whole in zip(seen, candidate.predict(texts, with_evidence=False), strict=True):
            found = whole
            if one.judged.complaint.messages is not None:
                found, _ = hear(one.judged.complaint, whole, candidate)
            ours = answer(one.judged.prediction, one.context, policy)
            theirs = answer(found, one.context, policy)
            versions = (one.judged.prediction.model_version, candidate.version)
            for (part, said), (_, other) in zip(ours.values(), theirs.values(), strict=True):
                self._counts[_Place(*versions, day, part, said, other)] += 1
            self._metrics.count_shadow("same" if ours == theirs else "different")
            case_id = one.judged.reply["case_id"]
            if isinstance(case_id, int):
                self._answers.append(_row(case_id, candidate.version, theirs))

    def _run(self) -> None:
        since_write = 0.0
        while not self._ending.is_set():
            is_last = self._ending.wait(_PAUSE_SECONDS)
            since_write += _PAUSE_SECONDS
            try:
                while self.compare() == _AT_ONCE:
                    pass
                if is_last or since_write >= _WRITE_SECONDS:
                    since_write = 0.0
                    self.write()
            except Exception as error:
                structlog.get_logger().error("shadow_failed", error=error)


def _row(case_id: int, candidate: str, found: Answer) -> dict[str, object]:
    return {
        "case_id": case_id,
        "candidate": candidate,
        "category": found.category,
        "level": found.level,
        "priority": found.priority,
    }
