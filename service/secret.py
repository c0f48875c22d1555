"""The installation's secret: keyed hashes of customers, reviewers and the audit log.

One file in TRIAGE_HOME, made on first need. Whoever loses it can no longer link new contacts to old
ones or verify the audit log, so it belongs into the backup, apart from the database's.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from classifier.errors import TriageError

FILE_NAME = "secret.key"
_BYTES = 32


class SecretError(TriageError):
    """The secret cannot be made or read."""


class Secret:
    """32 random bytes, from which a separate key is made for each purpose."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def hash(self, purpose: str, content: bytes) -> bytes:
        """HMAC-SHA256 of the content, different for each purpose: 32 bytes."""
        key = hmac.digest(self._value, purpose.encode(), "sha256")
        return hmac.digest(key, content, "sha256")


def load_secret(home: Path, *, make: bool = True) -> Secret:
    """The secret of a home folder; two processes that make it at once get the same.

    Raises:
        SecretError: it cannot be read or made, or is not 32 bytes; or there is none and `make` is
            false.
    """
    path = home / FILE_NAME
    try:
        if make and not path.exists():
            _make(path)
        value = path.read_bytes()
    except OSError as error:
        raise SecretError(f"the secret {path} cannot be read: {error.strerror}") from error
    if len(value) != _BYTES:
        raise SecretError(f"the secret {path} has {len(value)} bytes, {_BYTES} are needed")
    return Secret(value)


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        os.link(new, path)  # fails if another process was first: its secret counts
    except FileExistsError:
        pass
    finally:
        new.unlink()
