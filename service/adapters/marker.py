"""The mark in our notes: which message a note is about, and that it is ours and no one else's.

Before a note is written the ticket is searched for its mark, so that one which was written before
the worker died is not written again; a message that bears one of our marks is never classified.
"""

from __future__ import annotations

import hmac
import re

from service.secret import Secret

_PURPOSE = "adapter-note"
_MARK = re.compile(r"\[triage:([0-9a-f]{16})\.([0-9a-f]{16})\]")


def make(secret: Secret, adapter: str, ticket: str, message: str) -> str:
    """The mark of the note on one message.

    >>> make(Secret(b"k" * 32), "desk", "81", "104")
    '[triage:1cc9be4af6fe644c.7bf57118c193f07d]'
    """
    about = "\0".join((adapter, ticket, message)).encode()
    number = secret.hash(_PURPOSE, about)[:8].hex()
    return f"[triage:{number}.{_proof(secret, number)}]"


def is_in(secret: Secret, text: str) -> bool:
    """Whether a text bears one of our marks; one that somebody made up does not count."""
    return any(
        hmac.compare_digest(_proof(secret, number), proof) for number, proof in _MARK.findall(text)
    )


def _proof(secret: Secret, number: str) -> str:
    return secret.hash(f"{_PURPOSE}-proof", number.encode())[:8].hex()
