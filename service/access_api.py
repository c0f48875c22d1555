"""The endpoints for people, keys and the audit log: what admins do on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from service import audit, keys, users
from service.access_bodies import (
    AccessBody,
    CreateKeyBody,
    CreateUserBody,
    PasswordBody,
    RoleBody,
)
from service.account import Accounts, OpenSession
from service.actors import Actor
from service.api import authorise, json_response
from service.audit import Trail
from service.audit_log import entry_fields, list_entries
from service.auth import KeyRing
from service.cases.api import arguments, read_sent
from service.cases.plain import plain
from service.cases.query import read_audit
from service.db import Database
from service.keys import Key
from service.secret import Secret
from service.tables import Role, Scope, User

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class AccessApi:
    """What the endpoints work with."""

    ring: KeyRing
    database: Database
    accounts: Accounts
    secret: Secret

    def trail(self, by: Actor) -> Trail:
        """Changes by somebody, for the audit log."""
        return Trail(self.secret, by)

    def check(self) -> None:
        """Refuses whoever has no admin key."""
        authorise(request.environ, self.ring, Scope.ADMIN)


def blueprint(api: AccessApi) -> Blueprint:
    """All routes."""
    routes = Blueprint("access", __name__, url_prefix="/v1")
    _add_people(routes, api)
    _add_rights(routes, api)
    _add_sessions(routes, api)
    _add_keys(routes, api)
    _add_audit(routes, api)
    return routes


def _add_people(routes: Blueprint, api: AccessApi) -> None:
    @routes.get("/users")
    def list_users() -> Response:
        """Everybody."""
        api.check()
        return json_response({"items": [user_fields(u) for u in users.list_users(api.database)]})

    @routes.post("/users")
    def create_user() -> Response:
        """Adds a person."""
        by, sent = read_sent(api.ring, Scope.ADMIN, CreateUserBody)
        made, password = _password(sent.password)
        user = users.create_user(
            api.database, sent.name, Role[sent.role.upper()], password, trail=api.trail(by)
        )
        return json_response({**user_fields(user), "password": made})

    @routes.post("/users/<int:user_id>/password")
    def set_password(user_id: int) -> Response:
        """Gives a person another password."""
        by, sent = read_sent(api.ring, Scope.ADMIN, PasswordBody)
        made, password = _password(sent.password)
        user = users.set_password(api.database, user_id, password, api.trail(by))
        return json_response({**user_fields(user), "password": made})


def _add_rights(routes: Blueprint, api: AccessApi) -> None:
    @routes.post("/users/<int:user_id>/role")
    def set_role(user_id: int) -> Response:
        """Gives a person another role."""
        by, sent = read_sent(api.ring, Scope.ADMIN, RoleBody)
        role = Role[sent.role.upper()]
        return json_response(
            user_fields(users.set_role(api.database, user_id, role, api.trail(by)))
        )

    @routes.post("/users/<int:user_id>/disable")
    def disable_user(user_id: int) -> Response:
        """Shuts a person out."""
        by, _ = read_sent(api.ring, Scope.ADMIN, AccessBody)
        return json_response(user_fields(users.disable_user(api.database, user_id, api.trail(by))))

    @routes.post("/users/<int:user_id>/enable")
    def enable_user(user_id: int) -> Response:
        """Lets a person in again."""
        by, _ = read_sent(api.ring, Scope.ADMIN, AccessBody)
        return json_response(user_fields(users.enable_user(api.database, user_id, api.trail(by))))


def _add_sessions(routes: Blueprint, api: AccessApi) -> None:
    @routes.get("/users/<int:user_id>/sessions")
    def list_sessions(user_id: int) -> Response:
        """Where a person is logged in."""
        api.check()
        found = api.accounts.sessions(user_id)
        return json_response({"items": [_session_fields(one) for one in found]})

    @routes.post("/users/<int:user_id>/sessions/end")
    def end_sessions(user_id: int) -> Response:
        """Logs a person out everywhere."""
        by, _ = read_sent(api.ring, Scope.ADMIN, AccessBody)
        return json_response({"ended": api.accounts.end_sessions(user_id, api.trail(by))})

    @routes.post("/users/<int:user_id>/sessions/<session_id>/end")
    def end_session(user_id: int, session_id: str) -> Response:
        """Logs a person out in one place."""
        by, _ = read_sent(api.ring, Scope.ADMIN, AccessBody)
        api.accounts.end_session(user_id, session_id, api.trail(by))
        return json_response({"ended": 1})


def _add_keys(routes: Blueprint, api: AccessApi) -> None:
    @routes.get("/keys")
    def list_keys() -> Response:
        """Every key."""
        api.check()
        return json_response({"items": [key_fields(one) for one in keys.list_keys(api.database)]})

    @routes.post("/keys")
    def create_key() -> Response:
        """Makes a key."""
        by, sent = read_sent(api.ring, Scope.ADMIN, CreateKeyBody)
        scopes = [Scope(scope) for scope in sent.scopes]
        key = keys.create_key(
            api.database, sent.name, scopes, expires_at=sent.expires_at, trail=api.trail(by)
        )
        return json_response({"key_id": key.split("_")[1], "key": key})

    @routes.post("/keys/<key_id>/revoke")
    def revoke_key(key_id: str) -> Response:
        """Ends a key for good."""
        by, _ = read_sent(api.ring, Scope.ADMIN, AccessBody)
        return json_response(key_fields(keys.revoke_key(api.database, key_id, trail=api.trail(by))))


def _add_audit(routes: Blueprint, api: AccessApi) -> None:
    @routes.get("/audit")
    def log() -> Response:
        """A page of the audit log."""
        api.check()
        page = list_entries(api.database, read_audit(arguments()))
        items = [entry_fields(entry) for entry in page.entries]
        return json_response({"items": items, "next_before": page.next_before})

    @routes.get("/audit/verification")
    def verification() -> Response:
        """Whether the chain holds."""
        api.check()
        found = audit.verify(api.database, api.secret)
        return json_response(
            {
                "is_intact": found.broken is None,
                "entries": found.entries,
                "broken": found.broken,
                "reason": found.reason,
                "link": found.link,
            }
        )


def user_fields(user: User) -> Json:
    """A person as JSON values."""
    return {
        "user_id": user.id,
        "name": user.name,
        "role": plain(user.role),
        "is_disabled": user.disabled_at is not None,
        "created_at": plain(user.created_at),
    }


def key_fields(key: Key) -> Json:
    """A key as JSON values."""
    return {
        "key_id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "state": key.state(datetime.now(UTC)),
        "created_at": plain(key.created_at),
        "expires_at": plain(key.expires_at),
        "revoked_at": plain(key.revoked_at),
        "last_used_at": plain(key.last_used_at),
    }


def _session_fields(one: OpenSession) -> Json:
    return {
        "session_id": one.id,
        "created_at": plain(one.created_at),
        "used_at": plain(one.used_at),
        "expires_at": plain(one.expires_at),
        "source": one.source,
    }


def _password(given: str | None) -> tuple[str | None, str]:
    """What the reply shows, and the password: one that was given is not repeated."""
    if given is not None:
        return None, given
    made = users.generate_password()
    return made, made
