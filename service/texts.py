"""What is kept of texts: the masked text, nothing, or the masked text encrypted.

How a database keeps them is known by its dialect, which column types are given when they convert a
value: so every statement, also a prepared one, reads and writes in the same way.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect

from classifier.errors import SettingsError, TriageError, shorten

_KEY_BYTES = 32
# A character that stands for nothing in any text; one that was sent all the same is replaced.
_MARK = "\ufdd0"


class KeepText(StrEnum):
    """What is stored of a complaint's text."""

    MASKED = "masked"
    NONE = "none"
    ENCRYPTED = "encrypted"


class TextKeyError(TriageError):
    """A stored text cannot be read with the keys that were given."""


class TextKeys:
    """Fernet keys (AES-128-CBC with HMAC-SHA256): the first encrypts, each of them decrypts."""

    def __init__(self, keys: Sequence[str]) -> None:
        from cryptography import fernet  # noqa: PLC0415  (0.1 s, for those who encrypt)

        self._fernet = fernet.MultiFernet([fernet.Fernet(key) for key in keys])
        self._first = fernet.Fernet(keys[0])
        self._fault = fernet.InvalidToken

    def encrypt(self, text: str) -> str:
        """The text, readable with the first key only."""
        return self._first.encrypt(text.encode("utf-8", "surrogatepass")).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of a token.

        Raises:
            TextKeyError: none of the keys has made it, or it was changed.
        """
        try:
            return self._fernet.decrypt(token).decode("utf-8", "surrogatepass")
        except self._fault:
            raise TextKeyError("a stored text fits none of the keys of TRIAGE_TEXT_KEYS") from None

    def is_first(self, token: str) -> bool:
        """Whether the first key has made a token."""
        try:
            self._first.decrypt(token)
        except self._fault:
            return False
        return True


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TextKeeping:
    """How one database keeps texts; with keys, encrypted texts are read in every mode."""

    mode: KeepText = KeepText.MASKED
    keys: TextKeys | None = None

    @property
    def encrypts(self) -> bool:
        """Whether new texts are encrypted."""
        return self.mode is KeepText.ENCRYPTED

    def stored(self, text: str) -> str:
        """The text as it goes into the database; an empty one stays empty."""
        if text and self.keys is not None and self.encrypts:
            return _MARK + self.keys.encrypt(text)
        return f"\ufffd{text[1:]}" if text.startswith(_MARK) else text

    def read(self, stored: str) -> str:
        """The text of what is in the database.

        Raises:
            TextKeyError: it is encrypted with a key that was not given.
        """
        if not stored.startswith(_MARK):
            return stored
        if self.keys is None:
            raise TextKeyError("a stored text is encrypted, and TRIAGE_TEXT_KEYS is empty")
        return self.keys.decrypt(stored[1:])


MASKED = TextKeeping()
_KEEPING: WeakKeyDictionary[Dialect, TextKeeping] = WeakKeyDictionary()


def keeping_of(mode: KeepText, keys: Sequence[str]) -> TextKeeping:
    """How texts are kept with checked settings."""
    if mode is KeepText.MASKED and not keys:
        return MASKED
    return TextKeeping(mode, TextKeys(keys) if keys else None)


def attach(dialect: Dialect, keeping: TextKeeping) -> None:
    """Tells column types how texts of one engine are kept."""
    _KEEPING[dialect] = keeping


def kept_by(dialect: Dialect) -> TextKeeping:
    """How texts of one engine are kept."""
    return _KEEPING.get(dialect, MASKED)


def read_mode(value: str) -> KeepText:
    """The value of TRIAGE_KEEP_TEXT.

    Raises:
        SettingsError: names the value and what is allowed.
    """
    try:
        return KeepText(value.lower())
    except ValueError:
        allowed = ", ".join(KeepText)
        raise SettingsError(f"TRIAGE_KEEP_TEXT is {shorten(value)}, allowed: {allowed}") from None


def read_keys(value: str, mode: KeepText) -> tuple[str, ...]:
    """The keys of TRIAGE_TEXT_KEYS; no key is ever shown.

    Raises:
        SettingsError: one of them is no key, or none is there and texts are to be encrypted.
    """
    keys = tuple(value.replace(",", " ").split())
    for number, key in enumerate(keys, start=1):
        if not _is_key(key):
            raise SettingsError(
                f"TRIAGE_TEXT_KEYS: key {number} of {len(keys)} is not {_KEY_BYTES} bytes in "
                "URL-safe base64; `python -m service create-text-key` makes one"
            )
    if mode is KeepText.ENCRYPTED and not keys:
        raise SettingsError(
            "TRIAGE_TEXT_KEYS is empty, but TRIAGE_KEEP_TEXT is encrypted; `python -m service "
            "create-text-key` makes a key"
        )
    return keys


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars="-_", validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
