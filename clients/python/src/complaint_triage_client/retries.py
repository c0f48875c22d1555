"""When a request is sent again, and how long to wait before."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Answers of a service, or of a proxy before it, that is busy or away for a moment.
_PASSING = frozenset({408, 429, 502, 503, 504})
_IN_PROGRESS = "idempotency_in_progress"  # the first try is still being answered


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient a client is: `number` tries after the first, waits that double up to a limit.

    A `Retry-After` of the service is waited for instead; one beyond `max_wait_seconds` is not: the
    error tells it.
    """

    number: int = 4
    first_wait_seconds: float = 0.5
    max_wait_seconds: float = 30.0

    def wait_seconds(self, tries: int, retry_after_seconds: float | None) -> float | None:
        """The wait after that many tries; None when there is to be no other."""
        if tries > self.number:
            return None
        if retry_after_seconds is not None:
            return retry_after_seconds if retry_after_seconds <= self.max_wait_seconds else None
        # Full jitter, so that many clients do not come back at the same moment:
        # https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        limit = min(self.max_wait_seconds, self.first_wait_seconds * 2.0 ** (tries - 1))
        return random.uniform(limit / 2, limit)  # noqa: S311  (spreads load, keeps no secret)


def is_passing(status: int, code: str) -> bool:
    """Whether the same request may succeed a little later."""
    return status in _PASSING or (status == 409 and code == _IN_PROGRESS)


def read_retry_after(header: str | None) -> float | None:
    """The seconds of a Retry-After header, which is a number or a date; None for anything else."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
