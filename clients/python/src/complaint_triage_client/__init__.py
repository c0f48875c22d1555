"""A thin client of Complaint Triage (投诉分诊)."""

from complaint_triage_client.client import TriageClient
from complaint_triage_client.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    TriageApiError,
    TriageClientError,
    UnavailableError,
)
from complaint_triage_client.retries import Retries
from complaint_triage_client.shapes import BatchItem, CaseFile, CasePage, Complaint, Reply

__all__ = [
    "AuthenticationError",
    "BatchItem",
    "CaseFile",
    "CasePage",
    "Complaint",
    "ConflictError",
    "ForbiddenError",
    "InvalidRequestError",
    "NoAnswerError",
    "NotFoundError",
    "Reply",
    "Retries",
    "TriageApiError",
    "TriageClient",
    "TriageClientError",
    "UnavailableError",
]
