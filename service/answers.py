"""From checked complaints to replies: one prediction over all texts, then a decision for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from classifier.policy import Context, decide
from classifier.prediction import Prediction
from classifier.reply import reply
from service.checks import check_complaint
from service.combine import Combiner
from service.errors import ApiError, error_body
from service.idempotency import own_id
from service.metrics import Metrics
from service.predictor import Predictor
from service.schemas import Complaint

Json = dict[str, object]


class Answers:
    """Answers complaints with the model that serves at the moment."""

    def __init__(self, predictor: Predictor, metrics: Metrics) -> None:
        self.predictor = predictor
        self._metrics = metrics
        # The model is looked up for each batch: it may have been swapped.
        self._combiner = Combiner(lambda texts: predictor.model.predict(texts))  # noqa: PLW0108

    def answer(self, complaint: Complaint, request_id: str) -> Json:
        """The reply to one complaint."""
        received_at = datetime.now(UTC)
        prediction = self._combiner.predict(complaint.text)
        return self._reply(complaint, request_id, prediction, received_at)

    def answer_batch(self, items: Sequence[object], request_id: str) -> Json:
        """One result per item, in order; an item that breaks the schema gets its own error."""
        checked = [_check(item, place, request_id) for place, item in enumerate(items)]
        complaints = [item for item in checked if isinstance(item, Complaint)]
        ids = [
            f"{request_id}-{place}"
            for place, item in enumerate(checked)
            if isinstance(item, Complaint)
        ]
        received_at = datetime.now(UTC)
        found = self.predictor.model.predict([complaint.text for complaint in complaints])
        replies = (
            self._reply(complaint, own_request_id, prediction, received_at)
            for complaint, own_request_id, prediction in zip(complaints, ids, found, strict=True)
        )
        results = [next(replies) if isinstance(item, Complaint) else item for item in checked]
        return {"request_id": request_id, "results": results}

    def _reply(
        self, complaint: Complaint, request_id: str, prediction: Prediction, received_at: datetime
    ) -> Json:
        tier = complaint.customer.tier if complaint.customer else None
        decision = decide(prediction, self.predictor.policy, Context(customer_tier=tier))
        self._metrics.count_text(prediction, decision)
        clock_start = complaint.occurred_at or received_at
        entry = reply(request_id, prediction, decision, received_at=clock_start)
        entry["id"] = complaint.id
        entry["stored"] = False
        return entry


def _check(item: object, place: int, request_id: str) -> Complaint | Json:
    try:
        return check_complaint(item, place=f"items[{place}].")
    except ApiError as fault:
        error = error_body(fault, f"{request_id}-{place}")
        return {"id": own_id(item), "outcome": "error", **error}
