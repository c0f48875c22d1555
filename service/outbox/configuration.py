"""The file of targets: who is told of what, and who is called when a clock runs out.

Secrets are not in it: it names the environment variables that hold them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Address = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+$")
]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[!-~]+$")]
# What is written into the marks of a chat message.
Handle = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+@-]{1,64}$")]

# People are told of what they have to act on; programs of everything.
ALARMS = ("case.escalated", "case.overdue", "case.reminder")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OnCall(_Part):
    """Who is called, by the names that each channel knows them by."""

    people: list[Text] = Field(default=[], max_length=20)
    feishu_ids: list[Handle] = Field(default=[], max_length=20)
    dingtalk_ids: list[Handle] = Field(default=[], max_length=20)
    dingtalk_mobiles: list[Handle] = Field(default=[], max_length=20)
    wecom_ids: list[Handle] = Field(default=[], max_length=20)
    emails: list[Address] = Field(default=[], max_length=20)


class Escalation(_Part):
    """When a clock reminds and escalates; shares are of the clock of the case's priority.

    Without `late_shares` the tiers' times in the policy say when a late case goes up.
    """

    remind_share: float = Field(default=0.25, ge=0, lt=1)
    late_shares: list[Annotated[float, Field(ge=0, le=100)]] | None = Field(
        default=None, min_length=1, max_length=10
    )
    on_call: dict[Text, Name]  # tier of the policy -> list
    check_seconds: float = Field(default=15, ge=0.2, le=3600)


class _Target(_Part):
    """What all targets have."""

    events: list[Text] = Field(min_length=1, max_length=50)
    priority: Literal["P0", "P1", "P2", "P3"] = "P3"
    teams: list[Text] = Field(default=[], max_length=100)
    include_text: bool = False
    timeout_seconds: float = Field(default=10, ge=0.5, le=60)
    parallel: int = Field(default=1, ge=1, le=16)
    per_minute: int = Field(default=600, ge=1, le=60_000)
    first_retry_seconds: float = Field(default=5, ge=0.1, le=600)
    give_up_hours: float = Field(default=72, gt=0, le=720)


class WebhookTarget(_Target):
    """Any program: JSON, signed after the Standard Webhooks specification."""

    kind: Literal["webhook"]
    events: list[Text] = Field(default=["*"], min_length=1, max_length=50)
    parallel: int = Field(default=4, ge=1, le=16)
    per_minute: int = Field(default=60_000, ge=1, le=60_000)
    url: Url | None = None
    url_env: Variable | None = None
    secret_env: Variable
    allow_http: bool = False


class _Robot(_Target):
    """A robot in a group chat; its address is a secret."""

    events: list[Text] = Field(default=list(ALARMS), min_length=1, max_length=50)
    url_env: Variable
    per_minute: int = Field(default=20, ge=1, le=60_000)  # more is refused by all three
    allow_http: bool = False


class FeishuTarget(_Robot):
    """飞书: a custom robot."""

    kind: Literal["feishu"]
    secret_env: Variable | None = None


class DingtalkTarget(_Robot):
    """钉钉: a custom robot."""

    kind: Literal["dingtalk"]
    secret_env: Variable | None = None


class WecomTarget(_Robot):
    """企业微信: a group robot, which has no signature."""

    kind: Literal["wecom"]


class EmailTarget(_Target):
    """E-mail through an SMTP server."""

    kind: Literal["email"]
    events: list[Text] = Field(default=list(ALARMS), min_length=1, max_length=50)
    timeout_seconds: float = Field(default=30, ge=0.5, le=60)
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user_env: Variable | None = None
    password_env: Variable | None = None
    sender: Address
    to: list[Address] = Field(default=[], max_length=50)


AnyTarget = Annotated[
    WebhookTarget | FeishuTarget | DingtalkTarget | WecomTarget | EmailTarget,
    Field(discriminator="kind"),
]


class TicketTarget(_Target):
    """A ticket system that is written to; the file of adapters names it (docs/adapters.md)."""

    kind: Literal["ticket"] = "ticket"
    events: list[Text] = Field(default=["ticket.triaged"], min_length=1, max_length=1)
    parallel: int = Field(default=4, ge=1, le=16)
    timeout_seconds: float = Field(default=30, ge=0.5, le=60)


class Configuration(_Part):
    """The whole file."""

    page_url: Url | None = None  # with {case_id}: where people read the case
    zone: Text = "Asia/Shanghai"
    keep_days: int = Field(default=30, ge=1, le=3650)
    lease_seconds: float = Field(default=90, ge=1, le=600)
    targets: dict[Name, AnyTarget] = Field(default={}, max_length=50)
    on_call: dict[Name, OnCall] = Field(default={}, max_length=50)
    escalation: Escalation | None = None
