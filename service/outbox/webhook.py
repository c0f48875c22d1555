"""Events as signed JSON for any program, after the Standard Webhooks specification."""

from __future__ import annotations

from datetime import datetime

import orjson
from standardwebhooks import Webhook

from service.outbox import post
from service.outbox.message import Message
from service.outbox.sending import Deadline
from service.outbox.targets import Target


def send(target: Target, message: Message, now: datetime, deadline: Deadline) -> None:
    """Posts the event; a repeated one has the same `webhook-id` and the same body.

    Raises:
        SendError: the target did not take it.
    """
    content = body(message)
    signed = headers(target.values["secret"], message.event_id, now, content)
    post.check(post.post(target.values["url"], content, signed, deadline), now)


def body(message: Message) -> bytes:
    """The payload, with the masked text where the target asks for it."""
    if message.text is None:
        return orjson.dumps(message.payload)
    content = message.payload["data"]
    more = {**content, "text": message.text} if isinstance(content, dict) else content
    return orjson.dumps({**message.payload, "data": more})


def headers(secrets: str, message_id: str, now: datetime, content: bytes) -> dict[str, str]:
    """The three headers; while a secret is being replaced there is a signature of each."""
    text = content.decode()
    signatures = [Webhook(one).sign(message_id, now, text) for one in secrets.split()]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
