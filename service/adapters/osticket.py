"""osTicket with a plugin that speaks the format of docs/adapters.md.

The core has no webhook, and its API can only make tickets, with the key in `X-API-Key`:
https://docs.osticket.com/en/latest/Developer%20Documentation/API%20Docs.html
So messages come from a plugin, or from the program that makes tickets by that API and sends the
same body here with the number that it got; what was found goes to an endpoint of the plugin.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

from service.adapters import plain_text, signatures
from service.adapters.change import Change
from service.adapters.client import Client
from service.adapters.configuration import AnyAdapter
from service.adapters.file import Adapter
from service.adapters.inbound import (
    INTERNAL,
    NOT_A_CUSTOMER,
    NOT_A_MESSAGE,
    OWN,
    Ignored,
    Message,
    Payload,
    Sent,
    is_own,
)

_EVENTS = {"ticket.created", "message.created"}
_NOTE = "N"  # types of osTicket's thread entries: message, response, note


def verify(sent: Sent, secret: str, settings: AnyAdapter) -> bool:
    """Whether `X-API-Key` is the key."""
    return signatures.same(sent.header("X-API-Key"), secret)


def read(sent: Sent, payload: Payload, settings: AnyAdapter) -> Message | Ignored:
    """A thread entry of type M by a user, or the body of a ticket made by the API."""
    if not payload.has("event"):
        return _made_by_api(payload)
    if payload.text("event") not in _EVENTS:
        return NOT_A_MESSAGE
    ticket, entry = payload.part("ticket"), payload.part("message")
    poster = entry.part("poster")
    if is_own(settings.own_users, poster.any_of(["id", "name", "email"])) and (
        poster.text("type") != "user"
    ):
        return OWN
    if entry.text("type") == _NOTE:
        return INTERNAL
    if entry.text("type") != "M" or poster.text("type") != "user":
        return NOT_A_CUSTOMER
    body = entry.text("body")
    return Message(
        ticket=ticket.identifier("id"),
        message=entry.message_id("id"),
        text=plain_text.from_html(body) if entry.text("format") == "html" else body,
        subject=ticket.text("subject"),
        customer=poster.text("id") or None,
        channel=ticket.text("source") or None,
        occurred_at=entry.moment("created"),
    )


def _made_by_api(payload: Payload) -> Message | Ignored:
    """The body of `POST /api/tickets.json` with `ticket`, the number that osTicket answered."""
    if not payload.has("ticket"):
        return NOT_A_MESSAGE
    return Message(
        ticket=payload.identifier("ticket"),
        message="opening",
        text=_content(payload.text("message")),
        subject=payload.text("subject"),
        customer=payload.text("email") or None,
        channel=payload.text("source") or None,
        is_opening=True,
    )


def headers(adapter: Adapter) -> dict[str, str]:
    """How we make ourselves known."""
    return {"X-API-Key": adapter.token}


def write(client: Client, change: Change) -> None:
    """One request to the plugin, which adds a note with the same mark once and lowers nothing.

    Raises:
        SendError: it was not taken.
    """
    client.post(
        "",
        {
            "ticket": change.ticket,
            "message": change.message,
            "priority": change.priority,
            "only_raise": True,
            "department": change.group,
            "tags": list(change.tags),
            "note": {"title": "投诉分诊", "body": change.note, "format": "text"},
            "mark": change.mark,
        },
    )


def _content(message: str) -> str:
    """The text of a message, which may be a data URL as in RFC 2397.

    >>> _content("data:text/html,<p>%E5%A4%AA%E6%85%A2</p>"), _content("太慢")
    ('太慢', '太慢')
    """
    if not message.startswith("data:"):
        return message
    kind, _, content = message.removeprefix("data:").partition(",")
    try:
        raw = base64.b64decode(content) if kind.endswith(";base64") else unquote_to_bytes(content)
    except binascii.Error:
        raw = content.encode("utf-8", "replace")
    text = raw.decode("utf-8", "replace")
    return plain_text.from_html(text) if kind.startswith("text/html") else text
