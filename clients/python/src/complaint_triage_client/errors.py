"""What can go wrong; no message, and nothing that an error carries, holds complaint text."""

from __future__ import annotations


class TriageClientError(Exception):
    """Root of every error of this package."""


class NoAnswerError(TriageClientError):
    """The service could not be reached, or did not answer in time."""


class TriageApiError(TriageClientError):
    """The service answered with an error.

    `code` is for programs, `message` for people, `field` names what was wrong in the request and
    `request_id` is what the service's operator asks for.
    """

    def __init__(  # noqa: PLR0913  (what an error says, all but three by name)
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message} (request {request_id or 'unknown'})")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds


class InvalidRequestError(TriageApiError):
    """400, 413, 415 or 422: the request is wrong, and stays wrong when it is sent again."""


class AuthenticationError(TriageApiError):
    """401: the key is missing, wrong, expired or revoked."""


class ForbiddenError(TriageApiError):
    """403: the key lacks a scope."""


class NotFoundError(TriageApiError):
    """404: there is no such case."""


class ConflictError(TriageApiError):
    """409: somebody else changed the case, or its state does not allow this."""


class UnavailableError(TriageApiError):
    """408, 429 or a 5xx: the service could not answer now; the retries are used up."""


_BY_STATUS: dict[int, type[TriageApiError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    408: UnavailableError,
    409: ConflictError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: UnavailableError,
}


def error_class(status: int) -> type[TriageApiError]:
    """The class of an error status."""
    return _BY_STATUS.get(status, UnavailableError if status >= 500 else TriageApiError)
