"""Cases as JSON values, for the API, the audit log and exports."""

from __future__ import annotations

import orjson

from classifier.playbook import Suggestion
from service.cases.file import CaseFile
from service.cases.plain import plain
from service.cases.queue import Item
from service.cases.tables import Case, Note, Verdict
from service.cases.textless import note_on
from service.tables import AuditEntry

Json = dict[str, object]
_LIST_TEXT_CHARS = 2000


def summary(item: Item) -> Json:
    """A case in a list; a very long text is cut, and says so."""
    shown = case_fields(item.case)
    shown["text"] = item.text[:_LIST_TEXT_CHARS]
    shown["text_is_cut"] = len(item.text) > _LIST_TEXT_CHARS
    shown["text_note"] = note_on(item.text)
    return shown


def case_fields(case: Case) -> Json:
    """Everything that stands in the table of cases, but for hashes."""
    names = ("outcome", "level", "category", "priority", "score", "uncertainty", "team", "tier",
             "channel", "product", "region", "customer_tier", "contacts", "state", "owner",
             "verdict_state", "created_at", "due_at", "snoozed_until", "waiting_since",
             "first_response_at", "resolved_at", "response_seconds", "resolution_seconds",
             "model_version", "policy_version", "tokeniser", "version")  # fmt: skip
    return {
        "case_id": case.id,
        "id": case.client_id,
        "reasons": case.reasons.split(),
        "signals": case.signals.split(),
        **{name: plain(getattr(case, name)) for name in names},
    }


def note_fields(note: Note) -> Json:
    """A note."""
    return {"at": plain(note.at), "actor": note.actor, "text": note.text}


def verdict_fields(verdict: Verdict) -> Json:
    """A verdict beside what the model had said."""
    return {
        "verdict_id": verdict.id,
        "kind": plain(verdict.kind),
        "at": plain(verdict.at),
        "actor": verdict.actor,
        "category": verdict.category,
        "level": verdict.level,
        "signals": verdict.signals.split(),
        "priority": plain(verdict.priority),
        "predicted": {
            "category": verdict.predicted_category,
            "level": verdict.predicted_level,
            "signals": verdict.predicted_signals.split(),
            "priority": plain(verdict.predicted_priority),
        },
        "is_correction": verdict.is_correction,
        "agrees": verdict.agrees,
        "reason": verdict.reason,
        "model_version": verdict.model_version,
    }


def history_fields(entry: AuditEntry) -> Json:
    """One change of a case."""
    return {
        "at": plain(entry.at),
        "actor": entry.actor,
        "source": entry.source,
        "action": entry.action,
        "version": entry.subject_version,
        "before": orjson.loads(entry.before),
        "after": orjson.loads(entry.after),
    }


def file_fields(file: CaseFile, suggestion: Suggestion) -> Json:
    """A case with everything known of it."""
    return {
        **case_fields(file.case),
        "text": file.text,
        "text_note": note_on(file.text),
        "prediction": file.prediction,
        "decision": file.decision,
        "dialogue": file.dialogue,
        "suggestion": suggestion.as_json(),
        "notes": [note_fields(note) for note in file.notes],
        "verdicts": [verdict_fields(verdict) for verdict in file.verdicts],
        "customer_cases": [
            {
                "case_id": case.id,
                "id": case.client_id,
                "created_at": plain(case.created_at),
                "priority": plain(case.priority),
                "state": plain(case.state),
                "category": case.category,
                "level": case.level,
            }
            for case in file.customer_cases
        ],
    }
