"""`GET /v1/cases/{id}/similar`: check, one call, reply."""

from __future__ import annotations

from flask import Blueprint, Response

from service.api import json_response
from service.cases.api import CaseApi, arguments
from service.cases.plain import plain
from service.cases.query import read_limit
from service.cases.shown import note_fields, verdict_fields
from service.similar.find import MAX_SIMILAR, SIMILAR, Similar, SimilarCase, similar_cases

Json = dict[str, object]
_TEXT_CHARS = 300


def add(routes: Blueprint, api: CaseApi) -> None:
    """The route, beside the others of a case."""

    @routes.get("/<int:case_id>/similar")
    def similar(case_id: int) -> Response:
        """Closed cases like this one, and how they ended."""
        api.asker()
        limit = read_limit(arguments(), most=MAX_SIMILAR, default=SIMILAR)
        model = api.verdicts.predictor.model
        return json_response(_fields(similar_cases(api.desk.database, model, case_id, limit=limit)))


def _fields(found: Similar) -> Json:
    return {
        "items": [_case(one) for one in found.items],
        "compared": found.compared,
        "model_version": found.model_version,
    }


def _case(one: SimilarCase) -> Json:
    names = ("category", "level", "priority", "team", "state", "created_at", "resolved_at",
             "resolution_seconds")  # fmt: skip
    return {
        "case_id": one.case.id,
        "id": one.case.client_id,
        "likeness": one.likeness,
        "terms": list(one.terms),
        "text": one.text[:_TEXT_CHARS],
        "text_is_cut": len(one.text) > _TEXT_CHARS,
        **{name: plain(getattr(one.case, name)) for name in names},
        "last_note": note_fields(one.note) if one.note else None,
        "last_verdict": verdict_fields(one.verdict) if one.verdict else None,
    }
