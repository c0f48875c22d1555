"""The queue page."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from service.pages.sessions import Office


def add(routes: Blueprint, office: Office) -> None:
    """The routes of the queue."""

    @routes.get("/cases")
    def show_queue() -> Response:
        """A page of the queue."""
        return make_response(render_template("queue.html"))
