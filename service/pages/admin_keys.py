"""API keys, for admins: what there is, new ones, and the end of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, make_response, render_template, request

from service import keys
from service.pages import once, sessions
from service.pages.admin import go, trail
from service.pages.once import Once
from service.pages.sessions import Office
from service.refusals import RefusalError
from service.tables import Role, Scope

SCOPES = {
    Scope.CLASSIFY: "分诊：发送投诉并取得结果",
    Scope.CASES: "案例：读取和处理队列，导出",
    Scope.METRICS: "监控：读取指标",
    Scope.ADMIN: "管理：用户、密钥与审计日志",
}
TERMS = ((30, "30 天"), (90, "90 天"), (180, "180 天"), (365, "一年"), (0, "不到期"))
STATES = {"live": "有效", "expired": "已到期", "revoked": "已吊销"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody filled in for a new key."""

    name: str = ""
    scopes: Sequence[str] = (Scope.CLASSIFY,)
    term: str = "365"


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the page on keys."""

    @routes.get("/admin/keys")
    def list_keys() -> Response:
        """Every key, and a form for a new one."""
        sessions.need(Role.ADMIN)
        return once.end(_list(office, Typed()), office)

    @routes.post("/admin/keys")
    def create_key() -> Response:
        """Makes a key, which the next page shows once."""
        sessions.need(Role.ADMIN)
        form = request.form
        typed = Typed(form.get("name", ""), form.getlist("scope"), form.get("term", ""))
        try:
            key = _create(office, typed)
        except RefusalError as refused:
            return _list(office, typed, refused)
        return once.leave(go("/admin/keys"), office, Once("key", typed.name.strip(), key))

    @routes.post("/admin/keys/<key_id>/revoke")
    def revoke_key(key_id: str) -> Response:
        """Ends a key for good."""
        sessions.need(Role.ADMIN)
        keys.revoke_key(office.database, key_id, trail=trail(office))
        return go("/admin/keys?done=revoked")


def _create(office: Office, typed: Typed) -> str:
    days = {str(days): days for days, _ in TERMS}
    if typed.term not in days:
        shown = "没有选择有效期，请从列表中选择"
        raise RefusalError("no such term", shown, field="expires_at")
    scopes = [scope for scope in Scope if scope in typed.scopes]
    ends = office.desk.clock() + timedelta(days=days[typed.term]) if days[typed.term] else None
    return keys.create_key(
        office.database, typed.name, scopes, expires_at=ends, trail=trail(office)
    )


def _list(office: Office, typed: Typed, fault: RefusalError | None = None) -> Response:
    now = office.desk.clock()
    found = [(key, key.state(now)) for key in keys.list_keys(office.database)]
    found.sort(key=lambda pair: (pair[1] != "live", -pair[0].created_at.timestamp()))
    shown = render_template(
        "admin_keys.html",
        api_keys=found,
        scopes=SCOPES,
        terms=TERMS,
        states=STATES,
        typed=typed,
        fault=fault,
        secret=once.take(office) if fault is None else None,
        is_revoked=request.args.get("done") == "revoked",
    )
    return make_response(shown, 422 if fault else 200)
