"""The viewer's own settings in cookies: time zone, and light or dark."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, redirect, request

from service.pages.sessions import local_path

ZONE_COOKIE, THEME_COOKIE = "tz", "theme"
DEFAULT_ZONE = "Asia/Shanghai"
# What the footer offers; a script sets any other zone that the browser is in.
ZONES = (
    ("Asia/Shanghai", "北京时间"),
    ("Asia/Urumqi", "乌鲁木齐"),
    ("Asia/Singapore", "新加坡"),
    ("Asia/Tokyo", "东京"),
    ("Europe/London", "伦敦"),
    ("Europe/Berlin", "柏林"),
    ("America/New_York", "纽约"),
    ("America/Los_Angeles", "洛杉矶"),
    ("UTC", "UTC"),
)
THEMES = (("auto", "跟随系统"), ("light", "浅色"), ("dark", "深色"))
_ZONE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}")
_YEAR_SECONDS = 365 * 24 * 3600


def zone_name() -> str:
    """The name of the viewer's zone."""
    name = request.cookies.get(ZONE_COOKIE, "")
    return name if _zone(name) is not None else DEFAULT_ZONE


def zone() -> tzinfo:
    """The viewer's zone; China's offset on a machine without a time zone database."""
    return _zone(zone_name()) or timezone(timedelta(hours=8))


def theme() -> str:
    """The chosen colours: auto, light or dark."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in dict(THEMES) else "auto"


def add(routes: Blueprint, *, is_https: bool) -> None:
    """The route behind the footer's form."""

    @routes.post("/preferences")
    def save_preferences() -> Response:
        """Keeps what was chosen, and goes back."""
        response = make_response(redirect(local_path(request.form.get("next")), 303))
        zone_chosen = request.form.get("tz", "")
        theme_chosen = request.form.get("theme", "")
        kept = (
            (ZONE_COOKIE, zone_chosen, _zone(zone_chosen) is not None),
            (THEME_COOKIE, theme_chosen, theme_chosen in dict(THEMES)),
        )
        for name, value, is_known in kept:
            if is_known:
                # A script reads the zone, to set it only where there is none.
                response.set_cookie(
                    name, value, max_age=_YEAR_SECONDS, secure=is_https, samesite="Lax"
                )
        return response


@lru_cache(maxsize=700)
def _zone(name: str) -> tzinfo | None:
    """The zone of an IANA name; None when there is none, or the name could lead to a file."""
    if not _ZONE_FORM.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
