"""The headers of every page, and static files under addresses that tell their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, send_file

_FOLDER = Path(__file__).resolve().parent.parent / "static"
_FILES = {
    "app.css": "text/css",
    "charts.css": "text/css",
    "admin.css": "text/css",
    "dialogue.css": "text/css",
    "weekly.css": "text/css",
    "app.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_YEAR_SECONDS = 365 * 24 * 3600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def protect(response: Response) -> Response:
    """Nothing inline runs, nothing foreign loads, no page is kept."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    return response


@cache
def static_address(name: str) -> str:
    """The address of a static file; another content is another address."""
    digest = hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()[:16]
    return f"/static/{digest}/{name}"


@cache
def style_sheets(*names: str) -> str:
    """Style sheets one after the other, for a page that stands alone."""
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def add_static(routes: Blueprint) -> None:
    """The route of the static files."""

    @routes.get("/static/<digest>/<name>")
    def static_file(digest: str, name: str) -> Response:
        """One file of the pages, kept by browsers for a year under its digest."""
        if name not in _FILES:
            abort(404)
        is_newest = static_address(name) == f"/static/{digest}/{name}"
        response = send_file(_FOLDER / name, mimetype=_FILES[name])
        response.headers["Cache-Control"] = (
            f"public, max-age={_YEAR_SECONDS}, immutable" if is_newest else "no-cache"
        )
        return response
