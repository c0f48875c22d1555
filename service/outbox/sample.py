"""A sample event, to see whether a target takes it and how it looks there."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from classifier.policy import Policy
from service.cases.plain import plain
from service.outbox.configuration import Configuration
from service.outbox.message import Message
from service.outbox.targets import Target

_TEXT = "（测试）等了四十分钟还没有人理，电话[手机]打不通。"


def sample(target: Target, settings: Configuration, policy: Policy, now: datetime) -> Message:
    """An escalation of a made-up case that calls the first list; it is marked as a test."""
    event_id = f"evt_test_{secrets.token_hex(12)}"
    on_call = next(iter(settings.on_call), None)
    case: dict[str, object] = {
        "case_id": 1,
        "id": "TEST",
        "reasons": ["priority"],
        "signals": ["regulator"],
        "outcome": "ok",
        "priority": "P1",
        "level": 4,
        "category": "attitude",
        "team": "service_quality",
        "tier": "L2",
        "channel": "hotline",
        "customer_tier": None,
        "contacts": 1,
        "state": "new",
        "owner": None,
        "verdict_state": "none",
        "created_at": plain(now - timedelta(hours=3)),
        "due_at": plain(now - timedelta(hours=1)),
        "snoozed_until": None,
        "waiting_since": None,
        "first_response_at": None,
        "resolved_at": None,
        "model_version": "test",
        "policy_version": "test",
        "version": 2,
    }
    told = {"actor": "system:clock", "step": 1, "from_tier": "L1", "tier": "L2"}
    content = {"case": case, **told, "on_call": on_call, "reason": "unclaimed", "test": True}
    payload: dict[str, object] = {
        "type": "case.escalated",
        "timestamp": plain(now),
        "id": event_id,
        "data": content,
    }
    text = _TEXT if target.settings.include_text else None
    return Message(event_id, "case.escalated", payload, text, settings, policy)
