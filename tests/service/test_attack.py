"""A small run of `python -m tests.show.attack`."""

from __future__ import annotations

from tests.service.test_server import Running, server
from tests.show.attack import admin_key, attack, crashes

__all__ = ["server"]  # the fixture


def test_no_generated_request_breaks_the_server_or_the_document(server: Running) -> None:
    """No 5xx, and no answer that the document does not promise."""
    found = attack(server, admin_key(server), examples=2, seed=3, every=False)
    assert found.requests >= 100
    assert found.errors == []
    assert list(found.faults.values()) == []
    assert list(crashes(server)) == []
