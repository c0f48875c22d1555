"""The file of adapters: which ticket systems there are, and what our words are called there.

Secrets are not in it: it names the environment variables that hold them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from classifier.prediction import Priority
from service.outbox.configuration import Text, TicketTarget, Url, Variable

MAX_NAME_CHARS = 48
Name = Annotated[str, StringConstraints(pattern=rf"^[a-z0-9][a-z0-9_-]{{0,{MAX_NAME_CHARS - 1}}}$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Level = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}$")]
Urgency = Literal["P0", "P1", "P2", "P3"]
Mode = Literal["auto", "suggest", "manual"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tags(_Part):
    """Which tags a ticket gets; they are added, and none is ever taken away."""

    always: list[Text] = Field(default=[], max_length=20)
    priority: dict[Urgency, Text] = {}
    level: dict[Level, Text] = {}
    category: dict[Code, Text] = {}
    signals: dict[Code, Text] = {}
    needs_human: Text | None = None


class _Adapter(_Part):
    """What all ticket systems have."""

    base_url: Url | None
    secret_env: Variable  # of the webhook; several, separated by spaces, while one is replaced
    token_env: Variable | None
    allow_http: bool = False
    own_users: list[Text] = Field(default=[], max_length=20)  # ids, logins, addresses of the token
    channel: Code | None = Field(default=None, max_length=64)
    product: Text | None = Field(default=None, max_length=64)  # of all its complaints
    region: Text | None = Field(default=None, max_length=64)
    with_subject: bool = True
    page_url: Url | None = None  # with {case_id}: where people read the case
    zone: Text = "Asia/Shanghai"
    tolerance_seconds: int = Field(default=300, ge=30, le=86_400)
    priority_order: list[Text] = Field(default=[], max_length=20)  # the least urgent first
    default_priority: Text | None = None  # that of a ticket nobody has looked at
    priorities: dict[Urgency, Text] = {}
    groups: dict[Code, Text] = Field(default={}, max_length=200)
    group_modes: list[Mode] = Field(default=["auto"], max_length=3)
    tags: Tags = Tags()
    delivery: TicketTarget = TicketTarget()

    def priority(self, priority: Priority) -> str | None:
        """What a priority is called there."""
        words: dict[str, str] = {str(code): word for code, word in self.priorities.items()}
        return words.get(priority.name)


class ZammadAdapter(_Adapter):
    """Zammad: a webhook of a trigger; groups by name."""

    system: Literal["zammad"]
    base_url: Url
    token_env: Variable
    priority_order: list[Text] = ["1 low", "2 normal", "3 high"]
    default_priority: Text | None = "2 normal"
    priorities: dict[Urgency, Text] = {
        "P0": "3 high", "P1": "3 high", "P2": "2 normal", "P3": "1 low",
    }  # fmt: skip


class ZendeskAdapter(_Adapter):
    """Zendesk: a webhook of ticket events; groups by number."""

    system: Literal["zendesk"]
    base_url: Url
    token_env: Variable
    user: Text  # whose token it is: an e-mail address
    groups: dict[Code, Annotated[str, StringConstraints(pattern=r"^\d{1,20}$")]] = {}
    priority_order: list[Text] = ["low", "normal", "high", "urgent"]
    priorities: dict[Urgency, Text] = {"P0": "urgent", "P1": "high", "P2": "normal", "P3": "low"}


class ChatwootAdapter(_Adapter):
    """Chatwoot: an account's webhook; teams by number."""

    system: Literal["chatwoot"]
    base_url: Url
    token_env: Variable
    account_id: int = Field(ge=1)
    groups: dict[Code, Annotated[str, StringConstraints(pattern=r"^\d{1,20}$")]] = {}
    priority_order: list[Text] = ["low", "medium", "high", "urgent"]
    priorities: dict[Urgency, Text] = {"P0": "urgent", "P1": "high", "P2": "medium", "P3": "low"}


class FreeScoutAdapter(_Adapter):
    """FreeScout with its API & Webhooks module; it has no priorities of its own."""

    system: Literal["freescout"]
    base_url: Url
    token_env: Variable
    user_id: int = Field(ge=1)  # who writes the notes
    priority_field: int | None = Field(default=None, ge=1)  # a field of the module Custom Fields
    groups: dict[Code, Annotated[str, StringConstraints(pattern=r"^(user|mailbox):\d{1,18}$")]] = {}


class OsTicketAdapter(_Adapter):
    """osTicket with a plugin that speaks our format: the core has no webhook and no update."""

    system: Literal["osticket"]
    base_url: Url | None = None  # of the plugin's endpoint; without it nothing is written back
    token_env: Variable | None = None
    priority_order: list[Text] = ["low", "normal", "high", "emergency"]
    default_priority: Text | None = "normal"
    priorities: dict[Urgency, Text] = {
        "P0": "emergency", "P1": "high", "P2": "normal", "P3": "low",
    }  # fmt: skip


AnyAdapter = Annotated[
    ZammadAdapter | ZendeskAdapter | ChatwootAdapter | FreeScoutAdapter | OsTicketAdapter,
    Field(discriminator="system"),
]


class Configuration(_Part):
    """The whole file."""

    adapters: dict[Name, AnyAdapter] = Field(default={}, max_length=50)
