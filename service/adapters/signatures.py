"""Signatures of webhooks, as the ticket systems make them."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime


def hex_digest(secret: str, content: bytes, algorithm: str) -> str:
    """The HMAC in hexadecimal digits.

    >>> hex_digest("key", b"The quick brown fox jumps over the lazy dog", "sha1")
    'de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9'
    """
    return hmac.digest(secret.encode(), content, algorithm).hex()


def base64_digest(secret: str, content: bytes, algorithm: str) -> str:
    """The HMAC in Base64."""
    return base64.b64encode(hmac.digest(secret.encode(), content, algorithm)).decode()


def same(given: str, right: str) -> bool:
    """Whether two signatures are the same, in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())


def is_fresh(stamp: str, now: datetime, tolerance_seconds: int) -> bool:
    """Whether a time stamp, in seconds since 1970 or RFC 3339, is close to now."""
    try:
        if stamp.isascii() and stamp.isdigit():
            moment = datetime.fromtimestamp(int(stamp[:12]), UTC)
        else:
            moment = datetime.fromisoformat(stamp)
    except (ValueError, OverflowError, OSError):
        return False
    if moment.tzinfo is None:
        return False
    return abs((now - moment).total_seconds()) <= tolerance_seconds
