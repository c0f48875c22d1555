"""FreeScout with its API & Webhooks module.

https://freescout.net/module/api-webhooks/
https://api-docs.freescout.net/
"""

from __future__ import annotations

from html import escape

from service.adapters import plain_text, signatures
from service.adapters.change import Change
from service.adapters.client import Client, Json, part
from service.adapters.configuration import AnyAdapter, FreeScoutAdapter
from service.adapters.file import Adapter
from service.adapters.inbound import (
    NOT_A_CUSTOMER,
    NOT_A_MESSAGE,
    OWN,
    Ignored,
    Message,
    Payload,
    Sent,
    is_own,
)

_EVENTS = {"convo.created", "convo.customer.reply.created"}


def verify(sent: Sent, secret: str, settings: AnyAdapter) -> bool:
    """Whether the signature is the HMAC-SHA1 of the body, in Base64."""
    right = signatures.base64_digest(secret, sent.body, "sha1")
    return signatures.same(sent.header("X-FreeScout-Signature"), right)


def read(sent: Sent, payload: Payload, settings: AnyAdapter) -> Message | Ignored:
    """The newest thing that a customer wrote in the conversation, of events that bring one."""
    if sent.header("X-FreeScout-Event") not in _EVENTS:
        return NOT_A_MESSAGE
    threads = payload.part("_embedded").parts("threads")
    written = [one for one in threads if one.text("type") == "customer"]
    written = [one for one in written if one.text("state") in {"", "published"}]
    if not written:
        return NOT_A_CUSTOMER
    thread = max(written, key=lambda one: _number(one.text("id")))
    author = thread.part("createdBy")
    if is_own(settings.own_users, author.any_of(["id", "email"])) and (
        author.text("type") == "user"
    ):
        return OWN
    customer = payload.part("customer")
    return Message(
        ticket=payload.number("id"),
        message=thread.number("id"),
        text=plain_text.from_html(thread.text("body")),
        subject=payload.text("subject"),
        customer=customer.text("id") or None,
        channel=payload.text("type") or None,
        occurred_at=thread.moment("createdAt"),
    )


def headers(adapter: Adapter) -> dict[str, str]:
    """How we make ourselves known."""
    return {"X-FreeScout-API-Key": adapter.token}


def write(client: Client, change: Change) -> None:
    """Tags, the field that stands for a priority, assignee or mailbox, and the note last.

    Raises:
        SendError: it was not taken; what was done before is not done again.
    """
    settings = client.settings
    if not isinstance(settings, FreeScoutAdapter):
        return
    path = f"/api/conversations/{change.ticket}"
    conversation = client.get(f"{path}?embed=threads,tags")
    tags = change.with_tags(_tags(conversation))
    if tags is not None:
        client.put(f"{path}/tags", {"tags": tags})
    raised = change.raised(_field(conversation, settings.priority_field), settings)
    if settings.priority_field is not None and raised is not None:
        fields = [{"id": settings.priority_field, "value": raised}]
        client.put(f"{path}/custom_fields", {"customFields": fields})
    moved = _moved(conversation, change.group)
    if moved is not None:
        client.put(path, {"byUser": settings.user_id, **moved})
    if not _has_note(conversation, change.mark):
        text = escape(change.note).replace("\n", "<br>")
        note = {"type": "note", "text": text, "user": settings.user_id}
        client.post(f"{path}/threads", note)


def _embedded(conversation: Json, name: str) -> list[dict[str, object]]:
    found = part(conversation, "_embedded").get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _tags(conversation: Json) -> list[str]:
    return [str(one["name"]) for one in _embedded(conversation, "tags") if "name" in one]


def _has_note(conversation: Json, mark: str) -> bool:
    return any(mark in str(one.get("body")) for one in _embedded(conversation, "threads"))


def _field(conversation: Json, number: int | None) -> str | None:
    found = conversation.get("customFields")
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and one.get("id") == number:
            return str(one["value"]) if one.get("value") not in (None, "") else None
    return None


def _moved(conversation: Json, group: str | None) -> dict[str, int] | None:
    """What assigns the conversation to a user or team, or moves it to another mailbox."""
    kind, _, number = (group or "").partition(":")
    if kind == "user" and str(part(conversation, "assignee").get("id")) != number:
        return {"assignTo": int(number)}
    if kind == "mailbox" and str(conversation.get("mailboxId")) != number:
        return {"mailboxId": int(number)}
    return None


def _number(value: str) -> int:
    return int(value[:18]) if value.isascii() and value.isdigit() else 0
