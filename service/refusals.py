"""What may not be done with people and keys: said in English to operators, in Chinese on pages."""

from __future__ import annotations

from classifier.errors import TriageError


class RefusalError(TriageError):
    """A change that was not made, or a question that cannot be answered as asked.

    `code` says which rule, `field` what was wrong, `shown` is one Chinese sentence for the person
    on the page and for the client of the API.
    """

    def __init__(
        self, message: str, shown: str, *, code: str = "invalid_value", field: str | None = None
    ) -> None:
        super().__init__(message)
        self.shown = shown
        self.code = code
        self.field = field
