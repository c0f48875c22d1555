"""All pages as one blueprint, wired in one place."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request
from markupsafe import Markup

from classifier.playbook import Playbook
from service.account import Accounts
from service.cases.desk import Desk
from service.cases.verdicts import Verdicts
from service.errors import ApiError
from service.logins import Logins
from service.observe import request_id
from service.pages import (
    account,
    admin,
    admin_audit,
    admin_keys,
    callbacks,
    case,
    case_forms,
    dialogue,
    headers,
    help_sheet,
    insight,
    live,
    login,
    names,
    preferences,
    quality,
    queue,
    sessions,
    statistics,
    weekly,
    words,
)
from service.pages.sessions import Office
from service.settings import Settings
from service.tables import Role
from service.weekly.pdf import Printer

_PROGRAMS = ("/v1", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs")
_TITLES = {
    400: "请求有误",
    401: "需要登录",
    403: "没有权限",
    404: "没有这个页面",
    405: "不能这样提交",
    409: "与他人的更改冲突",
    413: "内容过多",
    422: "内容有误",
    429: "请求太频繁",
    500: "服务出错了",
    503: "数据库暂时不可用",
}


def register(
    app: Flask,
    settings: Settings,
    desk: Desk,
    verdicts: Verdicts,
    playbook: Callable[[], Playbook],
) -> Office:
    """Adds every page to an application."""
    logins = Logins(desk.database, desk.secret, clock=desk.clock)
    office = Office(desk, verdicts, logins, settings.is_https, playbook)
    routes = Blueprint("pages", "service.pages")
    sessions.guard(routes, office)
    headers.add_static(routes)
    login.add(routes, office)
    preferences.add(routes, is_https=office.is_https)
    help_sheet.add(routes)
    queue.add(routes, office)
    callbacks.add(routes, office)
    statistics.add(routes, office)
    insight.add(routes, office)
    weekly.add(routes, office, Printer(settings.home))
    quality.add(routes, office)
    accounts = Accounts(desk.database, logins, clock=desk.clock)
    account.add(routes, office, accounts)
    admin.add(routes, office, accounts)
    admin_keys.add(routes, office)
    admin_audit.add(routes, office)
    case.add(routes, office)
    case_forms.add(routes, office)
    dialogue.add(routes, office)
    live.add(routes, office)

    @routes.get("/")
    def home() -> Response:
        """The queue is where people start."""
        return make_response(redirect("/cases", 303))

    _prepare_templates(app, office)
    app.register_blueprint(routes)
    return office


def render_error(fault: ApiError) -> Response | None:
    """The page of an error; None for programs, which get JSON."""
    if not _is_page():
        return None
    title = _TITLES.get(fault.status, "出错了")
    shown = render_template("error.html", title=title, fault=fault)
    response = Response(shown, fault.status, dict(fault.headers), mimetype="text/html")
    return headers.protect(response)


def _is_page() -> bool:
    """Whether a person asks: one of our pages, or a browser that looks for an unknown one."""
    path = request.path
    if path.endswith(".json") or any(path == p or path.startswith(f"{p}/") for p in _PROGRAMS):
        return False
    return request.blueprint == "pages" or "text/html" in request.headers.get("Accept", "")


def _prepare_templates(app: Flask, office: Office) -> None:
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(
        moment=words.moment, deadline=words.deadline, duration=words.duration, word=words.word
    )
    environment.globals.update(
        static=headers.static_address,
        names=lambda: names.names(office),
        csrf_field=lambda: _csrf_field(office),
        is_visit=sessions.is_visit,
        new_p0=lambda: live.new_p0(office),
        request_id=lambda: request_id(request.environ),
        retry_address=lambda: _here() if request.method == "GET" else "/cases",
        person=sessions.person,
        can=lambda role: _can(Role[role.upper()]),
        has_page=lambda path: _has_page(app, path),
        tz=preferences.zone_name,
        theme=preferences.theme,
        zones=preferences.ZONES,
        zone_names=[name for name, _ in preferences.ZONES],
        themes=preferences.THEMES,
        words=words,
        keys=help_sheet.KEYS,
        here=_here,
    )


def _csrf_field(office: Office) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(
        sessions.csrf_token(office)
    )


def _here() -> str:
    """The address of this page, to come back to."""
    return request.full_path.rstrip("?")


def _can(role: Role) -> bool:
    person = sessions.person()
    return person is not None and person.role >= role


def _has_page(app: Flask, path: str) -> bool:
    return any(rule.rule == path for rule in app.url_map.iter_rules())
