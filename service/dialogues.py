"""Conversations on their way through the service: judged turn by turn, stored masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, cast

from classifier.dialogue import Dialogue, Role, judge
from classifier.pii import Masked, mask
from classifier.prediction import Prediction
from service.schemas import Complaint, Message, turns_of

if TYPE_CHECKING:
    from service.predictor import Model

Json = dict[str, object]


def hear(complaint: Complaint, whole: Prediction, model: Model) -> tuple[Prediction, Dialogue]:
    """What to decide on, and how the conversation went; `whole` is the prediction for its text."""
    turns = turns_of(complaint.messages or [])
    found = model.predict([turn.text for turn in turns if turn.role is Role.CUSTOMER])
    if found[0].model_version != whole.model_version:  # another model was swapped in meanwhile
        whole = model.predict([complaint.text])[0]
    return judge(turns, whole, found)


def masked_dialogue(found: object, messages: Sequence[Message], hidden: Masked) -> Json:
    """The findings as they stand in a reply, with the masked turns; offsets fit the masked text.

    `hidden` is the masked text of the customer: their turns are cut from it, so that what is
    hidden there is hidden here.
    """
    dialogue = cast("Mapping[str, object]", found)
    turns = cast("Sequence[Json]", dialogue["turns"])
    return {
        **dialogue,
        "turns": [
            {**turn, **_masked_turn(turn, message, hidden)}
            for turn, message in zip(turns, messages, strict=True)
        ],
    }


def _masked_turn(turn: Json, message: Message, hidden: Masked) -> Json:
    at = message.at.astimezone(UTC).isoformat() if message.at else None
    start, end = turn["start"], turn["end"]
    if isinstance(start, int) and isinstance(end, int):
        start, end = hidden.span(start, end)
        return {"at": at, "text": hidden.text[start:end], "start": start, "end": end}
    # PostgreSQL keeps no NUL.
    return {"at": at, "text": mask(message.text.replace("\0", "\ufffd"))}
