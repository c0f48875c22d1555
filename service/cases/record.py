"""From a reply to the rows of a case: masked text, offsets that fit it, and what is filtered by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import overload

from classifier.pii import Masked, masked
from classifier.prediction import Decision, Prediction
from classifier.review import uncertainty
from service.actors import Actor
from service.cases.search import searchable, terms
from service.cases.states import State, VerdictState
from service.cases.textless import without_pieces, without_text
from service.dialogues import masked_dialogue
from service.schemas import Complaint
from service.texts import KeepText

Json = dict[str, object]

_PREDICTION = ("outcome", "outcome_reasons", "intensity", "category", "signals", "evidence",
               "language", "chars_used", "truncated", "model_version", "tokeniser")  # fmt: skip
_DECISION = ("priority", "route", "statutory", "policy_version", "policy_hash")


@dataclass(frozen=True, slots=True)
class Judged:
    """A complaint with everything that was found, on its way to becoming a case."""

    complaint: Complaint
    prediction: Prediction
    decision: Decision
    reply: Json
    reasons: tuple[str, ...]
    customer_hash: bytes | None
    contacts: int
    received_at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Rows:
    """The values of one case for its two tables, and the terms it is found by."""

    case: Json
    content: Json
    terms: frozenset[str]


def rows(judged: Judged, keep: KeepText) -> Rows:
    """The rows of a new case; nothing in them holds personal data that can be recognised.

    Only a text that is kept readable can be searched by an index of its pieces.
    """
    hidden = masked(storable(judged.complaint.text))
    folded = searchable(hidden.text) if keep is KeepText.MASKED else ""
    content = _content(judged, hidden, folded)
    if keep is KeepText.NONE:
        content |= without_text(content)
    return Rows(_case(judged), content, terms(folded))


def findings(judged: Judged, keep: KeepText) -> Json:
    """What was found and decided, with nothing in it that identifies anybody."""
    hidden = masked(storable(judged.complaint.text))
    found = {**_prediction(judged, hidden), **_decision(judged.reply)}
    return without_pieces(found) if keep is KeepText.NONE else found


def _case(judged: Judged) -> Json:
    complaint, prediction, decision = judged.complaint, judged.prediction, judged.decision
    created_at = judged.received_at
    clock_start_at = (complaint.occurred_at or created_at).astimezone(UTC)
    customer = complaint.customer
    return {
        "client_id": storable(complaint.id),
        "created_by": judged.by.id,
        "customer_hash": judged.customer_hash,
        "customer_tier": storable(customer.tier) if customer else None,
        "contacts": min(judged.contacts, 32_767),
        "channel": storable(complaint.channel),
        "product": storable(complaint.product) or None,
        "region": storable(complaint.region) or None,
        "outcome": prediction.outcome.value,
        "reasons": " ".join(judged.reasons),
        "level": prediction.intensity.level if prediction.intensity else None,
        "category": prediction.category.code if prediction.category else None,
        "signals": joined({signal.code for signal in prediction.signals}),
        "priority": decision.priority,
        "score": prediction.intensity.score if prediction.intensity else None,
        "uncertainty": uncertainty(prediction),
        "team": decision.team,
        "tier": decision.tier,
        "model_version": prediction.model_version,
        "policy_version": decision.policy_version,
        "tokeniser": prediction.tokeniser,
        "created_at": created_at,
        "created_hour": hour(created_at),
        "clock_start_at": clock_start_at,
        "due_at": decision.due_at(clock_start_at),
        "first_response_at": None,
        "response_seconds": None,
        "resolved_at": None,
        "resolution_seconds": None,
        "state": State.NEW,
        "is_open": True,
        "owner": None,
        "snoozed_until": None,
        "waiting_since": None,
        "paused_seconds": 0,
        "escalation_step": 0,
        "verdict_state": VerdictState.NONE,
        "version": 1,
    }


def _content(judged: Judged, hidden: Masked, folded: str) -> Json:
    return {
        "text": hidden.text,
        "searchable": folded,
        "prediction": _prediction(judged, hidden),
        "decision": _decision(judged.reply),
        "dialogue": _dialogue(judged, hidden),
    }


def _dialogue(judged: Judged, hidden: Masked) -> Json | None:
    """How the conversation went, with its masked turns; None for a single text."""
    messages, found = judged.complaint.messages, judged.reply.get("dialogue")
    return masked_dialogue(found, messages, hidden) if messages and found else None


def _prediction(judged: Judged, hidden: Masked) -> Json:
    prediction = {name: judged.reply[name] for name in _PREDICTION}
    if hidden.text != judged.complaint.text:
        for name in ("signals", "evidence"):
            prediction[name] = [_moved(piece, hidden) for piece in _pieces(judged.reply, name)]
    return prediction


def _decision(reply: Json) -> Json:
    return {name: reply[name] for name in _DECISION}


def _pieces(reply: Json, name: str) -> list[dict[str, object]]:
    pieces = reply[name]
    return pieces if isinstance(pieces, list) else []


def _moved(piece: dict[str, object], hidden: Masked) -> Json:
    """The piece where it lies in the masked text; its text is cut anew, from there."""
    start, end = hidden.span(int(str(piece["start"])), int(str(piece["end"])))
    return {**piece, "start": start, "end": end, "text": hidden.text[start:end]}


def joined(codes: set[str]) -> str:
    """Signal codes as they are kept: sorted, each between spaces, so that one can be looked for."""
    return f" {' '.join(sorted(codes))} " if codes else " "


def hour(moment: datetime) -> int:
    """Whole hours since 1970."""
    return int(moment.timestamp()) // 3600


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """The text without NUL, which PostgreSQL cannot keep; no offset moves."""
    return text.replace("\0", "\ufffd") if text else text
