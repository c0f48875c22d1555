"""Logging in and out; an unknown name and a wrong password get the same answer."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request

from service.lockout import LockedError, LoginError
from service.pages import sessions
from service.pages.sessions import Office, local_path
from service.pages.words import duration


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the login page."""

    @routes.get("/login")
    def show_login() -> Response:
        """The form; who is logged in already goes on."""
        following = local_path(request.args.get("next"))
        if sessions.visit().person is not None:
            return _go(following)
        return _form(following, is_out="out" in request.args)

    @routes.post("/login")
    def log_in() -> Response:
        """A new session, or the same sentence for every fault."""
        following = local_path(request.form.get("next"))
        name, password = request.form.get("name", ""), request.form.get("password", "")
        previous = sessions.session_token(office)
        try:
            login = office.logins.log_in(name, password, sessions.visit().source, previous=previous)
        except LockedError as locked:
            return _locked(following, locked)
        except LoginError as refused:
            return _form(following, fault=str(refused), status=401)
        response = _go(following)
        sessions.start(response, office, login.token, login.expires_at)
        return response

    @routes.post("/logout")
    def log_out() -> Response:
        """Ends the session, here and on the server."""
        office.logins.log_out(sessions.visit().token)
        response = _go("/login?out=1")
        sessions.end(response, office)
        return response


def _form(
    following: str, *, fault: str | None = None, status: int = 200, is_out: bool = False
) -> Response:
    shown = render_template("login.html", next=following, fault=fault, is_out=is_out)
    return make_response(shown, status)


def _locked(following: str, locked: LockedError) -> Response:
    seconds = locked.retry_after_seconds
    response = _form(following, fault=f"尝试次数过多，请在 {duration(seconds)}后重试", status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _go(address: str) -> Response:
    return make_response(redirect(address, 303))
