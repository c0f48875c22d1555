"""A secret that is shown once: it waits in the browser's own cookie until the next page.

A form answers with a redirect, so that reloading a page makes no second key; a secret must not
stand in an address, and the service keeps none. No script can read the cookie, it lasts for two
minutes, and showing it ends it; while the next page cannot be shown it waits for another try.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass, field

import orjson
from flask import Response, request

from service.pages import sessions
from service.pages.sessions import Office

_SECONDS = 120
_MAX_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Once:
    """A new password or key; `name` says whose."""

    kind: str  # "password", "key"
    name: str
    secret: str = field(repr=False)


def leave(response: Response, office: Office, once: Once) -> Response:
    """Hands a secret to the browser for the next page."""
    value = base64.urlsafe_b64encode(orjson.dumps(asdict(once))).decode()
    sessions.set_cookie(response, office, _name(office), value, _SECONDS)
    return response


def take(office: Office) -> Once | None:
    """The secret that waits; None when there is none, or it is not one of ours."""
    value = request.cookies.get(_name(office), "")[:_MAX_CHARS]
    try:
        found = orjson.loads(base64.urlsafe_b64decode(value.encode("ascii")))
        return Once(str(found["kind"]), str(found["name"]), str(found["secret"]))
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None


def end(response: Response, office: Office) -> Response:
    """Takes the cookie away, where there is one."""
    if _name(office) in request.cookies:
        sessions.set_cookie(response, office, _name(office), "", 0)
    return response


def _name(office: Office) -> str:
    return f"{office.session_cookie}-once"
