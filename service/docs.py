"""The API document and a page to try it, without the internet and without inline script."""

from __future__ import annotations

from pathlib import Path

import flask_openapi3_swagger
from flask import Blueprint, Response, abort, send_file

from service import openapi

_SWAGGER = Path(flask_openapi3_swagger.__path__[0]) / "templates" / "swagger"
_OWN = Path(__file__).parent / "static"

# Every file the page may load, by the name in its address.
_FILES = {
    "swagger-ui.css": (_SWAGGER / "css" / "swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER / "js" / "swagger-ui-bundle.js", "text/javascript"),
    "swagger.svg": (_SWAGGER / "images" / "swagger.svg", "image/svg+xml"),
    "docs.js": (_OWN / "docs.js", "text/javascript"),
    "docs.css": (_OWN / "docs.css", "text/css"),
}
# Swagger UI draws icons from data: addresses in its style sheet.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def blueprint() -> Blueprint:
    """The routes of the document and its page."""
    routes = Blueprint("docs", __name__)
    document = openapi.written()

    @routes.get("/openapi.json")
    def openapi_json() -> Response:
        """The OpenAPI 3.1 document."""
        return Response(document, mimetype="application/json")

    @routes.get("/docs")
    def page() -> Response:
        """The page, which loads the document."""
        response = send_file(_OWN / "docs.html", mimetype="text/html")
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    @routes.get("/docs/static/<name>")
    def file(name: str) -> Response:
        """One file of the page."""
        if name not in _FILES:
            abort(404)
        path, mimetype = _FILES[name]
        response = send_file(path, mimetype=mimetype, max_age=3600)
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    return routes
