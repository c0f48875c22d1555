"""Zammad: webhooks of triggers, REST API v1.

https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html
https://docs.zammad.org/en/latest/api/ticket/index.html
"""

from __future__ import annotations

from service.adapters import plain_text, signatures
from service.adapters.change import Change
from service.adapters.client import Client, part, texts
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

_AUTHOR = ("id", "login", "email")


def verify(sent: Sent, secret: str, settings: AnyAdapter) -> bool:
    """Whether `X-Hub-Signature` is the HMAC-SHA1 of the body."""
    right = f"sha1={signatures.hex_digest(secret, sent.body, 'sha1')}"
    return signatures.same(sent.header("X-Hub-Signature"), right)


def read(sent: Sent, payload: Payload, settings: AnyAdapter) -> Message | Ignored:
    """The article that fired the trigger, if a customer wrote it.

    A trigger also fires when only the ticket was changed: there is then no article, or the last
    one again. An article that an agent took down for a customer on the telephone is the customer's.
    """
    ticket, article = payload.part("ticket"), payload.part("article")
    if not article.has("id"):
        return NOT_A_MESSAGE
    author = article.part("created_by").any_of(_AUTHOR) | article.any_of(["created_by_id"])
    if is_own(settings.own_users, author):
        return OWN
    if article.flag("internal"):
        return INTERNAL
    if article.text("sender") != "Customer":
        return NOT_A_CUSTOMER
    body = article.text("body")
    is_html = article.text("content_type").startswith("text/html")
    return Message(
        ticket=ticket.number("id"),
        message=article.number("id"),
        text=plain_text.from_html(body) if is_html else body,
        subject=ticket.text("title"),
        customer=ticket.text("customer_id") or None,
        channel=article.text("type") or None,
        occurred_at=article.moment("created_at"),
    )


def headers(adapter: Adapter) -> dict[str, str]:
    """How we make ourselves known."""
    return {"Authorization": f"Token token={adapter.token}"}


def write(client: Client, change: Change) -> None:
    """Tags first, then priority, group and the internal note in one request.

    Raises:
        SendError: it was not taken.
    """
    path = f"/api/v1/tickets/{change.ticket}"
    ticket = client.get(f"{path}?expand=true")
    has_note = change.mark.encode() in client.read(
        f"/api/v1/ticket_articles/by_ticket/{change.ticket}"
    )
    known = texts(client.get(f"/api/v1/tags?object=Ticket&o_id={change.ticket}"), "tags")
    for tag in change.tags:
        if tag not in known:
            item = {"item": tag, "object": "Ticket", "o_id": int(change.ticket)}
            client.post("/api/v1/tags/add", item)
    fields: dict[str, object] = {}
    raised = change.raised(_name(ticket, "priority"), client.settings)
    if raised is not None:
        fields["priority"] = raised
    if change.group is not None and change.group != _name(ticket, "group"):
        fields["group"] = change.group
    if not has_note:
        fields["article"] = {
            "subject": "投诉分诊",
            "body": change.note,
            "content_type": "text/plain",
            "type": "note",
            "internal": True,
        }
    if fields:
        client.put(path, fields)


def _name(ticket: object, field: str) -> str | None:
    """What a field of an expanded ticket is called: a name, or in some versions an object."""
    if not isinstance(ticket, dict):
        return None
    found = ticket.get(field)
    found = part(ticket, field).get("name") if isinstance(found, dict) else found
    return found if isinstance(found, str) else None
