"""One's own account: the password, and where one is logged in."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from service.account import Accounts
from service.lockout import LockedError
from service.logins import LoginRefusedError
from service.pages import sessions
from service.pages.admin import go, trail
from service.pages.sessions import Office
from service.pages.words import duration
from service.refusals import RefusalError

DONE = {"password": "密码已更改，其他登录都已结束。", "ended": "登录已结束。"}


def add(routes: Blueprint, office: Office, accounts: Accounts) -> None:
    """The routes of the page."""

    @routes.get("/account")
    def show_account() -> Response:
        """The page."""
        return _page(office, accounts)

    @routes.post("/account/password")
    def change_password() -> Response:
        """Another password; this browser goes on under a new session."""
        new = request.form.get("new", "")
        if new != request.form.get("again", ""):
            return _page(office, accounts, fault="两次输入的新密码不同，请重新输入", status=422)
        try:
            login = accounts.change_password(
                sessions.me(), request.form.get("current", ""), new, trail(office)
            )
        except LoginRefusedError:
            return _page(office, accounts, fault="现在的密码不正确", status=422)
        except LockedError as locked:
            wait = f"尝试次数过多，请在 {duration(locked.retry_after_seconds)}后重试"
            return _page(office, accounts, fault=wait, status=429)
        except RefusalError as refused:
            return _page(office, accounts, fault=f"新{refused.shown}", status=422)
        response = go("/account?done=password")
        sessions.start(response, office, login.token, login.expires_at)
        return response

    @routes.post("/account/sessions")
    def end_own_sessions() -> Response:
        """Logs out elsewhere: in one place, or everywhere but here."""
        session_id, person = request.form.get("session", ""), sessions.me()
        if session_id:
            accounts.end_session(person.id, session_id, trail(office))
        else:
            token = sessions.session_token(office)
            accounts.end_sessions(person.id, trail(office), but=token)
        return go("/account?done=ended")


def _page(
    office: Office, accounts: Accounts, *, fault: str | None = None, status: int = 200
) -> Response:
    token = sessions.session_token(office)
    shown = render_template(
        "account.html",
        open_sessions=accounts.sessions(sessions.me().id, token=token),
        done=DONE.get(request.args.get("done", "")) if fault is None else None,
        fault=fault,
    )
    return make_response(shown, status)
