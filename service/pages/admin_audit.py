"""The audit log, for admins: who changed what, when and from where, and whether it is untouched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup

from service import audit
from service.audit_log import ACCESS_ACTIONS, CASE_ACTIONS, AuditQuery, list_entries
from service.cases.faults import CaseFieldError
from service.cases.query import read_audit
from service.pages import sessions
from service.pages.changes import Line, event_of
from service.pages.names import Names, names
from service.pages.sessions import Office
from service.pages.words import ACTIONS, ROLES, moment
from service.refusals import RefusalError
from service.tables import AuditEntry, Role

_FILTERS = ("subject", "actor", "action")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in words; `address` leads to what was changed."""

    entry: AuditEntry
    actor: str
    action: str
    subject: str
    address: str
    lines: tuple[Line, ...]


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the page."""

    @routes.get("/admin/audit")
    def show_audit() -> Response:
        """One page of the log; with `verify` also whether its chain holds."""
        sessions.need(Role.ADMIN)
        asked = {name: request.args.getlist(name) for name in (*_FILTERS, "before")}
        fault = None
        try:
            query = read_audit(asked)
            page = list_entries(office.database, query)
        except (CaseFieldError, RefusalError) as refused:
            fault = getattr(refused, "shown", str(refused))
            query = AuditQuery()
            page = list_entries(office.database, query)
        is_asked = "verify" in request.args
        called = names(office)
        shown = render_template(
            "admin_audit.html",
            rows=[_row(entry, called) for entry in page.entries],
            query=query,
            following=_address(replace(query, before=page.next_before))
            if page.next_before
            else None,
            first=_address(replace(query, before=None)) if query.before else None,
            actions=[("用户与密钥", ACCESS_ACTIONS), ("案例", CASE_ACTIONS)],
            action_names=ACTIONS,
            people=called.people,
            verification=audit.verify(office.database, office.desk.secret) if is_asked else None,
            fault=fault,
        )
        return make_response(shown, 422 if fault else 200)


def _address(query: AuditQuery) -> str:
    given = {name: getattr(query, name) for name in (*_FILTERS, "before")}
    return f"/admin/audit?{urlencode({name: value for name, value in given.items() if value})}"


def _row(entry: AuditEntry, called: Names) -> Row:
    subject, address = _subject(entry.subject, called)
    action = ACTIONS.get(entry.action, entry.action)
    lines = _lines(entry) if entry.action in ACCESS_ACTIONS else event_of(entry, called).lines
    return Row(entry, called.person(entry.actor), action, subject, address, lines)


def _subject(subject: str, called: Names) -> tuple[str, str]:
    """What was changed, in words, and the page that shows it."""
    kind, _, number = subject.partition(":")
    if kind == "case":
        return f"案例 {number}", f"/cases/{number}"
    if kind == "user":
        return f"用户 {called.people.get(subject, number)}", f"/admin/users/{number}"
    return (f"密钥 {number}", "/admin/keys") if kind == "key" else (subject, "")


def _lines(entry: AuditEntry) -> tuple[Line, ...]:
    """Changes of people and keys."""
    before, after = orjson.loads(entry.before), orjson.loads(entry.after)
    return tuple(
        Line(_FIELDS.get(name, name), _value(name, before.get(name)), _value(name, value))
        for name, value in after.items()
    )


_FIELDS = {
    "name": "名称",
    "role": "角色",
    "is_disabled": "停用",
    "is_revoked": "吊销",
    "scopes": "权限",
    "expires_at": "到期",
    "ended": "结束的登录",
}


def _value(name: str, value: object) -> str | Markup:
    if value is None:
        return "不到期" if name == "expires_at" else ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name == "role":
        return {role.name.lower(): word for role, word in ROLES.items()}.get(str(value), str(value))
    if name == "expires_at":
        return moment(datetime.fromisoformat(str(value)))
    return "、".join(cast("list[str]", value)) if isinstance(value, list) else str(value)
