"""The way of a webhook: signature, message, classification, case, and the event to write back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import structlog

from service.actors import Actor
from service.adapters import ledger, marker
from service.adapters.file import Adapter
from service.adapters.inbound import Ignored, Message, Payload, Sent
from service.adapters.ledger import Arrival, Seen, SeenError
from service.adapters.plain_text import without_quotes
from service.adapters.systems import SYSTEMS
from service.answers import Answers
from service.cases.record import findings
from service.db import Database
from service.errors import ApiError
from service.schemas import MAX_ID_CHARS, MAX_TEXT_CHARS, Complaint, Customer
from service.secret import Secret
from service.tables import Role

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCK_SKEW = timedelta(minutes=5)
_HASH_BYTES = 16
_MAX_CHANNEL_CHARS = 64
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: to which adapter, its number and from where."""

    adapter: str
    request_id: str
    source: str


class Inbox:
    """Takes the webhooks of all adapters; safe between threads."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        answers: Answers,
        database: Database,
        secret: Secret,
    ) -> None:
        self._adapters = adapters
        self._answers = answers
        self._database = database
        self._secret = secret

    def receive(self, visit: Visit, sent: Sent) -> Json:
        """What was done with a webhook.

        Raises:
            ApiError: 404 no such adapter, 401 wrong signature, 400 or 422 not the system's body.
            SQLAlchemyError: the database does not answer: nothing was done, it should come again.
        """
        adapter = self._adapters.get(visit.adapter)
        if adapter is None:
            raise ApiError(404, "adapter_unknown", "没有这个接入，请检查地址与 TRIAGE_ADAPTERS")
        system = SYSTEMS[adapter.settings.system]
        if not any(system.verify(sent, one, adapter.settings) for one in adapter.secrets):
            raise ApiError(401, "signature_invalid", "签名缺失、不正确或已过时，请检查密钥与时钟")
        found = system.read(sent, Payload(_object(sent.body)), adapter.settings)
        answer = found if isinstance(found, Ignored) else self._take(adapter, found, visit)
        return _reply(visit, answer)

    def _take(self, adapter: Adapter, message: Message, visit: Visit) -> Ignored | tuple[str, Seen]:
        if marker.is_in(self._secret, message.text):
            return Ignored("own_note")
        arrival = Arrival(adapter, message, self._hash(message.text))
        is_later, seen = ledger.look(self._database, arrival)
        if seen is not None:
            return "duplicate", seen
        text = _text(message, is_later=is_later, with_subject=adapter.settings.with_subject)
        if is_later and not text:
            return Ignored("empty")
        by = Actor(f"adapter:{adapter.name}", Role.ADMIN, visit.source)
        judged = self._answers.judge(_complaint(adapter, message, text), visit.request_id, by)
        # Before anybody's turn to write: it masks the text.
        found = findings(judged, self._database.keeping.mode)
        added: list[Seen] = []
        try:
            self._answers.store(
                [judged],
                lambda connection, numbers: added.append(
                    ledger.add(connection, arrival, judged, found, numbers[0])
                ),
            )
        except SeenError as error:
            return "duplicate", error.seen
        return "accepted", added[0]

    def _hash(self, text: str) -> bytes:
        """Tells one text from another, and nothing else of it."""
        return self._secret.hash("adapter-text", " ".join(text.split()).encode())[:_HASH_BYTES]


def _reply(visit: Visit, answer: Ignored | tuple[str, Seen]) -> Json:
    """What the ticket system is told, which is also logged."""
    told: Json = {"result": "ignored", "reason": None, "priority": None, "case_id": None}
    if isinstance(answer, Ignored):
        told["reason"] = answer.reason
    else:
        result, seen = answer
        told |= {"result": result, "priority": seen.priority.name, "case_id": seen.case_id}
    structlog.get_logger().info(
        "ticket_webhook", request_id=visit.request_id, adapter=visit.adapter, **told
    )
    return {"request_id": visit.request_id, **told}


def _object(body: bytes) -> Json:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, "body_not_json", "请求体不是有效的 JSON（UTF-8）") from None
    if not isinstance(found, dict):
        raise ApiError(422, "payload_unreadable", "请求体不是 JSON 对象")
    return found


def _text(message: Message, *, is_later: bool, with_subject: bool) -> str:
    """What is classified: of a later message what is new, of the first one its subject too."""
    if is_later:
        return without_quotes(message.text)[:MAX_TEXT_CHARS]
    text, subject = message.text.strip(), message.subject.strip()
    if with_subject and subject and subject not in text:
        text = f"{subject}\n{text}" if text else subject
    return text[:MAX_TEXT_CHARS]


def _complaint(adapter: Adapter, message: Message, text: str) -> Complaint:
    moment, now = message.occurred_at, datetime.now(UTC)
    is_right = moment is not None and _EARLIEST <= moment <= now + _CLOCK_SKEW
    channel = adapter.settings.channel or message.channel
    customer = f"{adapter.name}:{message.customer}"[:MAX_ID_CHARS] if message.customer else None
    return Complaint.model_validate(
        {
            "text": text,
            "id": f"{adapter.name}:{message.ticket}"[:MAX_ID_CHARS],
            "channel": channel[:_MAX_CHANNEL_CHARS] if channel else None,
            "product": adapter.settings.product,
            "region": adapter.settings.region,
            "customer": Customer(id=customer) if customer else None,
            "occurred_at": moment.isoformat() if moment and is_right else None,
        }
    )
