"""Splits complaints into requests that the service takes: so many items, so many bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from complaint_triage_client.shapes import Complaint

MAX_ITEMS = 200  # of the service, for one request
MAX_BYTES = 3_500_000  # below the 4 MiB that the service takes unless it is told otherwise


def encode(content: object) -> bytes:
    """JSON as it is sent.

    Half a surrogate pair becomes its JSON escape, and the service says what is wrong: an error of
    Python's own would carry the text.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def split(
    items: Iterable[Complaint], *, max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES
) -> Iterator[list[Complaint]]:
    """The items in order, cut into lists that each make one request.

    An item that is too large for any request stands alone; the service says so.
    """
    part: list[Complaint] = []
    size = 0
    for item in items:
        own = len(encode(item)) + 2
        if part and (len(part) == max_items or size + own > max_bytes):
            yield part
            part, size = [], 0
        part.append(item)
        size += own
    if part:
        yield part
