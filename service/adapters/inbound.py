"""What a webhook says, once it is read: a customer's message, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.adapters.tables import MAX_MESSAGE_CHARS, MAX_TICKET_CHARS
from service.errors import ApiError


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came; names of headers in lower case."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime

    def header(self, name: str) -> str:
        """A header, or "" without it."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class Message:
    """What a customer wrote in a ticket; `text` is plain text, with nothing taken away.

    `is_opening`: it is the ticket's first text and comes without a number of its own.
    """

    ticket: str
    message: str
    text: str
    subject: str = ""
    customer: str | None = None
    channel: str | None = None
    occurred_at: datetime | None = None
    is_opening: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done; `reason` is a code for the answer and the log."""

    reason: str


# Why nothing is done.
NOT_A_MESSAGE, NOT_A_CUSTOMER = Ignored("not_a_message"), Ignored("not_a_customer")
INTERNAL, OWN, OTHER_ACCOUNT = Ignored("internal"), Ignored("own"), Ignored("other_account")


class Payload:
    """An object of a webhook's body; what is missing or of another type is named, never shown."""

    def __init__(self, values: Mapping[str, object], place: str = "") -> None:
        self._values = values
        self._place = place

    def part(self, name: str) -> Payload:
        """An object in it; one without anything if there is none."""
        value = self._values.get(name)
        return Payload(value if isinstance(value, dict) else {}, f"{self._place}{name}.")

    def parts(self, name: str) -> list[Payload]:
        """The objects of a list in it."""
        value = self._values.get(name)
        found = value if isinstance(value, list) else []
        return [Payload(one, f"{self._place}{name}[].") for one in found if isinstance(one, dict)]

    def has(self, name: str) -> bool:
        """Whether there is something."""
        return self._values.get(name) not in (None, "", {}, [])

    def text(self, name: str) -> str:
        """A text or number in it, as text; "" without it."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        return str(value)

    def flag(self, name: str) -> bool | None:
        """A yes or no; None when it is not said."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else None

    def identifier(self, name: str, *, max_chars: int = MAX_TICKET_CHARS) -> str:
        """A number or name that something is known by.

        Raises:
            ApiError: 422, there is none or it is too long.
        """
        found = self.text(name).strip()
        if not found or len(found) > max_chars or not found.isprintable():
            field = f"{self._place}{name}"
            message = f"缺少字段 {field}，或其值不是 1–{max_chars} 个可见字符的编号"
            raise ApiError(422, "payload_unreadable", message, field=field)
        return found

    def number(self, name: str) -> str:
        """The same where only digits are right, because it becomes part of an address.

        Raises:
            ApiError: 422, there is none, or it is something else.
        """
        found = self.text(name)
        if not (found.isascii() and found.isdigit() and len(found) <= 18):
            field = f"{self._place}{name}"
            message = f"字段 {field} 缺失，或不是数字编号"
            raise ApiError(422, "payload_unreadable", message, field=field)
        return found

    def message_id(self, name: str) -> str:
        """The same for a message."""
        return self.identifier(name, max_chars=MAX_MESSAGE_CHARS)

    def any_of(self, names: Sequence[str]) -> set[str]:
        """What is said under these names."""
        return {self.text(name).casefold() for name in names if self.text(name)}

    def moment(self, name: str) -> datetime | None:
        """A moment: RFC 3339, or seconds since 1970; None when it is not one or has no zone."""
        value = self._values.get(name)
        try:
            if isinstance(value, int) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, UTC)
            found = datetime.fromisoformat(str(value))
        except (ValueError, OverflowError, OSError):
            return None
        return found if found.tzinfo else None


def is_own(users: Sequence[str], author: set[str]) -> bool:
    """Whether our own account wrote it."""
    return any(user.casefold() in author for user in users)
