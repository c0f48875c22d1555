"""The endpoints for people, keys and the audit log in the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel

from service import access_bodies as bodies
from service.audit_log import ACTIONS, MAX_PAGE, PAGE
from service.operations import READ_ERRORS, Operations, Parameter, replying

Json = dict[str, object]

TAG = {"name": "access", "description": "用户、密钥与审计日志：需要 admin 权限的密钥"}
AUDIT = (
    Parameter("subject", "改的是什么，例如 case:17、user:3、key:0123456789ab。"),
    Parameter("actor", "谁改的，例如 user:3、key:0123456789ab、cli:root。"),
    Parameter("action", "做了什么。", ACTIONS),
    Parameter("before", "上一页返回的 next_before。", kind="integer", bounds=(1, 2**63 - 1)),
    Parameter(
        "limit", f"每页数量，1–{MAX_PAGE}，默认 {PAGE}。", kind="integer", bounds=(1, MAX_PAGE)
    ),
)
_ACCESS = Operations("access")


def paths() -> Json:
    """Every endpoint for admins."""
    return {**_people(), **_sessions(), **_keys(), **_audit()}


def _people() -> Json:
    one, user = "/v1/users/{user_id}", [_place("user_id", "integer")]
    moves: Json = {}
    for move, summary, body, reply in (
        ("role", "改变角色", bodies.RoleBody, bodies.UserReply),
        ("password", "设置或生成新密码", bodies.PasswordBody, bodies.NewPasswordReply),
        ("disable", "停用", bodies.AccessBody, bodies.UserReply),
        ("enable", "重新启用", bodies.AccessBody, bodies.UserReply),
    ):
        name = f"{move}User" if move.endswith("able") else f"set{move.title()}"
        moves[f"{one}/{move}"] = {"post": _move(name, summary, body, reply, user)}
    return {
        "/v1/users": {
            "get": _ACCESS.reading("listUsers", "用户", replying(bodies.UserListReply)),
            "post": _move(
                "createUser", "新建用户", bodies.CreateUserBody, bodies.NewPasswordReply, []
            ),
        },
        **moves,
    }


def _sessions() -> Json:
    path = "/v1/users/{user_id}/sessions"
    user, session = _place("user_id", "integer"), _place("session_id", "string")
    listed = replying(bodies.SessionListReply)
    body, reply = bodies.AccessBody, bodies.EndedReply
    return {
        path: {
            "get": _ACCESS.reading(
                "listSessions", "登录", listed, parameters=[user], errors=(*READ_ERRORS, 404)
            )
        },
        f"{path}/end": {"post": _move("endSessions", "结束全部登录", body, reply, [user])},
        f"{path}/{{session_id}}/end": {
            "post": _move("endSession", "结束一次登录", body, reply, [user, session])
        },
    }


def _keys() -> Json:
    key = [_place("key_id", "string")]
    return {
        "/v1/keys": {
            "get": _ACCESS.reading("listKeys", "密钥", replying(bodies.KeyListReply)),
            "post": _move("createKey", "新建密钥", bodies.CreateKeyBody, bodies.NewKeyReply, []),
        },
        "/v1/keys/{key_id}/revoke": {
            "post": _move("revokeKey", "吊销", bodies.AccessBody, bodies.KeyReply, key)
        },
    }


def _audit() -> Json:
    page, verified = replying(bodies.AuditReply), replying(bodies.VerificationReply)
    asked = [parameter.described() for parameter in AUDIT]
    return {
        "/v1/audit": {"get": _ACCESS.reading("listAudit", "审计日志", page, parameters=asked)},
        "/v1/audit/verification": {"get": _ACCESS.reading("verifyAudit", "检查审计链", verified)},
    }


def _move(
    name: str,
    summary: str,
    body: type[BaseModel],
    reply: type[BaseModel],
    parameters: list[Json],
) -> Json:
    return _ACCESS.changing(name, summary, body, reply, parameters=parameters)


def _place(name: str, kind: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
