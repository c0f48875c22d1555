"""Who visits a page: the session's cookie, the role, the token against forged forms, the address.

Somebody who is not logged in has a random visit instead of a session, so that the form to log in
carries a token too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request

from classifier.playbook import Playbook
from service.actors import Actor
from service.cases.desk import Desk
from service.cases.verdicts import Verdicts
from service.db import Database
from service.errors import ApiError
from service.logins import LONGEST, Logins, Person
from service.observe import source_of
from service.pages import headers
from service.tables import Role

CSRF_FIELD = "csrf"
_VISIT_SECONDS = 24 * 3600
_OPEN = {"pages.static_file", "pages.show_login", "pages.log_in"}  # without being logged in
_FREE = {"pages.save_preferences"}  # with or without


@dataclass(frozen=True, slots=True)
class Office:
    """What the pages work with."""

    desk: Desk
    verdicts: Verdicts
    logins: Logins
    is_https: bool
    playbook: Callable[[], Playbook]

    @property
    def database(self) -> Database:
        """The database behind the desk."""
        return self.desk.database

    @property
    def session_cookie(self) -> str:
        """The cookie's name; browsers take a `__Host-` one from this host over HTTPS only."""
        return "__Host-triage" if self.is_https else "triage"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page: who asks, and the secret of the browser that its forms must know."""

    token: str = field(repr=False)
    person: Person | None
    source: str


def visit() -> Visit:
    """The current visit."""
    found: Visit = g.visit
    return found


def is_visit() -> bool:
    """Whether it is known who asks; not where an error came first."""
    return "visit" in g


def person() -> Person | None:
    """Who is logged in; None also where an error came before anybody could tell."""
    return visit().person if is_visit() else None


def me() -> Person:
    """Who is logged in.

    Raises:
        ApiError: nobody is.
    """
    found = visit().person
    if found is None:
        raise ApiError(401, "login_needed", "登录已过期，请重新登录")
    return found


def actor() -> Actor:
    """Who is logged in, as one who changes things."""
    return me().actor(visit().source)


def need(role: Role) -> None:
    """Refuses who has a lower role.

    Raises:
        ApiError: the role is too low, or nobody is logged in.
    """
    if me().role < role:
        raise ApiError(403, "role_missing", "您的角色不能进行这项操作")


def guard(routes: Blueprint, office: Office) -> None:
    """Makes every page ask who visits, and every form prove where it comes from."""

    @routes.before_request
    def enter() -> Response | None:
        if request.endpoint == "pages.static_file":
            return None
        g.visit = _visit(office)
        if request.method == "POST":
            _check_form(office)
        if request.endpoint in _OPEN | _FREE or g.visit.person is not None:
            return None
        if request.path.endswith(".json"):
            me()
        return redirect(f"/login?next={quote(_return_address(), safe='')}", 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here

    @routes.after_request
    def leave(response: Response) -> Response:
        found: Visit | None = g.get("visit")
        if found is not None and found.person is None and _visit_cookie(office) != found.token:
            set_cookie(response, office, _visit_name(office), found.token, _VISIT_SECONDS)
        return headers.protect(response)


def start(response: Response, office: Office, token: str, expires_at: datetime) -> None:
    """Hands a new session to the browser."""
    left = expires_at - office.desk.clock()
    seconds = int(max(timedelta(0), min(left, LONGEST)).total_seconds())
    set_cookie(response, office, office.session_cookie, token, seconds)


def end(response: Response, office: Office) -> None:
    """Takes the session's cookie away."""
    set_cookie(response, office, office.session_cookie, "", 0)


def set_cookie(response: Response, office: Office, name: str, value: str, seconds: int) -> None:
    """A cookie that no script reads and no other site sends."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=office.is_https,
        httponly=True,
        samesite="Lax",
    )


def session_token(office: Office) -> str | None:
    """The session that the browser names, live or not."""
    return (request.cookies.get(office.session_cookie) or "")[:200] or None


def csrf_token(office: Office) -> str:
    """What every form of this visit carries."""
    return office.logins.csrf_token(visit().token)


def local_path(path: str | None) -> str:
    """Where to go after logging in: a page of ours, whatever the address asked for."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/cases"
    is_plain = path.isprintable() and "\\" not in path and len(path) <= 2000
    return path if is_plain and not path.startswith(("/login", "/logout")) else "/cases"


def _return_address() -> str:
    """The page to come back to; of a form the page that it stands on."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    head, _, last = request.path.rpartition("/")
    return head if head.count("/") >= 2 or last == "claim" else "/cases"


def _visit(office: Office) -> Visit:
    token, source = session_token(office), source_of(request.environ)
    found = office.logins.session_of(token)
    if found is not None and token is not None:
        return Visit(token, found, source)
    return Visit(_visit_cookie(office) or secrets.token_urlsafe(32), None, source)


def _visit_name(office: Office) -> str:
    return f"{office.session_cookie}-visit"


def _visit_cookie(office: Office) -> str | None:
    token = request.cookies.get(_visit_name(office)) or ""
    return token if 20 <= len(token) <= 200 else None


def _check_form(office: Office) -> None:
    """Refuses a form that did not come from a page of this visit."""
    if office.logins.is_csrf_token(visit().token, request.form.get(CSRF_FIELD)):
        return
    # A form of a session that is over: log in again, the browser keeps what was typed.
    if visit().person is None and request.endpoint not in _OPEN | _FREE:
        return
    raise ApiError(403, "form_expired", "表单已失效，请返回上一页，刷新后重新提交")
