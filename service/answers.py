"""From checked complaints to replies: one prediction over all texts, a decision for each, cases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from classifier.playbook import Playbook, suggest
from classifier.policy import Context, decide
from classifier.prediction import Prediction
from classifier.reply import reply
from service.actors import Actor
from service.cases.intake import Also, Intake
from service.cases.record import Judged
from service.checks import check_complaint
from service.combine import GATHER_SECONDS, MAX_CHARS, Combiner, Take
from service.dialogues import hear
from service.drift.recorder import Recorder
from service.errors import ApiError, error_body
from service.idempotency import Keep, own_id
from service.metrics import Metrics
from service.predictor import Predictor
from service.schemas import Complaint
from service.shadow.arms import model_for, predict
from service.shadow.trial import Trial

Json = dict[str, object]


class Answers:
    """Answers complaints with the model that serves at the moment, and stores what people see."""

    def __init__(  # noqa: PLR0913  (everything that has a part in an answer)
        self,
        predictor: Predictor,
        metrics: Metrics,
        intake: Intake,
        playbook: Callable[[], Playbook],
        trial: Trial | None = None,
        *,
        drift: Recorder | None = None,
    ) -> None:
        self.predictor = predictor
        self._metrics = metrics
        self._intake = intake
        self._playbook = playbook
        self._drift = drift
        self._trial = trial
        # Batches predicted side by side take the interpreter from one another.
        self._one_batch = threading.Lock()
        self._combiner: Combiner[Complaint, Prediction] = Combiner(
            self._predict,
            stands_alone=lambda complaint: len(complaint.text) > MAX_CHARS,
        )

    def _predict(self, take: Take[Complaint]) -> list[Prediction]:
        time.sleep(GATHER_SECONDS)
        return predict(take(), self.predictor)

    def answer(
        self, complaint: Complaint, request_id: str, by: Actor, keep: Keep | None = None
    ) -> Json:
        """The reply to one complaint; `keep` keeps it in the transaction that stores the case."""

        def also(connection: Connection, numbers: Sequence[int | None]) -> None:
            _note_case(judged, numbers[0])
            if keep is not None:
                keep(connection, judged.reply)

        judged = self.judge(complaint, request_id, by)
        if judged.complaint.store is not False:
            _note_case(judged, self._intake.enqueue(judged, also))
        self._note_trial([judged])
        return judged.reply

    def judge(self, complaint: Complaint, request_id: str, by: Actor) -> Judged:
        """One complaint with everything that was found; nothing is stored."""
        received_at = datetime.now(UTC)
        prediction = self._combiner.result(complaint)
        return self._judge([complaint], [request_id], [prediction], by, received_at)[0]

    def judge_many(
        self, complaints: Sequence[Complaint], ids: Sequence[str], by: Actor
    ) -> list[Judged]:
        """Many complaints with everything that was found; nothing is stored."""
        received_at = datetime.now(UTC)
        with self._one_batch:
            found = predict(complaints, self.predictor)
        return self._judge(complaints, ids, found, by, received_at)

    def store(self, batch: Sequence[Judged], also: Also) -> None:
        """Stores what became a case, and in the same transaction what `also` adds; all or nothing.

        Raises:
            SQLAlchemyError: the database does not answer: nothing is stored.
        """
        _note_cases(batch, self._intake.store(batch, also))
        self._note_trial(batch)

    def answer_batch(
        self, items: Sequence[object], request_id: str, by: Actor, keep: Keep | None = None
    ) -> Json:
        """One result per item, in order; an item that breaks the schema gets its own error."""
        checked = [_check(item, place, request_id) for place, item in enumerate(items)]
        complaints = [item for item in checked if isinstance(item, Complaint)]
        ids = [
            f"{request_id}-{place}"
            for place, item in enumerate(checked)
            if isinstance(item, Complaint)
        ]
        judged = self.judge_many(complaints, ids, by)
        wanted = [item for item in judged if item.complaint.store is not False]
        replies = iter(judged)
        results = [next(replies).reply if isinstance(item, Complaint) else item for item in checked]
        whole: Json = {"request_id": request_id, "results": results}

        def also(connection: Connection, numbers: Sequence[int | None]) -> None:
            _note_cases(wanted, numbers)
            if keep is not None:
                keep(connection, whole)

        _note_cases(wanted, self._intake.enqueue_batch(wanted, also))
        self._note_trial(judged)
        return whole

    def _note_trial(self, batch: Sequence[Judged]) -> None:
        """Shows what was answered to the candidate, if there is one."""
        if self._trial is not None and self.predictor.candidate is not None:
            for judged in batch:
                self._trial.note(judged, _context(judged.complaint, judged.contacts))

    def _judge(
        self,
        complaints: Sequence[Complaint],
        ids: Sequence[str],
        found: Sequence[Prediction],
        by: Actor,
        received_at: datetime,
    ) -> list[Judged]:
        """A decision and a reply for each prediction."""
        policy = self.predictor.policy
        hashes = [self._intake.customer_hash(complaint) for complaint in complaints]
        contacts = self._intake.contacts(hashes, policy, received_at)
        judged = []
        for complaint, request_id, whole, own, number in zip(
            complaints, ids, found, hashes, contacts, strict=True
        ):
            prediction, dialogue = whole, None
            if complaint.messages is not None:
                model = model_for(complaint, self.predictor)
                prediction, dialogue = hear(complaint, whole, model)
            decision = decide(prediction, policy, _context(complaint, number))
            self._metrics.count_text(prediction, decision)
            if self._drift is not None:
                self._drift.note(complaint.text, whole)
            clock_start = complaint.occurred_at or received_at
            entry = reply(request_id, prediction, decision, received_at=clock_start)
            entry.update(id=complaint.id, stored=False, case_id=None)
            if dialogue is not None:
                entry["dialogue"] = dialogue.as_json()
            if complaint.suggest:
                entry["suggestion"] = suggest(prediction, decision, self._playbook()).as_json()
            why = self._intake.reasons(prediction, decision, policy)
            found_out = (prediction, decision, entry, why, own, number)
            judged.append(Judged(complaint, *found_out, received_at, by))
        return judged


def _context(complaint: Complaint, contacts: int) -> Context:
    """What the policy may know besides the text."""
    tier = complaint.customer.tier if complaint.customer else None
    return Context(tier, contacts, complaint.channel, complaint.metadata or {})


def _note_case(judged: Judged, number: int | None) -> None:
    """Tells the client which case its complaint became."""
    judged.reply.update(stored=number is not None, case_id=number)


def _note_cases(batch: Sequence[Judged], numbers: Sequence[int | None]) -> None:
    for judged, number in zip(batch, numbers, strict=True):
        _note_case(judged, number)


def _check(item: object, place: int, request_id: str) -> Complaint | Json:
    try:
        return check_complaint(item, place=f"items[{place}].")
    except ApiError as fault:
        error = error_body(fault, f"{request_id}-{place}")
        return {"id": own_id(item), "outcome": "error", **error}
