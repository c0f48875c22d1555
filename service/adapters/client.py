"""Requests to a ticket system's API, all of one attempt within one limit of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from service.adapters.configuration import AnyAdapter
from service.outbox import post
from service.outbox.sending import Deadline, SendError

_MAX_ANSWER_BYTES = 16 << 20  # all messages of a ticket
_GONE = {404, 410}
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one ticket system; `headers` hold the token."""

    settings: AnyAdapter
    headers: Mapping[str, str] = field(repr=False)
    deadline: Deadline

    def get(self, path: str) -> Json:
        """An object.

        Raises:
            SendError: there is none.
        """
        return _object(self.read(path))

    def read(self, path: str) -> bytes:
        """What the system says, unread.

        Raises:
            SendError: it refused.
        """
        return self._ask("GET", path, None)

    def put(self, path: str, content: Json) -> None:
        """Changes something.

        Raises:
            SendError: the system refused.
        """
        self._ask("PUT", path, content)

    def post(self, path: str, content: Json) -> None:
        """Adds something.

        Raises:
            SendError: the system refused.
        """
        self._ask("POST", path, content)

    def _ask(self, method: str, path: str, content: Json | None) -> bytes:
        body = None if content is None else orjson.dumps(content)
        url = f"{(self.settings.base_url or '').rstrip('/')}{path}"
        headers = {"Accept": "application/json", **self.headers}
        asked = post.Ask(method, url, body, headers, _MAX_ANSWER_BYTES)
        answer = post.exchange(asked, self.deadline)
        if answer.status in {401, 403}:
            raise SendError(f"HTTP {answer.status}: the token is refused")
        if answer.status in _GONE:
            raise SendError(f"HTTP {answer.status}: there is no such ticket", is_final=True)
        post.check(answer, datetime.now(UTC))
        return answer.body


def _object(content: bytes) -> Json:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise SendError("the answer is no JSON") from None
    if not isinstance(found, dict):
        raise SendError("the answer is no object")
    return found


def part(values: Json, name: str) -> Json:
    """An object in an answer; one without anything if there is none."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def texts(values: Json, name: str) -> list[str]:
    """The texts of a list in an answer."""
    found = values.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
