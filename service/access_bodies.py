# ruff: noqa: D400  (these docstrings end with a Chinese stop: they become the API document)
"""People, keys and the audit log, as clients send them and as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from service.cases.bodies import Acting, Moment
from service.reply_model import Reply
from service.users import MAX_NAME_CHARS, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS

RoleName = Literal["viewer", "reviewer", "adjudicator", "admin"]
ScopeName = Literal["classify", "cases", "metrics", "admin"]
_PASSWORD = f"{MIN_PASSWORD_CHARS}–{MAX_PASSWORD_CHARS} 个字符；省略则由服务生成，只显示一次。"

# What is refused further on, with a sentence of its own.
_NAME: JsonDict = {"minLength": 1, "maxLength": MAX_NAME_CHARS}
_LENGTHS: JsonDict = {"minLength": MIN_PASSWORD_CHARS, "maxLength": MAX_PASSWORD_CHARS}


class AccessBody(Acting):
    """不需要其他字段的操作。"""


class CreateUserBody(Acting):
    """新的用户。"""

    name: str = Field(
        max_length=200, description="登录用的用户名，1–100 个可见字符。", json_schema_extra=_NAME
    )
    role: RoleName
    password: str | None = Field(
        None, max_length=1000, description=_PASSWORD, json_schema_extra=_LENGTHS
    )


class RoleBody(Acting):
    """另一个角色；此人的所有登录随即结束。"""

    role: RoleName


class PasswordBody(Acting):
    """新的密码；此人的所有登录随即结束。"""

    password: str | None = Field(
        None, max_length=1000, description=_PASSWORD, json_schema_extra=_LENGTHS
    )


class CreateKeyBody(Acting):
    """新的密钥。"""

    name: str = Field(
        max_length=200, description="给谁用，1–100 个可见字符。", json_schema_extra=_NAME
    )
    scopes: list[ScopeName] = Field(
        max_length=20, description="权限，至少一个。", json_schema_extra={"minItems": 1}
    )
    expires_at: Moment | None = Field(None, description="到期时间；省略则不到期。")


class UserReply(Reply):
    """一名用户。"""

    user_id: int
    name: str
    role: RoleName
    is_disabled: bool
    created_at: datetime


class UserListReply(Reply):
    """所有用户，包括已停用的。"""

    items: list[UserReply]


class NewPasswordReply(UserReply):
    """一名用户；密码由服务生成时只出现这一次。"""

    password: str | None


class SessionReply(Reply):
    """一次登录。"""

    session_id: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    source: str


class SessionListReply(Reply):
    """一名用户仍然有效的登录，最近使用的在前。"""

    items: list[SessionReply]


class EndedReply(Reply):
    """结束了几次登录。"""

    ended: int


class KeyReply(Reply):
    """一个密钥，不含其秘密部分。"""

    key_id: str
    name: str
    scopes: list[ScopeName]
    state: Literal["live", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class KeyListReply(Reply):
    """所有密钥，最早的在前。"""

    items: list[KeyReply]


class NewKeyReply(Reply):
    """新的密钥，只出现这一次。"""

    key_id: str
    key: str


class AuditEntryReply(Reply):
    """一次更改。"""

    entry_id: int
    at: datetime
    actor: str
    source: str
    action: str
    subject: str
    version: int | None
    before: dict[str, object]
    after: dict[str, object]


class AuditReply(Reply):
    """审计日志的一页，最新的在前。"""

    items: list[AuditEntryReply]
    next_before: int | None = Field(description="下一页的 before；null 表示没有更多。")


class VerificationReply(Reply):
    """审计链的检查结果。"""

    is_intact: bool
    entries: int = Field(description="检查了多少条。")
    broken: int | None = Field(description="第一条对不上的编号。")
    reason: str | None
    link: str = Field(description="最后一条的链值（十六进制）。")


REQUESTS: tuple[type[BaseModel], ...] = (
    AccessBody, CreateUserBody, RoleBody, PasswordBody, CreateKeyBody,
)  # fmt: skip
REPLIES: tuple[type[BaseModel], ...] = (
    UserReply, UserListReply, NewPasswordReply, SessionListReply, EndedReply, KeyListReply,
    KeyReply, NewKeyReply, AuditReply, VerificationReply,
)  # fmt: skip
