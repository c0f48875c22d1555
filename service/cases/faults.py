"""What can go wrong when somebody works on a case; `service.errors` maps it to HTTP.

Messages are Chinese sentences for the person who works, without complaint text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from classifier.errors import TriageError


class CaseError(TriageError):
    """Root of these errors."""


class CaseNotFoundError(CaseError):
    """There is no such case."""

    def __init__(self, case_id: int) -> None:
        super().__init__(f"没有编号为 {case_id} 的案例")
        self.case_id = case_id


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What somebody else changed in one field since the page was loaded."""

    field: str
    before: object
    after: object
    actor: str
    at: datetime


class CaseConflictError(CaseError):
    """Somebody else was first; `changes` says what is new, `version` is the current one."""

    def __init__(self, case_id: int, version: int, changes: tuple[FieldChange, ...]) -> None:
        shown = "；".join(f"{c.field}：{c.before} → {c.after}（{c.actor}）" for c in changes)
        super().__init__(
            f"案例 {case_id} 已被他人更新到版本 {version}" + (f"：{shown}" if shown else "")
        )
        self.case_id = case_id
        self.version = version
        self.changes = changes


class CaseRefusedError(CaseError):
    """The case is not in a state in which this can be done; `code` says which rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CaseForbiddenError(CaseError):
    """This person's role does not allow it."""


class CaseFieldError(CaseError):
    """A value is not allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
