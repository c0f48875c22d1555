"""The `/v1/cases` endpoints that read; check, one call, reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TypeVar

from flask import Blueprint, Response, request

from classifier.playbook import Playbook
from service.actors import Actor
from service.api import actor_of, authorise, json_response
from service.auth import KeyRing
from service.body import read_json
from service.cases.bodies import Acting
from service.cases.desk import Desk
from service.cases.feedback import feedback_lines
from service.cases.file import get_case
from service.cases.query import read_filters, read_name, read_period, read_window
from service.cases.queue import Filters, Sort, every, list_cases
from service.cases.search import note_on_search
from service.cases.shown import file_fields, history_fields, summary
from service.cases.spreadsheet import csv_lines
from service.cases.statistics import statistics
from service.cases.statistics_shown import statistics_fields
from service.cases.suggestion import suggestion_of
from service.cases.verdicts import Verdicts
from service.checks import check_body
from service.db import Database
from service.privacy.explanation import explanation_of
from service.secret import Secret
from service.tables import Scope

Sent = TypeVar("Sent", bound=Acting)


@dataclass(frozen=True, slots=True)
class CaseApi:
    """What the endpoints work with."""

    keys: KeyRing
    desk: Desk
    verdicts: Verdicts
    playbook: Callable[[], Playbook]

    def asker(self) -> Actor:
        """Who asks, by the key and the `actor` of the query."""
        return asker(self.keys, Scope.CASES)

    def sent(self, schema: type[Sent]) -> tuple[Actor, Sent]:
        """Who asks, by the key and the `actor` of the body, and the body."""
        return read_sent(self.keys, Scope.CASES, schema)


def asker(keys: KeyRing, scope: Scope) -> Actor:
    """Who asks, by the key and the `actor` of the query."""
    key = authorise(request.environ, keys, scope)
    return actor_of(request.environ, key.id, name=read_name(arguments()))


def read_sent(keys: KeyRing, scope: Scope, schema: type[Sent]) -> tuple[Actor, Sent]:
    """Who asks, by the key and the `actor` of the body, and the body."""
    key = authorise(request.environ, keys, scope)
    body = read_json(request.environ, request.max_content_length)[1] if _has_body() else {}
    checked = check_body(schema, body)
    return actor_of(request.environ, key.id, name=checked.actor), checked


def add_readers(routes: Blueprint, api: CaseApi) -> None:
    """The endpoints over many cases."""
    database = api.desk.database

    @routes.get("")
    def cases() -> Response:
        """A page of the queue."""
        me, now = api.asker().id, api.desk.clock()
        filters = read_filters(arguments(), me=me, now=now)
        page = list_cases(database, filters, read_window(arguments()), now=now)
        items = [summary(item) for item in page.items]
        note = note_on_search(filters.words, database.keeping)
        return json_response({"items": items, "next_cursor": page.next_cursor, "search_note": note})

    @routes.get("/export.csv")
    def export() -> Response:
        """All cases of a query as CSV."""
        me, now = api.asker().id, api.desk.clock()
        filters = read_filters(arguments(), me=me, now=now)
        return csv_reply(database, filters, read_window(arguments()).sort, now)

    @routes.get("/feedback.jsonl")
    def feedback() -> Response:
        """All verdicts as JSON Lines."""
        api.asker()
        return feedback_response(database, api.desk.secret)

    @routes.get("/statistics")
    def numbers() -> Response:
        """Numbers of some days."""
        api.asker()
        days, offset = read_period(arguments())
        found = statistics(database, now=api.desk.clock(), days=days, utc_offset_hours=offset)
        return json_response(statistics_fields(found))


def add_one(routes: Blueprint, api: CaseApi) -> None:
    """The endpoints of one case."""
    database = api.desk.database

    @routes.get("/<int:case_id>")
    def case(case_id: int) -> Response:
        """One case with everything known of it."""
        api.asker()
        found = get_case(database, case_id)
        suggestion = suggestion_of(found, api.verdicts.labels(), api.playbook())
        return tagged(file_fields(found, suggestion), found.case.version)

    @routes.get("/<int:case_id>/explanation")
    def explanation(case_id: int) -> Response:
        """The decision in plain words, for the customer."""
        api.asker()
        found = get_case(database, case_id)
        told = explanation_of(found, api.verdicts.labels(), api.desk.policy())
        return json_response({"case_id": case_id, "text": told.text, "caution": told.caution})

    @routes.get("/<int:case_id>/history")
    def history(case_id: int) -> Response:
        """What was changed, the oldest first."""
        api.asker()
        entries = get_case(database, case_id).history
        return json_response({"items": [history_fields(entry) for entry in entries]})


def csv_reply(database: Database, filters: Filters, sort: Sort, now: datetime) -> Response:
    """All cases of a query as a CSV file."""
    lines = csv_lines(every(database, filters, sort, now=now))
    return download(lines, "text/csv; charset=utf-8", "cases.csv")


def feedback_response(database: Database, secret: Secret) -> Response:
    """All verdicts as JSON Lines."""
    lines = feedback_lines(database, secret)
    return download(lines, "application/x-ndjson; charset=utf-8", "feedback.jsonl")


def download(lines: Iterator[bytes], content_type: str, name: str) -> Response:
    """Lines as a file; the first are read before the answer begins: a lost database is a 503."""
    started = chain([next(lines, b""), next(lines, b"")], lines)
    response = Response(started, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def tagged(content: object, version: int) -> Response:
    """JSON with the case's version as its tag."""
    response = json_response(content)
    response.headers["ETag"] = f'"{version}"'
    return response


def arguments() -> dict[str, Sequence[str]]:
    """The query's parameters, each with all its values."""
    return dict(request.args.lists())


def _has_body() -> bool:
    return bool(request.content_length) or "HTTP_TRANSFER_ENCODING" in request.environ
