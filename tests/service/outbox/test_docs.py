from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime

import pytest

from service.outbox import webhook
from service.outbox.configuration import Configuration
from service.outbox.events import EventType
from tests.conftest import ROOT
from tests.service.outbox.conftest import SECRET

ENGLISH = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "docs" / "events.zh.md").read_text(encoding="utf-8")


def block(document: str, language: str) -> str:
    """The first block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", document, re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("document", [ENGLISH, CHINESE])
def test_the_example_file_is_a_good_one(document: str) -> None:
    """What somebody copies has the fields that there are."""
    assert "crm" in Configuration.model_validate(tomllib.loads(block(document, "toml"))).targets


def test_the_example_file_shows_the_defaults_of_a_webhook() -> None:
    """A line that is left out changes nothing."""
    shown = Configuration.model_validate(tomllib.loads(block(ENGLISH, "toml"))).targets["crm"]
    bare = Configuration.model_validate(
        {"targets": {"crm": {"kind": "webhook", "url": shown.url, "secret_env": "CRM_SECRET"}}}
    )
    assert bare.targets["crm"] == shown


def test_the_snippet_verifies_what_we_send_and_nothing_else() -> None:
    """The one in the document, as it stands there."""
    names: dict[str, object] = {}
    exec(block(ENGLISH, "python"), names)  # noqa: S102  (our own document)
    verify = names["verify"]
    now = datetime.now(UTC)
    headers = webhook.headers(f"whsec_{'B' * 32} {SECRET}", "evt_1", now, b'{"a": 1}')
    assert verify(SECRET, headers, b'{"a": 1}')
    assert not verify(SECRET, headers, b'{"a": 2}')
    assert not verify("whsec_" + "A" * 32, headers, b'{"a": 1}')
    assert not verify(SECRET, headers, b'{"a": 1}', now.timestamp() + 301)


def test_every_type_of_event_is_explained() -> None:
    """In one table; the moves of a case share a row."""
    for event_type in EventType:
        assert f"`{event_type}`" in ENGLISH or f"`.{event_type.split('.')[1]}`" in ENGLISH
