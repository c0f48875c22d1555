"""What differs between the five systems for a test: payloads, signatures, words."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.service.adapters import fakes
from tests.service.adapters.server import FakeSystem

SECRET = "a-secret-of-the-webhook"
PAYLOADS = Path(__file__).parent / "payloads"
Json = dict[str, object]


def load(name: str) -> Json:
    """A recorded shape."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Kit:
    """One system."""

    system: str
    fake: type[FakeSystem]
    toml: str
    sign: Callable[[bytes, str], dict[str, str]]
    # The payload with a message of this number and text, by a customer, an agent or ourselves.
    say: Callable[[Json, int, str, str], None]
    words: dict[str, str]  # what P1, P2 and P3 are called
    group: str
    highest: str

    def payload(self, number: int = 104, text: str | None = None, by: str = "customer") -> Json:
        """A webhook's body; the recorded one unless something else is asked for."""
        found = copy.deepcopy(load(self.system))
        if text is not None or by != "customer" or number != 104:
            self.say(found, number, text if text is not None else "等了四十分钟，我要举报", by)
        return found


def _hex(body: bytes, secret: str, algorithm: str) -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def _base64(body: bytes, secret: str, algorithm: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, algorithm).digest()).decode()


def sign_zammad(body: bytes, secret: str) -> dict[str, str]:
    """As Zammad's UserAgent does."""
    return {
        "X-Hub-Signature": f"sha1={_hex(body, secret, 'sha1')}",
        "X-Zammad-Trigger": "投诉分诊",
        "X-Zammad-Delivery": hashlib.sha256(body).hexdigest()[:36],
        "User-Agent": "Zammad User Agent",
        "Content-Type": "application/json; charset=utf-8",
    }


def say_zammad(payload: Json, number: int, text: str, by: str) -> None:
    """An article."""
    article: Json = payload["article"]  # type: ignore[assignment]
    article |= {"id": number, "body": text, "content_type": "text/plain"}
    if by != "customer":
        user = {"agent": 3, "internal": 3, "own": 7}[by]
        login = "triage@example.com" if by == "own" else "emma@example.com"
        article |= {"sender": "Agent", "internal": by != "agent", "created_by_id": user}
        article["created_by"] = {"id": user, "login": login, "email": login}


def sign_zendesk(body: bytes, secret: str, stamp: str | None = None) -> dict[str, str]:
    """As Zendesk's document on verifying says."""
    stamp = stamp or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "X-Zendesk-Webhook-Signature": _base64(stamp.encode() + body, secret, "sha256"),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Id": "01F1KRFQ6BG29CNWFR60NK5FNY",
        "X-Zendesk-Webhook-Invocation-Id": "8350205582",
        "Content-Type": "application/json",
    }


def say_zendesk(payload: Json, number: int, text: str, by: str) -> None:
    """A comment."""
    comment: Json = payload["event"]["comment"]  # type: ignore[index]
    comment |= {"id": number, "body": text}
    if by != "customer":
        author = {"id": "7" if by == "own" else "3", "is_staff": True, "name": "Emma"}
        comment |= {"author": author, "is_public": by == "agent"}


def sign_chatwoot(body: bytes, secret: str, stamp: str | None = None) -> dict[str, str]:
    """As Chatwoot's webhook job does."""
    stamp = stamp or str(int(time.time()))
    return {
        "X-Chatwoot-Signature": f"sha256={_hex(f'{stamp}.'.encode() + body, secret, 'sha256')}",
        "X-Chatwoot-Timestamp": stamp,
        "X-Chatwoot-Delivery": hashlib.sha256(body).hexdigest()[:36],
        "Content-Type": "application/json",
    }


def say_chatwoot(payload: Json, number: int, text: str, by: str) -> None:
    """A message."""
    payload |= {"id": number, "content": text}
    if by != "customer":
        payload |= {"message_type": "outgoing", "private": by != "agent"}
        payload["sender"] = {"id": 7 if by == "own" else 3, "name": "Emma", "type": "user"}


def sign_freescout(body: bytes, secret: str) -> dict[str, str]:
    """As the module does."""
    return {
        "X-FreeScout-Signature": _base64(body, secret, "sha1"),
        "X-FreeScout-Event": _freescout_event(body),
        "Content-Type": "application/json",
    }


def _freescout_event(body: bytes) -> str:
    try:
        found = json.loads(body)
        threads = found["_embedded"]["threads"]
    except (ValueError, KeyError, TypeError):
        return "convo.created"
    names = {"customer": "customer.reply.created", "message": "agent.reply.created"}
    if len(threads) == 1 and threads[0]["type"] == "customer":
        return "convo.created"
    return f"convo.{names.get(threads[0]['type'], 'note.created')}"


def say_freescout(payload: Json, number: int, text: str, by: str) -> None:
    """A thread on top of the others, if it is not the first one."""
    threads: list[Json] = payload["_embedded"]["threads"]  # type: ignore[index]
    kind = {"customer": "customer", "agent": "message"}.get(by, "note")
    written = {**threads[0], "id": number, "type": kind, "body": text}
    if kind != "customer":
        written["createdBy"] = {"id": 7 if by == "own" else 3, "type": "user"}
    payload["_embedded"]["threads"] = [written] if number == 104 else [written, *threads]  # type: ignore[index]


def sign_osticket(_body: bytes, secret: str) -> dict[str, str]:
    """As osTicket's own API asks for."""
    return {"X-API-Key": secret, "Content-Type": "application/json"}


def say_osticket(payload: Json, number: int, text: str, by: str) -> None:
    """A thread entry."""
    entry: Json = payload["message"]  # type: ignore[assignment]
    payload["event"] = "ticket.created" if number == 104 else "message.created"
    entry |= {"id": str(number), "body": text, "format": "text"}
    if by != "customer":
        entry["type"] = "R" if by == "agent" else "N"
        entry["poster"] = {"type": "agent", "id": "7" if by == "own" else "3"}


KITS = {
    kit.system: kit
    for kit in (
        Kit(
            "zammad", fakes.FakeZammad, "own_users = ['triage@example.com']", sign_zammad,
            say_zammad, {"P1": "3 high", "P2": "2 normal", "P3": "1 low"}, "服务品质组", "3 high",
        ),
        Kit(
            "zendesk", fakes.FakeZendesk, "user = 'bot@example.com'\nown_users = ['7']",
            sign_zendesk, say_zendesk, {"P1": "high", "P2": "normal", "P3": "low"}, "20",
            "urgent",
        ),
        Kit(
            "chatwoot", fakes.FakeChatwoot, "account_id = 3\nown_users = ['7']", sign_chatwoot,
            say_chatwoot, {"P1": "high", "P2": "medium", "P3": "low"}, "5", "urgent",
        ),
        Kit(
            "freescout", fakes.FakeFreeScout,
            "user_id = 33\nown_users = ['7']\npriority_field = 37\n"
            "priority_order = ['4', '3', '2', '1']\n"
            "priorities = {P0 = '1', P1 = '2', P2 = '3', P3 = '4'}",
            sign_freescout, say_freescout, {"P1": "2", "P2": "3", "P3": "4"}, "user:15", "1",
        ),
        Kit(
            "osticket", fakes.FakeOsTicket, "own_users = ['7']", sign_osticket, say_osticket,
            {"P1": "high", "P2": "normal", "P3": "low"}, "服务品质", "emergency",
        ),
    )
}  # fmt: skip
