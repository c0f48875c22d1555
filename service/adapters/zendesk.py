"""Zendesk: webhooks of ticket events, Ticketing API v2.

https://developer.zendesk.com/documentation/webhooks/verifying/
https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

import base64

from service.adapters import plain_text, signatures
from service.adapters.change import Change
from service.adapters.client import Client, part, texts
from service.adapters.configuration import AnyAdapter, ZendeskAdapter
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

_CREATED, _COMMENTED = (
    "zen:event-type:ticket.created",
    "zen:event-type:ticket.comment_added",
)


def verify(sent: Sent, secret: str, settings: AnyAdapter) -> bool:
    """Whether the signature is the HMAC-SHA256 of a fresh time stamp and the body."""
    stamp = sent.header("X-Zendesk-Webhook-Signature-Timestamp")
    content = stamp.encode("utf-8", "surrogateescape") + sent.body
    right = signatures.base64_digest(secret, content, "sha256")
    return signatures.same(
        sent.header("X-Zendesk-Webhook-Signature"), right
    ) and signatures.is_fresh(stamp, sent.now, settings.tolerance_seconds)


def read(sent: Sent, payload: Payload, settings: AnyAdapter) -> Message | Ignored:
    """A public comment of somebody who is not staff, or the text of a new ticket.

    Zendesk may tell of a new ticket twice, as created and as its first comment: both are one
    message.
    """
    kind, ticket = payload.text("type"), payload.part("detail")
    if kind == _CREATED:
        return _opening(payload, settings)
    if kind != _COMMENTED:
        return NOT_A_MESSAGE
    comment = payload.part("event").part("comment")
    author = comment.part("author")
    if is_own(settings.own_users, author.any_of(["id", "name", "email"])):
        return OWN
    if comment.flag("is_public") is False:
        return INTERNAL
    if author.flag("is_staff") is not False:
        return NOT_A_CUSTOMER
    return Message(
        ticket=ticket.number("id"),
        message=comment.number("id"),
        text=_text(comment.text("body")),
        subject=ticket.text("subject"),
        customer=author.text("id") or ticket.text("requester_id") or None,
        channel=ticket.part("via").text("channel") or None,
        occurred_at=payload.moment("time"),
    )


def _opening(payload: Payload, settings: AnyAdapter) -> Message | Ignored:
    """The description of a ticket that its requester opened; agents open tickets for others."""
    ticket = payload.part("detail")
    submitter = ticket.any_of(["submitter_id"])
    if is_own(settings.own_users, submitter | ticket.any_of(["actor_id"])):
        return OWN
    if ticket.flag("is_public") is False:
        return INTERNAL
    if submitter and submitter != ticket.any_of(["requester_id"]):
        return NOT_A_CUSTOMER
    return Message(
        ticket=ticket.number("id"),
        message="opening",
        text=_text(ticket.text("description")),
        subject=ticket.text("subject"),
        customer=ticket.text("requester_id") or None,
        channel=ticket.part("via").text("channel") or None,
        occurred_at=ticket.moment("created_at"),
        is_opening=True,
    )


def headers(adapter: Adapter) -> dict[str, str]:
    """How we make ourselves known: an API token as the password of its owner."""
    user = adapter.settings.user if isinstance(adapter.settings, ZendeskAdapter) else ""
    basic = base64.b64encode(f"{user}/token:{adapter.token}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


def write(client: Client, change: Change) -> None:
    """Priority, group, tags and the private comment in one request.

    The API's `tags` replaces all tags, so those that are there are sent too, and `safe_update` has
    the request refused (409, tried again) when somebody changed the ticket in between. The bulk
    endpoint's `additional_tags` would not need that, but answers before the work is done.

    Raises:
        SendError: it was not taken.
    """
    path = f"/api/v2/tickets/{change.ticket}"
    ticket = part(client.get(f"{path}.json"), "ticket")
    listed = client.read(f"{path}/comments.json?sort_order=desc&per_page=100")
    fields: dict[str, object] = {}
    current = ticket.get("priority")
    raised = change.raised(current if isinstance(current, str) else None, client.settings)
    if raised is not None:
        fields["priority"] = raised
    if change.group is not None and str(ticket.get("group_id")) != change.group:
        fields["group_id"] = int(change.group)
    tags = change.with_tags(texts(ticket, "tags"))
    if tags is not None:
        fields["tags"] = tags
    if change.mark.encode() not in listed:
        fields["comment"] = {"body": change.note, "public": False}
    if fields:
        fields |= {"safe_update": True, "updated_stamp": ticket.get("updated_at")}
        client.put(f"{path}.json", {"ticket": fields})


def _text(body: str) -> str:
    return plain_text.from_html(body) if plain_text.looks_like_html(body) else body
