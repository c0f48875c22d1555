"""People, for admins: who there is, who may what, passwords, and where they are logged in."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request

from service import users
from service.account import Accounts
from service.audit import Trail
from service.pages import once, sessions
from service.pages.once import Once
from service.pages.sessions import Office
from service.refusals import RefusalError
from service.tables import Role

# What the last form did, by the word in the address.
DONE = {
    "role": "角色已更改，此人的所有登录已结束。",
    "password": "密码已更改，此人的所有登录已结束。",
    "disable": "用户已停用，此人的所有登录已结束。",
    "enable": "用户已启用。",
    "sessions": "登录已结束。",
    "created": "用户已新建。",
}
_MOVES = ("role", "password", "disable", "enable", "sessions")
_CREATE: Mapping[str, str] = {"name": "", "role": "reviewer"}


def add(routes: Blueprint, office: Office, accounts: Accounts) -> None:
    """The routes of the pages on people."""
    _add_list(routes, office)
    _add_person(routes, office, accounts)


def _add_list(routes: Blueprint, office: Office) -> None:
    @routes.get("/admin")
    def list_people() -> Response:
        """Everybody, and a form for somebody new."""
        sessions.need(Role.ADMIN)
        return _list(office)

    @routes.post("/admin/users")
    def create_person() -> Response:
        """Adds a person, with a given password or a generated one."""
        sessions.need(Role.ADMIN)
        name, role = request.form.get("name", ""), request.form.get("role", "")
        given, password = _password()
        try:
            user = users.create_user(
                office.database, name, read_role(role), password, trail=trail(office)
            )
        except RefusalError as refused:
            return _list(office, refused, {"name": name, "role": role})
        response = go(f"/admin/users/{user.id}?done=created")
        if not given:
            once.leave(response, office, Once("password", user.name, password))
        return response


def _add_person(routes: Blueprint, office: Office, accounts: Accounts) -> None:
    @routes.get("/admin/users/<int:user_id>")
    def show_person(user_id: int) -> Response:
        """One person with everything that can be changed."""
        sessions.need(Role.ADMIN)
        return once.end(_person(office, accounts, user_id), office)

    @routes.post("/admin/users/<int:user_id>/<move>")
    def change_person(user_id: int, move: str) -> Response:
        """Role, password, disabled or enabled, sessions."""
        sessions.need(Role.ADMIN)
        if move not in _MOVES:
            abort(404)
        try:
            secret = _change(office, accounts, user_id, move)
        except RefusalError as refused:
            return _person(office, accounts, user_id, refused)
        response = go(f"/admin/users/{user_id}?done={move}")
        if secret is not None:
            once.leave(response, office, secret)
        return response


def _change(office: Office, accounts: Accounts, user_id: int, move: str) -> Once | None:
    """Makes one change; a generated password is returned, to be shown once."""
    by, form = trail(office), request.form
    if move == "sessions":
        session_id = form.get("session", "")
        if session_id:
            accounts.end_session(user_id, session_id, by)
        else:
            accounts.end_sessions(user_id, by)
        return None
    if user_id == sessions.me().id:
        # Who generates a password for themselves is logged out before it can be read.
        shown = "自己的密码在“我的账号”中更改；自己的角色和停用由另一名管理员操作"
        raise RefusalError("one's own account", shown, code="own_account")
    if move == "password":
        given, password = _password()
        user = users.set_password(office.database, user_id, password, by)
        return None if given else Once("password", user.name, password)
    if move == "role":
        users.set_role(office.database, user_id, read_role(form.get("role", "")), by)
    else:
        change = users.disable_user if move == "disable" else users.enable_user
        change(office.database, user_id, by)
    return None


def _person(
    office: Office, accounts: Accounts, user_id: int, fault: RefusalError | None = None
) -> Response:
    with office.database.session() as session:
        user = users.find_user(session, user_id)
    shown = render_template(
        "admin_person.html",
        user=user,
        roles=Role,
        open_sessions=accounts.sessions(user_id, token=sessions.session_token(office)),
        secret=once.take(office) if fault is None else None,
        done=DONE.get(request.args.get("done", "")) if fault is None else None,
        fault=fault,
    )
    return make_response(shown, 422 if fault else 200)


def trail(office: Office) -> Trail:
    """Changes by who is logged in, for the audit log."""
    return Trail(office.desk.secret, sessions.actor())


def go(address: str) -> Response:
    """Leads on after a form."""
    return make_response(redirect(address, 303))


def read_role(name: str) -> Role:
    """The role of a form.

    Raises:
        RefusalError: there is no such role.
    """
    known = {role.name.lower(): role for role in Role}
    if name not in known:
        raise RefusalError("no such role", f"没有选择角色，可选：{'、'.join(known)}", field="role")
    return known[name]


def _list(
    office: Office, fault: RefusalError | None = None, typed: Mapping[str, str] = _CREATE
) -> Response:
    found = users.list_users(office.database)
    shown = render_template("admin.html", users=found, roles=Role, fault=fault, typed=typed)
    return make_response(shown, 422 if fault else 200)


def _password() -> tuple[bool, str]:
    """Whether a password was given, and the given or a new one."""
    given = request.form.get("password", "")
    return bool(given), given or users.generate_password()
