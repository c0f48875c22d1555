"""What is sent and what comes back, as typed dictionaries; the service's /docs has every field."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Scalar = str | int | float | bool | None


class Customer(TypedDict, total=False):
    """The customer in your system: a number, no name and no telephone."""

    id: str | None
    tier: str | None


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["customer", "agent", "system"]
    text: str
    at: NotRequired[str | None]  # RFC 3339, with its zone


class Complaint(TypedDict):
    """One complaint of a batch: either `text` or `messages`."""

    text: NotRequired[str]
    messages: NotRequired[list[Message]]
    id: NotRequired[str | None]
    channel: NotRequired[str | None]
    customer: NotRequired[Customer | None]
    occurred_at: NotRequired[str | None]  # RFC 3339, with its zone
    metadata: NotRequired[dict[str, Scalar] | None]
    store: NotRequired[bool | None]
    suggest: NotRequired[bool | None]


class Intensity(TypedDict):
    """How angry the words are."""

    level: int
    name: str
    score: float
    probs: list[float]
    band: Literal["high", "medium", "low"]


class RankedCategory(TypedDict):
    """One candidate."""

    code: str
    prob: float


class Category(TypedDict):
    """What it is about."""

    code: str
    name: str
    prob: float
    band: Literal["high", "medium", "low"]
    top: list[RankedCategory]


class Signal(TypedDict):
    """A risk, and where it stands in the text as it was sent."""

    code: str
    start: int
    end: int
    text: str


class Evidence(TypedDict):
    """A piece of text and what it contributed."""

    head: str
    start: int
    end: int
    text: str
    weight: float


class Reason(TypedDict):
    """A rule of the policy that fired."""

    rule: str
    detail: str


class Priority(TypedDict):
    """How urgent it is."""

    level: Literal["P0", "P1", "P2", "P3"]
    respond_within_seconds: int
    due_at: str
    reasons: list[Reason]


class Route(TypedDict):
    """Who must act."""

    team: str
    tier: str
    auto: bool
    mode: Literal["auto", "suggest", "manual"]


class Suggestion(TypedDict):
    """What an agent may say and do; for a person to decide on."""

    opening: str
    steps: list[str]
    sources: list[str]


class Reply(TypedDict):
    """The answer to one complaint."""

    request_id: str
    id: str | None
    outcome: Literal["ok", "needs_human", "error"]
    outcome_reasons: list[str]
    intensity: Intensity | None
    category: Category | None
    signals: list[Signal]
    priority: Priority
    route: Route
    statutory: list[dict[str, Any]]
    evidence: list[Evidence]
    language: str
    chars_used: int
    truncated: bool
    model_version: str
    tokeniser: str
    policy_version: str
    policy_hash: str
    stored: bool
    case_id: int | None
    suggestion: NotRequired[Suggestion]
    dialogue: NotRequired[dict[str, Any]]


class ErrorBody(TypedDict):
    """What was wrong with one item of a batch."""

    code: str
    message: str
    field: NotRequired[str]
    request_id: str


class ItemError(TypedDict):
    """An item of a batch that was not classified; the others were."""

    id: str | None
    outcome: Literal["error"]
    error: ErrorBody


BatchItem = Reply | ItemError
# Wide objects that programs read a few fields of.
CaseFile = dict[str, Any]


class CasePage(TypedDict):
    """A page of the queue."""

    items: list[CaseFile]
    next_cursor: str | None
