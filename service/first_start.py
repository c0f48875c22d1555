"""The first start: one API key and one supervisor, made and shown once."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from service import keys, users
from service.db import Database
from service.settings import Settings
from service.tables import Role, Scope

_KEY_NAME = "首次启动"
_USER_NAME = "supervisor"
_TEXT = "等了四十分钟才上菜，菜还是凉的，叫经理也没人理！再不退款我就打12315投诉你们。"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the operator must write down; None where there was one already."""

    key: str | None = field(repr=False)
    password: str | None = field(repr=False)


def prepare(database: Database) -> Secrets | None:
    """Makes what a new database lacks; None when it lacks nothing, or another instance makes it."""
    key = password = None
    if not users.count_users(database):
        password = users.generate_password()
        try:
            users.create_user(database, _USER_NAME, Role.ADMIN, password)
        except users.UserError:  # another instance had its first start at the same moment
            return None
    if not keys.list_keys(database):
        key = keys.create_key(database, _KEY_NAME, [Scope.CLASSIFY])
    return Secrets(key, password) if key or password else None


def announcement(secrets: Secrets, settings: Settings) -> str:
    """The lines to show, with a command that uses the key."""
    lines = ["", "首次启动：以下内容只显示这一次，请妥善保存。"]
    if secrets.key:
        lines.append(f"  API 密钥（权限 classify）：{secrets.key}")
    if secrets.password:
        lines.append(f"  主管账号：{_USER_NAME}    密码：{secrets.password}")
        lines.append(f"  登录页面：{_address(settings)}")
    if secrets.key:
        lines += ["试一试：", f"  {curl(secrets.key, settings)}"]
    return "\n".join([*lines, ""])


def curl(key: str, settings: Settings) -> str:
    """A command that classifies one complaint."""
    body = shlex.quote(f'{{"text": "{_TEXT}"}}')
    return (
        f"curl -s {_address(settings)}v1/classify "
        f"-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d {body}"
    )


def _address(settings: Settings) -> str:
    """Where the service is reached from this machine."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.port}/"
