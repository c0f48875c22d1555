"""How many days each kind of data is kept, as `TRIAGE_RETENTION` says."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from classifier.errors import SettingsError, shorten

# Statistics, issues and surges look 90 days back, and repeated contacts count for 30 by default.
_ALLOWED = {
    "texts": (1, 36_500),
    "cases": (90, 36_500),
    "contacts": (30, 36_500),
    "tickets": (30, 36_500),
    "events": (1, 36_500),
}
_PAIR = re.compile(r"([a-z]{1,10})=([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class RetentionDays:
    """Days by kind; None keeps what is there."""

    texts: int | None = None  # of closed cases: what was written and said, not what was decided
    cases: int | None = None  # after they were closed
    contacts: int | None = None
    tickets: int | None = None  # of ticket systems, after their last message
    events: int | None = None  # with letters that were never delivered

    def shown(self) -> str:
        """The value as it is set."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        return " ".join(f"{name}={days}" for name, days in pairs if days is not None)


def read_days(value: str) -> RetentionDays:
    """The value of TRIAGE_RETENTION, such as `texts=180 cases=730`.

    >>> read_days("texts=180, cases=730").shown()
    'texts=180 cases=730'

    Raises:
        SettingsError: names the part that is wrong and what is allowed.
    """
    found: dict[str, int] = {}
    for part in value.replace(",", " ").split():
        pair = _PAIR.fullmatch(part)
        if pair is None or pair[1] not in _ALLOWED or pair[1] in found:
            raise SettingsError(
                f"TRIAGE_RETENTION has {shorten(part)}, allowed are {', '.join(_ALLOWED)}, each "
                "once and with its days, such as cases=730"
            )
        low, high = _ALLOWED[pair[1]]
        if not low <= int(pair[2]) <= high:
            raise SettingsError(
                f"TRIAGE_RETENTION has {shorten(part)}, days in {low}-{high} are needed"
            )
        found[pair[1]] = int(pair[2])
    return RetentionDays(**found)
