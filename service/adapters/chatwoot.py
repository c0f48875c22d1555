"""Chatwoot: an account's webhook, application API v1.

https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks
https://developers.chatwoot.com/api-reference/conversations
"""

from __future__ import annotations

from service.adapters import plain_text, signatures
from service.adapters.change import Change
from service.adapters.client import Client, part, texts
from service.adapters.configuration import AnyAdapter, ChatwootAdapter
from service.adapters.file import Adapter
from service.adapters.inbound import (
    INTERNAL,
    NOT_A_CUSTOMER,
    NOT_A_MESSAGE,
    OTHER_ACCOUNT,
    OWN,
    Ignored,
    Message,
    Payload,
    Sent,
    is_own,
)


def verify(sent: Sent, secret: str, settings: AnyAdapter) -> bool:
    """Whether the signature is the HMAC-SHA256 of a fresh time stamp, a dot and the body."""
    stamp = sent.header("X-Chatwoot-Timestamp")
    content = stamp.encode("utf-8", "surrogateescape") + b"." + sent.body
    right = f"sha256={signatures.hex_digest(secret, content, 'sha256')}"
    return signatures.same(sent.header("X-Chatwoot-Signature"), right) and signatures.is_fresh(
        stamp, sent.now, settings.tolerance_seconds
    )


def read(sent: Sent, payload: Payload, settings: AnyAdapter) -> Message | Ignored:
    """A message that came in; everything else that happens to a conversation is none."""
    if payload.text("event") != "message_created":
        return NOT_A_MESSAGE
    if isinstance(settings, ChatwootAdapter) and payload.part("account").text("id") != str(
        settings.account_id
    ):
        return OTHER_ACCOUNT
    sender, conversation = payload.part("sender"), payload.part("conversation")
    if is_own(settings.own_users, sender.any_of(["id", "email", "name"])) and (
        payload.text("message_type") not in {"incoming", "0"}
    ):
        return OWN
    if payload.flag("private"):
        return INTERNAL
    if payload.text("message_type") not in {"incoming", "0"}:
        return NOT_A_CUSTOMER
    mail = payload.part("content_attributes").part("email")
    body = payload.text("content")
    return Message(
        ticket=conversation.number("id"),
        message=payload.number("id"),
        text=plain_text.from_html(body) if plain_text.looks_like_html(body) else body,
        subject=mail.text("subject"),
        customer=sender.text("id") or None,
        channel=_channel(conversation.text("channel")),
        occurred_at=payload.moment("created_at"),
    )


def headers(adapter: Adapter) -> dict[str, str]:
    """How we make ourselves known."""
    return {"api_access_token": adapter.token}


def write(client: Client, change: Change) -> None:
    """Priority, labels and team each by a request of its own, the private note last.

    Raises:
        SendError: it was not taken; what was done before is not done again.
    """
    account = client.settings.account_id if isinstance(client.settings, ChatwootAdapter) else 0
    path = f"/api/v1/accounts/{account}/conversations/{change.ticket}"
    conversation = client.get(path)
    current = conversation.get("priority")
    raised = change.raised(current if isinstance(current, str) else None, client.settings)
    if raised is not None:
        client.post(f"{path}/toggle_priority", {"priority": raised})
    labels = change.with_tags(texts(client.get(f"{path}/labels"), "payload"))
    if labels is not None:
        client.post(f"{path}/labels", {"labels": labels})
    team = part(part(conversation, "meta"), "team").get("id")
    if change.group is not None and str(team) != change.group:
        client.post(f"{path}/assignments", {"team_id": int(change.group)})
    # Messages after the customer's: without `after` only the last twenty are listed.
    listed = client.read(f"{path}/messages?after={change.message}")
    if change.mark.encode() not in listed:
        note = {"content": change.note, "message_type": "outgoing", "private": True}
        client.post(f"{path}/messages", note)


def _channel(kind: str) -> str | None:
    """The channel's name without its module: `Channel::WebWidget` is `webwidget`."""
    return kind.rpartition("::")[2].lower() or None
