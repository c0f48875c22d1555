"""Operations of the OpenAPI document: what every endpoint of one tag has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

Json = dict[str, object]
CASE_ID: Json = {
    "name": "case_id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}

# What a name of somebody may not hold, written out: engines disagree about \s.
NAME_CHAR = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
MAX_VALUES, MAX_VALUE_CHARS = 50, 200  # of a parameter of a query
READ_ERRORS = (401, 403, 422, 429, 503)
CHANGE_ERRORS = (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
ALWAYS = (405, 414, 431, 500)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query as the document describes it."""

    name: str
    description: str
    allowed: tuple[str, ...] = ()
    kind: str = "string"
    is_many: bool = False
    bounds: tuple[float, float] | None = None  # of a number
    pattern: str = ""

    def described(self) -> Json:
        """The parameter in the document."""
        is_moment = self.kind == "date-time"
        schema: Json = (
            {"type": "string", "format": "date-time"} if is_moment else {"type": self.kind}
        )
        if self.allowed:
            schema["enum"] = list(self.allowed)
        elif self.kind == "string":
            schema["maxLength"] = MAX_VALUE_CHARS
        if self.pattern:
            schema["pattern"] = self.pattern
        if self.bounds is not None:
            schema["minimum"], schema["maximum"] = self.bounds
        if self.is_many:
            schema = {"type": "array", "items": schema, "maxItems": MAX_VALUES}
        return {
            "name": self.name,
            "in": "query",
            "description": self.description,
            "schema": schema,
        }


ACTOR = Parameter(
    "actor",
    "代表贵方系统中的哪位操作人；最多 64 个字符，不含空格。",
    pattern=f"^{NAME_CHAR}{{0,64}}$",
)


@dataclass(frozen=True, slots=True)
class Operations:
    """Describes the endpoints of one tag."""

    tag: str

    def reading(
        self,
        name: str,
        summary: str,
        success: Json,
        *,
        parameters: Sequence[Json] = (),
        errors: Sequence[int] = READ_ERRORS,
    ) -> Json:
        """A GET."""
        return {
            **self._operation(name, summary),
            "parameters": [_REQUEST_ID, *parameters],
            "responses": {"200": success, **_errors(errors)},
        }

    def changing(
        self,
        name: str,
        summary: str,
        sent: type[BaseModel],
        reply: type[BaseModel],
        *,
        parameters: Sequence[Json] = (),
    ) -> Json:
        """A POST with a JSON body, which may be left out when every field may."""
        is_needed = not {"required", "anyOf"}.isdisjoint(sent.model_json_schema())
        return {
            **self._operation(name, summary),
            "parameters": [_REQUEST_ID, *parameters],
            "requestBody": {
                "required": is_needed,
                "content": {"application/json": {"schema": _ref(sent)}},
            },
            "responses": {"200": replying(reply), **_errors(CHANGE_ERRORS)},
        }

    def _operation(self, name: str, summary: str) -> Json:
        return {
            "operationId": name,
            "summary": summary,
            "tags": [self.tag],
            "security": [{"key": []}],
        }


def replying(reply: type[BaseModel], headers: Json | None = None) -> Json:
    """A 200 with JSON."""
    return {
        "description": (reply.__doc__ or "").strip(),
        "headers": {**_REQUEST_ID_HEADER, **(headers or {})},
        "content": {"application/json": {"schema": _ref(reply)}},
    }


def downloading(media_type: str, description: str) -> Json:
    """A 200 with a file."""
    return {
        "description": description,
        "headers": _REQUEST_ID_HEADER,
        "content": {media_type: {"schema": {"type": "string"}}},
    }


_REQUEST_ID: Json = {"$ref": "#/components/parameters/RequestId"}
_REQUEST_ID_HEADER: Json = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}


def _errors(statuses: Sequence[int]) -> Json:
    return {
        str(status): {"$ref": f"#/components/responses/{status}"}
        for status in sorted({*statuses, *ALWAYS})
    }


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
